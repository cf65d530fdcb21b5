//! Tokens that are given to POEM instead of being generated: their rules, and the lack of one.

/// The maximum length of a token, in characters. Those of the ARGO WEB-API have 64.
pub const LONGEST_TOKEN: usize = 128;

/// The words about a token with a blank, or with a character that is not in printable ASCII.
pub const NOT_PRINTABLE: &str = "must be printable ASCII characters without blanks";

/// Returns true if the token can be sent in a header as it is: printable ASCII without blanks. Its length is not checked.
pub fn is_printable(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The reason why a tenant has no token for the ARGO WEB-API. `Display` is a message for its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MissingToken {
    /// The client WEB-API has no key.
    #[error("POEM has no token for the ARGO WEB-API. A superuser can enter it under API keys, client WEB-API.")]
    Absent,
    /// The key is revoked, which is final.
    #[error(
        "The token for the ARGO WEB-API is revoked. A superuser can delete the key of the client WEB-API and add it again."
    )]
    Revoked,
    /// The token was sealed with another secret key, or cannot be sent.
    #[error(
        "The token for the ARGO WEB-API cannot be read with the secret key in use. A superuser must enter it again."
    )]
    Unreadable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_printable_ascii_without_blanks() {
        assert!(is_printable(&"0123456789abcdef".repeat(4)) && is_printable("~!\"+/="));
        for token in ["a b", "a\tb", "a\n", "\u{e9}", "\u{200b}", "\0", "\u{7f}"] {
            assert!(!is_printable(token), "{token:?}");
        }
    }
}
