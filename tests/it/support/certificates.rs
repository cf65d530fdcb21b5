//! The certificates of a machine in a grid, made once for all tests.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use openssl::nid::Nid;
use openssl::x509::X509Ref;

use super::test_server::{self, Identity};

/// The certificates of a machine.
pub struct Certificates {
    /// For `localhost.localdomain`.
    pub localhost: Identity,
    /// For `host.example.org`.
    pub host: Identity,
    /// The issuer of both.
    pub authority: Identity,
}

/// Returns the certificates, which are made at the first call.
pub fn certificates() -> &'static Certificates {
    static MADE: OnceLock<Certificates> = OnceLock::new();
    MADE.get_or_init(|| {
        let authority = test_server::authority();
        Certificates {
            localhost: test_server::server("localhost.localdomain", &authority),
            host: test_server::server("host.example.org", &authority),
            authority,
        }
    })
}

/// Writes a certificate and its key.
pub fn write(identity: &Identity, certificate: &Path, key: &Path) {
    fs::write(certificate, identity.certificate.to_pem().unwrap()).unwrap();
    fs::write(key, identity.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
}

/// Writes an authority into a directory, as OpenSSL finds it, with the kinds of files that are next to it in a grid.
pub fn write_authority(authority: &Identity, directory: &Path) {
    let name = format!("{:08x}", authority.certificate.subject_name_hash());
    let file = |end: &str| directory.join(format!("{name}.{end}"));
    fs::write(file("0"), authority.certificate.to_pem().unwrap()).unwrap();
    fs::write(file("signing_policy"), "access_id_CA X509 '/CN=Authority'\n").unwrap();
    fs::write(file("r0"), "a revocation list\n").unwrap();
}

/// Returns the name that a certificate is for.
pub fn common_name(certificate: &X509Ref) -> String {
    let mut names = certificate.subject_name().entries_by_nid(Nid::COMMONNAME);
    names.next().unwrap().data().to_string().unwrap()
}
