//! The client: GET over HTTP and HTTPS, within limits of time, size and redirects.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::tls::Version;
use reqwest::{Certificate, ClientBuilder, Response, StatusCode, Url};

pub use super::ca_certificates::{CaCertificates, CaError};

/// The time limit of one fetch, including its redirects.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The most redirects that are followed.
const REDIRECT_LIMIT: usize = 5;
/// The largest body, in bytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
const USER_AGENT: &str = concat!("poem/", env!("CARGO_PKG_VERSION"));

/// The reason why nothing was fetched. `Display` is one line.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The CA certificates of the configuration cannot be used.
    #[error(transparent)]
    CaCertificates(#[from] CaError),
    /// The client cannot be built, for instance because TLS refuses a CA certificate. Holds the causes.
    #[error("HTTPS cannot be set up: {0}")]
    Setup(String),
    /// The server responded with a status other than 2xx.
    #[error("{url} responded with status {status}")]
    Status {
        /// The address that responded: after a redirect, the last one.
        url: String,
        /// The status of the response.
        status: StatusCode,
    },
    /// The body is larger than 64 MiB.
    #[error("{url} responded with more than {} MiB", BODY_LIMIT / 1024 / 1024)]
    TooLarge {
        /// The address that was requested.
        url: String,
    },
    /// There was no response, or it was incomplete.
    #[error("{url} could not be fetched: {causes}")]
    Failed {
        /// The address that was requested.
        url: String,
        /// The chain of errors, from the outermost to the root cause.
        causes: String,
    },
}

/// An HTTP client, for any number of fetches.
#[derive(Debug, Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    /// Creates a client that trusts these CA certificates.
    ///
    /// # Errors
    /// `CaCertificates` and `Setup`.
    pub fn new(trust: &CaCertificates) -> Result<Self, FetchError> {
        Self::build(settings(trust)?)
    }

    fn build(settings: ClientBuilder) -> Result<Self, FetchError> {
        settings.build().map(Self).map_err(|error| FetchError::Setup(causes(error)))
    }

    /// Fetches a URL with GET and returns the whole body. Follows at most five redirects, and none from https to http.
    ///
    /// # Errors
    /// `Status` for a status other than 2xx; `TooLarge` above 64 MiB; `Failed` for an invalid URL, no response within
    /// 60 s, a refused redirect, or a response that breaks off.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let failed = |error| FetchError::Failed { url: url.to_owned(), causes: causes(error) };
        let response = self.0.get(url).send().await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            // After a redirect this is the last address.
            return Err(FetchError::Status { url: response.url().to_string(), status });
        }
        let body = body(response).await.map_err(failed)?;
        body.ok_or_else(|| FetchError::TooLarge { url: url.to_owned() })
    }
}

/// Returns the client's settings: limits, TLS 1.2 or newer, and the CA certificates.
fn settings(trust: &CaCertificates) -> Result<ClientBuilder, FetchError> {
    let settings = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .timeout(TIMEOUT)
        .min_tls_version(Version::TLS_1_2)
        .redirect(Policy::custom(redirect));
    let Some(certificates) = trust.certificates()? else {
        return Ok(settings);
    };
    let certificates = certificates.iter().map(|certificate| Certificate::from_der(certificate));
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(|error| FetchError::Setup(causes(error)))?;
    Ok(settings.tls_certs_only(certificates))
}

/// Reads the body; `None` if it is too large. It is never read beyond the limit.
async fn body(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let announced = response.content_length().unwrap_or(0);
    if announced > BODY_LIMIT as u64 {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    match redirect_error(attempt.previous(), attempt.url()) {
        Some(redirect_error) => attempt.error(redirect_error),
        None => attempt.follow(),
    }
}

/// The reason why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum HttpError {
    /// The limit of redirects is reached.
    #[error("more than {REDIRECT_LIMIT} redirects")]
    TooMany,
    /// The redirect would leave TLS.
    #[error("the redirect leads from https to http")]
    LeavesHttps,
}

/// Returns why `next` is not followed, if so. `previous`: the addresses requested so far, the original one first.
fn redirect_error(previous: &[Url], next: &Url) -> Option<HttpError> {
    let leaves_https = previous.last().is_some_and(|last| last.scheme() == "https") && next.scheme() != "https";
    match previous.len() {
        _ if leaves_https => Some(HttpError::LeavesHttps),
        requested if requested > REDIRECT_LIMIT => Some(HttpError::TooMany),
        _ => None,
    }
}

/// Joins the chain of errors: `error sending request: client error (Connect): tcp connect error: Connection refused`.
fn causes(error: reqwest::Error) -> String {
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

#[cfg(test)]
pub(super) mod test_server;
#[cfg(test)]
mod tests;
