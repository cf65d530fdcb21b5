//! Logins with SAML2 at real identity providers, which others have written.

mod accounts;
mod logouts;
mod pysaml2;
mod rollover;
mod simplesamlphp;
mod site;

use std::io::Write;

use chrono::{SecondsFormat, Utc};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use poem::saml::names::{ASSERTION, PROTOCOL, SIGNATURE};
use roxmltree::{Document, Node};

use crate::support::simplesamlphp::assert_valid;
use crate::support::web_client::Form;

/// A service provider that does not exist, for tests of the identity providers alone.
const ENTITY_ID: &str = "http://127.0.0.1:1/metadata";
const ACS: &str = "http://127.0.0.1:1/acs";

/// Its metadata.
fn metadata() -> String {
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}"><SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"><AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{ACS}" index="1"/></SPSSODescriptor></EntityDescriptor>"#
    )
}

/// The query of a login request of it, which is not signed.
fn login_query() -> String {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let request = format!(
        r#"<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" ID="_r1" Version="2.0" IssueInstant="{now}" AssertionConsumerServiceURL="{ACS}"><saml:Issuer xmlns:saml="{ASSERTION}">{ENTITY_ID}</saml:Issuer></samlp:AuthnRequest>"#
    );
    assert_valid("saml-schema-protocol-2.0.xsd", &request);
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(request.as_bytes()).unwrap();
    let message = openssl::base64::encode_block(&encoder.finish().unwrap());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("SAMLRequest", &message).append_pair("RelayState", "kept").finish()
}

/// The response in a form that an identity provider sends to it.
#[track_caller]
fn response(form: &Form) -> String {
    assert_eq!(form.action.as_str(), ACS);
    assert_eq!(form.field("RelayState"), Some("kept"));
    String::from_utf8(openssl::base64::decode_block(form.field("SAMLResponse").unwrap()).unwrap()).unwrap()
}

/// The elements of a name.
fn find<'a>(document: &'a Document<'_>, namespace: &'static str, name: &'static str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name((namespace, name))).collect()
}

/// The values of an attribute of a person.
fn values(document: &Document<'_>, name: &str) -> Vec<String> {
    let attributes = find(document, ASSERTION, "Attribute").into_iter();
    let attribute = attributes.filter(|node| node.attribute("Name") == Some(name)).flat_map(|node| node.descendants());
    attribute
        .filter(|node| node.has_tag_name((ASSERTION, "AttributeValue")))
        .map(|node| node.text().unwrap_or_default().to_owned())
        .collect()
}

/// The names of the elements that have a signature.
fn signed(message: &str) -> Vec<String> {
    let document = Document::parse(message).unwrap();
    let parents = find(&document, SIGNATURE, "Signature").into_iter().filter_map(|node| node.parent());
    parents.map(|parent| parent.tag_name().name().to_owned()).collect()
}
