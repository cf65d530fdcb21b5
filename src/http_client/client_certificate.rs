//! The certificate with which POEM identifies itself to other servers: HostCert and HostKey.

use std::cell::Cell;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use openssl::asn1::Asn1Time;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use crate::domain::security::secret::Secret;

/// A certificate with its intermediates and its key. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// PEM: the certificate of the key, then the others of the file.
    pub(super) chain: Vec<u8>,
    /// PEM, PKCS#8, not encrypted: the one form that the TLS library takes.
    pub(super) key: Secret,
    not_after: String,
    days_left: i32,
}

/// A file of the client certificate: the key of poem.conf and the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    key: &'static str,
    path: PathBuf,
}

impl fmt::Display for CertificateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[SECURITY] {} {}", self.key, self.path.display())
    }
}

/// The reason why the client certificate cannot be used. Never contains anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file.
        file: CertificateFile,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file has no certificate, or no private key, in PEM.
    #[error("{file}: there is no {wanted} in PEM in this file")]
    NotPem {
        /// The file.
        file: CertificateFile,
        /// `certificate` or `private key`.
        wanted: &'static str,
    },
    /// The key needs a password.
    #[error(
        "{file}: the key is encrypted, and nobody is there to type its password: openssl rsa -in {0} -out {0}.plain",
        .file.path.display()
    )]
    Encrypted {
        /// The file.
        file: CertificateFile,
    },
    /// No certificate of the file belongs to the key.
    #[error("{file}: the key does not belong to the certificate in {}", .certificate.display())]
    Mismatch {
        /// The file of the key.
        file: CertificateFile,
        /// The file of the certificate.
        certificate: PathBuf,
    },
}

impl ClientCertificate {
    /// Reads both files, which may be one. The certificates may be in any order, with other text between them.
    ///
    /// # Errors
    /// See [`CertificateError`]. An expired certificate is none: the server decides.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let file = CertificateFile { key: "HostCert", path: certificate.to_owned() };
        let key_file = CertificateFile { key: "HostKey", path: key.to_owned() };
        let certificates = X509::stack_from_pem(&read(&file)?).unwrap_or_default();
        if certificates.is_empty() {
            return Err(CertificateError::NotPem { file, wanted: "certificate" });
        }
        let key = private_key(key_file.clone())?;
        let owns = |certificate: &&X509| certificate.public_key().is_ok_and(|public| public.public_eq(&key));
        let mismatch = || CertificateError::Mismatch { file: key_file.clone(), certificate: file.path.clone() };
        let own = certificates.iter().find(owns).ok_or_else(mismatch)?;
        let others = certificates.iter().filter(|certificate| !owns(certificate));
        let pem = |certificate: &X509| certificate.to_pem().unwrap_or_default();
        let unusable = |_| CertificateError::NotPem { file: key_file.clone(), wanted: "private key" };
        let key = String::from_utf8(key.private_key_to_pem_pkcs8().map_err(unusable)?).unwrap_or_default();
        Ok(Self {
            chain: std::iter::once(own).chain(others).flat_map(pem).collect(),
            key: Secret::new(key),
            not_after: own.not_after().to_string(),
            days_left: days_left(own),
        })
    }

    /// Returns the time until which the certificate is valid, as OpenSSL writes it: `Nov 28 12:00:00 2027 GMT`.
    pub fn not_after(&self) -> &str {
        &self.not_after
    }

    /// Returns the number of whole days until the certificate expires; negative if it has expired.
    pub fn days_left(&self) -> i32 {
        self.days_left
    }
}

/// Returns the whole days until the certificate expires, rounded down.
fn days_left(certificate: &X509) -> i32 {
    let now = Asn1Time::days_from_now(0).ok();
    let left = now.and_then(|now| now.diff(certificate.not_after()).ok());
    left.map_or(0, |left| if left.secs < 0 { left.days - 1 } else { left.days })
}

fn read(file: &CertificateFile) -> Result<Vec<u8>, CertificateError> {
    fs::read(&file.path).map_err(|source| CertificateError::Unreadable { file: file.clone(), source })
}

/// Reads a key in PEM: PKCS#8, PKCS#1 (`BEGIN RSA PRIVATE KEY`) or EC.
fn private_key(file: CertificateFile) -> Result<PKey<Private>, CertificateError> {
    let pem = read(&file)?;
    let is_encrypted = Cell::new(false);
    // Without a callback, OpenSSL would ask at the terminal.
    let key = PKey::private_key_from_pem_callback(&pem, |_| {
        is_encrypted.set(true);
        Ok(0)
    });
    match key {
        Ok(key) => Ok(key),
        Err(_) if is_encrypted.get() => Err(CertificateError::Encrypted { file }),
        Err(_) => Err(CertificateError::NotPem { file, wanted: "private key" }),
    }
}

#[cfg(test)]
mod tests {
    use openssl::rsa::Rsa;
    use openssl::symm::Cipher;

    use super::*;
    use crate::http_client::client::test_server::{Identity, authority, identity_of, server};

    fn write(directory: &Path, name: &str, content: &[u8]) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn rsa() -> Identity {
        identity_of(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap())
    }

    #[test]
    fn a_key_may_be_pkcs8_pkcs1_or_ec() {
        let directory = tempfile::tempdir().unwrap();
        let (rsa, ec) = (rsa(), server("poem.example.org", &authority()));
        let pkcs1 = rsa.key.rsa().unwrap().private_key_to_pem().unwrap();
        assert!(pkcs1.starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
        let sec1 = ec.key.ec_key().unwrap().private_key_to_pem().unwrap();
        assert!(sec1.starts_with(b"-----BEGIN EC PRIVATE KEY-----"));
        for (identity, key) in [(&rsa, rsa.key.private_key_to_pem_pkcs8().unwrap()), (&rsa, pkcs1), (&ec, sec1)] {
            let certificate = identity.certificate.to_pem().unwrap();
            let certificate_path = write(directory.path(), "cert.pem", &certificate);
            let key_path = write(directory.path(), "key.pem", &key);
            let read = ClientCertificate::read(&certificate_path, &key_path).unwrap();
            assert!(read.key.expose().starts_with("-----BEGIN PRIVATE KEY-----"));
            assert!((0..=1).contains(&read.days_left()), "{}", read.days_left());
            let one = write(directory.path(), "both.pem", &[&key[..], b"a remark\n", &certificate].concat());
            assert_eq!(ClientCertificate::read(&one, &one).unwrap().chain, read.chain);
            assert!(!format!("{read:?}").contains("PRIVATE KEY"));
        }
    }

    #[test]
    fn the_certificate_of_the_key_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        let authority = authority();
        let own = server("poem.example.org", &authority);
        let (own_pem, other) = (own.certificate.to_pem().unwrap(), authority.certificate.to_pem().unwrap());
        let certificate = write(directory.path(), "cert", &[&other[..], b"text\n", &own_pem].concat());
        let key = write(directory.path(), "key", &own.key.private_key_to_pem_pkcs8().unwrap());
        assert_eq!(ClientCertificate::read(&certificate, &key).unwrap().chain, [own_pem, other].concat());
    }

    #[test]
    fn an_error_names_key_and_path() {
        let directory = tempfile::tempdir().unwrap();
        let (ours, theirs) = (rsa(), rsa());
        let certificate = write(directory.path(), "cert", &ours.certificate.to_pem().unwrap());
        let key = write(directory.path(), "key", &theirs.key.private_key_to_pem_pkcs8().unwrap());
        let locked = ours.key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_128_cbc(), b"word").unwrap();
        let locked = write(directory.path(), "locked", &locked);
        let missing = directory.path().join("missing");
        let text = write(directory.path(), "text", b"no pem");
        for (certificate, key, start, words) in [
            (&missing, &key, "[SECURITY] HostCert /", "No such file"),
            (&certificate, &missing, "[SECURITY] HostKey /", "No such file"),
            (&text, &key, "[SECURITY] HostCert /", "there is no certificate in PEM"),
            (&certificate, &text, "[SECURITY] HostKey /", "there is no private key in PEM"),
            (&certificate, &locked, "[SECURITY] HostKey /", "the key is encrypted"),
            (&certificate, &key, "[SECURITY] HostKey /", "does not belong to the certificate in /"),
        ] {
            let error = ClientCertificate::read(certificate, key).unwrap_err().to_string();
            assert!(error.starts_with(start) && error.contains(words), "{error}");
        }
    }
}
