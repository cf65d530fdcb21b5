//! `[DATABASE]`: the address of PostgreSQL, and the user that POEM connects as.

use std::path::PathBuf;

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;
use crate::domain::security::secret::Secret;
use crate::domain::security::ssl_mode::SslMode;

const DEFAULT_PORT: u16 = 5432;

/// The host if `Host` is empty: the socket directory of PostgreSQL's packages.
const SOCKET_DIRECTORY: &str = "/var/run/postgresql";

/// The values of `[DATABASE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The name of the database; never empty.
    pub name: String,
    /// The PostgreSQL user; never empty.
    pub user: String,
    /// The password; empty if the server requires none.
    pub password: Secret,
    /// A host name or address, or the absolute path of a Unix socket's directory; never empty.
    pub host: String,
    /// The port; 5432 if `Port` is empty.
    pub port: u16,
    /// The protection of a TCP connection; `None`: with TLS if the server offers it, and `PGSSLMODE` may say otherwise.
    pub ssl_mode: Option<SslMode>,
    /// The certificate of the authority that has signed the server's.
    pub ca_file: Option<PathBuf>,
}

impl Database {
    /// Reads the section, which is required.
    pub(super) fn read(settings: &MergedSettings) -> Result<Self, ConfigError> {
        let section = settings.required("DATABASE")?;
        let name = section.filled("Name")?;
        let user = section.filled("User")?;
        let password = section.secret("Password")?;
        let host = Some(section.required("Host")?).filter(|host| !host.is_empty());
        section.required("Port")?;
        let port = section.port("Port")?.unwrap_or(DEFAULT_PORT);
        let host = host.unwrap_or_else(|| SOCKET_DIRECTORY.to_owned());
        let ssl_mode: Option<SslMode> = section.parsed("SslMode", SslMode::NAMES)?;
        let ca_file = section.path("CAFile")?;
        if ssl_mode.is_some_and(SslMode::verifies) && ca_file.is_none() {
            return Err(section.error("CAFile", ConfigProblem::Missing));
        }
        Ok(Self { name, user, password, host, port, ssl_mode, ca_file })
    }
}
