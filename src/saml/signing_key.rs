//! The certificate and the private key of the service provider.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::certificate::Certificate;

/// The largest file of a key or of certificates, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// A certificate with its private key. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The certificate, for the metadata.
    pub certificate: Certificate,
    /// The private key that fits it.
    pub key: PKey<Private>,
}

/// The reason why a file of a certificate or key cannot be used. Never contains anything of the key.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .path.display())]
pub struct KeyFileError {
    /// The file.
    pub path: PathBuf,
    /// The problem, in words.
    pub problem: String,
}

impl KeyFileError {
    fn new(path: &Path, problem: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), problem: problem.to_string() }
    }
}

impl SigningKey {
    /// Reads both files, PEM; they may be one. Of several certificates, that of the key is taken.
    ///
    /// # Errors
    /// A file cannot be read or has none; they do not fit; the key is encrypted or cannot sign messages.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, KeyFileError> {
        let certificates = certificates(certificate)?;
        let private = private_key(key)?;
        let own = certificates.iter().find(|x509| x509.public_key().is_ok_and(|public| public.public_eq(&private)));
        let mismatch = || {
            KeyFileError::new(key, format!("the key does not belong to the certificate in {}", certificate.display()))
        };
        let own = Certificate::new(own.ok_or_else(mismatch)?);
        Ok(Self { certificate: own.map_err(|problem| KeyFileError::new(certificate, problem))?, key: private })
    }
}

/// Reads the first certificate of a file, PEM.
///
/// # Errors
/// The file cannot be read or has none; its key cannot sign messages.
pub fn read_certificate(path: &Path) -> Result<Certificate, KeyFileError> {
    let certificates = certificates(path)?;
    let first = certificates.first().ok_or_else(|| no_certificate(path))?;
    Certificate::new(first).map_err(|problem| KeyFileError::new(path, problem))
}

fn certificates(path: &Path) -> Result<Vec<X509>, KeyFileError> {
    let found = X509::stack_from_pem(&read(path)?).unwrap_or_default();
    if found.is_empty() { Err(no_certificate(path)) } else { Ok(found) }
}

fn no_certificate(path: &Path) -> KeyFileError {
    KeyFileError::new(path, "there is no certificate in PEM in this file")
}

/// Reads a key in PEM: PKCS#8, PKCS#1 (`BEGIN RSA PRIVATE KEY`) or EC.
fn private_key(path: &Path) -> Result<PKey<Private>, KeyFileError> {
    let is_encrypted = Cell::new(false);
    // Without a callback, OpenSSL would ask at the terminal.
    let key = PKey::private_key_from_pem_callback(&read(path)?, |_| {
        is_encrypted.set(true);
        Ok(0)
    });
    key.map_err(|_| match is_encrypted.get() {
        true => KeyFileError::new(path, "the key is encrypted; a server cannot type its password"),
        false => KeyFileError::new(path, "there is no private key in PEM in this file"),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, KeyFileError> {
    read_file(path, MAX_FILE)
        .map_err(|error| KeyFileError::new(path, error))?
        .ok_or_else(|| KeyFileError::new(path, "it is larger than 1 MiB"))
}

/// Reads a file; `None` if it is larger than the limit. Waits for nothing: what is not a regular file is an error.
///
/// # Errors
/// The file cannot be read.
pub(super) fn read_file(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::rsa::Rsa;
    use openssl::symm::Cipher;

    use super::super::certificate::KeyType;
    use super::super::new_key::self_signed;
    use super::*;

    fn write(directory: &Path, name: &str, content: &[u8]) -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn rsa(bits: u32) -> PKey<Private> {
        PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
    }

    #[test]
    fn keys_of_all_forms_are_read_and_fit() {
        let directory = tempfile::tempdir().unwrap();
        let (rsa, other, curve) = (rsa(2048), rsa(2048), EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap());
        let ec = PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap();
        let forms = [
            (&rsa, rsa.private_key_to_pem_pkcs8().unwrap(), KeyType::Rsa(2048)),
            (&rsa, rsa.rsa().unwrap().private_key_to_pem().unwrap(), KeyType::Rsa(2048)),
            (&ec, ec.ec_key().unwrap().private_key_to_pem().unwrap(), KeyType::Ec(256)),
        ];
        for (key, pem, key_type) in forms {
            let own = self_signed(key, "sp.example.org").unwrap();
            let chain = [self_signed(&other, "sp.example.org").unwrap().to_pem().unwrap(), own.to_pem().unwrap()];
            let certificate = write(directory.path(), "crt", &chain.concat());
            let read = SigningKey::read(&certificate, &write(directory.path(), "key", &pem)).unwrap();
            assert_eq!((read.certificate.der(), read.certificate.key_type), (&own.to_der().unwrap()[..], key_type));
            assert!(read.certificate.not_after.is_some());
            assert!(!format!("{read:?}").contains("PRIVATE KEY"));
        }
    }

    #[test]
    fn an_error_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let (ours, theirs, weak) = (rsa(2048), rsa(2048), rsa(1024));
        let pem = |key: &PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
        let certificate =
            |name, key| write(directory.path(), name, &self_signed(key, "sp.example.org").unwrap().to_pem().unwrap());
        let crt = certificate("crt", &ours);
        let key = write(directory.path(), "key", &pem(&ours));
        let locked = ours.private_key_to_pem_pkcs8_passphrase(Cipher::aes_128_cbc(), b"word").unwrap();
        for (certificate, key, start, words) in [
            (&directory.path().join("gone"), &key, "gone", "No such file"),
            (&crt, &directory.path().to_owned(), "", "it is not a file"),
            (&key, &key, "key", "there is no certificate in PEM"),
            (&crt, &crt, "crt", "there is no private key in PEM"),
            (&crt, &write(directory.path(), "locked", &locked), "locked", "the key is encrypted"),
            (&crt, &write(directory.path(), "theirs", &pem(&theirs)), "theirs", "does not belong to the certificate"),
            (&certificate("weak", &weak), &write(directory.path(), "weak.key", &pem(&weak)), "weak", "1024 bits"),
        ] {
            let error = SigningKey::read(certificate, key).unwrap_err().to_string();
            let start = directory.path().join(start).display().to_string();
            assert!(error.starts_with(start.trim_end_matches('/')) && error.contains(words), "{error}");
        }
    }
}
