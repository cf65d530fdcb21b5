//! Large messages that are right, and the messages of the single logout.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use poem::dev::identity_provider::signer::Signer;
use poem::domain::model::federated_identity::{FederatedSession, NameId};
use poem::saml::certificate::Certificate;
use poem::saml::logout::{self, LogoutFacts, LogoutRequest, LogoutResponse};
use poem::saml::names::{ASSERTION, PROTOCOL, SUCCESS};
use poem::saml::redirect_binding::{MessageKind, OutgoingMessage, ReceivedMessage, address, encoded};
use poem::saml::refusal::RefusalClass::{self, *};
use poem::saml::signing_key::SigningKey;
use poem::saml::{authn_request, post_binding};

use super::{EC, FOREIGN, IDP, RSA, SIDES, SignedBy, assertion, at, check, now, signed, valid};
use crate::support::simplesamlphp::assert_valid;

const LS: &str = "https://poem.example.org/poem/saml2/ls/";

#[test]
fn four_thousand_values_are_checked_quickly() {
    let mut response = valid();
    let values = (0..4_000).map(|number| format!("urn:mace:egi.eu:group:vo{number}")).collect();
    assertion(&mut response).attributes.push(("urn:oid:1.3.6.1.4.1.5923.1.1.1.7".to_owned(), values));
    let message = signed(&response, SignedBy::Both);
    let begun = Instant::now();
    check(&message).unwrap();
    // Of a build without optimisation; with it, it takes less than 100 ms.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn our_requests_are_valid_by_the_schema() {
    let mut sp = SIDES.sp.clone();
    sp.name = "A & B <\"'> é".to_owned();
    assert_valid("saml-schema-protocol-2.0.xsd", &authn_request::document(&sp, "_1", "https://idp/?a=b&c", now()));
    let session = FederatedSession {
        idp: IDP.to_owned(),
        name_id: NameId {
            value: "a & b".to_owned(),
            format: Some("urn:x".to_owned()),
            name_qualifier: Some(String::new()),
            sp_name_qualifier: Some("https://poem.example.org".to_owned()),
            sp_provided_id: None,
        },
        session_indexes: vec!["1 & 2".to_owned(), "3".to_owned()],
        ends_by: None,
    };
    assert_valid("saml-schema-protocol-2.0.xsd", &logout::request(&sp, "_1", "https://idp/", &session, now()));
    assert_valid("saml-schema-protocol-2.0.xsd", &logout::response(&sp, "_1", "https://idp/", "_2", now()));
}

/// A LogoutRequest of the identity provider.
fn request(change: impl FnOnce(String) -> String) -> String {
    change(format!(
        "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"_out\" Version=\"2.0\" \
         IssueInstant=\"{}\" Destination=\"{LS}\"><saml:Issuer>{IDP}</saml:Issuer>\
         <saml:NameID Format=\"urn:x\">ana</saml:NameID><samlp:SessionIndex>s1</samlp:SessionIndex>\
         </samlp:LogoutRequest>",
        at(0).unwrap()
    ))
}

fn facts() -> LogoutFacts<'static> {
    LogoutFacts { address: LS, idp: &SIDES.idp, now: now(), skew: TimeDelta::seconds(60) }
}

fn key(signer: &Signer) -> SigningKey {
    SigningKey { certificate: Certificate::new(signer.certificate()).unwrap(), key: signer.key().clone() }
}

/// Returns the query of a message by redirect.
fn query(xml: &str, relay_state: &str, signer: Option<&Signer>) -> String {
    let message = OutgoingMessage { kind: MessageKind::Request, xml, relay_state };
    let key = signer.map(key);
    address("https://x/", message, key.as_ref()).unwrap().split_once('?').unwrap().1.to_owned()
}

fn read(query: &str) -> Result<ReceivedMessage, RefusalClass> {
    let message = ReceivedMessage::read(query).map_err(|refusal| refusal.class)?;
    message.verify(&SIDES.idp.certificates, "metadata").map_err(|refusal| refusal.class)?;
    Ok(message)
}

#[test]
fn a_message_by_redirect_is_read_as_it_was_signed() {
    let xml = request(|xml| xml);
    for signer in [&*RSA, &*EC] {
        let state = encoded("a b+c/é");
        let sent = query(&xml, &state, Some(signer));
        let message = read(&sent).unwrap();
        assert_eq!((message.xml.as_str(), message.relay_state.as_str()), (xml.as_str(), state.as_str()));
        // The order in the address does not matter, and other parameters are not signed.
        let mut parts: Vec<_> = sent.split('&').collect();
        parts.reverse();
        parts.push("other=1");
        assert!(read(&parts.join("&")).is_ok());
    }
    assert_eq!(read(&query(&xml, "", None)).unwrap_err(), Unsigned);
    assert_eq!(read(&query(&xml, "", Some(&FOREIGN))).unwrap_err(), Signature);
}

/// Some senders encode with lower-case hex digits, and some sign with r and s side by side.
#[test]
fn other_encodings_of_a_signed_message_are_accepted() {
    let sent = query(&request(|xml| xml), "state", Some(&RSA));
    let (signed, _) = sent.split_once("&Signature=").unwrap();
    let lower = signed.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d").replace("%3A", "%3a");
    let signature = RSA.sign_query(&lower).unwrap();
    assert!(read(&format!("{lower}&Signature={}", encoded(&poem::saml::base64::encode(&signature)))).is_ok());

    let sent = query(&request(|xml| xml), "state", Some(&EC));
    let (signed, _) = sent.split_once("&Signature=").unwrap();
    let der = openssl::ecdsa::EcdsaSig::from_der(&EC.sign_query(signed).unwrap()).unwrap();
    let plain = [der.r().to_vec_padded(32).unwrap(), der.s().to_vec_padded(32).unwrap()].concat();
    assert!(read(&format!("{signed}&Signature={}", encoded(&poem::saml::base64::encode(&plain)))).is_ok());
}

#[test]
fn a_changed_message_by_redirect_is_refused() {
    let sent = query(&request(|xml| xml), "state", Some(&RSA));
    let other = query(&request(|xml| xml.replace("ana", "bob")), "state", Some(&RSA));
    let message_of = |query: &str| query.split('&').next().unwrap().to_owned();
    for (changed, expected) in [
        (sent.replace(&message_of(&sent), &message_of(&other)), Signature),
        (sent.replace("RelayState=state", "RelayState=other"), Signature),
        (sent.replace("&RelayState=state", ""), Signature),
        (format!("{sent}&RelayState=again"), Malformed),
        (format!("{sent}&{}", message_of(&sent)), Malformed),
        (format!("{sent}&SAMLResponse=x"), Malformed),
        (format!("{sent}&Signature=x"), Malformed),
        (sent.replace("rsa-sha256", "rsa-sha1"), Shape),
        (sent.replace("rsa-sha256", "ecdsa-sha256"), Signature),
        (sent.replace("&SigAlg=", "&X="), Malformed),
        (sent.replace("SAMLRequest=", "SAMLRequest=AAAA"), Malformed),
        (format!("{sent}&SAMLEncoding=urn%3Ax"), Malformed),
        (String::new(), Malformed),
        ("SAMLRequest=%FF".to_owned(), Malformed),
    ] {
        assert_eq!(read(&changed).err(), Some(expected), "{changed}");
    }
    // A kilobyte that becomes a megabyte.
    let bomb = query(&" ".repeat(1 << 20), "", Some(&RSA));
    assert!(bomb.len() < 4096);
    assert_eq!(read(&bomb).err(), Some(Malformed));
}

#[test]
fn a_logout_message_is_for_us_fresh_and_from_the_identity_provider() {
    let class = |xml: String| LogoutRequest::read(&xml, &facts()).err().map(|refusal| refusal.class);
    let good = LogoutRequest::read(&request(|xml| xml), &facts()).unwrap();
    assert_eq!((good.id.as_str(), good.name_id.value.as_str(), good.session_indexes.len()), ("_out", "ana", 1));
    assert_eq!(good.name_id.format.as_deref(), Some("urn:x"));
    let issued = at(0).unwrap();
    for (name, expected, old, new) in [
        ("issuer", Issuer, IDP, "https://evil.example.org".to_owned()),
        ("destination", Destination, LS, "https://evil.example.org/".to_owned()),
        ("version", Malformed, "2.0", "1.1".to_owned()),
        ("old", Expired, issued.as_str(), at(-361).unwrap()),
        ("of tomorrow", Early, issued.as_str(), at(361).unwrap()),
        ("over", Expired, "Destination=", format!("NotOnOrAfter=\"{}\" Destination=", at(-60).unwrap())),
        ("no name", Malformed, "saml:NameID", "saml:Name".to_owned()),
        ("encrypted", Encrypted, "saml:NameID", "saml:EncryptedID".to_owned()),
        ("another message", Malformed, "LogoutRequest", "LogoutResponse".to_owned()),
    ] {
        assert_eq!(class(request(|xml| xml.replace(old, &new))), Some(expected), "{name}");
    }
    let response = format!(
        "<samlp:LogoutResponse xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"_r\" Version=\"2.0\" \
         IssueInstant=\"{issued}\" Destination=\"{LS}\" InResponseTo=\"_q\"><saml:Issuer>{IDP}</saml:Issuer>\
         <samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status></samlp:LogoutResponse>"
    );
    let read = |xml: &str| LogoutResponse::read(xml, &facts());
    let good = read(&response).unwrap();
    assert_eq!((good.in_response_to.as_str(), good.status.as_str()), ("_q", "Success"));
    let partial = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode>";
    let partial = response.replace("\"/></samlp:Status>", &format!("\">{partial}</samlp:Status>"));
    assert_eq!(read(&partial).unwrap().status, "PartialLogout");
    assert_eq!(read(&response.replace(" InResponseTo=\"_q\"", "")).unwrap_err().class, Unsolicited);
}

#[test]
fn a_logout_message_in_a_form_is_what_was_signed() {
    let read = |xml: &str| {
        let encoded = poem::saml::base64::encode(xml.as_bytes());
        post_binding::verified(MessageKind::Request, &encoded, &SIDES.idp.certificates, "metadata")
            .map_err(|refusal| refusal.class)
    };
    let message = request(|xml| xml);
    for signer in [&*RSA, &*EC] {
        let verified = read(&signer.sign(&message, "_out").unwrap()).unwrap();
        assert!(verified.contains("ana") && !verified.contains("Signature"), "{verified}");
    }
    assert_eq!(read(&message).unwrap_err(), Unsigned);
    assert_eq!(read(&FOREIGN.sign(&message, "_out").unwrap()).unwrap_err(), Signature);
    // Around something that the identity provider has signed for another purpose.
    let login = signed(&valid(), SignedBy::Assertion);
    let start = login.find("<saml:Assertion").unwrap();
    let end = login.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    let wrapped = message.replace("</samlp:LogoutRequest>", &format!("{}</samlp:LogoutRequest>", &login[start..end]));
    assert_eq!(read(&wrapped).unwrap_err(), Shape);
    assert_eq!(read(&signed(&valid(), SignedBy::Response)).unwrap_err(), Malformed);
}
