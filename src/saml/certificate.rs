//! Certificates of SAML metadata. They only hold a key: their own dates and issuers do not matter.

use std::fmt;

use chrono::{DateTime, Utc};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::X509;

/// The smallest RSA key that is used, in bits.
pub const SMALLEST_RSA: u32 = 2048;

/// A certificate with a key that can sign SAML messages.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    key: PKey<Public>,
    /// The type of the key.
    pub key_type: KeyType,
    /// The SHA-256 of the certificate, in hex digits.
    pub fingerprint: String,
    /// The end of its validity; `None` if it cannot be read.
    pub not_after: Option<DateTime<Utc>>,
}

/// The type of a key. An algorithm fits keys of one type only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// RSA; holds the number of bits.
    Rsa(u32),
    /// An elliptic curve; holds the number of its bits: 256 or 384.
    Ec(u32),
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// The reason, in words: it is no certificate, or its key cannot be used.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        Self::new(&X509::from_der(der).map_err(|_| "it is not a certificate".to_owned())?)
    }

    /// Takes over a certificate.
    ///
    /// # Errors
    /// The reason, in words: its key cannot be used.
    pub fn new(x509: &X509) -> Result<Self, String> {
        let unreadable = |_| "its key cannot be read".to_owned();
        let key = x509.public_key().map_err(unreadable)?;
        let digest = x509.digest(MessageDigest::sha256()).map_err(unreadable)?;
        Ok(Self {
            der: x509.to_der().map_err(unreadable)?,
            key_type: KeyType::of(&key)?,
            key,
            fingerprint: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            not_after: time(x509.not_after()),
        })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key.
    pub fn key(&self) -> &PKey<Public> {
        &self.key
    }
}

impl KeyType {
    /// Returns the type of a key.
    ///
    /// # Errors
    /// The reason why it cannot be used, in words.
    pub fn of<T: openssl::pkey::HasPublic>(key: &PKey<T>) -> Result<Self, String> {
        match key.id() {
            Id::RSA if key.bits() < SMALLEST_RSA => {
                Err(format!("its RSA key has {} bits; the least are {SMALLEST_RSA}", key.bits()))
            }
            Id::RSA => Ok(Self::Rsa(key.bits())),
            Id::EC => match key.ec_key().ok().and_then(|key| key.group().curve_name()) {
                Some(Nid::X9_62_PRIME256V1) => Ok(Self::Ec(256)),
                Some(Nid::SECP384R1) => Ok(Self::Ec(384)),
                _ => Err("its elliptic curve is neither P-256 nor P-384".to_owned()),
            },
            _ => Err("its key is neither RSA nor of an elliptic curve".to_owned()),
        }
    }

    /// Returns true if both are of the same family.
    pub fn fits(self, other: Self) -> bool {
        matches!((self, other), (Self::Rsa(_), Self::Rsa(_)) | (Self::Ec(_), Self::Ec(_)))
    }
}

/// The form for people: `RSA 2048`, `EC P-256`.
impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::Ec(bits) => write!(f, "EC P-{bits}"),
        }
    }
}

/// Converts a time; `None` if it is out of range.
fn time(time: &Asn1TimeRef) -> Option<DateTime<Utc>> {
    let since_epoch = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    DateTime::from_timestamp(i64::from(since_epoch.days) * 86_400 + i64::from(since_epoch.secs), 0)
}
