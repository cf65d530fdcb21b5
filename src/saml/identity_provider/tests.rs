use chrono::TimeDelta;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use proptest::prelude::*;

use super::super::certificate::KeyType;
use super::super::new_key::self_signed;
use super::*;

const HOST: &str = "https://idp.example.org";

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn ec(curve: Nid) -> PKey<Private> {
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap()
}

/// A KeyDescriptor; `purpose`: its attribute `use` with a blank before it, or ''.
fn key(key: &PKey<Private>, purpose: &str) -> String {
    let der = self_signed(key, "idp.example.org").unwrap().to_der().unwrap();
    of_text(&openssl::base64::encode_block(&der), purpose)
}

fn of_text(base64: &str, purpose: &str) -> String {
    format!(
        "<KeyDescriptor{purpose}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n  {base64}\n</ds:X509Certificate>\
         </ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    )
}

fn endpoint_of(name: &str, binding: &str, more: &str) -> String {
    format!("<{name} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" {more}/>")
}

fn sso() -> String {
    endpoint_of("SingleSignOnService", "HTTP-Redirect", &format!("Location=\" {HOST}/sso?a=b#c \""))
}

fn role(attributes: &str, content: &str) -> String {
    format!("<IDPSSODescriptor protocolSupportEnumeration=\"x {PROTOCOL}\" {attributes}>{content}</IDPSSODescriptor>")
}

fn entity(id: &str, attributes: &str, content: &str) -> String {
    format!(
        "<EntityDescriptor xmlns=\"{METADATA}\" xmlns:ds=\"{SIGNATURE}\" xmlns:mdui=\"{METADATA_UI}\" \
         entityID=\"{id}\" {attributes}>{content}</EntityDescriptor>"
    )
}

fn simple(id: &str, attributes: &str) -> String {
    entity(id, attributes, &role("", &(key(&ec(Nid::X9_62_PRIME256V1), "") + &sso())))
}

fn group(attributes: &str, content: &str) -> String {
    format!("<EntitiesDescriptor xmlns=\"{METADATA}\" {attributes}><Extensions/>{content}</EntitiesDescriptor>")
}

fn now() -> DateTime<Utc> {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn read(text: &str, wanted: &str) -> Result<IdentityProvider, MetadataError> {
    IdentityProvider::parse(text.as_bytes(), wanted, now())
}

fn error(text: &str) -> String {
    read(text, "").unwrap_err().to_string()
}

#[test]
fn what_a_login_needs_is_read() {
    let logout = endpoint_of("SingleLogoutService", "SOAP", "Location=\"https://x/soap\"")
        + &endpoint_of(
            "SingleLogoutService",
            "HTTP-Redirect",
            "Location=\"https://x/slo\" ResponseLocation=\"https://x/r\"",
        );
    let names = "<Extensions><mdui:UIInfo><mdui:DisplayName xml:lang='hr'>Prijava</mdui:DisplayName>\
                 <mdui:DisplayName xml:lang='en'> My <!-- x -->Login\n here </mdui:DisplayName></mdui:UIInfo></Extensions>";
    let keys =
        key(&ec(Nid::SECP384R1), "") + &key(&rsa(2048), " use='signing'") + &key(&rsa(2048), " use='encryption'");
    let content = role("WantAuthnRequestsSigned=\"1\"", &(names.to_owned() + &keys + &logout + &sso()));
    let text = format!("\u{feff}<?xml version=\"1.0\"?>{}", entity(HOST, "cacheDuration=\"PT6H\"", &content));
    let idp = read(&text, "").unwrap();
    assert_eq!((idp.entity_id.as_str(), idp.name.as_str()), (HOST, "My Login here"));
    let types: Vec<_> = idp.certificates.iter().map(|certificate| certificate.key_type).collect();
    assert_eq!(types, [KeyType::Ec(384), KeyType::Rsa(2048)]);
    assert_eq!(idp.login, "https://idp.example.org/sso?a=b");
    let logout = idp.logout.unwrap();
    assert_eq!((logout.request.as_str(), logout.response.as_str()), ("https://x/slo", "https://x/r"));
    assert!(idp.wants_signed_requests && idp.valid_until.is_none() && idp.left_out.is_empty());
}

#[test]
fn certificates_that_cannot_be_used_are_left_out_with_the_reason() {
    let good = rsa(2048);
    let broken =
        of_text("AAAA", "") + &of_text("%", " use='signing'") + &key(&rsa(1024), "") + &key(&ec(Nid::SECP521R1), "");
    for keys in [broken.clone() + &key(&good, ""), key(&good, "") + &broken, key(&good, "") + &key(&good, "") + &broken]
    {
        let idp = read(&entity(HOST, "", &role("", &(keys + &sso()))), "").unwrap();
        let reasons = idp.left_out.join("\n");
        for words in ["it is not a certificate", "it is not base64", "1024 bits", "neither P-256 nor P-384"] {
            assert!(reasons.contains(words), "{words}: {reasons}");
        }
    }
    let none = error(&entity(HOST, "", &role("", &(broken + &sso()))));
    assert!(none.starts_with("it has no signing certificate that can be used: certificate 1: it is"), "{none}");
    for keys in [String::new(), key(&good, " use='encryption'")] {
        let none = error(&entity(HOST, "", &role("", &(keys + &sso()))));
        assert_eq!(none, "it has no signing certificate that can be used");
    }
}

#[test]
fn of_several_identity_providers_one_must_be_named() {
    let sp = entity(
        "https://sp/",
        "",
        "<SPSSODescriptor protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'/>",
    );
    let old = entity("https://old/", "", "<IDPSSODescriptor protocolSupportEnumeration='urn:mace:shibboleth:1.0'/>");
    let one = group("", &(sp.clone() + &group("", &(old.clone() + &simple("https://a/", "")))));
    assert_eq!(read(&one, "").unwrap().entity_id, "https://a/");
    assert_eq!(read(&one, "").unwrap().name, "a");
    let two = group("", &(simple("https://a/", "") + &simple("https://b/", "")));
    assert_eq!(read(&two, "https://b/").unwrap().entity_id, "https://b/");
    assert!(error(&two).starts_with("it has 2 identity providers; set IdpEntityId to one of them: https://"));
    assert!(
        read(&two, "https://c/")
            .unwrap_err()
            .to_string()
            .contains("no identity provider with the entity id https://c/")
    );
    let twice = group("", &(simple("https://a/", "") + &simple("https://a/", "")));
    assert_eq!(read(&twice, "https://a/").unwrap_err(), MetadataError::Twice("https://a/".to_owned()));
    for none in [sp.clone(), old, group("", &sp), group("", "")] {
        assert!(error(&none).starts_with("it has no identity provider"), "{none}");
    }
}

#[test]
fn the_earliest_end_counts() {
    let text = |outer: &str, inner: &str, role_end: &str| {
        let content = role(role_end, &(key(&ec(Nid::X9_62_PRIME256V1), "") + &sso()));
        group(outer, &group("", &entity(HOST, inner, &content)))
    };
    let at = |time: &str| format!("validUntil='{time}'");
    let (early, late) = (at("2027-01-01T00:00:00"), at("2028-01-01T01:00:00.5+01:00"));
    let end: DateTime<Utc> = "2027-01-01T00:00:00Z".parse().unwrap();
    for text in
        [text(&early, &late, &late), text(&late, &early, &late), text(&late, &late, &early), text("", "", &early)]
    {
        assert_eq!(read(&text, "").unwrap().valid_until, Some(end));
    }
    let one = text("", &early, "");
    let parse_at = |now| IdentityProvider::parse(one.as_bytes(), "", now);
    assert!(parse_at(end - TimeDelta::seconds(1)).unwrap().is_valid_at(end - TimeDelta::seconds(1)));
    assert_eq!(parse_at(end).unwrap_err().to_string(), "it expired on 2027-01-01 00:00 UTC: fetch new metadata");
    assert_eq!(error(&text(&at("tomorrow"), "", "")), "its validUntil is not a time");
}

#[test]
fn addresses_must_be_safe() {
    let with = |endpoints: &str| entity(HOST, "", &role("", &(key(&ec(Nid::X9_62_PRIME256V1), "") + endpoints)));
    let redirect =
        |location: &str| endpoint_of("SingleSignOnService", "HTTP-Redirect", &format!("Location='{location}'"));
    for wrong in ["http://idp.example.org/", "javascript:alert(1)", "/sso", "", "https://a b/"] {
        assert!(error(&with(&redirect(wrong))).contains("no SingleSignOnService"), "{wrong}");
    }
    assert!(
        error(&with(&endpoint_of("SingleSignOnService", "HTTP-POST", "Location='https://x/'")))
            .contains("HTTP-Redirect")
    );
    let idp = read(&with(&(redirect("http://x/") + &redirect("http://127.0.0.1:8080/sso"))), "").unwrap();
    assert_eq!((idp.login.as_str(), idp.logout), ("http://127.0.0.1:8080/sso", None));
}

#[test]
fn what_is_no_metadata_is_refused_with_the_cause() {
    assert!(error("<html/>").contains("its first element is html"));
    assert!(error("<EntityDescriptor/>").contains("it is not SAML metadata"));
    assert!(error("<!DOCTYPE a><a/>").contains("DOCTYPE"));
    assert!(error(&simple(HOST, "")[..300]).contains("not well-formed XML"));
    assert_eq!(error(&simple("", "")), "its identity provider has no entityID");
    let parse = |bytes: &[u8]| IdentityProvider::parse(bytes, "", now()).unwrap_err();
    assert_eq!(parse(b"\xff\xfe<\0"), MetadataError::NotUtf8);
    assert_eq!(parse(&vec![b' '; MAX_METADATA + 1]), MetadataError::TooLarge);
    assert!(matches!(parse(b""), MetadataError::Xml(_)));
}

#[test]
fn a_federation_of_a_thousand_is_read() {
    let one = simple("https://ID/", "");
    let thousand: String = (0..1000).map(|index| one.replace("https://ID/", &format!("https://idp{index}/"))).collect();
    assert_eq!(read(&group("", &thousand), "https://idp999/").unwrap().name, "idp999");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = read(&text, "");
    }

    #[test]
    fn no_cut_makes_it_panic(start in 0_usize..1500, length in 0_usize..300) {
        let text = group("validUntil='2027-01-01T00:00:00Z'", &simple(HOST, ""));
        let kept: String = text.chars().enumerate().filter(|(at, _)| *at < start || *at >= start + length).map(|(_, c)| c).collect();
        let _ = read(&kept, "");
    }
}
