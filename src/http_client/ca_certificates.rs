//! Whose word counts when a server proves who it is: the certificates of CAFile and CAPath, or the system's.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use openssl::x509::X509;

/// Where certificates of authorities stand; a path that does not exist counts as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaCertificates {
    /// One or more certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// A directory of such files: `*.pem`, `*.crt`, or names made of a hash as `c_rehash` links them (`1d3472b9.0`).
    pub ca_path: Option<PathBuf>,
}

/// Why the certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    #[error("certificates of authorities in {0}: {1}", .path.display(), .source)]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("certificates of authorities in {0}: this is not PEM with certificates", .path.display())]
    NotCertificates { path: PathBuf },
    #[error("there is no certificate of an authority that could be read in {0}", .path.display())]
    Empty { path: PathBuf },
}

impl CaCertificates {
    /// The certificates, DER, each once; `None` where neither path exists, and the system's are to be used.
    ///
    /// # Errors
    /// A CAFile or directory that is there but cannot be read, or no certificate in all: to use the system's then would
    /// trust others than the administrator named. A single file of the directory that is of no use is passed over.
    pub(super) fn certificates(&self) -> Result<Option<HashSet<Vec<u8>>>, CaError> {
        let file = self.ca_file.as_deref().filter(|path| path.exists());
        let directory = self.ca_path.as_deref().filter(|path| path.exists());
        let Some(named) = file.or(directory) else {
            return Ok(None);
        };
        let mut certificates = HashSet::new();
        if let Some(file) = file {
            certificates.extend(of_file(file)?);
        }
        if let Some(directory) = directory {
            certificates.extend(of_directory(directory)?);
        }
        if certificates.is_empty() {
            return Err(CaError::Empty { path: named.to_owned() });
        }
        Ok(Some(certificates))
    }
}

fn of_file(path: &Path) -> Result<Vec<Vec<u8>>, CaError> {
    let pem = fs::read(path).map_err(|source| CaError::Unreadable { path: path.to_owned(), source })?;
    let unusable = |_| CaError::NotCertificates { path: path.to_owned() };
    let certificates = X509::stack_from_pem(&pem).map_err(unusable)?;
    certificates.iter().map(|certificate| certificate.to_der().map_err(unusable)).collect()
}

fn of_directory(directory: &Path) -> Result<Vec<Vec<u8>>, CaError> {
    let unreadable = |source| CaError::Unreadable { path: directory.to_owned(), source };
    let mut certificates = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !may_hold_certificates(&path) {
            continue;
        }
        match of_file(&path) {
            Ok(found) => certificates.extend(found),
            Err(error) => log::warn!("passed over: {error}"),
        }
    }
    Ok(certificates)
}

/// By the file's name: the directories of the grid also hold revocation lists and policies.
fn may_hold_certificates(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    matches!(ending, "pem" | "crt") || matches!(ending.as_bytes(), [b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http_client::client::test_server::authority;

    fn certificate() -> Vec<u8> {
        authority().certificate.to_pem().unwrap()
    }

    fn trust(file: &Path, directory: &Path) -> CaCertificates {
        CaCertificates { ca_file: Some(file.to_owned()), ca_path: Some(directory.to_owned()) }
    }

    #[test]
    fn what_does_not_exist_leaves_it_to_the_system() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        assert!(CaCertificates::default().certificates().unwrap().is_none());
        assert!(trust(&missing, &missing).certificates().unwrap().is_none());
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
        assert_eq!(trust(&file, &path).certificates().unwrap().unwrap().len(), 3);
    }

    #[test]
    fn paths_that_are_of_no_use_are_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bundle");
        let missing = directory.path().join("missing");
        fs::write(&file, "no certificate").unwrap();
        let error = |trust: CaCertificates| trust.certificates().unwrap_err().to_string();
        assert!(error(trust(&file, &missing)).contains("there is no certificate"));
        assert!(error(trust(&missing, directory.path())).contains("there is no certificate"));
        assert!(error(trust(directory.path(), &missing)).contains("Is a directory"));
        fs::write(&file, "-----BEGIN CERTIFICATE-----\n*\n").unwrap();
        assert!(error(trust(&file, &missing)).contains("is not PEM"));
    }
}
