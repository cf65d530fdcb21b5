//! `[SECURITY]`: the allowed hosts, and the files of certificates and keys.

use std::path::PathBuf;

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;
use crate::domain::web::host::AllowedHosts;

/// The values of `[SECURITY]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// The values of the Host header that are served; never empty.
    pub allowed_hosts: AllowedHosts,
    /// The file of CA certificates to check servers against; without file and path, the system's are used.
    pub ca_file: Option<PathBuf>,
    /// A directory of CA certificates.
    pub ca_path: Option<PathBuf>,
    /// The file of POEM's client certificate. It is not checked before it is used.
    pub host_cert: Option<PathBuf>,
    /// The file of the key of that certificate.
    pub host_key: Option<PathBuf>,
    /// The file of the secret key (see [`super::secret_key`]).
    pub secret_key_path: PathBuf,
    /// The file of the previous secret key, while API keys that were created with it are in use; `None` otherwise.
    pub previous_secret_key_path: Option<PathBuf>,
}

impl Security {
    /// Reads the section, which is required.
    pub(super) fn read(settings: &MergedSettings) -> Result<Self, ConfigError> {
        let section = settings.required("SECURITY")?;
        section.required("AllowedHosts")?;
        let allowed_hosts = section.list("AllowedHosts")?.unwrap_or_default();
        if allowed_hosts.is_empty() {
            return Err(section.error("AllowedHosts", ConfigProblem::Empty));
        }
        Ok(Self {
            allowed_hosts: AllowedHosts::new(&allowed_hosts),
            ca_file: section.path("CAFile")?,
            ca_path: section.path("CAPath")?,
            host_cert: section.path("HostCert")?,
            host_key: section.path("HostKey")?,
            secret_key_path: PathBuf::from(section.filled("SecretKeyPath")?),
            previous_secret_key_path: section.path("PreviousSecretKeyPath")?,
        })
    }
}
