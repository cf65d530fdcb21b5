//! The CA certificates of CAFile and CAPath, which are trusted in addition to the system's.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use openssl::x509::X509;

/// The places of CA certificates that are trusted in addition to the system's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaCertificates {
    /// A PEM file with one or more certificates.
    pub ca_file: Option<PathBuf>,
    /// A directory of such files: `*.pem`, `*.crt`, or named by hash as by `c_rehash` (`1d3472b9.0`).
    pub ca_path: Option<PathBuf>,
}

/// The certificates that were read, and the places that could not be used.
#[derive(Debug, Default)]
pub struct TrustedCertificates {
    /// The certificates as DER, each once.
    pub certificates: Vec<Vec<u8>>,
    /// The problems of CAFile and CAPath, each for a warning. The system's certificates are trusted nevertheless.
    pub problems: Vec<CaError>,
}

/// The reason why a file or directory of CA certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The file or directory does not exist or cannot be read.
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
    /// The file or directory has no certificate.
    #[error("no readable CA certificate in {0}", .path.display())]
    Empty {
        /// The file or directory.
        path: PathBuf,
    },
}

impl CaCertificates {
    /// Reads all certificates. A file of the directory that cannot be used is skipped: the directories of the grid also
    /// have files for other purposes, and may be replaced while they are read.
    pub fn read(&self) -> TrustedCertificates {
        let mut read = TrustedCertificates::default();
        let mut known = HashSet::new();
        let file = self.ca_file.as_deref().map(|path| (path, read_file(path)));
        let directory = self.ca_path.as_deref().map(|path| (path, read_directory(path)));
        for (path, outcome) in file.into_iter().chain(directory) {
            match outcome {
                Ok(found) if found.is_empty() => read.problems.push(CaError::Empty { path: path.to_owned() }),
                Ok(found) => {
                    read.certificates.extend(found.into_iter().filter(|certificate| known.insert(certificate.clone())));
                }
                Err(error) => read.problems.push(error),
            }
        }
        read
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
        let Ok(path) = entry.map(|entry| entry.path()) else { continue };
        if !may_hold_certificates(&path) {
            continue;
        }
        match read_file(&path) {
            Ok(found) => certificates.extend(found),
            Err(error) => log::debug!("skipped: {error}"),
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
        std::os::unix::fs::symlink(path.join("three.crt"), path.join("99887766.0")).unwrap();
        std::os::unix::fs::symlink(path.join("gone.pem"), path.join("99887766.1")).unwrap();
        let read = certificates_of(&file, &path).read();
        assert_eq!(read.certificates.len(), 3);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        let none = CaCertificates::default().read();
        assert!(none.certificates.is_empty() && none.problems.is_empty());
    }

    #[test]
    fn each_unusable_place_is_a_problem_and_the_other_counts() {
        let directory = tempfile::tempdir().unwrap();
        let (file, good) = (directory.path().join("bundle"), directory.path().join("good"));
        let (empty, missing) = (directory.path().join("empty"), directory.path().join("missing"));
        fs::create_dir(&empty).unwrap();
        fs::write(&file, "no certificate").unwrap();
        fs::write(&good, certificate()).unwrap();
        for (file, directory, words) in [
            (&good, &missing, "missing: No such file"),
            (&good, &empty, "no readable CA certificate in"),
            (&good, &file, "Not a directory"),
        ] {
            let read = certificates_of(file, directory).read();
            assert_eq!(read.certificates.len(), 1);
            assert!(read.problems.len() == 1 && read.problems[0].to_string().contains(words), "{:?}", read.problems);
        }
        let problems = certificates_of(&missing, &empty).read().problems;
        assert_eq!(problems.len(), 2);
        fs::write(&file, "-----BEGIN CERTIFICATE-----\n*\n").unwrap();
        assert!(certificates_of(&file, &empty).read().problems[0].to_string().contains("not a PEM file"));
        assert!(certificates_of(&empty, &empty).read().problems[0].to_string().contains("Is a directory"));
    }
}
