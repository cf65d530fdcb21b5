//! The binding HTTP-POST for messages about logouts: a message in a form, with an XML signature.

use super::certificate::Certificate;
use super::message::decode;
use super::redirect_binding::MessageKind;
use super::refusal::{Refusal, RefusalClass};
use super::{names, xml, xml_signature};

/// The largest message, decoded, in bytes.
const LARGEST: usize = 64 * 1024;

/// Decodes a message about a logout, checks its signature, and returns what was signed.
///
/// `file`: the name of the metadata, for the log. Takes some milliseconds.
///
/// # Errors
/// `Malformed`, `Shape`, `Unsigned`, `Signature`.
pub fn verified(kind: MessageKind, encoded: &str, trusted: &[Certificate], file: &str) -> Result<String, Refusal> {
    let name = match kind {
        MessageKind::Request => "LogoutRequest",
        MessageKind::Response => "LogoutResponse",
    };
    let text = decode(encoded, LARGEST)?;
    let (signatures, id) = {
        let document = xml::parse(&text)?;
        let root = document.root_element();
        if !xml::is(root, names::PROTOCOL, name) {
            return Err(RefusalClass::Malformed.because(format!("it is not a {name}")));
        }
        (xml_signature::check_shape(&document, false)?, root.attribute("ID").map(str::to_owned))
    };
    let signed = xml_signature::verified(&text, &signatures, trusted, file)?;
    let document = xml::parse(&signed)?;
    let root = document.root_element();
    let is_the_same = xml::is(root, names::PROTOCOL, name) && root.attribute("ID") == id.as_deref();
    drop(document);
    match is_the_same {
        true => Ok(signed),
        false => Err(RefusalClass::Signature.because("the signature covers another element")),
    }
}
