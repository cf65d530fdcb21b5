//! The signatures of the demo identity provider: of XML messages, and of the query of a redirect.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use openssl::base64::encode_block;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign;
use openssl::x509::X509;
use roxmltree::{Document, Node};
use samael::crypto::{Crypto, CryptoProvider};

use super::error::DemoIdpError;
use super::markup::escape;
use crate::domain::web::xml;
use crate::saml::names;
use crate::saml::new_key::self_signed;

const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// The kind of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerKey {
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// The elliptic curve P-256.
    EcP256,
}

/// A private key with its certificate. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct Signer {
    key: PKey<Private>,
    certificate: X509,
}

impl Signer {
    /// Makes a key and a self-signed certificate for it, with `name` as common name.
    ///
    /// # Errors
    /// `Key`.
    pub fn generate(kind: SignerKey, name: &str) -> Result<Self, DemoIdpError> {
        let key = match kind {
            SignerKey::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?)?,
            SignerKey::Rsa3072 => PKey::from_rsa(Rsa::generate(3072)?)?,
            SignerKey::EcP256 => {
                PKey::from_ec_key(EcKey::generate(EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?.as_ref())?)?
            }
        };
        let certificate = self_signed(&key, name)?;
        Ok(Self { key, certificate })
    }

    /// Reads the certificate and the key from two PEM files.
    ///
    /// # Errors
    /// `File`, `Key`.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, DemoIdpError> {
        let read = |path: &Path| fs::read(path).map_err(DemoIdpError::file("read", path));
        let (certificate, key) = (X509::from_pem(&read(certificate)?)?, PKey::private_key_from_pem(&read(key)?)?);
        Ok(Self { key, certificate })
    }

    /// Writes the certificate and the key as two PEM files. Only their owner can read that of the key.
    ///
    /// # Errors
    /// `File`, `Key`.
    pub fn save(&self, certificate: &Path, key: &Path) -> Result<(), DemoIdpError> {
        write(certificate, 0o644, &self.certificate.to_pem()?)?;
        write(key, 0o600, &self.key.private_key_to_pem_pkcs8()?)
    }

    /// Reads the two PEM files, or makes them if one is missing.
    ///
    /// # Errors
    /// `File`, `Key`.
    pub fn load_or_generate(certificate: &Path, key: &Path, name: &str) -> Result<Self, DemoIdpError> {
        if certificate.exists() && key.exists() {
            return Self::load(certificate, key);
        }
        let signer = Self::generate(SignerKey::Rsa3072, name)?;
        signer.save(certificate, key)?;
        Ok(signer)
    }

    /// The certificate.
    pub fn certificate(&self) -> &X509 {
        &self.certificate
    }

    /// The private key.
    pub fn key(&self) -> &PKey<Private> {
        &self.key
    }

    /// The certificate as metadata and signatures hold it: its DER in base64, on one line.
    ///
    /// # Errors
    /// `Key`.
    pub fn certificate_base64(&self) -> Result<String, DemoIdpError> {
        Ok(encode_block(&self.certificate.to_der()?))
    }

    /// The URI of the algorithm, for `SigAlg` and `SignatureMethod`.
    pub fn algorithm(&self) -> &'static str {
        if self.key.id() == Id::EC { ECDSA_SHA256 } else { RSA_SHA256 }
    }

    /// Signs the octets of a query. The signature of an elliptic curve is in DER.
    ///
    /// # Errors
    /// `Key`.
    pub fn sign_query(&self, octets: &str) -> Result<Vec<u8>, DemoIdpError> {
        let mut signer = sign::Signer::new(MessageDigest::sha256(), &self.key)?;
        Ok(signer.sign_oneshot_to_vec(octets.as_bytes())?)
    }

    /// Puts an enveloped signature into the element with this `ID`: after its Issuer, else as its first child. All other
    /// text stays as it is. To sign an assertion and the response around it, sign the assertion first.
    ///
    /// # Errors
    /// `Signature` if it is not XML or has no such element; `Key`.
    pub fn sign(&self, xml: &str, id: &str) -> Result<String, DemoIdpError> {
        let unsigned = |reason: &str| DemoIdpError::Signature(reason.to_owned());
        let document = xml::parse(xml).map_err(|error| unsigned(&error.to_string()))?;
        let element = with_id(&document, id).ok_or_else(|| unsigned("it has no element with this ID"))?;
        let place = place_of_signature(element).ok_or_else(|| unsigned("the element is empty"))?;
        let start = element.range().start;
        let template = self.template(id)?;
        // The element alone, so that its template is the first Signature of the document, which xmlsec fills in.
        let name_end = start + 1 + xml[start + 1..].find([' ', '\t', '\r', '\n', '/', '>']).unwrap_or_default();
        let alone = format!(
            "{}{}{}{template}{}",
            &xml[start..name_end],
            inherited_namespaces(element, xml),
            &xml[name_end..place],
            &xml[place..element.range().end]
        );
        let signed = Crypto::sign_xml(&alone, &self.key.private_key_to_der()?)
            .map_err(|error| DemoIdpError::Signature(format!("{error:?}")))?;
        let signature = signature_in(&signed, id).ok_or_else(|| unsigned("xmlsec did not sign it"))?;
        Ok(format!("{}{signature}{}", &xml[..place], &xml[place..]))
    }

    /// A Signature to be filled in.
    fn template(&self, id: &str) -> Result<String, DemoIdpError> {
        let (id, certificate, method) = (escape(id), self.certificate_base64()?, self.algorithm());
        Ok(format!(
            "<ds:Signature xmlns:ds=\"{namespace}\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE_C14N}\"/><ds:SignatureMethod Algorithm=\"{method}\"/>\
             <ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"/>\
             <ds:Transform Algorithm=\"{EXCLUSIVE_C14N}\"/></ds:Transforms><ds:DigestMethod Algorithm=\"{SHA256}\"/>\
             <ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo>\
             <ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            namespace = names::SIGNATURE,
        ))
    }
}

/// The first element with this `ID`.
fn with_id<'a, 'input>(document: &'a Document<'input>, id: &str) -> Option<Node<'a, 'input>> {
    document.descendants().find(|node| node.attribute("ID") == Some(id))
}

/// The place in the text: after the Issuer, else before the first child; `None` if there is no child.
fn place_of_signature(element: Node<'_, '_>) -> Option<usize> {
    let first = element.first_element_child().filter(|child| child.has_tag_name((names::ASSERTION, "Issuer")));
    first.map(|issuer| issuer.range().end).or_else(|| element.first_child().map(|child| child.range().start))
}

/// The namespace declarations around an element that it does not declare itself.
fn inherited_namespaces(element: Node<'_, '_>, xml: &str) -> String {
    let end = element.first_child().map_or(element.range().end, |child| child.range().start);
    let start_tag = &xml[element.range().start..end];
    let declarations = element.namespaces().filter(|namespace| namespace.name() != Some("xml")).map(|namespace| {
        let name = namespace.name().map_or_else(|| "xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        (name, namespace.uri())
    });
    declarations
        .filter(|(name, _)| !start_tag.contains(&format!("{name}=")))
        .map(|(name, uri)| format!(" {name}=\"{}\"", escape(uri)))
        .collect()
}

/// The text of the signature of the root element.
fn signature_in(xml: &str, id: &str) -> Option<String> {
    let document = xml::parse(xml).ok()?;
    let mut children = document.root_element().children();
    let signature = children.find(|child| {
        let reference = child.descendants().find(|node| node.has_tag_name((names::SIGNATURE, "Reference")));
        child.has_tag_name((names::SIGNATURE, "Signature"))
            && reference.and_then(|node| node.attribute("URI")) == Some(&format!("#{id}"))
    })?;
    Some(xml[signature.range()].to_owned())
}

/// Writes a new file, which replaces an old one.
fn write(path: &Path, mode: u32, content: &[u8]) -> Result<(), DemoIdpError> {
    if path.exists() {
        fs::remove_file(path).map_err(DemoIdpError::file("replace", path))?;
    }
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(content)).map_err(DemoIdpError::file("write", path))
}

#[cfg(test)]
mod tests {
    use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, ReduceMode};

    use super::*;

    const INNER: &str =
        "<saml:Assertion ID=\"_a\"><saml:Issuer>i</saml:Issuer><saml:B>Zoë &amp; x</saml:B></saml:Assertion>";

    fn response() -> String {
        let (protocol, assertion) = (names::PROTOCOL, names::ASSERTION);
        format!(
            "<samlp:Response xmlns:samlp=\"{protocol}\" xmlns:saml=\"{assertion}\" ID=\"_r\">\
             <saml:Issuer>i</saml:Issuer>{INNER}</samlp:Response>"
        )
    }

    fn verified(signer: &Signer, xml: &str) -> Option<String> {
        let certificate = CertificateDer::from(signer.certificate().to_der().unwrap());
        let allowed = [AllowedSignatureAlgorithm::RsaSha256, AllowedSignatureAlgorithm::EcdsaSha256];
        Crypto::reduce_xml_to_signed_with_allowed_algorithms(xml, &[certificate], ReduceMode::PreDigest, Some(&allowed))
            .ok()
    }

    #[test]
    fn assertion_response_and_both_are_signed_with_either_kind_of_key() {
        for kind in [SignerKey::Rsa2048, SignerKey::EcP256] {
            let signer = Signer::generate(kind, "test").unwrap();
            let assertion = signer.sign(&response(), "_a").unwrap();
            assert!(assertion.contains("ID=\"_a\"><saml:Issuer>i</saml:Issuer><ds:Signature "), "{assertion}");
            assert!(verified(&signer, &assertion).unwrap().starts_with("<saml:Assertion "));
            let alone = signer.sign(&response(), "_r").unwrap();
            assert!(verified(&signer, &alone).unwrap().starts_with("<samlp:Response "));
            let both = signer.sign(&assertion, "_r").unwrap();
            assert!(verified(&signer, &both).unwrap().starts_with("<samlp:Response "));
            assert_eq!(both.matches("<ds:Signature ").count(), 2);
            assert!(verified(&signer, &both.replace("Zoë", "Zoe")).is_none());
            assert!(verified(&Signer::generate(kind, "test").unwrap(), &both).is_none());
        }
    }

    #[test]
    fn an_element_keeps_its_own_namespaces_and_may_have_no_issuer() {
        let signer = Signer::generate(SignerKey::EcP256, "test").unwrap();
        let xml = "<a xmlns='urn:a' xmlns:b='urn:b'><b:c xmlns='urn:c' ID='_1' b:d='1'>\n text <e/></b:c></a>";
        let signed = signer.sign(xml, "_1").unwrap();
        assert!(verified(&signer, &signed).unwrap().contains("<e xmlns=\"urn:c\"></e>"), "{signed}");
        assert!(signer.sign(xml, "_2").is_err() && signer.sign("<a ID='_1'/>", "_1").is_err());
    }

    #[test]
    fn key_and_certificate_are_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
        let made = Signer::load_or_generate(&certificate, &key, "test").unwrap();
        let read = Signer::load_or_generate(&certificate, &key, "test").unwrap();
        assert_eq!(made.certificate().to_der().unwrap(), read.certificate().to_der().unwrap());
        let signature = made.sign_query("SAMLRequest=x").unwrap();
        let mut verifier = sign::Verifier::new(MessageDigest::sha256(), read.key()).unwrap();
        assert!(verifier.verify_oneshot(&signature, b"SAMLRequest=x").unwrap());
    }
}
