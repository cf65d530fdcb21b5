//! The reason why nothing was fetched.

use std::error::Error;
use std::time::Duration;

use reqwest::StatusCode;

use super::url_text::shown;

/// The reason why nothing was fetched. `Display` is one line, which begins with the address.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The client cannot be built, for instance because TLS refuses the client certificate. Holds the causes.
    #[error("HTTPS cannot be set up: {0}")]
    Setup(String),
    /// The server responded with a status other than 200.
    #[error("{url} responded with status {status}")]
    Status {
        /// The address that responded: after a redirect, the last one.
        url: String,
        /// The status of the response.
        status: StatusCode,
        /// The time that the server asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// The body is larger than the limit, packed or unpacked.
    #[error("{url} responded with more than {} MiB", .limit / 1024 / 1024)]
    TooLarge {
        /// The address that was requested.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The body cannot be used: it is empty, or packed in an unknown way.
    #[error("{url} responded with {problem}")]
    Body {
        /// The address that was requested.
        url: String,
        /// The problem, as an object: `an empty body`.
        problem: String,
    },
    /// A redirect would send the credentials to another server.
    #[error("{url}: {from} redirects to {to}, which is not followed with credentials")]
    ForeignRedirect {
        /// The address that was requested.
        url: String,
        /// The host that redirects.
        from: String,
        /// The host that it redirects to, with its port if only that differs.
        to: String,
    },
    /// The certificate of the server is not trusted.
    #[error("{url} could not be fetched: {problem}")]
    Certificate {
        /// The address that was requested.
        url: String,
        /// The problem: who issued it, when it expired, or which names it is for.
        problem: String,
    },
    /// There was no response, or it was incomplete.
    #[error("{url} could not be fetched: {causes}")]
    Failed {
        /// The address that was requested.
        url: String,
        /// The chain of errors, from the outermost to the root cause.
        causes: String,
        /// True if another attempt may succeed.
        temporary: bool,
    },
}

impl FetchError {
    /// Returns true if another attempt may succeed.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Failed { temporary, .. } => *temporary,
            _ => false,
        }
    }

    /// Returns the time that the server asks to wait; `None` if it asks for none.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Converts the error of a request to `url`.
    pub(super) fn failed(url: &str, error: reqwest::Error) -> Self {
        let is_final = error.is_builder() || error.is_redirect();
        let causes = causes(error);
        // A wrong certificate stays wrong; a name that does not exist is not a failed lookup.
        let is_final = is_final || causes.contains(CERTIFICATE_FAILURE) || causes.contains("Name or service not known");
        Self::Failed { url: shown(url), causes, temporary: !is_final }
    }
}

/// The text of OpenSSL if it does not trust a certificate.
pub(super) const CERTIFICATE_FAILURE: &str = "certificate verify failed";

/// Joins the chain of errors: `error sending request: client error (Connect): tcp connect error: Connection refused`.
pub(super) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors repeat the text of their cause.
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ").replace(char::is_control, " ")
}
