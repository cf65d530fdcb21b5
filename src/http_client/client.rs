//! GET over HTTP and HTTPS, within limits of time and size.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::tls::Version;
use reqwest::{Certificate, ClientBuilder, Response, StatusCode, Url};

pub use super::ca_certificates::{CaCertificates, CaError};

/// For one fetch with all its redirects.
const TIMEOUT: Duration = Duration::from_secs(60);
const REDIRECT_LIMIT: usize = 5;
/// The most bytes of a body.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
const USER_AGENT: &str = concat!("poem/", env!("CARGO_PKG_VERSION"));

/// Why nothing was fetched; one line.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    CaCertificates(#[from] CaError),
    /// The client cannot be made, for instance of a certificate that TLS refuses.
    #[error("HTTPS cannot be set up: {0}")]
    Setup(String),
    #[error("{url} answered with status {status}")]
    Status { url: String, status: StatusCode },
    #[error("{url} answered with more than {} MiB", BODY_LIMIT / 1024 / 1024)]
    TooLarge { url: String },
    /// No answer, or none to its end. Holds the causes, from the outermost to the first.
    #[error("{url} could not be fetched: {causes}")]
    Failed { url: String, causes: String },
}

/// Fetches; one client serves any number of fetches.
#[derive(Debug, Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    /// # Errors
    /// `CaCertificates` and `Setup`.
    pub fn new(trust: &CaCertificates) -> Result<Self, FetchError> {
        Self::build(settings(trust)?)
    }

    fn build(settings: ClientBuilder) -> Result<Self, FetchError> {
        settings.build().map(Self).map_err(|error| FetchError::Setup(causes(error)))
    }

    /// The body of a GET, whole. Redirects are followed, five at most and none that leaves HTTPS.
    ///
    /// # Errors
    /// All but `CaCertificates` and `Setup`: a URL that is none, no answer within 60 s, a status other than 2xx, more than
    /// 64 MiB, an answer that breaks off.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let failed = |error| FetchError::Failed { url: url.to_owned(), causes: causes(error) };
        let response = self.0.get(url).send().await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            // behind a redirect it is the last address that answered
            return Err(FetchError::Status { url: response.url().to_string(), status });
        }
        let body = body(response).await.map_err(failed)?;
        body.ok_or_else(|| FetchError::TooLarge { url: url.to_owned() })
    }
}

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

/// `None` where it is too large; then it is not read further than the limit.
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
    match refusal(attempt.previous(), attempt.url()) {
        Some(refusal) => attempt.error(refusal),
        None => attempt.follow(),
    }
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum HttpError {
    #[error("more than {REDIRECT_LIMIT} redirects")]
    TooMany,
    #[error("the redirect leads from https to http")]
    LeavesHttps,
}

/// `previous` are the addresses asked so far, the first of them the one that was wanted.
fn refusal(previous: &[Url], next: &Url) -> Option<HttpError> {
    let leaves_https = previous.last().is_some_and(|last| last.scheme() == "https") && next.scheme() != "https";
    match previous.len() {
        _ if leaves_https => Some(HttpError::LeavesHttps),
        asked if asked > REDIRECT_LIMIT => Some(HttpError::TooMany),
        _ => None,
    }
}

/// «error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)»
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // some errors say what their cause says
        if words.last() != Some(&text) {
            words.push(text);
        }
        cause = error.source();
    }
    words.join(": ").replace(char::is_control, " ")
}

#[cfg(test)]
pub(super) mod test_server;
#[cfg(test)]
mod tests;
