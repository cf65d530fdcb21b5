//! `poem saml explain`.

use std::fs;

use chrono::{TimeDelta, Utc};
use openssl::base64::encode_block;
use poem::dev::identity_provider::responses::{Parties, ResponseFacts};

use super::{IDP, SIGNER, good, write_metadata};
use crate::support::Installation;
use crate::support::installation::Ran;

const PARTIES: Parties<'_> = Parties {
    idp: IDP,
    service_provider: "https://localhost/poem/saml2/metadata/",
    acs: "https://localhost/poem/saml2/acs/",
    request: "_request",
};

/// The answer that a person gets now.
fn answer() -> ResponseFacts {
    let attributes = [
        ("urn:oid:1.3.6.1.4.1.25178.4.1.6", "ana@example.org"),
        ("urn:oid:2.16.840.1.113730.3.1.241", "Ana Horvat"),
        ("urn:oid:0.9.2342.19200300.100.1.3", "ana@example.org"),
    ];
    ResponseFacts::valid(PARTIES, &attributes, Utc::now())
}

fn explain(installation: &Installation, content: &str) -> Ran {
    let file = installation.path("answer.xml");
    fs::write(&file, content).unwrap();
    installation.run("poem-saml", &["explain", "-n", "egi", file.to_str().unwrap()])
}

#[track_caller]
fn refused(ran: &Ran, words: &str) {
    assert!(ran.status == 1 && ran.stderr.contains(&format!("it would be refused: {words}")), "{words}: {ran:?}");
}

#[test]
fn an_answer_that_would_be_accepted_is_explained() {
    let installation = Installation::with_tenants();
    write_metadata(&installation, &good());
    let message = answer().to_signed_xml(Some(&SIGNER), Some(&SIGNER)).unwrap();
    let base64 = encode_block(message.as_bytes());
    let wrapped: Vec<_> = base64.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    for content in [message.as_str(), &format!("\u{feff}{message}\n"), &base64, &wrapped.join("\r\n")] {
        let ran = explain(&installation, content).done();
        for line in [
            "  ok     it is a successful answer of https://idp.example.org/metadata\n",
            "  ok     it was sent to https://localhost/poem/saml2/acs/\n",
            "  ok     it is signed by a certificate in /",
            "  ok     its assertion is for https://localhost/poem/saml2/metadata/ and for this time\n",
            "  identifier         “ana@example.org”\n",
            "  display name       “Ana Horvat”\n",
            "  e-mail             “ana@example.org”\n",
            "  session until      ",
        ] {
            assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
        }
    }
}

#[test]
fn an_answer_that_would_be_refused_is_explained_with_the_cause() {
    let installation = Installation::with_tenants();
    refused_without_federation(&installation);
    write_metadata(&installation, &good());
    let signed = |facts: &ResponseFacts| facts.to_signed_xml(Some(&SIGNER), None).unwrap();
    refused(&explain(&installation, "<html/>"), "malformed: it is not a Response");
    refused(&explain(&installation, "no base64!"), "malformed: not base64");
    refused(&explain(&installation, &answer().to_xml()), "unsigned: it is not signed");
    let changed = signed(&answer()).replace("ana@", "eve@");
    let ran = explain(&installation, &changed);
    refused(&ran, "signature: signed by none of the 1 certificates in /");
    assert!(ran.stdout.contains("  ok     it was sent to ") && !ran.stdout.contains("eve@"), "{ran:?}");
    let mut facts = answer();
    facts.in_response_to = None;
    refused(&explain(&installation, &signed(&facts)), "unsolicited: it has no InResponseTo");
    let old = ResponseFacts::valid(PARTIES, &[], Utc::now() - TimeDelta::hours(1));
    refused(&explain(&installation, &signed(&old)), "expired: its SubjectConfirmation ended ");
    let nobody = ResponseFacts::valid(PARTIES, &[("urn:oid:2.5.4.42", "Ana")], Utc::now());
    let cause = "attribute: no voPersonID, eduPersonUniqueId; asserted: “urn:oid:2.5.4.42”";
    refused(&explain(&installation, &signed(&nobody)), cause);
    let refusal = ResponseFacts::refusal(PARTIES, "AuthnFailed", Utc::now());
    refused(&explain(&installation, &refusal.to_xml()), "idp: AuthnFailed: ");
    installation.configure("[SERVER]\n", "[SAML]\nEntitlements = urn:staff\n[SERVER]\n");
    refused(&explain(&installation, &signed(&answer())), "entitlement: none of the configured entitlements");
}

#[track_caller]
fn refused_without_federation(installation: &Installation) {
    let ran = explain(installation, "<html/>");
    assert!(ran.status == 1 && ran.stderr.contains("EGI has no federated login"), "{ran:?}");
    let ran = installation.run("poem-saml", &["explain", "-n", "egi", "/nowhere"]);
    assert!(ran.status == 1 && ran.stderr.contains("/nowhere"), "{ran:?}");
}
