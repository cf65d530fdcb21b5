//! The certificates of a machine in a grid, made once for all tests: one by an intermediate authority, and one that is
//! self-signed, for localhost.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509, X509Name};

/// A certificate with its key.
pub struct Identity {
    key: PKey<Private>,
    certificate: X509,
}

/// The certificates of a machine.
pub struct Certificates {
    /// Self-signed, for `localhost.localdomain`.
    pub localhost: Identity,
    /// For `host.example.org`, by the intermediate authority.
    pub host: Identity,
    /// The authorities, the root first.
    authorities: [Identity; 2],
}

/// Returns the certificates, which are made at the first call.
pub fn certificates() -> &'static Certificates {
    static MADE: OnceLock<Certificates> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = Identity::issued_by(None, "Grid Root CA", true);
        let authority = Identity::issued_by(Some(&root), "Grid CA", true);
        Certificates {
            localhost: Identity::issued_by(None, "localhost.localdomain", false),
            host: Identity::issued_by(Some(&authority), "host.example.org", false),
            authorities: [root, authority],
        }
    })
}

impl Certificates {
    /// Writes the authorities into a directory, as OpenSSL finds them, and the kinds of files that are next to them there.
    pub fn write_authorities(&self, directory: &Path) {
        for authority in &self.authorities {
            let hash = authority.certificate.subject_name_hash();
            fs::write(directory.join(format!("{hash:08x}.0")), authority.certificate.to_pem().unwrap()).unwrap();
            fs::write(directory.join(format!("{hash:08x}.signing_policy")), "access_id_CA X509 '/CN=Grid CA'\n")
                .unwrap();
            fs::write(directory.join(format!("{hash:08x}.r0")), "a revocation list\n").unwrap();
        }
    }
}

impl Identity {
    /// Makes one; without an issuer it is self-signed. Keys of elliptic curves are made in no time.
    fn issued_by(issuer: Option<&Self>, common_name: &str, is_authority: bool) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", common_name).unwrap();
        let name = name.build();
        let mut serial = BigNum::new().unwrap();
        serial.rand(127, MsbOption::MAYBE_ZERO, false).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(issuer.map_or(&*name, |issuer| issuer.certificate.subject_name())).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        if is_authority {
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        }
        builder.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256()).unwrap();
        Self { key, certificate: builder.build() }
    }

    /// Writes the certificate and its key.
    pub fn write(&self, certificate: &Path, key: &Path) {
        fs::write(certificate, self.certificate.to_pem().unwrap()).unwrap();
        fs::write(key, self.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    }
}

/// Returns the name that a certificate is for.
pub fn common_name(certificate: &openssl::x509::X509Ref) -> String {
    let mut names = certificate.subject_name().entries_by_nid(Nid::COMMONNAME);
    names.next().unwrap().data().to_string().unwrap()
}
