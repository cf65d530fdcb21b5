//! The reason why a message of an identity provider is refused.

use std::fmt;

/// Longer texts of messages are cut in the log, in characters.
const LONGEST_VALUE: usize = 200;

/// A refused message: the class decides the page and the metric, the cause is for the log only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class of the reason.
    pub class: RefusalClass,
    /// The reason in words, one line. It may quote the message, cut and escaped.
    pub cause: String,
    /// What the identity provider says of the login; only for the class `Idp`.
    pub failed_login: Option<FailedLogin>,
}

/// A login that the identity provider did not let happen. Nothing of it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLogin {
    /// The most exact status, as the last part of its URI: `AuthnFailed`.
    pub status: String,
    /// The id of the request of the login; `None` if the message names none.
    pub request: Option<String>,
}

/// The class of a refusal, in the order in which the checks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalClass {
    /// It is no message of SAML.
    Malformed,
    /// It is not shaped as a message that can be checked.
    Shape,
    /// Another identity provider has sent it.
    Issuer,
    /// The identity provider did not log the user in.
    Idp,
    /// It is encrypted.
    Encrypted,
    /// It is for another address.
    Destination,
    /// It responds to no login.
    Unsolicited,
    /// It, or its login, was used.
    Used,
    /// It, or its login, is too old.
    Expired,
    /// It came through another browser than the one that began the login.
    Browser,
    /// It is not signed.
    Unsigned,
    /// Its signature is wrong.
    Signature,
    /// It does not say that its bearer is the user.
    Subject,
    /// It is for another service.
    Audience,
    /// It is from the future.
    Early,
    /// It has a condition that is not known.
    Condition,
    /// It is older than the login.
    Stale,
    /// It says nothing about a login, or about one that is over.
    Session,
    /// It does not identify the user.
    Attribute,
    /// The user lacks the entitlement.
    Entitlement,
    /// The account may not log in, or there is none.
    Account,
}

impl RefusalClass {
    /// The word in the log and in the metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Shape => "shape",
            Self::Issuer => "issuer",
            Self::Idp => "idp",
            Self::Encrypted => "encrypted",
            Self::Destination => "destination",
            Self::Unsolicited => "unsolicited",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Browser => "browser",
            Self::Unsigned => "unsigned",
            Self::Signature => "signature",
            Self::Subject => "subject",
            Self::Audience => "audience",
            Self::Early => "early",
            Self::Condition => "condition",
            Self::Stale => "stale",
            Self::Session => "session",
            Self::Attribute => "attribute",
            Self::Entitlement => "entitlement",
            Self::Account => "account",
        }
    }

    /// Returns a refusal of this class.
    pub fn because(self, cause: impl Into<String>) -> Refusal {
        Refusal { class: self, cause: cause.into(), failed_login: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.word(), self.cause)
    }
}

/// Quotes a text of a message for the log: cut, and without control characters that could break the line.
pub fn quoted(text: &str) -> String {
    let mut characters = text.trim().chars();
    let cut: String = characters.by_ref().take(LONGEST_VALUE).flat_map(char::escape_debug).collect();
    let rest = if characters.next().is_some() { "…" } else { "" };
    format!("“{cut}{rest}”")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_short_line() {
        assert_eq!(quoted(" a\nb\u{202e} "), r"“a\nb\u{202e}”");
        assert_eq!(quoted(&"x".repeat(1000)), format!("“{}…”", "x".repeat(200)));
    }
}
