//! `[DATABASE]`: where PostgreSQL is and as whom to speak to it.

use super::error::ConfigError;
use super::settings::MergedSettings;
use crate::domain::security::secret::Secret;

const DEFAULT_PORT: u16 = 5432;

/// Where an empty `Host` leads: the socket directory of PostgreSQL's packages.
const SOCKET_DIRECTORY: &str = "/var/run/postgresql";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    pub name: String,
    pub user: String,
    /// Empty where the server asks for none.
    pub password: Secret,
    /// A host name or address, or the absolute path of a Unix socket's directory; never empty.
    pub host: String,
    pub port: u16,
}

impl Database {
    pub(super) fn read(settings: &MergedSettings) -> Result<Self, ConfigError> {
        let section = settings.required("DATABASE")?;
        let name = section.filled("Name")?;
        let user = section.filled("User")?;
        let password = section.secret("Password")?;
        let host = Some(section.required("Host")?).filter(|host| !host.is_empty());
        section.required("Port")?;
        let port = section.port("Port")?.unwrap_or(DEFAULT_PORT);
        Ok(Self { name, user, password, host: host.unwrap_or_else(|| SOCKET_DIRECTORY.to_owned()), port })
    }
}
