//! This POEM, as one tenant shows it to its identity provider.

use super::certificate::Certificate;
use super::signing_key::SigningKey;
use crate::config::saml::SamlSettings;

/// The service provider of one tenant.
#[derive(Debug, Clone)]
pub struct ServiceProvider {
    /// Scheme, host and port: `https://egi.example.org`, without a slash at the end.
    pub base: String,
    /// The entity id.
    pub entity_id: String,
    /// The name of the service, for people.
    pub name: String,
    /// The certificate and key that sign messages; `None`: messages are not signed, and there is no single logout.
    pub key: Option<SigningKey>,
    /// Further certificates to publish, while a key is replaced.
    pub more_certificates: Vec<Certificate>,
    /// The settings of the tenant.
    pub settings: SamlSettings,
}

/// The paths of the addresses of a service provider.
pub const METADATA_PATH: &str = "/poem/saml2/metadata/";
/// Where logins begin.
pub const LOGIN_PATH: &str = "/poem/saml2/login/";
/// Where the responses to logins arrive.
pub const ACS_PATH: &str = "/poem/saml2/acs/";
/// Where users say whose account it is.
pub const ACCOUNT_PATH: &str = "/poem/saml2/account/";
/// Where single logouts begin.
pub const LOGOUT_PATH: &str = "/poem/saml2/logout/";
/// Where messages about logouts arrive by HTTP-Redirect.
pub const LOGOUT_REDIRECT_PATH: &str = "/poem/saml2/ls/";
/// Where messages about logouts arrive by HTTP-POST.
pub const LOGOUT_POST_PATH: &str = "/poem/saml2/ls/post/";

impl ServiceProvider {
    /// The address at which responses to logins arrive (AssertionConsumerService).
    pub fn acs(&self) -> String {
        self.at(ACS_PATH)
    }

    /// Returns an address of this service provider.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Returns true if single logouts are offered: they are switched on, and messages can be signed.
    pub fn has_single_logout(&self) -> bool {
        self.settings.single_logout && self.key.is_some()
    }
}
