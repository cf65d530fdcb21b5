//! `[SAML]` and `[SAML_X]`: the federated login, for all tenants and for one.
//!
//! A key is looked for in `[SAML_X]`, then in `[SAML]`. X is the tenant's name in upper case.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::error::{ConfigError, ConfigProblem};
use super::settings::{ConfigSection, MergedSettings};
use super::tenant::{SAML, section_name};
use crate::domain::form::checks::is_email;
use crate::domain::web::absolute_url::AbsoluteUrl;

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
    /// `ClockSkew`: the tolerated difference between the clocks.
    pub clock_skew: TimeDelta,
    /// `SingleLogout`: offered, if there is a key.
    pub single_logout: bool,
    /// `CreateUsers`: a first login makes an account.
    pub create_users: bool,
    /// `Entitlements`: a person needs one of these to log in; empty for no such rule.
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
    /// `LogoUrl` and `LogoSize`; `None` for none.
    pub logo: Option<MetadataLogo>,
}

/// A logo, with its size in pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataLogo {
    /// The https address.
    pub url: String,
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
}

/// The longest entity id, in characters, as the standard has it.
const MAX_ENTITY_ID: usize = 1024;
/// The default and the maximum of `ClockSkew`, in seconds.
const CLOCK_SKEW: i64 = 180;
const MAX_CLOCK_SKEW: i64 = 600;

/// The names of `NameIdFormat`, each with its URI.
const NAME_ID_FORMATS: [(&str, &str); 5] = [
    ("transient", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
    ("persistent", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
    ("emailAddress", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    ("unspecified", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
    ("none", ""),
];

impl SamlSettings {
    /// Reads `[SAML_X]` of a tenant and `[SAML]`.
    pub(super) fn read(settings: &MergedSettings, tenant: &str, venv: &Path) -> Result<Self, ConfigError> {
        let own = section_name(SAML, tenant);
        let both = Sections {
            own: settings.optional(&own),
            common: settings.optional("SAML").unwrap_or_else(|| settings.default_section()),
        };
        let attributes = |key, default: &[&str]| both.attributes(key, default);
        let (cert, key) = both.key_pair()?;
        let metadata = || venv.join(format!("etc/poem/metadata-{}.xml", tenant.to_lowercase()));
        Ok(Self {
            cert,
            key,
            more_certs: both.list("MoreCerts")?.into_iter().map(PathBuf::from).collect(),
            metadata: both.of("Metadata").path("Metadata")?.unwrap_or_else(metadata),
            idp_entity_id: both.text("IdpEntityId")?,
            base_url: both.base_url()?,
            entity_id: both.checked("EntityId", is_entity_id, "an entity id: a URI of at most 1024 characters")?,
            sign_requests: both.sign_requests()?,
            name_id_format: both.name_id_format()?,
            clock_skew: both.clock_skew()?,
            single_logout: both.of("SingleLogout").flag("SingleLogout")?.unwrap_or(true),
            create_users: both.of("CreateUsers").flag("CreateUsers")?.unwrap_or(true),
            entitlements: both.list("Entitlements")?,
            identifier: attributes("Identifier", &["voPersonID", "eduPersonUniqueId"])?,
            display_name: attributes("DisplayName", &["displayName"])?,
            given_name: attributes("GivenName", &["givenName"])?,
            surname: attributes("Surname", &["sn"])?,
            mail: attributes("Mail", &["mail"])?,
            certificate_subject: attributes("CertificateSubject", &["distinguishedName", "voPersonCertificateDN"])?,
            support_contact: both.contact("SupportContact")?,
            technical_contact: both.contact("TechnicalContact")?,
            security_contact: both.contact("SecurityContact")?,
            description: both.text("Description")?,
            information_url: both.https("InformationUrl")?,
            privacy_url: both.https("PrivacyUrl")?,
            logo: both.logo()?,
        })
    }
}

/// `Cert` and `Key` of the section of a tenant itself, or of the section of all tenants; `None` if it has neither.
pub(super) fn own_key_files(
    settings: &MergedSettings,
    tenant: Option<&str>,
) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
    let name = tenant.map_or("SAML".to_owned(), |tenant| section_name(SAML, tenant));
    let Some(section) = settings.optional(&name) else { return Ok(None) };
    let (cert, key) = both_or_neither(section, own_path(section, "Cert")?, own_path(section, "Key")?)?;
    Ok(cert.zip(key))
}

fn both_or_neither(
    section: ConfigSection<'_>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<(Option<PathBuf>, Option<PathBuf>), ConfigError> {
    match (&cert, &key) {
        (Some(_), None) => Err(section.error("Key", ConfigProblem::Missing)),
        (None, Some(_)) => Err(section.error("Cert", ConfigProblem::Missing)),
        _ => Ok((cert, key)),
    }
}

/// The section of the tenant and the one of all tenants.
struct Sections<'a> {
    own: Option<ConfigSection<'a>>,
    common: ConfigSection<'a>,
}

impl<'a> Sections<'a> {
    /// The section to read a key from.
    fn of(&self, key: &str) -> ConfigSection<'a> {
        self.own.filter(|own| own.has_own(key)).unwrap_or(self.common)
    }

    fn text(&self, key: &str) -> Result<String, ConfigError> {
        self.of(key).text_or_empty(key)
    }

    fn list(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        Ok(self.of(key).list(key)?.unwrap_or_default())
    }

    fn error(&self, key: &str, expected: &'static str) -> ConfigError {
        self.of(key).error(key, ConfigProblem::Not(expected))
    }

    /// A text that is empty or passes a check. `expected`: what the check wants, for the error.
    fn checked(&self, key: &str, fits: fn(&str) -> bool, expected: &'static str) -> Result<String, ConfigError> {
        let text = self.text(key)?;
        if text.is_empty() || fits(&text) { Ok(text) } else { Err(self.error(key, expected)) }
    }

    fn contact(&self, key: &str) -> Result<String, ConfigError> {
        self.checked(key, is_email, "an e-mail address")
    }

    fn https(&self, key: &str) -> Result<String, ConfigError> {
        self.checked(key, is_https, "an https address")
    }

    /// The names of attributes. An empty list means none, but not for the identifier.
    fn attributes(&self, key: &str, default: &[&str]) -> Result<Vec<String>, ConfigError> {
        let named = self.of(key).list(key)?;
        match named {
            Some(names) if names.is_empty() && key == "Identifier" => {
                Err(self.of(key).error(key, ConfigProblem::Empty))
            }
            Some(names) => Ok(names),
            None => Ok(default.iter().map(|name| (*name).to_owned()).collect()),
        }
    }

    /// `Cert` and `Key`. Both are read from the section of the tenant if it has one of them.
    fn key_pair(&self) -> Result<(Option<PathBuf>, Option<PathBuf>), ConfigError> {
        let own = self.own.filter(|own| own.has_own("Cert") || own.has_own("Key"));
        let (cert, key) = match own {
            // A certificate of the tenant and a key of all tenants would not fit.
            Some(own) => (own_path(own, "Cert")?, own_path(own, "Key")?),
            None => (self.common.path("Cert")?, self.common.path("Key")?),
        };
        both_or_neither(own.unwrap_or(self.common), cert, key)
    }

    fn base_url(&self) -> Result<String, ConfigError> {
        let text =
            self.checked("BaseUrl", is_base_url, "https:// with a host, without a path (http:// only for localhost)")?;
        Ok(text.trim_end_matches('/').to_owned())
    }

    fn sign_requests(&self) -> Result<Option<bool>, ConfigError> {
        match self.text("SignRequests")?.to_lowercase().as_str() {
            "" | "auto" => Ok(None),
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "0" => Ok(Some(false)),
            _ => Err(self.error("SignRequests", "auto, True or False")),
        }
    }

    fn name_id_format(&self) -> Result<String, ConfigError> {
        let named = Some(self.text("NameIdFormat")?).filter(|name| !name.is_empty());
        let named = named.unwrap_or_else(|| NAME_ID_FORMATS[0].0.to_owned());
        let found = NAME_ID_FORMATS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&named));
        let unknown = || self.error("NameIdFormat", "transient, persistent, emailAddress, unspecified or none");
        found.map(|(_, uri)| (*uri).to_owned()).ok_or_else(unknown)
    }

    fn clock_skew(&self) -> Result<TimeDelta, ConfigError> {
        let expected = "a number of seconds (0 to 600)";
        let seconds = self.of("ClockSkew").parsed("ClockSkew", expected)?.unwrap_or(CLOCK_SKEW);
        let skew = TimeDelta::try_seconds(seconds).filter(|_| (0..=MAX_CLOCK_SKEW).contains(&seconds));
        skew.ok_or_else(|| self.error("ClockSkew", expected))
    }

    fn logo(&self) -> Result<Option<MetadataLogo>, ConfigError> {
        let url = self.https("LogoUrl")?;
        if url.is_empty() {
            return Ok(None);
        }
        let size = self.text("LogoSize")?;
        let mut sides =
            size.split(['x', '×']).map(|side| side.trim().parse().ok().filter(|side| (1..=10_000).contains(side)));
        match (sides.next().flatten(), sides.next().flatten(), sides.next()) {
            (Some(width), Some(height), None) => Ok(Some(MetadataLogo { url, width, height })),
            _ => {
                let section = self.of(if size.is_empty() { "LogoUrl" } else { "LogoSize" });
                let expected = "the width and height of the logo in pixels, such as 80x60";
                Err(section.error("LogoSize", ConfigProblem::Not(expected)))
            }
        }
    }
}

/// A path of the section itself, not of `[DEFAULT]`.
fn own_path(section: ConfigSection<'_>, key: &str) -> Result<Option<PathBuf>, ConfigError> {
    if section.has_own(key) { section.path(key) } else { Ok(None) }
}

fn is_entity_id(text: &str) -> bool {
    let is_uri = text.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    is_uri && text.chars().count() <= MAX_ENTITY_ID && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_base_url(text: &str) -> bool {
    AbsoluteUrl::parse(text).is_some_and(|url| url.is_safe() && matches!(url.rest, "" | "/"))
}

fn is_https(text: &str) -> bool {
    AbsoluteUrl::parse(text).is_some_and(|url| url.is_https)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(text: &str) -> Result<SamlSettings, ConfigError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        SamlSettings::read(&MergedSettings::load(file.path(), []).unwrap(), "Egi", Path::new("/venv"))
    }

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_2_3_gets_the_defaults() {
        let settings = read("[DEFAULT]\nVENV = /x\n").unwrap();
        assert_eq!(settings.metadata, Path::new("/venv/etc/poem/metadata-egi.xml"));
        assert_eq!((settings.cert, settings.sign_requests, settings.clock_skew), (None, None, TimeDelta::seconds(180)));
        assert!(settings.single_logout && settings.create_users && settings.entitlements.is_empty());
        assert_eq!(settings.identifier, ["voPersonID", "eduPersonUniqueId"]);
        assert!(settings.name_id_format.ends_with(":transient") && settings.logo.is_none());
    }

    #[test]
    fn the_section_of_the_tenant_wins_key_by_key() {
        let text = "[SAML]\nClockSkew = 10\nCreateUsers = False\nCert = a\nKey = b\n\
                    [SAML_EGI]\nClockSkew = 20\n[SAML_OTHER]\nCreateUsers = True\n";
        let settings = read(text).unwrap();
        assert_eq!((settings.clock_skew, settings.create_users), (TimeDelta::seconds(20), false));
        assert_eq!((settings.cert, settings.key), (Some("a".into()), Some("b".into())));
        let settings = read("[DEFAULT]\nClockSkew = 5\n[SAML]\nClockSkew = 10\n[SAML_EGI]\nMail =\n").unwrap();
        assert_eq!((settings.clock_skew, settings.mail), (TimeDelta::seconds(10), vec![]));
    }

    #[test]
    fn values_are_read() {
        let text = "[SAML_EGI]\nBaseUrl = http://egi.localhost:8000/\nSignRequests = True\nNameIdFormat = none\n\
                    LogoUrl = https://example.org/a.png\nLogoSize = 80x60\nMoreCerts = /a, /b\nEntitlements = u:a, u:b\n";
        let settings = read(text).unwrap();
        assert_eq!((settings.base_url.as_str(), settings.sign_requests), ("http://egi.localhost:8000", Some(true)));
        assert_eq!(
            settings.logo,
            Some(MetadataLogo { url: "https://example.org/a.png".to_owned(), width: 80, height: 60 })
        );
        assert_eq!((settings.name_id_format.as_str(), settings.more_certs.len()), ("", 2));
        assert_eq!(settings.entitlements, ["u:a", "u:b"]);
    }

    #[test]
    fn an_error_names_section_and_key() {
        for (line, words) in [
            ("Cert = a", "[SAML_EGI] Key is missing"),
            ("Key = a", "[SAML_EGI] Cert is missing"),
            ("BaseUrl = http://poem.example.org", "[SAML_EGI] BaseUrl is not https://"),
            ("BaseUrl = https://poem.example.org/poem", "[SAML_EGI] BaseUrl is not https://"),
            ("EntityId = x", "[SAML_EGI] EntityId is not an entity id"),
            ("SignRequests = maybe", "[SAML_EGI] SignRequests is not auto, True or False"),
            ("NameIdFormat = x", "[SAML_EGI] NameIdFormat is not transient"),
            ("ClockSkew = 601", "[SAML_EGI] ClockSkew is not a number of seconds (0 to 600)"),
            ("ClockSkew = -1", "[SAML_EGI] ClockSkew is not a number"),
            ("Identifier = ,", "[SAML_EGI] Identifier is empty"),
            ("SupportContact = x", "[SAML_EGI] SupportContact is not an e-mail address"),
            ("PrivacyUrl = http://x", "[SAML_EGI] PrivacyUrl is not an https address"),
            ("LogoUrl = https://x/", "[SAML_EGI] LogoSize is not the width"),
            ("CreateUsers = maybe", "[SAML_EGI] CreateUsers is not a boolean"),
        ] {
            let message = error(&format!("[SAML_EGI]\n{line}\n"));
            assert!(message.contains(words), "{line}: {message}");
        }
        assert!(error("[SAML]\nClockSkew = x\n[SAML_EGI]\nMail = m\n").contains("[SAML] ClockSkew"));
        // A certificate of the tenant never goes with the key of all tenants.
        assert!(error("[SAML]\nCert = a\nKey = b\n[SAML_EGI]\nCert = c\n").contains("[SAML_EGI] Key is missing"));
    }
}
