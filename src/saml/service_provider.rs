//! This POEM, as one tenant shows it to its identity provider.

use std::path::Path;

use super::certificate::Certificate;
use super::identity_provider::IdentityProvider;
use super::signing_key::{KeyFileError, SigningKey, read_certificate};
use crate::config::saml::SamlSettings;
use crate::config::{Config, ConfigError};
use crate::domain::model::tenant::Tenant;

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
    /// The reason why there is no key, in words; `None` if there is one.
    pub no_key: Option<String>,
    /// Further certificates to publish, while a key is replaced.
    pub more_certificates: Vec<Certificate>,
    /// The settings of the tenant.
    pub settings: SamlSettings,
}

/// The path of the metadata.
pub const METADATA_PATH: &str = "/poem/saml2/metadata/";
/// The path at which logins begin.
pub const LOGIN_PATH: &str = "/poem/saml2/login/";
/// The path of the responses to logins (AssertionConsumerService).
pub const ACS_PATH: &str = "/poem/saml2/acs/";
/// The path of the question whether an account is theirs.
pub const ACCOUNT_PATH: &str = "/poem/saml2/account/";
/// The path at which single logouts begin.
pub const LOGOUT_PATH: &str = "/poem/saml2/logout/";
/// The path of messages about logouts, by HTTP-Redirect.
pub const LOGOUT_REDIRECT_PATH: &str = "/poem/saml2/ls/";
/// The path of messages about logouts, by HTTP-POST.
pub const LOGOUT_POST_PATH: &str = "/poem/saml2/ls/post/";

/// The reason why a tenant has no service provider.
#[derive(Debug, thiserror::Error)]
pub enum ServiceProviderError {
    /// `[SAML]` or `[SAML_X]` cannot be used.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// A file of `Cert`, `Key` or `MoreCerts` cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// No host leads to the tenant.
    #[error("the tenant {0} has no host")]
    NoHost(String),
}

impl ServiceProvider {
    /// Reads the settings, certificates and key of a tenant.
    ///
    /// # Errors
    /// See [`ServiceProviderError`]. `HostCert` and `HostKey` that cannot be used are no error: host keys are usually
    /// readable by root only.
    pub fn load(config: &Config, tenant: &Tenant) -> Result<Self, ServiceProviderError> {
        let settings = config.saml(tenant)?;
        let base = match (settings.base_url.as_str(), &tenant.domain_url) {
            ("", Some(host)) => format!("https://{host}"),
            ("", None) => return Err(ServiceProviderError::NoHost(tenant.name.clone())),
            (base, _) => base.to_owned(),
        };
        let entity_id = match settings.entity_id.as_str() {
            "" => format!("{base}{METADATA_PATH}"),
            own => own.to_owned(),
        };
        let name = config.general_of(&tenant.name).saml_service_name;
        let name = if name.is_empty() { format!("POEM {}", tenant.name) } else { name };
        let (key, no_key) = signing_key(config, &settings)?;
        let more = settings.more_certs.iter().map(|path| read_certificate(path));
        let more_certificates = more.collect::<Result<_, _>>()?;
        Ok(Self { base, entity_id, name, key, no_key, more_certificates, settings })
    }

    /// Returns true if requests to this identity provider are signed.
    pub fn signs_requests(&self, idp: &IdentityProvider) -> bool {
        self.key.is_some() && self.settings.sign_requests.unwrap_or(idp.wants_signed_requests)
    }

    /// Returns true if every request is signed, for the metadata. `idp`: `None` if there is none yet.
    pub fn signs_all_requests(&self, idp: Option<&IdentityProvider>) -> bool {
        let by_setting = self.key.is_some() && self.settings.sign_requests == Some(true);
        idp.map_or(by_setting, |idp| self.signs_requests(idp))
    }

    /// The address at which responses to logins arrive (AssertionConsumerService).
    pub fn acs(&self) -> String {
        self.at(ACS_PATH)
    }

    /// The host of the addresses, without a port.
    pub fn host(&self) -> &str {
        let authority = self.base.split_once("://").map_or(self.base.as_str(), |(_, authority)| authority);
        match authority.split_once(']') {
            Some((address, _)) => &authority[..=address.len()],
            None => authority.split(':').next().unwrap_or_default(),
        }
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

/// The files of the certificate and the key: those of `[SAML…]`, else those of `[SECURITY]`; `None` without any.
pub fn key_files<'a>(config: &'a Config, settings: &'a SamlSettings) -> Option<(&'a Path, &'a Path)> {
    let own = settings.cert.as_deref().zip(settings.key.as_deref());
    own.or(config.security.host_cert.as_deref().zip(config.security.host_key.as_deref()))
}

/// Reads the key, or returns the reason why there is none.
fn signing_key(config: &Config, settings: &SamlSettings) -> Result<(Option<SigningKey>, Option<String>), KeyFileError> {
    let Some((certificate, key)) = key_files(config, settings) else {
        return Ok((None, Some("neither [SAML] Cert and Key nor [SECURITY] HostCert and HostKey are set".to_owned())));
    };
    match SigningKey::read(certificate, key) {
        Ok(key) => Ok((Some(key), None)),
        Err(error) if settings.cert.is_some() => Err(error),
        Err(error) => Ok((None, Some(format!("[SECURITY] HostCert and HostKey cannot be used: {error}")))),
    }
}
