//! The protection of the connection to the database.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The protection of a connection over TCP, with the meaning and the names of libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// Without TLS.
    Disable,
    /// With TLS if the server offers it. Its certificate is not checked.
    Prefer,
    /// With TLS only. The certificate is checked only if the file of an authority is given.
    Require,
    /// With TLS only; an authority that is trusted has signed the certificate.
    VerifyCa,
    /// As `VerifyCa`, and the certificate is for the host.
    VerifyFull,
}

impl SslMode {
    /// The names of all modes, for messages.
    pub const NAMES: &str = "disable, prefer, require, verify-ca or verify-full";

    /// Returns the name that libpq uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    /// Returns true if the certificate of the server is checked.
    pub fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }

    /// Returns true if nothing, above all no password, is sent without TLS.
    pub fn requires_tls(self) -> bool {
        self.verifies() || self == Self::Require
    }
}

impl FromStr for SslMode {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let all = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];
        all.into_iter().find(|mode| mode.name() == name.to_lowercase()).ok_or(())
    }
}
