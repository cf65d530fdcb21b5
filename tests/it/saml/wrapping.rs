//! Signature wrapping: the eight attacks of Somorovsky et al. (2012), and a ninth. A forged element is put where the reader
//! looks, and the signed one where only the signature looks. Each is refused, or read as what was signed.

use poem::saml::refusal::RefusalClass::{Malformed, Shape, Signature, Unsolicited};

use super::{PERSON, SignedBy, check, signed, valid};

/// The pieces of a signed message.
struct Pieces {
    message: String,
    /// The signed element, with its signature.
    original: String,
    /// The signature alone.
    signature: String,
    /// The signed element without its signature.
    bare: String,
}

impl Pieces {
    fn of(message: String, element: &str) -> Self {
        let original = between(&message, &format!("<{element} "), &format!("</{element}>"));
        let signature = between(&original, "<ds:Signature ", "</ds:Signature>");
        let bare = original.replacen(&signature, "", 1);
        Self { original, signature, bare, message }
    }

    /// The signed element with another person in it, and another id.
    fn evil(&self, text: &str, id: Option<&str>) -> String {
        let old = text.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0;
        let evil = text.replace(PERSON, "evil@egi.eu");
        match id {
            Some(id) => evil.replacen(&format!(" ID=\"{old}\""), &format!(" ID=\"{id}\""), 1),
            None => evil.replacen(&format!(" ID=\"{old}\""), "", 1),
        }
    }
}

fn between(text: &str, start: &str, end: &str) -> String {
    let from = text.find(start).unwrap();
    text[from..text.find(end).unwrap() + end.len()].to_owned()
}

/// Puts a text before the end tag of an element.
fn inside(element: &str, text: &str) -> String {
    let end = element.rfind("</").unwrap();
    format!("{}{text}{}", &element[..end], &element[end..])
}

#[test]
fn a_wrapped_signature_never_gives_another_person() {
    let of_response = Pieces::of(signed(&valid(), SignedBy::Response), "samlp:Response");
    let of_assertion = Pieces::of(signed(&valid(), SignedBy::Assertion), "saml:Assertion");
    let r = &of_response;
    let a = &of_assertion;
    let around = |assertions: &str| a.message.replacen(&a.original, assertions, 1);
    let own_id = a.original.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let response_id = r.original.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let mut attacks = Vec::new();
    for id in [Some("_evil"), Some(own_id.as_str()), Some(""), None] {
        let evil = a.evil(&a.bare, id);
        let evil_signed = |signature: &str| inside(&evil, signature);
        attacks.extend([
            ("3: forged assertion before", around(&format!("{evil}{}", a.original))),
            ("4: original in the forged assertion", around(&inside(&evil, &a.original))),
            ("5: signature in the forged, original after", around(&format!("{}{}", evil_signed(&a.signature), a.bare))),
            ("6: original in the signature of the forged", around(&evil_signed(&inside(&a.signature, &a.bare)))),
            (
                "7: forged assertion, original in Extensions",
                around(&format!("<samlp:Extensions>{}</samlp:Extensions>{evil}", a.original)),
            ),
            (
                "8: original in Object",
                around(&evil_signed(&inside(&a.signature, &format!("<ds:Object>{}</ds:Object>", a.bare)))),
            ),
            ("9: forged assertion after", around(&format!("{}{evil}", a.original))),
            (
                "9: forged assertion in Advice of the original",
                around(&inside(&a.original, &format!("<saml:Advice>{evil}</saml:Advice>"))),
            ),
        ]);
    }
    for id in [Some("_evil"), Some(response_id.as_str()), Some(""), None] {
        let evil = r.evil(&r.bare, id);
        attacks.extend([
            ("1: original in the signature of a forged response", inside(&evil, &inside(&r.signature, &r.bare))),
            ("2: original before the signature", inside(&evil, &format!("{}{}", r.bare, r.signature))),
            (
                "8: original response in Object",
                inside(&evil, &inside(&r.signature, &format!("<ds:Object>{}</ds:Object>", r.bare))),
            ),
            (
                "7: original response in Extensions",
                inside(&evil, &format!("<samlp:Extensions>{}</samlp:Extensions>", r.original)),
            ),
        ]);
    }
    for (name, message) in attacks {
        match check(&message) {
            Err(refusal) => assert!(
                matches!(refusal.class, Malformed | Shape | Signature | Unsolicited),
                "{name} is refused for another reason: {refusal}"
            ),
            Ok(accepted) => assert_eq!(accepted.identity.identifiers, [PERSON], "{name}"),
        }
    }
}

#[test]
fn the_pieces_put_together_again_are_accepted() {
    let a = Pieces::of(signed(&valid(), SignedBy::Assertion), "saml:Assertion");
    let issuer_end = a.bare.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    let again = format!("{}{}{}", &a.bare[..issuer_end], a.signature, &a.bare[issuer_end..]);
    assert_eq!(again, a.original);
    assert!(check(&a.message).is_ok());
}
