//! The files of the federated login: our metadata, those of the identity provider, and the commands around them.

mod commands;
mod explain;
mod metadata;
mod reload;

use std::fs;
use std::sync::LazyLock;

use poem::dev::identity_provider::signer::{Signer, SignerKey};

use crate::support::Installation;

/// The entity id of the identity provider.
pub const IDP: &str = "https://idp.example.org/metadata";

/// The key of the identity provider.
pub static SIGNER: LazyLock<Signer> = LazyLock::new(|| new_signer(SignerKey::EcP256));

/// A key of another party.
pub fn new_signer(kind: SignerKey) -> Signer {
    Signer::generate(kind, "idp.example.org").unwrap()
}

/// The metadata of an identity provider. `attributes`: of the element EntityDescriptor.
pub fn metadata_of(entity_id: &str, attributes: &str, signers: &[&Signer]) -> String {
    let key = |signer: &&Signer| {
        let certificate = signer.certificate_base64().unwrap();
        format!(
            "<KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></KeyDescriptor>"
        )
    };
    let keys: String = signers.iter().map(key).collect();
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" \
         entityID=\"{entity_id}\" {attributes}><IDPSSODescriptor WantAuthnRequestsSigned=\"true\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example.org/sso\"/></IDPSSODescriptor></EntityDescriptor>"
    )
}

/// Metadata that can be used.
pub fn good() -> String {
    metadata_of(IDP, "", &[&SIGNER])
}

/// Writes the metadata file of the tenant EGI, as `poem saml fetch` does: a reader never sees half of it.
pub fn write_metadata(installation: &Installation, text: &str) {
    let (new, file) = (installation.path("etc/poem/new.xml"), installation.path("etc/poem/metadata-egi.xml"));
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}
