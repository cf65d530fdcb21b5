//! The sections of one tenant: `[GENERAL_X]`, `[SUPERUSER_X]` and `[SYNC_X]`. X is the tenant's name in upper case.
//!
//! They are read only when they are used, so that an error in one does not affect other tenants.

use super::error::{ConfigError, ConfigProblem};
use super::settings::MergedSettings;
use crate::domain::model::sync_feed::SyncFeed;
use crate::domain::security::secret::Secret;

/// The prefix of the section with the values of pages and the API.
pub(super) const GENERAL: &str = "GENERAL_";
const SUPERUSER: &str = "SUPERUSER_";
const SYNC: &str = "SYNC_";
/// The section of a tenant that is read in `config::saml`.
pub(super) const SAML: &str = "SAML_";

/// The values of `[GENERAL_X]`, without those about the looks; `''` for one that is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantGeneral {
    /// The namespace of the tenant's profiles in the REST API.
    pub namespace: String,
    /// The label of the button for the federated login.
    pub saml_login_string: String,
    /// The service's name in SAML2 metadata.
    pub saml_service_name: String,
    /// The people who run the service: an e-mail address, an address of the web, or words.
    pub contact: String,
}

/// The values of `[SUPERUSER_X]`: the first user of the tenant. No value is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superuser {
    /// The username.
    pub name: String,
    /// The password in clear text.
    pub password: Secret,
    /// The e-mail address.
    pub email: String,
}

/// The values of `[SYNC_X]`: the sources of service types, VOs and services. An address is `''` if it is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync {
    /// True if user and password are sent; `http_user` is not empty then.
    pub use_plain_http_auth: bool,
    /// The user for HTTP Basic authentication; may be empty.
    pub http_user: String,
    /// The password for HTTP Basic authentication; may be empty.
    pub http_pass: Secret,
    /// The address of the service types.
    pub service_type: String,
    /// The address of the VOs.
    pub vo: String,
    /// The address of the services.
    pub services: String,
    /// The most entries that a feed may remove, in percent of the list (0 to 100).
    pub max_removed_percent: u8,
}

/// The percentage of a list above which removals are refused, unless the section sets another.
const MAX_REMOVED_PERCENT: u8 = 20;

impl TenantGeneral {
    /// Reads the section; `None` if there is none.
    pub(super) fn read(settings: &MergedSettings, tenant: &str) -> Result<Option<Self>, ConfigError> {
        let name = general_section(tenant);
        let Some(section) = settings.optional(&name) else { return Ok(None) };
        Ok(Some(Self {
            namespace: section.text_or_empty("Namespace")?,
            saml_login_string: section.text_or_empty("SamlLoginString")?,
            saml_service_name: section.text_or_empty("SamlServiceName")?,
            contact: section.text_or_empty("Contact")?,
        }))
    }
}

impl Superuser {
    /// Reads the section.
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
    /// Reads the section; `None` if there is none.
    pub(super) fn read(settings: &MergedSettings, tenant: &str) -> Result<Option<Self>, ConfigError> {
        let name = section_name(SYNC, tenant);
        let Some(section) = settings.optional(&name) else { return Ok(None) };
        let use_plain_http_auth = section.flag("UsePlainHttpAuth")?.unwrap_or(false);
        let http_user = section.text_or_empty("HttpUser")?;
        if use_plain_http_auth && http_user.is_empty() {
            return Err(section.error("HttpUser", ConfigProblem::Empty));
        }
        let max_removed_percent = section.parsed("MaxRemovedPercent", PERCENTAGE)?.unwrap_or(MAX_REMOVED_PERCENT);
        if max_removed_percent > 100 {
            return Err(section.error("MaxRemovedPercent", ConfigProblem::Not(PERCENTAGE)));
        }
        Ok(Some(Self {
            use_plain_http_auth,
            http_user,
            http_pass: Secret::new(section.text_or_empty("HttpPass")?),
            service_type: section.text_or_empty("ServiceType")?,
            vo: section.text_or_empty("VO")?,
            services: section.text_or_empty("Services")?,
            max_removed_percent,
        }))
    }

    /// Returns the address of a feed; '' if it is not set.
    pub fn address(&self, feed: SyncFeed) -> &str {
        match feed {
            SyncFeed::ServiceTypes => &self.service_type,
            SyncFeed::Vos => &self.vo,
            SyncFeed::Services => &self.services,
        }
    }
}

const PERCENTAGE: &str = "a percentage (0 to 100)";

/// Returns whether the section belongs to a tenant.
pub(super) fn is_tenant_section(name: &str) -> bool {
    [GENERAL, SUPERUSER, SYNC, SAML].iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
}

/// The name of the section `[GENERAL_X]` of a tenant.
pub(super) fn general_section(tenant: &str) -> String {
    section_name(GENERAL, tenant)
}

/// The name of a tenant's section.
pub(super) fn section_name(prefix: &str, tenant: &str) -> String {
    format!("{prefix}{}", tenant.to_uppercase())
}
