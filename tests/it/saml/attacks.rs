//! Attacks on the signature and on the XML. Each is refused before or by the check of the signature, quickly, and no file
//! is opened.

use std::time::{Duration, Instant};

use poem::dev::identity_provider::signer::{Signer, SignerKey};
use poem::saml::refusal::RefusalClass::{self, *};
use poem::saml::response::ReceivedResponse;

use super::{FOREIGN, FORMS, PERSON, RSA, SignedBy, assertion, check, class, signed, valid};

/// Replaces a text that must be there.
#[track_caller]
fn replaced(message: &str, old: &str, new: &str) -> String {
    assert!(message.contains(old), "the message has no {old:?}");
    message.replacen(old, new, 1)
}

const C14N: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
const ENVELOPED: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";

#[test]
fn a_signature_that_refers_to_something_else_is_refused() {
    let message = signed(&valid(), SignedBy::Response);
    let reference = message.split_once("URI=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let other = valid();
    for uri in [
        "",
        "#",
        "#xpointer(/)",
        "#xpointer(id('x'))",
        "file:///etc/passwd",
        "http://127.0.0.1:9/x",
        "other.xml#x",
        &format!("#{}", other.id),
        &format!(" {reference}"),
    ] {
        let attacked = replaced(&message, &format!("URI=\"{reference}\""), &format!("URI=\"{uri}\""));
        assert_eq!(class(&attacked), Some(Shape), "{uri}");
    }
    for odd in ["xpointer(/)", "xpointer(id('x'))", "a b", "a/b"] {
        let attacked = message.replace(&reference, odd);
        assert_eq!(class(&attacked), Some(Shape), "{odd}");
    }
    let without = replaced(&message, &format!(" URI=\"{reference}\""), "");
    assert_eq!(class(&without), Some(Shape));
    let (start, end) = (message.find("<ds:Reference").unwrap(), message.find("</ds:Reference>").unwrap() + 15);
    let one = &message[start..end];
    assert_eq!(class(&replaced(&message, one, &format!("{one}{one}"))), Some(Shape), "two references");
    assert_eq!(class(&replaced(&message, one, "")), Some(Shape), "no reference");
}

#[test]
fn only_the_two_transforms_of_saml_are_run() {
    let message = signed(&valid(), SignedBy::Response);
    let both = format!("{ENVELOPED}{C14N}");
    let transform = |algorithm: &str| format!("<ds:Transform Algorithm=\"{algorithm}\"/>");
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet \
                xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\">\
                <xsl:copy-of select=\"document('file:///etc/passwd')\"/></xsl:template></xsl:stylesheet></ds:Transform>";
    for transforms in [
        String::new(),
        ENVELOPED.to_owned(),
        C14N.to_owned(),
        format!("{C14N}{ENVELOPED}"),
        format!("{both}{C14N}"),
        format!("{ENVELOPED}{xslt}"),
        format!("{xslt}{both}"),
        format!("{ENVELOPED}{}", transform("http://www.w3.org/TR/1999/REC-xpath-19991116")),
        format!("{ENVELOPED}{}", transform("http://www.w3.org/2002/06/xmldsig-filter2")),
        format!("{ENVELOPED}{}", transform("http://www.w3.org/2000/09/xmldsig#base64")),
        format!("{ENVELOPED}{}", transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")),
        format!("{ENVELOPED}{}", transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        format!("{ENVELOPED}{}", C14N.replace("/>", "><x xmlns=\"urn:x\"/></ds:Transform>")),
    ] {
        assert_eq!(class(&replaced(&message, &both, &transforms)), Some(Shape), "{transforms}");
    }
    let c14n = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let other = c14n.replace("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315");
    assert_eq!(class(&replaced(&message, c14n, &other)), Some(Shape));
}

#[test]
fn weak_and_foreign_algorithms_are_refused() {
    let message = signed(&valid(), SignedBy::Response);
    for method in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "",
    ] {
        let attacked = replaced(&message, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", method);
        assert_eq!(class(&attacked), Some(Shape), "{method}");
    }
    for digest in ["http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmldsig-more#md5", ""] {
        let attacked = replaced(&message, "http://www.w3.org/2001/04/xmlenc#sha256", digest);
        assert_eq!(class(&attacked), Some(Shape), "{digest}");
    }
    // The key of RSA with the algorithm of curves, of which the identity provider has a key too.
    let attacked = replaced(&message, "xmldsig-more#rsa-sha256", "xmldsig-more#ecdsa-sha256");
    assert_eq!(class(&attacked), Some(Signature));
}

#[test]
fn what_else_a_signature_can_hold_is_refused() {
    let message = signed(&valid(), SignedBy::Response);
    let end = "</ds:Signature>";
    let manifest = "<ds:Object><ds:Manifest><ds:Reference URI=\"file:///etc/passwd\"/></ds:Manifest></ds:Object>";
    assert_eq!(class(&replaced(&message, end, &format!("{manifest}{end}"))), Some(Shape));
    let (start, stop) =
        (message.find("<ds:SignatureValue>").unwrap() + 19, message.find("</ds:SignatureValue>").unwrap());
    let value = &message[start..stop];
    assert_eq!(class(&replaced(&message, value, "")), Some(Signature), "an empty signature");
    assert_eq!(class(&replaced(&message, value, "AAAA")), Some(Signature));
    let doubled = format!("<ds:SignatureValue>{value}</ds:SignatureValue>");
    assert_eq!(class(&replaced(&message, &doubled, &doubled.repeat(2))), Some(Shape));
    let (start, stop) = (message.find("<ds:Signature ").unwrap(), message.find(end).unwrap() + end.len());
    let signature = &message[start..stop];
    let without = replaced(&message, signature, "");
    assert_eq!(class(&without), Some(Unsigned));
    assert_eq!(class(&replaced(&message, signature, &signature.repeat(2))), Some(Shape), "twice");
    let moved = replaced(&without, "<saml:Subject>", &format!("<saml:Subject>{signature}"));
    assert_eq!(class(&moved), Some(Shape), "moved into the subject");
    let misspelt = message.replace("http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo", "urn:x\"><ds:SignedInfo");
    assert_ne!(misspelt, message);
    assert_eq!(class(&misspelt), Some(Shape), "another namespace");
}

#[test]
fn only_the_keys_of_the_metadata_count() {
    for (assertion, response) in [
        (Some(&*FOREIGN), None),
        (None, Some(&*FOREIGN)),
        (Some(&*RSA), Some(&*FOREIGN)),
        (Some(&*FOREIGN), Some(&*RSA)),
    ] {
        let message = valid().to_signed_xml(assertion, response).unwrap();
        let refusal = check(&message).unwrap_err();
        assert_eq!(refusal.class, Signature);
        assert!(refusal.cause.starts_with("signed by none of the 2 certificates in metadata-egi.xml"), "{refusal}");
    }
    // The certificate that a message brings along is not believed, also if it is named like the right one.
    let message = signed(&valid(), SignedBy::Response);
    let foreign = valid().to_signed_xml(None, Some(&*FOREIGN)).unwrap();
    let certificate =
        |text: &str| text.split_once("<ds:X509Certificate>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let disguised = replaced(&foreign, &certificate(&foreign), &certificate(&message));
    assert_eq!(class(&disguised), Some(Signature));
    let named = replaced(&message, &certificate(&message), &certificate(&foreign));
    assert_eq!(class(&named), None, "KeyInfo is not part of what is signed, and nothing is believed of it");
    let other_curve = Signer::generate(SignerKey::EcP256, "idp").unwrap();
    assert_eq!(class(&valid().to_signed_xml(None, Some(&other_curve)).unwrap()), Some(Signature));
    // Signatures of two types of keys.
    let mixed = valid().to_signed_xml(Some(&*super::EC), Some(&*RSA)).unwrap();
    assert_eq!(class(&mixed), Some(Shape));
}

/// A key of another curve, which xmlsec cannot use for the signature, must not end the search.
#[test]
fn keys_of_several_curves_stand_side_by_side() {
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use poem::saml::certificate::Certificate;
    use poem::saml::new_key::self_signed;

    let group = EcGroup::from_curve_name(Nid::SECP384R1).unwrap();
    let other = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let other = Certificate::new(&self_signed(&other, "idp").unwrap()).unwrap();
    let mut idp = super::SIDES.idp.clone();
    let message = valid().to_signed_xml(None, Some(&*super::EC)).unwrap();
    let start = message.find("<ds:KeyInfo>").unwrap();
    let key_info = message[start..message.find("</ds:KeyInfo>").unwrap() + "</ds:KeyInfo>".len()].to_owned();
    let unnamed = message.replace(&key_info, "");
    idp.certificates.insert(0, other);
    for _ in 0..2 {
        for text in [&message, &unnamed] {
            let received = ReceivedResponse::of_text(text.clone(), &super::SIDES.sp, &idp).unwrap();
            let is_named = text == &message;
            assert!(received.verify(&idp, "metadata").is_ok(), "the message names its key: {is_named}");
        }
        idp.certificates.rotate_left(1);
    }
}

#[test]
fn one_of_two_signatures_cannot_be_removed_or_broken() {
    let message = signed(&valid(), SignedBy::Both);
    let first = message.find("<ds:SignatureValue>").unwrap() + 19;
    let last = message.rfind("<ds:SignatureValue>").unwrap() + 19;
    for place in [first, last] {
        let mut broken = message.clone();
        let new = if &message[place..=place] == "A" { "B" } else { "A" };
        broken.replace_range(place..=place, new);
        assert_eq!(class(&broken), Some(Signature));
    }
    assert!(first != last);
}

/// What is not signed decides nothing but a refusal.
#[test]
fn the_unsigned_response_around_a_signed_assertion_is_not_believed() {
    let mut response = valid();
    let message = signed(&response, SignedBy::Assertion);
    for (old, new, expected) in [
        (
            format!("InResponseTo=\"{}\"><saml:Issuer>", super::REQUEST),
            "InResponseTo=\"_other\"><saml:Issuer>".to_owned(),
            Unsolicited,
        ),
        ("status:Success".to_owned(), "status:Responder".to_owned(), Idp),
        (format!("<saml:Issuer>{}", super::IDP), "<saml:Issuer>https://evil.example.org".to_owned(), Issuer),
        ("Destination=\"https://poem".to_owned(), "Destination=\"https://evil".to_owned(), Destination),
    ] {
        assert_eq!(class(&replaced(&message, &old, &new)), Some(expected), "{new}");
    }
    // A failed login whose assertion is signed nevertheless.
    response.status = vec!["urn:oasis:names:tc:SAML:2.0:status:Responder".into()];
    assert_eq!(class(&signed(&response, SignedBy::Assertion)), Some(Idp));
}

#[test]
fn xml_that_parsers_read_differently_is_refused() {
    let message = signed(&valid(), SignedBy::Response);
    let body = message.split_once("?>").map_or(message.as_str(), |(_, body)| body).to_owned();
    let entity = "<!DOCTYPE r [<!ENTITY x \"y\">]>";
    let bomb = "<!DOCTYPE r [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let external = "<!DOCTYPE r SYSTEM \"file:///etc/passwd\">";
    let parameter = "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\"> %p;]>";
    let attributes = "<!DOCTYPE r [<!ATTLIST saml:Assertion x ID #IMPLIED>]>";
    for doctype in [entity, bomb, external, parameter, attributes] {
        assert_eq!(class(&format!("{doctype}{body}")), Some(Malformed), "{doctype}");
    }
    let id = valid().id;
    for (old, new) in [
        ("<saml:Subject>", format!("<saml:Subject xml:id=\"{id}\"><x xmlns=\"urn:x\" Id=\"{id}\"/>")),
        ("<saml:Subject>", "<saml:Subject><!-- x -->".to_owned()),
        ("<saml:Subject>", "<saml:Subject><?x y?>".to_owned()),
    ] {
        assert_eq!(class(&replaced(&message, old, &new)), Some(Malformed), "{new}");
    }
    assert_eq!(class(&format!("{message}<!-- x -->")), Some(Malformed));
    assert_eq!(class(&format!("{message}{message}")), Some(Malformed));
    assert_eq!(class(&message[..message.len() - 1]), Some(Malformed), "cut off");
    assert_eq!(class(&format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{body}")), Some(Malformed));
    // Namespaces that canonicalization cannot resolve.
    let relative = replaced(&message, "<saml:Subject>", "<saml:Subject xmlns:r=\"relative\">");
    assert!(matches!(class(&relative), Some(Malformed | Signature)), "{:?}", check(&relative));
}

/// A comment ends a text for parsers that read its first node only.
#[test]
fn texts_are_read_whole() {
    for part in ["<!-- -->", "<?x?>"] {
        let mut response = valid();
        assertion(&mut response).attributes[0].1 = vec!["MARK".to_owned()];
        // Signed with the comment in it: canonical XML has none, so the signature fits.
        let unsigned = response.to_xml().replace("MARK", &format!("8f2d0c6b@egi.eu{part}.evil"));
        let message = RSA.sign(&unsigned, &response.id);
        let refusal = message.map(|message| class(&message));
        assert!(!matches!(refusal, Ok(None)), "{part}");
    }
    let mut response = valid();
    assertion(&mut response).attributes[0].1 = vec!["MARK".to_owned()];
    let unsigned = response.to_xml().replace("MARK", "8f2d0c6b<![CDATA[@]]>egi&#46;eu");
    let accepted = check(&RSA.sign(&unsigned, &response.id).unwrap()).unwrap();
    assert_eq!(accepted.identity.identifiers, [PERSON], "CDATA and references are text");
}

#[test]
fn large_and_deep_messages_are_refused_quickly() {
    let message = signed(&valid(), SignedBy::Response);
    let deep = |depth: usize| "<x>".repeat(depth) + &"</x>".repeat(depth);
    let attributes: String = (0..40_000).map(|number| format!(" a{number}=\"\"")).collect();
    let ids: String = (0..20_000).map(|number| format!("<x ID=\"i{number}\"/>")).collect();
    let namespaces: String = (0..10_000).map(|number| format!(" xmlns:n{number}=\"urn:{number}\"")).collect();
    for (name, inside) in [
        ("depth 300", deep(300)),
        ("depth 100,000", deep(100_000)),
        ("nodes", "<x/>".repeat(100_000)),
        ("attributes", format!("<x{attributes}/>")),
        ("ids", ids),
        ("namespaces", format!("<x{namespaces}/>")),
    ] {
        let attacked = replaced(&message, "<saml:Subject>", &format!("<saml:Subject>{inside}"));
        let begun = Instant::now();
        let class = class(&attacked);
        // A build without optimisation is slow; in the benchmark it is below 100 ms.
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
        assert!(matches!(class, Some(Malformed | Signature)), "{name}: {class:?}");
    }
}

#[test]
fn what_is_not_base64_or_not_text_is_malformed() {
    use base64::Engine;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let read = |encoded: &str| {
        ReceivedResponse::read(encoded, &super::SIDES.sp, &super::SIDES.idp).map(drop).map_err(|refusal| refusal.class)
    };
    let message = signed(&valid(), SignedBy::Both);
    let encoded = encode(message.as_bytes());
    assert_eq!(read(&encoded), Ok(()));
    let lines: Vec<_> = encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(read(&lines.join("\r\n")), Ok(()), "with line breaks");
    assert_eq!(read(&encode(format!("\u{feff}{message}").as_bytes())), Ok(()), "with a byte order mark");
    let utf16: Vec<u8> = message.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bad: [(&str, String); 8] = [
        ("empty", String::new()),
        ("not base64", "<x/>".to_owned()),
        ("padding", format!("{encoded}=")),
        ("url-safe", "_-_-".to_owned()),
        ("UTF-16", encode(&utf16)),
        ("overlong", encode(b"<a>\xc0\xaf</a>")),
        ("deflated", encode(&[0xb3, 0xb1, 0x00])),
        ("too large", encode(&vec![b' '; 800 * 1024])),
    ];
    for (name, encoded) in bad {
        assert_eq!(read(&encoded), Err(RefusalClass::Malformed), "{name}");
    }
}

/// Whatever byte is changed, nobody else is logged in.
#[test]
fn a_message_with_a_changed_byte_is_refused_or_means_the_same() {
    for form in FORMS {
        let message = signed(&valid(), form);
        let accepted = check(&message).unwrap();
        // Every place is tried over the forms; a prime step keeps the test short.
        for place in (0..message.len()).step_by(7) {
            let mut bytes = message.clone().into_bytes();
            bytes[place] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            match check(&changed) {
                Err(_) => {}
                Ok(same) => assert_eq!(
                    same,
                    accepted,
                    "{form:?}, byte {place}: {}",
                    &changed[place.saturating_sub(40)..place + 1]
                ),
            }
        }
    }
}
