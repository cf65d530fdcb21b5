//! poem.conf: the file an administrator writes, in the dialect of Python's ConfigParser.
//!
//! `ini` and `interpolation` read the dialect, `environment` puts `POEM__SECTION__KEY` over it, `settings` is
//! both as one; then one file per section. The logging file is read in `logging`.

pub mod database;
mod environment;
pub mod error;
pub mod general;
mod ini;
mod interpolation;
pub mod reload;
pub mod secret_key;
pub mod security;
pub mod server;
mod settings;
pub mod tenant;
pub mod webapi;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use database::Database;
pub use error::ConfigError;
pub use general::General;
pub use security::Security;
pub use server::ServerConfig;
use settings::MergedSettings;
pub use tenant::{Superuser, Sync, TenantGeneral};
pub use webapi::WebApi;

/// Where poem.conf stands unless option or environment say otherwise.
const DEFAULT_PATH: &str = "/home/pyvenv/poem/etc/poem/poem.conf";
const DEFAULT_VENV: &str = "/home/pyvenv/poem";

/// The variable that names another poem.conf.
const PATH_VARIABLE: &str = "POEM_CONF";

/// All of poem.conf. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory that all of POEM's files stand under; `/home/pyvenv/poem` where `[DEFAULT]` does not say.
    pub venv: PathBuf,
    pub general: General,
    pub database: Database,
    pub security: Security,
    pub server: ServerConfig,
    pub webapi: Option<WebApi>,
    settings: MergedSettings,
}

impl Config {
    /// Reads poem.conf, with the environment's `POEM__SECTION__KEY` over it.
    ///
    /// # Errors
    /// A file that cannot be read or parsed; a missing section or key; a value of the wrong type, except in the
    /// tenants' sections, which are looked at when they are asked for.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with(path, std::env::vars_os())
    }

    fn load_with(path: &Path, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let settings = MergedSettings::load(path, variables)?;
        let venv = settings.default_section().path("VENV")?.unwrap_or_else(|| PathBuf::from(DEFAULT_VENV));
        Ok(Self {
            // Drops the trailing slash that files of POEM 2.3 have.
            venv: venv.components().collect(),
            general: General::read(&settings)?,
            database: Database::read(&settings)?,
            security: Security::read(&settings)?,
            server: ServerConfig::read(&settings)?,
            webapi: WebApi::read(&settings)?,
            settings,
        })
    }

    /// The file that says what is logged where.
    pub fn logging_path(&self) -> PathBuf {
        self.venv.join("etc/poem/poem_logging.conf")
    }

    /// `[GENERAL_X]` of a tenant, named in any case; `None` when there is no such section.
    ///
    /// # Errors
    /// A `%(NAME)s` that cannot be followed.
    pub fn tenant_general(&self, tenant: &str) -> Result<Option<TenantGeneral>, ConfigError> {
        TenantGeneral::read(&self.settings, tenant)
    }

    /// `[SUPERUSER_X]` of a tenant, named in any case.
    ///
    /// # Errors
    /// A missing section, a missing or empty value.
    pub fn superuser(&self, tenant: &str) -> Result<Superuser, ConfigError> {
        Superuser::read(&self.settings, tenant)
    }

    /// `[SYNC_X]` of a tenant, named in any case.
    ///
    /// # Errors
    /// A missing section, a bad boolean, plain HTTP authentication without a user.
    pub fn sync(&self, tenant: &str) -> Result<Sync, ConfigError> {
        Sync::read(&self.settings, tenant)
    }

    /// The names of all sections that belong to a tenant (`GENERAL_EGI`, `SYNC_EGI`, …), in order.
    pub fn tenant_sections(&self) -> impl Iterator<Item = String> {
        self.settings.names().filter(|name| tenant::is_tenant_section(name)).map(str::to_owned)
    }
}

/// The poem.conf to read where no option names one: that of `POEM_CONF`, else `/home/pyvenv/poem/etc/poem/poem.conf`.
pub fn default_path() -> PathBuf {
    let named = std::env::var_os(PATH_VARIABLE).filter(|path| !path.is_empty());
    PathBuf::from(named.unwrap_or_else(|| DEFAULT_PATH.into()))
}

#[cfg(test)]
mod tests;
