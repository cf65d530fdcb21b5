//! The parts that messages of SAML have in common: Issuer, Destination, Status.

use chrono::TimeDelta;
use roxmltree::Node;

use super::identity_provider::IdentityProvider;
use super::names::{ASSERTION, ENTITY, PROTOCOL};
use super::refusal::{Refusal, RefusalClass, quoted};
use super::{base64, xml};

/// Checks the Issuer of a message or an assertion; `required`: it must be there.
pub(super) fn check_issuer(node: Node<'_, '_>, idp: &IdentityProvider, required: bool) -> Result<(), Refusal> {
    let Some(issuer) = xml::child(node, ASSERTION, "Issuer") else {
        return if required { Err(RefusalClass::Issuer.because("it has no Issuer")) } else { Ok(()) };
    };
    let text = xml::text(issuer).unwrap_or_default();
    let is_entity = issuer.attribute("Format").is_none_or(|format| format.trim() == ENTITY);
    match text == idp.entity_id && is_entity {
        true => Ok(()),
        false => Err(RefusalClass::Issuer.because(format!("it comes from {}", quoted(&text)))),
    }
}

/// Returns the codes of a status, from the first level to the last, and the message.
pub(super) fn status(root: Node<'_, '_>) -> (Vec<String>, String) {
    let Some(status) = xml::child(root, PROTOCOL, "Status") else { return (Vec::new(), String::new()) };
    let mut codes = Vec::new();
    let mut level = xml::child(status, PROTOCOL, "StatusCode");
    while let Some(code) = level {
        codes.push(code.attribute("Value").unwrap_or_default().trim().to_owned());
        level = xml::child(code, PROTOCOL, "StatusCode");
    }
    (codes, xml::child(status, PROTOCOL, "StatusMessage").and_then(xml::text).unwrap_or_default())
}

/// Checks the address that a message was sent to.
pub(super) fn check_destination(root: Node<'_, '_>, ours: &str, required: bool) -> Result<(), Refusal> {
    match root.attribute("Destination").map(str::trim) {
        Some(theirs) if theirs == ours => Ok(()),
        None if !required => Ok(()),
        None => Err(RefusalClass::Destination.because(format!("it has no Destination; this is {ours}"))),
        Some(theirs) => Err(RefusalClass::Destination.because(format!("it is for {}; this is {ours}", quoted(theirs)))),
    }
}

/// Returns whole seconds, at least one, for the log.
pub(super) fn seconds(time: TimeDelta) -> i64 {
    time.num_seconds().max(1)
}

/// Decodes base64, with white space in it, into UTF-8 text of at most so many bytes.
pub(super) fn decode(encoded: &str, largest: usize) -> Result<String, Refusal> {
    let malformed = |cause: &str| RefusalClass::Malformed.because(cause);
    let encoded: String = encoded.split_ascii_whitespace().collect();
    if encoded.len() > largest.div_ceil(3) * 4 {
        return Err(malformed("it is too large"));
    }
    let bytes = base64::decode(&encoded).ok_or_else(|| malformed("not base64"))?;
    if bytes.len() > largest {
        return Err(malformed("it is too large"));
    }
    String::from_utf8(bytes).map_err(|_| malformed("not UTF-8 text"))
}
