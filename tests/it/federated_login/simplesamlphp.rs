//! SimpleSAMLphp itself, without POEM: it answers requests as the other tests expect it to.

use chrono::{DateTime, Utc};
use poem::saml::names::{ASSERTION, PROTOCOL, SIGNATURE};
use roxmltree::{Document, Node};

use super::{ACS, ENTITY_ID, find, login_query, metadata, response, signed, values};
use crate::support::simplesamlphp::{ServiceProviderFacts, assert_valid};
use crate::support::{SimpleSaml, WebClient};

fn start() -> Option<SimpleSaml> {
    let logout = Some("http://127.0.0.1:1/ls".to_owned());
    SimpleSaml::start(&[ServiceProviderFacts { logout, ..service_provider() }])
}

fn service_provider() -> ServiceProviderFacts {
    ServiceProviderFacts { entity_id: ENTITY_ID.to_owned(), acs: ACS.to_owned(), ..ServiceProviderFacts::default() }
}

/// The address of a login, with a request that is not signed.
fn login(provider: &SimpleSaml) -> String {
    provider.login_url(&login_query())
}

/// The certificates that sign, as the metadata have them.
fn announced(provider: &SimpleSaml) -> Vec<String> {
    let theirs = provider.metadata();
    let document = Document::parse(&theirs).unwrap();
    let keys = document.descendants().filter(|node| node.attribute("use") == Some("signing"));
    let certificate = |key: Node<'_, '_>| {
        let certificate = key.descendants().find(|node| node.has_tag_name((SIGNATURE, "X509Certificate"))).unwrap();
        certificate.text().unwrap().to_owned()
    };
    keys.map(certificate).collect()
}

#[test]
fn simplesamlphp_answers_a_login_with_the_attributes_of_the_person() {
    let Some(provider) = start() else { return };
    let mut client = WebClient::new();
    let message = response(&provider.log_in(&mut client, &login(&provider), "ana"));
    let document = Document::parse(&message).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name((PROTOCOL, "Response")), "{message}");
    assert_eq!(root.attribute("Destination"), Some(ACS));
    assert_eq!(root.attribute("InResponseTo"), Some("_r1"));
    assert_eq!(find(&document, ASSERTION, "Issuer")[0].text(), Some(provider.entity_id().as_str()));
    assert_eq!(find(&document, ASSERTION, "Audience")[0].text(), Some(ENTITY_ID));
    // Response and Assertion.
    assert_eq!(find(&document, SIGNATURE, "Signature").len(), 2);
    for (name, value) in [
        ("urn:oid:1.3.6.1.4.1.25178.4.1.6", "a1a1a1@example.org"),
        ("urn:oid:1.3.6.1.4.1.5923.1.1.1.13", "a1a1a1@example.org"),
        ("urn:oid:2.16.840.1.113730.3.1.241", "Ana Horvat"),
        ("urn:oid:2.5.4.42", "Ana"),
        ("urn:oid:2.5.4.4", "Horvat"),
        ("urn:oid:0.9.2342.19200300.100.1.3", "ana@example.org"),
    ] {
        assert_eq!(values(&document, name), [value], "{name}");
    }
}

#[test]
fn simplesamlphp_answers_a_second_login_without_a_password_until_the_logout() {
    let Some(provider) = start() else { return };
    let mut client = WebClient::new();
    provider.log_in(&mut client, &login(&provider), "bruno");
    assert!(client.cookie("127.0.0.1", "SimpleSAMLAuthToken").is_some());
    let message = response(&provider.log_in_again(&mut client, &login(&provider)));
    assert_eq!(values(&Document::parse(&message).unwrap(), "urn:oid:2.5.4.42"), ["Bruno", "B."]);

    // The service provider is asked to end its session too, with a signed request.
    let asked = provider.log_out(&mut client, "http://localhost:1/after").redirect().expect("a redirect");
    assert!(asked.as_str().starts_with("http://127.0.0.1:1/ls?SAMLRequest="), "{asked}");
    assert!(asked.query().unwrap().contains("&Signature="), "{asked}");
    assert!(client.open(&login(&provider)).form("AuthState").is_some());
    // Without a login there is nothing to end.
    let page = provider.log_out(&mut WebClient::new(), "http://localhost:1/after");
    assert_eq!(page.redirect().expect("a redirect").as_str(), "http://localhost:1/after");
}

#[test]
fn simplesamlphp_answers_with_an_error_if_the_person_gives_up() {
    let Some(provider) = start() else { return };
    let message = response(&provider.log_in(&mut WebClient::new(), &login(&provider), "quitter"));
    let document = Document::parse(&message).unwrap();
    let codes: Vec<_> =
        find(&document, PROTOCOL, "StatusCode").iter().filter_map(|code| code.attribute("Value")).collect();
    let status = "urn:oasis:names:tc:SAML:2.0:status";
    assert_eq!(codes, [format!("{status}:Responder"), format!("{status}:AuthnFailed")]);
    assert!(find(&document, ASSERTION, "Assertion").is_empty());
}

#[test]
fn simplesamlphp_signs_as_it_is_told() {
    let Some(mut provider) = start() else { return };
    let mut signs = |response_too, assertion_too| {
        provider.sign(response_too, assertion_too);
        signed(&response(&provider.log_in(&mut WebClient::new(), &login(&provider), "ana")))
    };
    assert_eq!(signs(true, false), ["Response"]);
    assert_eq!(signs(false, true), ["Assertion"]);
    assert!(signs(false, false).is_empty());
}

#[test]
fn simplesamlphp_says_how_long_the_login_lasts() {
    let Some(mut provider) = start() else { return };
    provider.set_session_seconds(60);
    let message = response(&provider.log_in(&mut WebClient::new(), &login(&provider), "ana"));
    let document = Document::parse(&message).unwrap();
    let statement = find(&document, ASSERTION, "AuthnStatement")[0];
    let time = |name| statement.attribute(name).and_then(|text| text.parse::<DateTime<Utc>>().ok()).unwrap();
    let lasts = time("SessionNotOnOrAfter") - time("AuthnInstant");
    assert!((59..=61).contains(&lasts.num_seconds()), "{lasts}");
}

#[test]
fn the_key_of_simplesamlphp_is_replaced_in_three_steps() {
    let Some(mut provider) = start() else { return };
    let [first] = announced(&provider).try_into().unwrap();
    provider.announce_key();
    let old = provider.certificate_pem();
    assert_eq!(announced(&provider).len(), 2);
    provider.switch_key();
    assert_eq!(announced(&provider).len(), 2);
    assert_ne!(provider.certificate_pem(), old);
    let message = response(&provider.log_in(&mut WebClient::new(), &login(&provider), "ana"));
    assert!(!message.contains(&first), "the new key signs");
    provider.retire_key();
    let [last] = announced(&provider).try_into().unwrap();
    assert_ne!(last, first);
    assert!(message.contains(&last));
}

#[test]
fn simplesamlphp_reads_the_metadata_of_a_service_provider() {
    let Some(mut provider) = SimpleSaml::start(&[]) else { return };
    assert_valid("saml-schema-metadata-2.0.xsd", &metadata());
    provider.trust_metadata(&metadata());
    provider.set_person("new", &[("displayName", &["Šime “Ž” <&>"])]);
    let message = response(&provider.log_in(&mut WebClient::new(), &login(&provider), "new"));
    let document = Document::parse(&message).unwrap();
    assert_eq!(values(&document, "urn:oid:2.16.840.1.113730.3.1.241"), ["Šime “Ž” <&>"]);
}
