//! The identity provider of a tenant, as its metadata describe it.

use chrono::{DateTime, Utc};

use super::certificate::Certificate;

/// An identity provider that can be used: it has a certificate and an address for logins.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// Its entity id.
    pub entity_id: String,
    /// Its name for people.
    pub name: String,
    /// The certificates that its messages may be signed with; never empty.
    pub certificates: Vec<Certificate>,
    /// The certificates that were left out, each with the reason in words.
    pub left_out: Vec<String>,
    /// The address of logins, by HTTP-Redirect; it may have a query.
    pub login: String,
    /// The addresses of the single logout, by HTTP-Redirect; `None`: only local logout.
    pub logout: Option<LogoutAddresses>,
    /// It wants requests to be signed.
    pub wants_signed_requests: bool,
    /// The end of the validity of its metadata; `None` if they do not say.
    pub valid_until: Option<DateTime<Utc>>,
}

/// The addresses of an identity provider for the single logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutAddresses {
    /// For a LogoutRequest.
    pub request: String,
    /// For a LogoutResponse.
    pub response: String,
}
