//! Metadata with an XML signature, as federations publish them.

use super::certificate::Certificate;
use super::xml_signature::{check_shape, verified};
use crate::domain::web::xml;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Checks the signature of metadata, which must be of the whole document, and returns what was signed.
///
/// # Errors
/// The reason, in words: the document cannot be read, is not signed as a whole, or not by this certificate.
pub fn signed_part(metadata: &str, certificate: &Certificate) -> Result<String, String> {
    let text = metadata.strip_prefix(BYTE_ORDER_MARK).unwrap_or(metadata);
    let document = xml::parse(text).map_err(|error| error.to_string())?;
    let words = |refusal: &dyn std::fmt::Display| format!("its signature is not accepted: {refusal}");
    let signatures = check_shape(&document, false).map_err(|refusal| words(&refusal))?;
    if !signatures.of_root {
        return Err("it is not signed".to_owned());
    }
    let signed = verified(text, &signatures, std::slice::from_ref(certificate), "--cert");
    let signed = signed.map_err(|refusal| words(&refusal))?;
    let root = document.root_element();
    let part = xml::parse(&signed).map_err(|error| error.to_string())?;
    let is_whole = part.root_element().tag_name() == root.tag_name()
        && part.root_element().attribute("ID") == root.attribute("ID");
    if !is_whole {
        return Err("its signature is not of the whole document".to_owned());
    }
    drop(part);
    Ok(signed)
}
