//! The CA certificates that servers are checked against: those of CAFile and CAPath, or the system's.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use openssl::x509::X509;

/// The places of the CA certificates. A path that does not exist counts as not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaCertificates {
    /// A PEM file with one or more certificates.
    pub ca_file: Option<PathBuf>,
    /// A directory of such files: `*.pem`, `*.crt`, or named by hash as by `c_rehash` (`1d3472b9.0`).
    pub ca_path: Option<PathBuf>,
}

/// The reason why the CA certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The file or directory exists but cannot be read.
    #[error("CA certificates in {0}: {1}", .path.display(), .source)]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not PEM, or contains something that is not a certificate.
    #[error("CA certificates in {0}: this is not a PEM file with certificates", .path.display())]
    NotCertificates {
        /// The file.
        path: PathBuf,
    },
    /// No usable certificate was found in all.
    #[error("no readable CA certificate in {0}", .path.display())]
    Empty {
        /// CAFile, or CAPath if the file does not exist.
        path: PathBuf,
    },
}

impl CaCertificates {
    /// Reads all certificates, as DER without duplicates; `None` if neither path exists, so that the system's are used.
    ///
    /// # Errors
    /// `Unreadable` or `NotCertificates` for CAFile, `Unreadable` for the directory, `Empty` if there is no certificate
    /// in all. The system's certificates are no fallback then: the administrator has not chosen to trust them. A single
    /// file of the directory that cannot be used is skipped.
    pub(super) fn certificates(&self) -> Result<Option<HashSet<Vec<u8>>>, CaError> {
        let file = self.ca_file.as_deref().filter(|path| path.exists());
        let directory = self.ca_path.as_deref().filter(|path| path.exists());
        let Some(named) = file.or(directory) else {
            return Ok(None);
        };
        let mut certificates = HashSet::new();
        if let Some(file) = file {
            certificates.extend(read_file(file)?);
        }
        if let Some(directory) = directory {
            certificates.extend(read_directory(directory)?);
        }
        if certificates.is_empty() {
            return Err(CaError::Empty { path: named.to_owned() });
        }
        Ok(Some(certificates))
    }
}

fn read_file(path: &Path) -> Result<Vec<Vec<u8>>, CaError> {
    let pem = fs::read(path).map_err(|source| CaError::Unreadable { path: path.to_owned(), source })?;
    let unusable = |_| CaError::NotCertificates { path: path.to_owned() };
    let certificates = X509::stack_from_pem(&pem).map_err(unusable)?;
    certificates.iter().map(|certificate| certificate.to_der().map_err(unusable)).collect()
}

fn read_directory(directory: &Path) -> Result<Vec<Vec<u8>>, CaError> {
    let unreadable = |source| CaError::Unreadable { path: directory.to_owned(), source };
    let mut certificates = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !may_hold_certificates(&path) {
            continue;
        }
        match read_file(&path) {
            Ok(found) => certificates.extend(found),
            Err(error) => log::warn!("skipped: {error}"),
        }
    }
    Ok(certificates)
}

/// Decides by the file's name: grid certificate directories also contain revocation lists and policies.
fn may_hold_certificates(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    matches!(extension, "pem" | "crt") || matches!(extension.as_bytes(), [b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http_client::client::test_server::authority;

    fn certificate() -> Vec<u8> {
        authority().certificate.to_pem().unwrap()
    }

    fn certificates_of(file: &Path, directory: &Path) -> CaCertificates {
        CaCertificates { ca_file: Some(file.to_owned()), ca_path: Some(directory.to_owned()) }
    }

    #[test]
    fn without_existing_paths_the_system_certificates_are_used() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        assert!(CaCertificates::default().certificates().unwrap().is_none());
        assert!(certificates_of(&missing, &missing).certificates().unwrap().is_none());
    }

    #[test]
    fn file_and_directory_are_joined_and_each_certificate_counts_once() {
        let directory = tempfile::tempdir().unwrap();
        let (file, path) = (directory.path().join("bundle"), directory.path().join("certificates"));
        fs::create_dir(&path).unwrap();
        let (one, two, three) = (certificate(), certificate(), certificate());
        fs::write(&file, [&one[..], b"a remark\n", &two].concat()).unwrap();
        for (name, content) in [
            ("two.pem", &two[..]),
            ("0a1b2c3d.0", &two),
            ("three.crt", &three),
            ("broken.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n"),
            ("empty.pem", b""),
            ("other.signing_policy", &certificate()),
            ("0a1b2c3d.r0", &certificate()),
        ] {
            fs::write(path.join(name), content).unwrap();
        }
        fs::create_dir(path.join("directory.pem")).unwrap();
        assert_eq!(certificates_of(&file, &path).certificates().unwrap().unwrap().len(), 3);
    }

    #[test]
    fn unusable_paths_are_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bundle");
        let missing = directory.path().join("missing");
        fs::write(&file, "no certificate").unwrap();
        let error = |trust: CaCertificates| trust.certificates().unwrap_err().to_string();
        assert!(error(certificates_of(&file, &missing)).contains("no readable CA certificate"));
        assert!(error(certificates_of(&missing, directory.path())).contains("no readable CA certificate"));
        assert!(error(certificates_of(directory.path(), &missing)).contains("Is a directory"));
        fs::write(&file, "-----BEGIN CERTIFICATE-----\n*\n").unwrap();
        assert!(error(certificates_of(&file, &missing)).contains("not a PEM file"));
    }
}
