//! XML signatures of messages.
//!
//! xmlsec obeys the message: it opens the files that a signature refers to, and runs the XSLT that it names, before
//! anything is verified. So [`check_shape`] admits only what SAML allows before xmlsec sees the message. What counts
//! afterwards is only what [`verified`] returns: the very bytes that were signed.

use std::slice;
use std::sync::Once;

use roxmltree::{Document, Node};
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};

use super::certificate::{Certificate, KeyType};
use super::names::{ASSERTION, SIGNATURE};
use super::refusal::{Refusal, RefusalClass, quoted};
use super::{base64, xml};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// The algorithms that messages may be signed with.
const ALLOWED: [AllowedSignatureAlgorithm; 6] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// The signatures of a message whose shape was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signatures {
    /// The root element is signed.
    pub of_root: bool,
    /// The assertion is signed.
    pub of_assertion: bool,
    /// The signatures are of elliptic curves; else of RSA.
    is_ec: bool,
    /// The certificates that the message names, in base64 without white space; nothing is believed of them.
    named: Vec<String>,
}

impl Signatures {
    /// Returns true if anything is signed.
    pub fn any(&self) -> bool {
        self.of_root || self.of_assertion
    }
}

/// Returns true if the URI names an algorithm that messages may be signed with, of RSA or of elliptic curves.
pub fn is_allowed(uri: &str) -> bool {
    ALLOWED.iter().any(|allowed| allowed.signature_uri() == uri)
}

/// Returns true if the algorithm needs a key of an elliptic curve.
pub fn is_of_curve(uri: &str) -> bool {
    uri.contains("#ecdsa-")
}

/// Checks where the signatures of a message are and what they refer to.
///
/// `is_response`: a Response, with at most one assertion, which may be signed. Other messages have no assertion.
///
/// # Errors
/// `Shape`, with the rule that the message breaks.
pub fn check_shape(document: &Document<'_>, is_response: bool) -> Result<Signatures, Refusal> {
    let root = document.root_element();
    check_assertions(root, is_response)?;
    let mut found = Signatures::default();
    let mut kinds = Vec::new();
    for signature in root.descendants().filter(|node| node.is_element() && node.tag_name().name() == "Signature") {
        let parent = signature.parent_element().ok_or_else(|| shape("the root is a Signature"))?;
        let place = match parent == root {
            true => &mut found.of_root,
            false if is_assertion(parent) => &mut found.of_assertion,
            false => return Err(shape("a signature that is neither of the message nor of its assertion")),
        };
        if signature.tag_name().namespace() != Some(SIGNATURE) || *place {
            return Err(shape("two signatures of one element, or one of another namespace"));
        }
        *place = true;
        kinds.push(is_of_curve(check_signature(signature, parent)?));
        let certificates = signature.descendants().filter(|node| xml::is(*node, SIGNATURE, "X509Certificate"));
        found.named.extend(certificates.filter_map(xml::text).map(|text| without_white_space(&text)));
    }
    kinds.dedup();
    if kinds.len() > 1 {
        return Err(shape("signatures by keys of two types"));
    }
    found.is_ec = kinds.first().copied().unwrap_or_default();
    Ok(found)
}

fn shape(rule: impl Into<String>) -> Refusal {
    RefusalClass::Shape.because(rule)
}

fn is_assertion(node: Node<'_, '_>) -> bool {
    xml::is(node, ASSERTION, "Assertion")
}

/// Admits one assertion, plain or encrypted, as a child of a Response, and nothing of these names elsewhere.
fn check_assertions(root: Node<'_, '_>, is_response: bool) -> Result<(), Refusal> {
    let mut count = 0;
    for node in root.descendants().filter(|node| node.is_element() && *node != root) {
        match node.tag_name().name() {
            "Assertion" | "EncryptedAssertion" => {
                let is_ours = node.tag_name().namespace() == Some(ASSERTION);
                if !is_response || !is_ours || node.parent_element() != Some(root) {
                    return Err(shape("an assertion at a place where SAML has none"));
                }
                count += 1;
            }
            "Response" => return Err(shape("a Response within the message")),
            _ => {}
        }
    }
    if count > 1 { Err(shape("two assertions")) } else { Ok(()) }
}

/// Checks one signature; returns its algorithm.
fn check_signature<'a>(signature: Node<'a, 'a>, parent: Node<'_, '_>) -> Result<&'a str, Refusal> {
    if signature.descendants().any(|node| node.is_element() && node.tag_name().name() == "Object") {
        return Err(shape("a signature with an Object"));
    }
    let info = only(signature, "SignedInfo")?;
    only(signature, "SignatureValue")?;
    let canonical = algorithm(only(info, "CanonicalizationMethod")?);
    if canonical != EXCLUSIVE {
        return Err(shape(format!("CanonicalizationMethod {}", quoted(canonical))));
    }
    let method = algorithm(only(info, "SignatureMethod")?);
    if !is_allowed(method) {
        return Err(shape(format!("a signature with {}", quoted(method.rsplit('#').next().unwrap_or(method)))));
    }
    let reference = only(info, "Reference")?;
    let id = parent.attribute("ID").filter(|id| !id.is_empty()).ok_or_else(|| shape("a signed element without ID"))?;
    // xmlsec evaluates other texts after the `#`, such as `xpointer(/)`.
    if !id.chars().all(|one| one.is_alphanumeric() || matches!(one, '_' | '-' | '.')) {
        return Err(shape("an ID that is not a name"));
    }
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(shape("a signature that does not refer to its own element"));
    }
    check_transforms(only(reference, "Transforms")?)?;
    let digest = algorithm(only(reference, "DigestMethod")?);
    if !ALLOWED.iter().any(|allowed| allowed.digest_uri() == digest) {
        return Err(shape(format!("DigestMethod {}", quoted(digest))));
    }
    Ok(method)
}

fn check_transforms(transforms: Node<'_, '_>) -> Result<(), Refusal> {
    let found: Vec<_> = transforms.children().filter(Node::is_element).collect();
    if let Some(other) = found.iter().find(|one| ![ENVELOPED, EXCLUSIVE].contains(&algorithm(**one))) {
        return Err(shape(format!("Transform {}", quoted(algorithm(*other)))));
    }
    let [enveloped, exclusive] = found[..] else { return Err(shape("not the two Transforms of SAML")) };
    let is_transform = |node| xml::is(node, SIGNATURE, "Transform");
    if !(is_transform(enveloped) && is_transform(exclusive))
        || algorithm(enveloped) != ENVELOPED
        || algorithm(exclusive) != EXCLUSIVE
    {
        return Err(shape("the Transforms are not enveloped-signature and exclusive canonicalization, in this order"));
    }
    let is_prefix_list = |node: Node<'_, '_>| xml::is(node, EXCLUSIVE, "InclusiveNamespaces");
    let mut inside = exclusive.children().filter(Node::is_element);
    let is_plain = inside.next().is_none_or(is_prefix_list) && inside.next().is_none();
    if !is_plain || enveloped.has_children() && enveloped.children().any(|child| child.is_element()) {
        return Err(shape("a Transform with content"));
    }
    Ok(())
}

fn algorithm<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("Algorithm").unwrap_or_default()
}

/// Returns the only child element with this name.
fn only<'a>(node: Node<'a, 'a>, name: &'static str) -> Result<Node<'a, 'a>, Refusal> {
    let mut found = node.children().filter(|child| child.is_element() && child.tag_name().name() == name);
    match (found.next(), found.next()) {
        (Some(child), None) if child.tag_name().namespace() == Some(SIGNATURE) => Ok(child),
        _ => Err(shape(format!("a signature without exactly one {name}"))),
    }
}

fn without_white_space(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

#[expect(unsafe_code, reason = "the crate has no binding of it")]
unsafe extern "C" {
    /// Of xmlsec's errors.h: sets whether errors are printed to standard error.
    fn xmlSecErrorsDefaultCallbackEnableOutput(enabled: i32);
}

/// Keeps xmlsec from printing to standard error: everybody can send it a message that it complains about, and the log has
/// the cause.
fn silence() {
    static ONCE: Once = Once::new();
    // SAFETY: the function only sets a flag that xmlsec reads.
    #[expect(unsafe_code, reason = "see above")]
    ONCE.call_once(|| unsafe { xmlSecErrorsDefaultCallbackEnableOutput(0) });
}

/// Verifies all signatures of a message and returns what is signed, in canonical form.
///
/// Of a message with two signatures it is the outer element. Takes some milliseconds.
///
/// # Errors
/// `Unsigned`, `Signature`.
pub fn verified(text: &str, signatures: &Signatures, trusted: &[Certificate], file: &str) -> Result<String, Refusal> {
    if !signatures.any() {
        return Err(RefusalClass::Unsigned.because("it is not signed"));
    }
    silence();
    // A key of the other type would end the search with an error.
    let mut fitting: Vec<_> =
        trusted.iter().filter(|one| matches!(one.key_type, KeyType::Ec(_)) == signatures.is_ec).collect();
    // The one that the message names comes first, as it is probably the right one.
    fitting.sort_by_key(|one| !signatures.named.contains(&base64::encode(one.der())));
    let fitting: Vec<CertificateDer> = fitting.into_iter().map(|one| one.der().to_vec().into()).collect();
    let by = |keys: &[CertificateDer]| {
        Crypto::reduce_xml_to_signed_with_allowed_algorithms(text, keys, ReduceMode::PreDigest, Some(&ALLOWED)).ok()
    };
    // Two signatures may be by two keys. A key of another curve can end that search with an error.
    let verified = by(&fitting).or_else(|| fitting.iter().find_map(|one| by(slice::from_ref(one))));
    verified.ok_or_else(|| RefusalClass::Signature.because(unknown_signer(signatures, trusted, file)))
}

fn unknown_signer(signatures: &Signatures, trusted: &[Certificate], file: &str) -> String {
    let named = signatures.named.first().and_then(|text| base64::decode(text));
    let named = match named.and_then(|der| Certificate::from_der(&der).ok()) {
        Some(certificate) => format!("; it names the certificate {}", certificate.fingerprint),
        None => String::new(),
    };
    format!("signed by none of the {} certificates in {file}{named}", trusted.len())
}
