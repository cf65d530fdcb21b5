//! A new key for the service provider, with a certificate that it signs itself.
//!
//! Identity providers compare the certificate in the metadata and look at nothing else in it. One that lives long spares
//! both sides the yearly exchange that a host certificate needs.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name};

use crate::domain::security::secret::Secret;

/// The length of a new RSA key, in bits.
const BITS: u32 = 3072;
/// The validity of a new certificate, in days: ten years.
const DAYS: u32 = 3652;
/// The longest common name, in characters, as X.509 has it.
const MAX_NAME: usize = 64;

/// A new key and its certificate.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The private key: PEM, PKCS#8.
    pub key: Secret,
    /// The certificate: PEM.
    pub certificate: String,
    /// The SHA-256 of the certificate, in hex digits.
    pub fingerprint: String,
}

impl NewKey {
    /// Generates an RSA key of 3072 bits and a certificate for this host.
    ///
    /// # Errors
    /// OpenSSL refuses, for instance because it has no random numbers.
    pub fn generate(host: &str) -> Result<Self, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
        let certificate = self_signed(&key, host)?;
        let digest = certificate.digest(MessageDigest::sha256())?;
        Ok(Self {
            key: Secret::new(String::from_utf8_lossy(&key.private_key_to_pem_pkcs8()?).into_owned()),
            certificate: String::from_utf8_lossy(&certificate.to_pem()?).into_owned(),
            fingerprint: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

/// Makes a certificate that the key signs itself, valid for ten years.
///
/// # Errors
/// OpenSSL refuses.
pub fn self_signed(key: &PKey<Private>, host: &str) -> Result<X509, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", &host.chars().take(MAX_NAME).collect::<String>())?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(DAYS)?)?;
    builder.set_pubkey(key)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}
