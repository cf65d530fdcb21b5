//! The sections of one tenant: `[GENERAL_X]`, `[SUPERUSER_X]`, `[SYNC_X]`, X being its name in upper case.
//!
//! They are read when they are needed, so that what is wrong with one tenant stops no other.

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;
use crate::domain::security::secret::Secret;

const GENERAL: &str = "GENERAL_";
const SUPERUSER: &str = "SUPERUSER_";
const SYNC: &str = "SYNC_";

/// `[GENERAL_X]`; every value is `''` where not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantGeneral {
    /// What stands before the name of every profile in the REST API.
    pub namespace: String,
    /// The text on the button that leads to the federated login.
    pub saml_login_string: String,
    /// The service's name in SAML2 metadata.
    pub saml_service_name: String,
}

/// `[SUPERUSER_X]`: the first user who may sign in; no value is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superuser {
    pub name: String,
    pub password: Secret,
    pub email: String,
}

/// `[SYNC_X]`: where service types, VOs and services come from; an address is `''` where not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync {
    /// Whether to send user and password; `http_user` is not empty then.
    pub use_plain_http_auth: bool,
    pub http_user: String,
    pub http_pass: Secret,
    pub service_type: String,
    pub vo: String,
    pub services: String,
}

impl TenantGeneral {
    pub(super) fn read(settings: &MergedSettings, tenant: &str) -> Result<Option<Self>, ConfigError> {
        let name = section_name(GENERAL, tenant);
        let Some(section) = settings.optional(&name) else { return Ok(None) };
        Ok(Some(Self {
            namespace: section.text_or_empty("Namespace")?,
            saml_login_string: section.text_or_empty("SamlLoginString")?,
            saml_service_name: section.text_or_empty("SamlServiceName")?,
        }))
    }
}

impl Superuser {
    pub(super) fn read(settings: &MergedSettings, tenant: &str) -> Result<Self, ConfigError> {
        let name = section_name(SUPERUSER, tenant);
        let section = settings.required(&name)?;
        Ok(Self {
            name: section.filled("Name")?,
            password: Secret::new(section.filled("Password")?),
            email: section.filled("Email")?,
        })
    }
}

impl Sync {
    pub(super) fn read(settings: &MergedSettings, tenant: &str) -> Result<Self, ConfigError> {
        let name = section_name(SYNC, tenant);
        let section = settings.required(&name)?;
        let use_plain_http_auth = section.flag("UsePlainHttpAuth")?.unwrap_or(false);
        let http_user = section.text_or_empty("HttpUser")?;
        if use_plain_http_auth && http_user.is_empty() {
            return Err(section.error("HttpUser", ConfigProblem::Empty));
        }
        Ok(Self {
            use_plain_http_auth,
            http_user,
            http_pass: Secret::new(section.text_or_empty("HttpPass")?),
            service_type: section.text_or_empty("ServiceType")?,
            vo: section.text_or_empty("VO")?,
            services: section.text_or_empty("Services")?,
        })
    }
}

/// Whether the section belongs to a tenant.
pub(super) fn is_tenant_section(name: &str) -> bool {
    [GENERAL, SUPERUSER, SYNC].iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
}

fn section_name(prefix: &str, tenant: &str) -> String {
    format!("{prefix}{}", tenant.to_uppercase())
}
