//! The configuration: poem.conf, in the dialect of Python's ConfigParser, and the file of the secret key.
//!
//! `ini` and `interpolation` read the dialect, `environment` reads the variables `POEM__SECTION__KEY`, and `settings`
//! merges both. Each section has its own file. The logging file is read in `logging`.

mod branding; //       [GENERAL_X]: the looks of pages
pub mod database; //   [DATABASE]
mod environment; //    overrides from the environment
pub mod error; //      errors, which name file, line, section and key
pub mod general; //    [GENERAL]
mod ini; //            the dialect of the file
mod interpolation; //  %(NAME)s in values
mod known_keys; //     all sections and keys
pub mod reload; //     reloads a changed file
pub mod saml; //       [SAML], [SAML_X]
pub mod secret_key; // the file of the secret key
pub mod security; //   [SECURITY]
pub mod server; //     [SERVER]
mod settings; //       file and environment merged, with typed getters
pub mod tenant; //     the sections of one tenant
pub mod webapi; //     [WEBAPI]

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub use database::Database;
pub use error::ConfigError;
pub use general::General;
use saml::SamlSettings;
pub use security::Security;
pub use server::ServerConfig;
use settings::MergedSettings;
pub use settings::PLACEHOLDER;
pub use tenant::{Superuser, Sync, TenantGeneral};
pub use webapi::WebApi;

use crate::domain::model::tenant::Tenant;
use crate::domain::web::branding::Branding;

/// The path of poem.conf, unless an option or the environment names another one.
const DEFAULT_PATH: &str = "/home/pyvenv/poem/etc/poem/poem.conf";
/// The VENV, unless `[DEFAULT]` sets it.
const DEFAULT_VENV: &str = "/home/pyvenv/poem";

/// The environment variable that names another poem.conf.
const PATH_VARIABLE: &str = "POEM_CONF";

/// The configuration of POEM. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory that contains all of POEM's files; `/home/pyvenv/poem` if `[DEFAULT]` does not set it.
    pub venv: PathBuf,
    /// `[GENERAL]`.
    pub general: General,
    /// `[DATABASE]`.
    pub database: Database,
    /// `[SECURITY]`.
    pub security: Security,
    /// `[SERVER]`, or its defaults.
    pub server: ServerConfig,
    /// `[WEBAPI]`; `None` if there is no such section, or if it has no addresses.
    pub webapi: Option<WebApi>,
    settings: MergedSettings,
}

impl Config {
    /// Reads poem.conf. Variables `POEM__SECTION__KEY` of the environment override its values.
    ///
    /// # Errors
    /// A file that cannot be read or parsed; a missing section or key; a value of the wrong type. The sections of
    /// tenants are checked only when they are used.
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

    /// The path of the logging file, poem_logging.conf.
    pub fn logging_path(&self) -> PathBuf {
        self.venv.join("etc/poem/poem_logging.conf")
    }

    /// `[GENERAL_X]` of a tenant, whose name is compared case-insensitively; `None` if there is no such section.
    ///
    /// # Errors
    /// A `%(NAME)s` reference that cannot be resolved.
    pub fn tenant_general(&self, tenant: &str) -> Result<Option<TenantGeneral>, ConfigError> {
        TenantGeneral::read(&self.settings, tenant)
    }

    /// `[GENERAL_X]` of a tenant, for pages; empty if the section is missing or cannot be read.
    pub fn general_of(&self, tenant: &str) -> TenantGeneral {
        self.tenant_general(tenant).ok().flatten().unwrap_or_default()
    }

    /// The looks of a tenant's pages, from `[GENERAL_X]`; those of POEM for what is missing or cannot be used.
    pub fn branding_of(&self, tenant: &str) -> Branding {
        branding::read(&self.settings, tenant).0
    }

    /// The values about the looks of pages that cannot be used, of all tenants that have a section.
    pub fn branding_problems(&self) -> Vec<ConfigError> {
        let tenants = self.settings.names().filter_map(|name| name.strip_prefix(tenant::GENERAL));
        tenants.flat_map(|tenant| branding::read(&self.settings, tenant).1).collect()
    }

    /// `[SUPERUSER_X]` of a tenant, whose name is compared case-insensitively.
    ///
    /// # Errors
    /// A missing section, a missing or empty value.
    pub fn superuser(&self, tenant: &str) -> Result<Superuser, ConfigError> {
        Superuser::read(&self.settings, tenant)
    }

    /// `[SYNC_X]` of a tenant, whose name is compared case-insensitively; `None` if there is no such section.
    ///
    /// # Errors
    /// An invalid boolean or percentage, plain HTTP authentication without a user.
    pub fn sync(&self, tenant: &str) -> Result<Option<Sync>, ConfigError> {
        Sync::read(&self.settings, tenant)
    }

    /// `[SAML_X]` of a tenant and `[SAML]`, or their defaults.
    ///
    /// # Errors
    /// A value that cannot be used; a certificate without its key, or a key without its certificate.
    pub fn saml(&self, tenant: &Tenant) -> Result<SamlSettings, ConfigError> {
        SamlSettings::read(&self.settings, &tenant.name, &self.venv)
    }

    /// `Cert` and `Key` of `[SAML_X]`, or of `[SAML]` if no tenant is given; `None` if that section has neither.
    ///
    /// # Errors
    /// One of them without the other.
    pub fn saml_key_files(&self, tenant: Option<&Tenant>) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
        saml::own_key_files(&self.settings, tenant.map(|tenant| tenant.name.as_str()))
    }

    /// The path of poem.conf.
    pub fn file(&self) -> &Path {
        self.settings.file()
    }

    /// The sections, keys and variables of the environment that nothing reads, each with the name that was probably
    /// meant.
    pub fn unknown_keys(&self) -> Vec<ConfigError> {
        let variables = environment::unknown(self.settings.file(), std::env::vars_os().map(|(name, _)| name));
        self.settings.unknown().into_iter().chain(variables).collect()
    }

    /// The reasons why the permissions of poem.conf are wrong, each with the command that corrects them.
    ///
    /// All users may read a file without passwords; the environment may have them.
    pub fn mode_problems(&self) -> Vec<String> {
        let file = self.settings.file();
        let Ok(mode) = file.metadata().map(|found| found.mode()) else { return Vec::new() };
        let file = file.display();
        let problems = [
            (mode & 0o002 != 0, format!("{file} is writable by all users: run chmod o= {file}")),
            (
                mode & 0o004 != 0 && self.settings.has_password(),
                format!("{file} has passwords and is readable by all users: run chmod o= {file}"),
            ),
        ];
        problems.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, problem)| problem).collect()
    }

    /// The addresses of `[WEBAPI]` to which the token is sent unencrypted, each in a sentence.
    pub fn unencrypted_tokens(&self) -> Vec<String> {
        let file = self.settings.file().display();
        let keys = self.webapi.iter().flat_map(WebApi::unencrypted);
        keys.map(|key| format!("{file}: [WEBAPI] {key} is http: the token can be read on the way; use https")).collect()
    }

    /// The names of all sections that belong to a tenant (`GENERAL_EGI`, `SYNC_EGI`, …), in order.
    pub fn tenant_sections(&self) -> impl Iterator<Item = String> {
        self.settings.names().filter(|name| tenant::is_tenant_section(name)).map(str::to_owned)
    }
}

/// The path of poem.conf if no option names one: `POEM_CONF`, or else `/home/pyvenv/poem/etc/poem/poem.conf`.
pub fn default_path() -> PathBuf {
    let named = std::env::var_os(PATH_VARIABLE).filter(|path| !path.is_empty());
    PathBuf::from(named.unwrap_or_else(|| DEFAULT_PATH.into()))
}

#[cfg(test)]
mod tests;
