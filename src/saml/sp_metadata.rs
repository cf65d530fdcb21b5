//! The metadata of the service provider, which the administrator hands to the identity provider.
//!
//! The elements are in the order of the schema. The document has no end of validity, no ID and no signature: it is handed
//! over as a file.

use super::attribute_names::{oid_of, short_name_of};
use super::base64;
use super::names::{HTTP_POST, HTTP_REDIRECT, METADATA, METADATA_UI, PROTOCOL, SIGNATURE};
use super::service_provider::{LOGOUT_POST_PATH, LOGOUT_REDIRECT_PATH, ServiceProvider};
use crate::config::saml::MetadataLogo;
use crate::domain::web::xml::escape;

/// The namespace of the type of a contact for security.
const REFEDS: &str = "http://refeds.org/metadata";
const SECURITY_CONTACT: &str = "http://refeds.org/metadata/contactType/security";
/// The format of attribute names that are URIs.
const NAME_FORMAT_URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
/// The characters of a line of base64.
const LINE: usize = 64;

/// Returns the metadata. `wants_signed`: all requests will be signed.
pub fn document(sp: &ServiceProvider, wants_signed: bool) -> String {
    let mut xml = Writer(String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    let root = [
        ("xmlns:md", METADATA),
        ("xmlns:mdui", METADATA_UI),
        ("xmlns:ds", SIGNATURE),
        ("xmlns:remd", REFEDS),
        ("entityID", &sp.entity_id),
    ];
    xml.element("md:EntityDescriptor", &root, |xml| {
        let role = [
            ("protocolSupportEnumeration", PROTOCOL),
            ("AuthnRequestsSigned", if wants_signed { "true" } else { "false" }),
            ("WantAssertionsSigned", "true"),
        ];
        xml.element("md:SPSSODescriptor", &role, |xml| role_content(xml, sp));
        contacts(xml, sp);
    });
    xml.0
}

fn role_content(xml: &mut Writer, sp: &ServiceProvider) {
    xml.element("md:Extensions", &[], |xml| xml.element("mdui:UIInfo", &[], |xml| user_interface(xml, sp)));
    let own = sp.key.as_ref().map(|key| &key.certificate);
    for certificate in own.into_iter().chain(sp.more_certificates.iter().filter(|_| sp.key.is_some())) {
        key(xml, certificate.der());
    }
    if sp.has_single_logout() {
        for (binding, path) in [(HTTP_REDIRECT, LOGOUT_REDIRECT_PATH), (HTTP_POST, LOGOUT_POST_PATH)] {
            xml.empty("md:SingleLogoutService", &[("Binding", binding), ("Location", &sp.at(path))]);
        }
    }
    if !sp.settings.name_id_format.is_empty() {
        xml.text("md:NameIDFormat", &[], &sp.settings.name_id_format);
    }
    let acs = [("Binding", HTTP_POST), ("Location", &sp.acs()), ("index", "1"), ("isDefault", "true")];
    xml.empty("md:AssertionConsumerService", &acs);
    let index = [("index", "1"), ("isDefault", "true")];
    xml.element("md:AttributeConsumingService", &index, |xml| attributes(xml, sp));
}

fn user_interface(xml: &mut Writer, sp: &ServiceProvider) {
    let settings = &sp.settings;
    let english = [("xml:lang", "en")];
    for (name, text) in [
        ("mdui:DisplayName", &sp.name),
        ("mdui:Description", &settings.description),
        ("mdui:InformationURL", &settings.information_url),
        ("mdui:PrivacyStatementURL", &settings.privacy_url),
    ] {
        if !text.is_empty() {
            xml.text(name, &english, text);
        }
    }
    if let Some(MetadataLogo { url, width, height }) = &settings.logo {
        xml.text("mdui:Logo", &[("height", &height.to_string()), ("width", &width.to_string())], url);
    }
}

/// Writes a key for signatures. One without `use`, or for encryption, would make identity providers encrypt.
fn key(xml: &mut Writer, certificate: &[u8]) {
    let base64 = base64::encode(certificate);
    // Base64 is ASCII, so no character is cut.
    let lines: Vec<_> = base64.as_bytes().chunks(LINE).map(String::from_utf8_lossy).collect();
    xml.element("md:KeyDescriptor", &[("use", "signing")], |xml| {
        xml.element("ds:KeyInfo", &[], |xml| {
            xml.element("ds:X509Data", &[], |xml| {
                xml.raw("ds:X509Certificate", &format!("\n{}\n", lines.join("\n")));
            });
        });
    });
}

fn attributes(xml: &mut Writer, sp: &ServiceProvider) {
    let settings = &sp.settings;
    xml.text("md:ServiceName", &[("xml:lang", "en")], &sp.name);
    if !settings.description.is_empty() {
        xml.text("md:ServiceDescription", &[("xml:lang", "en")], &settings.description);
    }
    let entitlement = "eduPersonEntitlement".to_owned();
    let lists = [
        &settings.identifier,
        &settings.display_name,
        &settings.given_name,
        &settings.surname,
        &settings.mail,
        &settings.certificate_subject,
    ];
    let configured = lists.into_iter().flatten().chain((!settings.entitlements.is_empty()).then_some(&entitlement));
    let mut named = Vec::new();
    for configured in configured {
        let Some(oid) = oid_of(configured).filter(|oid| !named.contains(oid)) else { continue };
        named.push(oid);
        let is_required = settings.identifier.first() == Some(configured);
        let attributes = [
            ("Name", oid),
            ("NameFormat", NAME_FORMAT_URI),
            ("FriendlyName", short_name_of(configured)),
            ("isRequired", if is_required { "true" } else { "false" }),
        ];
        xml.empty("md:RequestedAttribute", &attributes);
    }
}

fn contacts(xml: &mut Writer, sp: &ServiceProvider) {
    let settings = &sp.settings;
    let contacts: [(&[(&str, &str)], &str); 3] = [
        (&[("contactType", "technical")], &settings.technical_contact),
        (&[("contactType", "support")], &settings.support_contact),
        (&[("contactType", "other"), ("remd:contactType", SECURITY_CONTACT)], &settings.security_contact),
    ];
    for (attributes, address) in contacts.into_iter().filter(|(_, address)| !address.is_empty()) {
        xml.element("md:ContactPerson", attributes, |xml| {
            xml.text("md:EmailAddress", &[], &format!("mailto:{address}"));
        });
    }
}

/// A writer of elements, which escapes all texts.
struct Writer(String);

impl Writer {
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push_str(&format!(" {attribute}=\"{}\"", escape(value)));
        }
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut Self)) {
        self.start(name, attributes);
        self.0.push_str(">\n");
        content(self);
        self.0.push_str(&format!("</{name}>\n"));
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.0.push_str("/>\n");
    }

    fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.0.push_str(&format!(">{}</{name}>\n", escape(text)));
    }

    /// An element with a text that needs no escaping.
    fn raw(&mut self, name: &str, text: &str) {
        self.0.push_str(&format!("<{name}>{text}</{name}>\n"));
    }
}
