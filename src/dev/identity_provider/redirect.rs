//! Messages in the query of a redirect (HTTP-Redirect), written apart from the code that they test.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use openssl::base64::{decode_block, encode_block};
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::DemoIdpError;
use super::signer::Signer;

/// The largest message that is read, in bytes.
const MAX_MESSAGE: u64 = 64 * 1024;
/// The characters that are escaped in the value of a parameter.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The role of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRole {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl MessageRole {
    fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Builds the address that carries a message, signed if there is a signer.
///
/// # Errors
/// `Key`, or `Signature` if the message cannot be compressed.
pub fn address(
    location: &str,
    (kind, xml): (MessageRole, &str),
    relay_state: Option<&str>,
    signer: Option<&Signer>,
) -> Result<String, DemoIdpError> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated = deflated.write_all(xml.as_bytes()).and_then(|()| deflated.finish());
    let deflated = deflated.map_err(|error| DemoIdpError::Signature(error.to_string()))?;
    let mut query = format!("{}={}", kind.parameter(), encoded(&encode_block(&deflated)));
    if let Some(relay_state) = relay_state {
        query += &format!("&RelayState={}", encoded(relay_state));
    }
    if let Some(signer) = signer {
        query += &format!("&SigAlg={}", encoded(signer.algorithm()));
        let signature = signer.sign_query(&query)?;
        query += &format!("&Signature={}", encoded(&encode_block(&signature)));
    }
    let separator = if location.contains('?') { '&' } else { '?' };
    Ok(format!("{location}{separator}{query}"))
}

/// Escapes the value of a parameter.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// A message as it arrived, with the query as it was sent.
#[derive(Debug)]
pub struct ReceivedQuery<'a> {
    query: &'a str,
    /// The role of the message.
    pub kind: MessageRole,
    /// The message.
    pub xml: String,
    /// The RelayState.
    pub relay_state: Option<String>,
}

impl<'a> ReceivedQuery<'a> {
    /// Reads the message of a query.
    ///
    /// # Errors
    /// The reason why it has none, in words.
    pub fn read(query: &'a str) -> Result<Self, &'static str> {
        let kinds = [MessageRole::Request, MessageRole::Response].into_iter();
        let mut found = kinds.filter_map(|kind| Some((kind, raw(query, kind.parameter())?)));
        let (kind, message) = match (found.next(), found.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => return Err("both SAMLRequest and SAMLResponse were sent"),
            (None, _) => return Err("neither SAMLRequest nor SAMLResponse was sent"),
        };
        let deflated = decode_block(&decoded(message)?).map_err(|_| "the message is not base64")?;
        let mut xml = String::new();
        let mut inflated = DeflateDecoder::new(deflated.as_slice()).take(MAX_MESSAGE);
        inflated.read_to_string(&mut xml).map_err(|_| "the message is not compressed text")?;
        let relay_state = raw(query, "RelayState").map(decoded).transpose()?;
        Ok(Self { query, kind, xml, relay_state })
    }

    /// Returns true if there is a signature by the key of the certificate.
    pub fn is_signed_by(&self, certificate: &X509) -> bool {
        self.check_signature(certificate).unwrap_or(false)
    }

    fn check_signature(&self, certificate: &X509) -> Option<bool> {
        let parameters = [self.kind.parameter(), "RelayState", "SigAlg"].into_iter();
        let signed = parameters.filter_map(|name| Some(format!("{name}={}", raw(self.query, name)?)));
        let signed = signed.collect::<Vec<_>>().join("&");
        let algorithm = decoded(raw(self.query, "SigAlg")?).ok()?;
        let signature = decode_block(&decoded(raw(self.query, "Signature")?).ok()?).ok()?;
        let key = certificate.public_key().ok()?;
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).ok()?;
        Some(algorithm.ends_with("-sha256") && verifier.verify_oneshot(&signature, signed.as_bytes()).ok()?)
    }
}

/// The first value of a parameter, as it was sent.
fn raw<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn decoded(raw: &str) -> Result<String, &'static str> {
    let spaced = raw.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().map_err(|_| "a parameter is not UTF-8")?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::identity_provider::signer::SignerKey;

    #[test]
    fn messages_are_sent_signed_and_read() {
        for kind in [SignerKey::Rsa2048, SignerKey::EcP256] {
            let (signer, other) = (Signer::generate(kind, "a").unwrap(), Signer::generate(kind, "b").unwrap());
            let message = (MessageRole::Response, "<a>ü+ &amp;</a>");
            let sent = address("http://x/?b=1", message, Some("r+/ ü"), Some(&signer)).unwrap();
            let query = sent.strip_prefix("http://x/?").unwrap();
            let read = ReceivedQuery::read(query).unwrap();
            assert_eq!((read.kind, read.xml.as_str()), message);
            assert_eq!(read.relay_state.as_deref(), Some("r+/ ü"));
            assert!(read.is_signed_by(signer.certificate()) && !read.is_signed_by(other.certificate()));
            let changed = query.replace("RelayState=r", "RelayState=s");
            assert!(!ReceivedQuery::read(&changed).unwrap().is_signed_by(signer.certificate()));
        }
        let unsigned = address("http://x/", (MessageRole::Request, "<a/>"), None, None).unwrap();
        let query = unsigned.strip_prefix("http://x/?").unwrap();
        let certificate = Signer::generate(SignerKey::EcP256, "a").unwrap();
        assert!(!ReceivedQuery::read(query).unwrap().is_signed_by(certificate.certificate()));
        assert!(ReceivedQuery::read("RelayState=x").is_err() && ReceivedQuery::read("SAMLRequest=%20x").is_err());
    }
}
