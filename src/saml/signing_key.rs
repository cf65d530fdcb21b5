//! The certificate and the private key of the service provider.

use openssl::pkey::{PKey, Private};

use super::certificate::Certificate;

/// A certificate with its private key. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The certificate, for the metadata.
    pub certificate: Certificate,
    /// The private key that fits it.
    pub key: PKey<Private>,
}
