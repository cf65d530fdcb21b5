//! The binding HTTP-Redirect: a message in the query of an address, deflated, with its signature next to it.

use std::io::Read;

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::sign::{Signer, Verifier};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::base64;
use super::certificate::{Certificate, KeyType};
use super::refusal::{Refusal, RefusalClass, quoted};
use super::signing_key::SigningKey;
use super::xml_signature::{is_allowed, is_of_curve};

/// The largest message, inflated, in bytes.
const LARGEST: u64 = 64 * 1024;
/// The longest RelayState that is given back, in bytes.
pub const LONGEST_RELAY_STATE: usize = 2000;

/// The signature algorithms of our messages.
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// The characters that are encoded: all but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameter of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl MessageKind {
    /// The name of the parameter.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingMessage<'a> {
    /// Its parameter.
    pub kind: MessageKind,
    /// Its text.
    pub xml: &'a str,
    /// The RelayState, already percent-encoded; '' for none.
    pub relay_state: &'a str,
}

/// Returns the address that sends a message. `location` may have a query, which is kept and not signed.
///
/// # Errors
/// OpenSSL cannot sign.
pub fn address(location: &str, message: OutgoingMessage<'_>, key: Option<&SigningKey>) -> Result<String, ErrorStack> {
    let location = location.split('#').next().unwrap_or_default();
    let separator = if location.contains('?') { '&' } else { '?' };
    let mut query = format!("{}={}", message.kind.parameter(), encoded(&base64::encode(&deflated(message.xml))));
    if !message.relay_state.is_empty() {
        query += &format!("&RelayState={}", message.relay_state);
    }
    if let Some(key) = key {
        let algorithm = if is_ec(key.certificate.key_type) { ECDSA_SHA256 } else { RSA_SHA256 };
        query += &format!("&SigAlg={}", encoded(algorithm));
        let mut signer = Signer::new(MessageDigest::sha256(), &key.key)?;
        let signature = signer.sign_oneshot_to_vec(query.as_bytes())?;
        query += &format!("&Signature={}", encoded(&base64::encode(&signature)));
    }
    Ok(format!("{location}{separator}{query}"))
}

/// Percent-encodes a value of a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn deflated(text: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to a vector does not fail.
    let _ = std::io::Write::write_all(&mut encoder, text.as_bytes());
    encoder.finish().unwrap_or_default()
}

fn is_ec(key_type: KeyType) -> bool {
    matches!(key_type, KeyType::Ec(_))
}

/// A message that arrived in a query, decoded, but not yet believed.
#[derive(Debug)]
pub struct ReceivedMessage {
    /// Its parameter.
    pub kind: MessageKind,
    /// Its text.
    pub xml: String,
    /// The RelayState as it was encoded, to be given back; '' for none, or for one that is too long.
    pub relay_state: String,
    /// The bytes that are signed, with the percent-encoding that came.
    signed: String,
    /// The algorithm and the signature; `None` if the message is not signed.
    signature: Option<(String, Vec<u8>)>,
}

impl ReceivedMessage {
    /// Reads a raw query.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(query: &str) -> Result<Self, Refusal> {
        let parameters = Parameters(query.split('&').filter_map(|pair| pair.split_once('=')).collect());
        let (kind, raw) = match (parameters.once("SAMLRequest")?, parameters.once("SAMLResponse")?) {
            (Some(raw), None) => (MessageKind::Request, raw),
            (None, Some(raw)) => (MessageKind::Response, raw),
            (None, None) => return Err(malformed("no SAML message")),
            (Some(_), Some(_)) => return Err(malformed("a request and a response at once")),
        };
        if let Some(encoding) = parameters.once("SAMLEncoding")?
            && decoded(encoding)? != "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
        {
            return Err(malformed("an unknown SAMLEncoding"));
        }
        let relay_state = parameters.once("RelayState")?;
        let mut signed = format!("{}={raw}", kind.parameter());
        if let Some(relay_state) = relay_state {
            signed += &format!("&RelayState={relay_state}");
        }
        let signature = match (parameters.once("SigAlg")?, parameters.once("Signature")?) {
            (Some(algorithm), Some(signature)) => {
                signed += &format!("&SigAlg={algorithm}");
                Some((decoded(algorithm)?, bytes(signature)?))
            }
            (None, None) => None,
            _ => return Err(malformed("SigAlg or Signature alone")),
        };
        let relay_state =
            relay_state.filter(|state| decoded(state).is_ok_and(|state| state.len() <= LONGEST_RELAY_STATE));
        let relay_state = relay_state.unwrap_or_default().to_owned();
        Ok(Self { kind, xml: inflated(&bytes(raw)?)?, relay_state, signed, signature })
    }

    /// Verifies the signature with each certificate of the matching type. `file`: the name of the metadata, for the log.
    ///
    /// # Errors
    /// `Unsigned`, `Shape` for an algorithm that is not allowed, `Signature`.
    pub fn verify(&self, trusted: &[Certificate], file: &str) -> Result<(), Refusal> {
        let Some((algorithm, signature)) = &self.signature else {
            return Err(RefusalClass::Unsigned.because("it is not signed"));
        };
        if !is_allowed(algorithm) {
            return Err(RefusalClass::Shape.because(format!("a signature with {}", quoted(algorithm))));
        }
        let fits = |one: &&Certificate| is_ec(one.key_type) == is_of_curve(algorithm);
        let is_valid = trusted
            .iter()
            .filter(fits)
            .any(|one| verifies(one, digest(algorithm), signature, self.signed.as_bytes()).unwrap_or(false));
        match is_valid {
            true => Ok(()),
            false => Err(RefusalClass::Signature
                .because(format!("signed by none of the {} certificates in {file}", trusted.len()))),
        }
    }
}

fn malformed(cause: &str) -> Refusal {
    RefusalClass::Malformed.because(cause)
}

/// The parameters of a query, as they came.
struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    /// Returns the raw value of a parameter; `None` if it is absent.
    fn once(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut found = self.0.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value);
        match (found.next(), found.next()) {
            (value, None) => Ok(value),
            _ => Err(malformed(&format!("two parameters {name}"))),
        }
    }
}

fn decoded(raw: &str) -> Result<String, Refusal> {
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| malformed("a parameter is not UTF-8 text"))?;
    Ok(text.into_owned())
}

fn bytes(raw: &str) -> Result<Vec<u8>, Refusal> {
    let text: String = decoded(raw)?.split_ascii_whitespace().collect();
    base64::decode(&text).ok_or_else(|| malformed("not base64"))
}

fn inflated(deflated: &[u8]) -> Result<String, Refusal> {
    let mut decoder = DeflateDecoder::new(deflated);
    let mut text = Vec::new();
    let read = decoder.by_ref().take(LARGEST + 1).read_to_end(&mut text);
    read.map_err(|_| malformed("it cannot be inflated"))?;
    if text.len() as u64 > LARGEST {
        return Err(malformed("it is too large"));
    }
    if !decoder.into_inner().is_empty() {
        return Err(malformed("bytes after its end"));
    }
    String::from_utf8(text).map_err(|_| malformed("not UTF-8 text"))
}

fn digest(algorithm: &str) -> MessageDigest {
    match algorithm.rsplit("sha").next() {
        Some("384") => MessageDigest::sha384(),
        Some("512") => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    }
}

/// Verifies a signature. One of an elliptic curve is in DER, or r and s side by side as in XML signatures.
fn verifies(one: &Certificate, digest: MessageDigest, signature: &[u8], signed: &[u8]) -> Result<bool, ErrorStack> {
    let plain = match one.key_type {
        KeyType::Ec(bits) => (signature.len() == 2 * bits.div_ceil(8) as usize).then(|| der(signature)).transpose()?,
        KeyType::Rsa(_) => None,
    };
    for signature in [Some(signature), plain.as_deref()].into_iter().flatten() {
        let is_valid = Verifier::new(digest, one.key())?.verify_oneshot(signature, signed);
        if is_valid.unwrap_or(false) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn der(plain: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let (r, s) = plain.split_at(plain.len() / 2);
    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()
}
