//! The client: GET over HTTP and HTTPS, within limits of time, size and redirects, with several attempts.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::tls::Version;
use reqwest::{Certificate, ClientBuilder, Identity, RequestBuilder, Response, StatusCode, Url};

use super::ca_certificates::TrustedCertificates;
use super::client_certificate::ClientCertificate;
use super::error::{CERTIFICATE_FAILURE, FetchError, causes};
use super::tls_failure;
use super::url_text::shown;
use crate::domain::security::secret::Secret;

/// The most redirects that are followed.
const REDIRECT_LIMIT: usize = 5;
/// The longest wait before the next attempt that a server may ask for.
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(30);
/// The name of POEM in requests.
pub(super) const USER_AGENT: &str = concat!("poem/", env!("CARGO_PKG_VERSION"));

/// The limits of a fetch.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The time limit for connecting.
    pub connect: Duration,
    /// The time limit of one attempt, with its redirects and its body.
    pub attempt: Duration,
    /// The waits before the second and each further attempt; empty: there is one attempt.
    pub waits: &'static [Duration],
    /// The largest body in bytes, packed or unpacked.
    pub body: usize,
}

impl Limits {
    /// The limits of a person who waits for the outcome: one attempt.
    pub const ONE_ATTEMPT: Self =
        Self { connect: Duration::from_secs(10), attempt: Duration::from_secs(60), waits: &[], body: 64 * 1024 * 1024 };
    /// The limits of work in the background: three attempts.
    pub const THREE_ATTEMPTS: Self =
        Self { waits: &[Duration::from_secs(2), Duration::from_secs(10)], ..Self::ONE_ATTEMPT };
}

/// User and password of HTTP Basic authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BasicAuth {
    /// The user.
    pub user: String,
    /// The password, which may be empty.
    pub password: Secret,
}

/// The identity that a client presents. With either part, it follows no redirect to another server.
#[derive(Debug, Clone, Default)]
pub struct ClientCredentials {
    /// Sent to every server that the client asks.
    pub basic: Option<BasicAuth>,
    /// Presented to every server that asks for a certificate.
    pub certificate: Option<ClientCertificate>,
}

/// An HTTP client, for any number of fetches.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    basic: Option<BasicAuth>,
    limits: Limits,
    /// The certificates that are trusted besides the system's, as DER.
    authorities: Vec<Vec<u8>>,
}

/// A body, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes; never empty.
    pub body: Vec<u8>,
    /// The charset of the header Content-Type; `None` if it names none.
    pub charset: Option<String>,
}

impl HttpClient {
    /// Creates a client that trusts these certificates and the system's.
    ///
    /// # Errors
    /// `Setup`.
    pub fn new(
        trust: &TrustedCertificates,
        credentials: ClientCredentials,
        limits: Limits,
    ) -> Result<Self, FetchError> {
        Self::build(settings(trust, &credentials, &limits)?, trust, credentials, limits)
    }

    fn build(
        settings: ClientBuilder,
        trust: &TrustedCertificates,
        credentials: ClientCredentials,
        limits: Limits,
    ) -> Result<Self, FetchError> {
        let client = settings.build().map_err(|error| FetchError::Setup(causes(error)))?;
        Ok(Self { client, basic: credentials.basic, limits, authorities: trust.certificates.clone() })
    }

    /// Fetches an address with GET. Follows at most five redirects, and none from https to http.
    ///
    /// After a failure that may be temporary it tries again; `on_retry` is told the failure and the wait before that.
    ///
    /// # Errors
    /// The failure of the last attempt.
    pub async fn get(
        &self,
        url: &str,
        accept: &str,
        mut on_retry: impl FnMut(&FetchError, Duration),
    ) -> Result<Fetched, FetchError> {
        let mut waits = self.limits.waits.iter();
        loop {
            let error = match self.attempt(url, accept).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            let Some(wait) = waits.next().filter(|_| error.is_temporary()) else {
                return Err(self.explain(url, error).await);
            };
            let wait = error.retry_after().filter(|asked| *asked <= RETRY_AFTER_LIMIT).unwrap_or(*wait);
            on_retry(&error, wait);
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, url: &str, accept: &str) -> Result<Fetched, FetchError> {
        let failed = |error| FetchError::failed(url, error);
        let response = match self.request(url, accept).send().await {
            Ok(response) => response,
            Err(error) => return Err(foreign_redirect(url, &error).unwrap_or_else(|| failed(error))),
        };
        let status = response.status();
        if status != StatusCode::OK {
            // After a redirect this is the last address.
            let url = shown(response.url().as_str());
            return Err(FetchError::Status { url, status, retry_after: retry_after(&response) });
        }
        let limit = self.limits.body;
        let too_large = || FetchError::TooLarge { url: shown(url), limit };
        let unusable = |problem| FetchError::Body { url: shown(url), problem };
        let (encoding, charset) = (header(&response, CONTENT_ENCODING), charset(&response));
        let packed = body(response, limit).await.map_err(failed)?.ok_or_else(too_large)?;
        let body = match encoding.to_ascii_lowercase().as_str() {
            "" | "identity" => packed,
            "gzip" | "x-gzip" => unpacked(&packed, limit)
                .map_err(|error| unusable(format!("broken gzip: {error}")))?
                .ok_or_else(too_large)?,
            other => return Err(unusable(format!("the unknown Content-Encoding {other:?}"))),
        };
        match body.iter().all(u8::is_ascii_whitespace) {
            true => Err(unusable("an empty body".to_owned())),
            false => Ok(Fetched { body, charset }),
        }
    }

    fn request(&self, url: &str, accept: &str) -> RequestBuilder {
        let request = self.client.get(url).header(ACCEPT, accept).header(ACCEPT_ENCODING, "gzip");
        match &self.basic {
            Some(basic) => request.basic_auth(&basic.user, Some(basic.password.expose())),
            None => request,
        }
    }

    /// Replaces a refused certificate by what is wrong with it, if that can be found out.
    async fn explain(&self, url: &str, error: FetchError) -> FetchError {
        let (Ok(address), FetchError::Failed { causes, .. }) = (Url::parse(url), &error) else { return error };
        if !causes.contains(CERTIFICATE_FAILURE) {
            return error;
        }
        let (authorities, timeout) = (self.authorities.clone(), self.limits.connect);
        let described = tokio::task::spawn_blocking(move || tls_failure::describe(&address, &authorities, timeout));
        match described.await {
            Ok(Some(problem)) => FetchError::Certificate { url: shown(url), problem },
            _ => error,
        }
    }
}

/// Returns the client's settings: limits, TLS 1.2 or newer, certificates, redirects.
fn settings(
    trust: &TrustedCertificates,
    credentials: &ClientCredentials,
    limits: &Limits,
) -> Result<ClientBuilder, FetchError> {
    let setup = |error| FetchError::Setup(causes(error));
    let certificates = trust.certificates.iter().filter_map(|certificate| Certificate::from_der(certificate).ok());
    let has_credentials = credentials.basic.is_some() || credentials.certificate.is_some();
    let settings = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .referer(false)
        .connect_timeout(limits.connect)
        .timeout(limits.attempt)
        .min_tls_version(Version::TLS_1_2)
        .tls_certs_merge(certificates)
        .redirect(Policy::custom(move |attempt| redirect(attempt, has_credentials)));
    let Some(own) = &credentials.certificate else { return Ok(settings) };
    let identity = Identity::from_pkcs8_pem(&own.chain, own.key.expose().as_bytes()).map_err(setup)?;
    Ok(settings.identity(identity))
}

/// Reads the body; `None` if it is too large. It is never read beyond the limit.
pub(super) async fn body(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    if response.content_length().unwrap_or(0) > limit as u64 {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// Unpacks gzip; `None` if the result is too large. It is never unpacked beyond the limit.
fn unpacked(packed: &[u8], limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    let length = MultiGzDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut body)?;
    Ok((length <= limit).then_some(body))
}

/// Returns the text of a header; '' if there is none.
fn header(response: &Response, name: reqwest::header::HeaderName) -> String {
    let value = response.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_owned()
}

fn charset(response: &Response) -> Option<String> {
    let content_type = header(response, CONTENT_TYPE);
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, charset) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.trim().trim_matches('"').to_owned())
}

/// Returns the seconds of the header Retry-After; `None` without it, or if it is a date.
fn retry_after(response: &Response) -> Option<Duration> {
    header(response, RETRY_AFTER).parse().ok().map(Duration::from_secs)
}

fn redirect(attempt: Attempt<'_>, has_credentials: bool) -> reqwest::redirect::Action {
    match redirect_error(attempt.previous(), attempt.url(), has_credentials) {
        Some(redirect_error) => attempt.error(redirect_error),
        None => attempt.follow(),
    }
}

/// The reason why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum RedirectError {
    /// The limit of redirects is reached.
    #[error("more than {REDIRECT_LIMIT} redirects")]
    TooMany,
    /// The redirect would leave TLS.
    #[error("the redirect leads from https to http")]
    LeavesHttps,
    /// The redirect would leave the server that may get the credentials.
    #[error("{from} redirects to {to}")]
    Foreign { from: String, to: String },
}

/// Returns why `next` is not followed, if so. `previous`: the addresses requested so far, the original one first.
fn redirect_error(previous: &[Url], next: &Url, has_credentials: bool) -> Option<RedirectError> {
    let last = previous.last()?;
    if last.scheme() == "https" && next.scheme() != "https" {
        return Some(RedirectError::LeavesHttps);
    }
    let server = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
    if has_credentials && server(last) != server(next) {
        return Some(RedirectError::Foreign { from: host(last, next), to: host(next, last) });
    }
    (previous.len() > REDIRECT_LIMIT).then_some(RedirectError::TooMany)
}

/// Returns the host of an address, with the port if both addresses have the same host.
fn host(url: &Url, other: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default().filter(|_| url.host_str() == other.host_str()) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Finds a redirect that was refused because of the credentials.
fn foreign_redirect(url: &str, error: &reqwest::Error) -> Option<FetchError> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(RedirectError::Foreign { from, to }) = error.downcast_ref() {
            return Some(FetchError::ForeignRedirect { url: shown(url), from: from.clone(), to: to.clone() });
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
pub(super) mod test_server;
#[cfg(test)]
mod tests;
