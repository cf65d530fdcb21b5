//! `[SECURITY]`: who may ask, and the files that prove who is who.

use std::path::PathBuf;

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;
use crate::domain::web::host::AllowedHosts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// Never empty.
    pub allowed_hosts: AllowedHosts,
    /// Certificates of authorities to check servers against; without file and path, those of the system.
    pub ca_file: Option<PathBuf>,
    /// A directory of such certificates.
    pub ca_path: Option<PathBuf>,
    /// POEM's certificate as a client. Whether the file exists is seen only when it is used.
    pub host_cert: Option<PathBuf>,
    pub host_key: Option<PathBuf>,
    /// The file of the secret key, see [`super::secret_key`].
    pub secret_key_path: PathBuf,
    /// The file of the secret key before it, while API keys made with that are still in use.
    pub previous_secret_key_path: Option<PathBuf>,
}

impl Security {
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
