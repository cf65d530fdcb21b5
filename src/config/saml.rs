//! `[SAML]` and `[SAML_X]`: the federated login, for all tenants and for one.
//!
//! A key is looked for in `[SAML_X]`, then in `[SAML]`. X is the tenant's name in upper case.

use std::path::PathBuf;

use chrono::TimeDelta;

/// The settings of the federated login of one tenant. All are optional in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlSettings {
    /// `Cert`: the certificate of the service provider, PEM; `None`: `[SECURITY] HostCert`.
    pub cert: Option<PathBuf>,
    /// `Key`: its private key, PEM; `None`: `[SECURITY] HostKey`. Set if `cert` is, and only then.
    pub key: Option<PathBuf>,
    /// `MoreCerts`: further certificates to publish.
    pub more_certs: Vec<PathBuf>,
    /// `Metadata`: the file of the identity provider's metadata.
    pub metadata: PathBuf,
    /// `IdpEntityId`: the identity provider, if the file holds several; '' for the only one.
    pub idp_entity_id: String,
    /// `BaseUrl`: scheme, host and port, without a slash at the end; '' for `https://` and the tenant's host.
    pub base_url: String,
    /// `EntityId`: the entity id; '' for the address of the metadata.
    pub entity_id: String,
    /// `SignRequests`: `None` for `auto`, as the identity provider wants it.
    pub sign_requests: Option<bool>,
    /// `NameIdFormat`: the URI to ask for; '' for none.
    pub name_id_format: String,
    /// `ClockSkew`: how far the clocks may differ.
    pub clock_skew: TimeDelta,
    /// `SingleLogout`: offered, if there is a key.
    pub single_logout: bool,
    /// `CreateUsers`: a first login makes an account.
    pub create_users: bool,
    /// `Entitlements`: who has none of these may not log in; empty for no such rule.
    pub entitlements: Vec<String>,
    /// `Identifier`: the attributes that identify a person, in this order.
    pub identifier: Vec<String>,
    /// `DisplayName`: the attributes to read the name from.
    pub display_name: Vec<String>,
    /// `GivenName`.
    pub given_name: Vec<String>,
    /// `Surname`.
    pub surname: Vec<String>,
    /// `Mail`.
    pub mail: Vec<String>,
    /// `CertificateSubject`.
    pub certificate_subject: Vec<String>,
    /// `SupportContact`: an e-mail address; '' for none.
    pub support_contact: String,
    /// `TechnicalContact`: an e-mail address; '' for none.
    pub technical_contact: String,
    /// `SecurityContact`: an e-mail address; '' for none.
    pub security_contact: String,
    /// `Description`: for the metadata; '' for none.
    pub description: String,
    /// `InformationUrl`: for the metadata; '' for none.
    pub information_url: String,
    /// `PrivacyUrl`: for the metadata; '' for none.
    pub privacy_url: String,
    /// `LogoUrl`, with `LogoSize` as width and height in pixels; `None` for none.
    pub logo: Option<(String, (u32, u32))>,
}
