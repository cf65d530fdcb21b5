//! Single exchanges with a web service: one request, one response, nothing followed and nothing repeated.
//!
//! (`client` fetches feeds: it follows redirects and tries again.)

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::tls::Version;
use reqwest::{Certificate, NoProxy, Proxy, RequestBuilder};
pub use reqwest::{Method, Url};

use super::ca_certificates::TrustedCertificates;
use super::client::{USER_AGENT, body};
use super::error::{CERTIFICATE_FAILURE, FetchError, causes};
use super::tls_failure;
use crate::domain::security::secret::Secret;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The header with the token.
const TOKEN: HeaderName = HeaderName::from_static("x-api-key");
/// A connection that is not established within this time is a failed one: nothing was sent.
const CONNECT: Duration = Duration::from_secs(4);
/// Unused connections are closed before most servers close them.
const IDLE: Duration = Duration::from_secs(30);
/// The number of unused connections that are kept.
const KEPT_CONNECTIONS: usize = 4;

/// A client for exchanges of JSON. It keeps connections.
#[derive(Debug, Clone)]
pub struct ExchangeClient {
    client: reqwest::Client,
    /// The certificates that are trusted besides the system's, as DER.
    authorities: Vec<Vec<u8>>,
}

/// The proxy for addresses of https. Others are reached directly. It has no `Debug`: its address may have a password.
#[derive(Clone, Default)]
pub struct HttpsProxy {
    /// Its address, which may have user and password; `''` for none.
    pub address: String,
    /// The hosts that are reached directly, separated by commas.
    pub except: String,
}

impl HttpsProxy {
    /// Returns the proxy of the variables `HTTPS_PROXY` and `NO_PROXY` of the environment, in either case.
    pub fn of_environment() -> Self {
        let value = |name: &str| {
            let found = [name.to_owned(), name.to_lowercase()].into_iter().find_map(|name| std::env::var(name).ok());
            found.unwrap_or_default().trim().to_owned()
        };
        Self { address: value("HTTPS_PROXY"), except: value("NO_PROXY") }
    }

    fn proxy(&self) -> reqwest::Result<Option<Proxy>> {
        match self.address.as_str() {
            "" => Ok(None),
            address => Ok(Some(Proxy::https(address)?.no_proxy(NoProxy::from_string(&self.except)))),
        }
    }
}

/// A request.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The token, for the header `x-api-key`.
    pub token: &'a Secret,
    /// The JSON to send; `None` for no body.
    pub body: Option<Vec<u8>>,
    /// The time limit of the exchange, with the body of the response.
    pub within: Duration,
    /// The largest body of a response that is read, in bytes.
    pub limit: usize,
}

/// A response. Its headers are not kept: a web service may send those of the request back, with the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeResponse {
    /// The status.
    pub status: u16,
    /// The body; `None` if it is larger than the limit.
    pub body: Option<Vec<u8>>,
}

/// The reason why there is no response. The texts have no control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// Nothing was sent: no connection, or no request can be made of this token.
    #[error("{0}")]
    NotSent(String),
    /// Nothing was sent: the server's certificate is not trusted, or TLS failed otherwise.
    #[error("{0}")]
    Tls(String),
    /// The server may have received the request, but did not respond in time.
    #[error("no response in time")]
    TimedOut,
    /// The server may have received the request, but the response broke off.
    #[error("{0}")]
    CutOff(String),
}

impl ExchangeClient {
    /// Creates a client that trusts these certificates and the system's.
    ///
    /// # Errors
    /// `Setup`, also for a proxy whose address is none.
    pub fn new(trust: &TrustedCertificates, proxy: &HttpsProxy) -> Result<Self, FetchError> {
        let setup = |error| FetchError::Setup(causes(error));
        let certificates = trust.certificates.iter().filter_map(|certificate| Certificate::from_der(certificate).ok());
        let settings = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(KEPT_CONNECTIONS)
            .min_tls_version(Version::TLS_1_2)
            .tls_certs_merge(certificates)
            // The token would go along.
            .redirect(Policy::none())
            // The one of the environment is also for http.
            .no_proxy();
        let settings =
            proxy.proxy().map_err(setup)?.into_iter().fold(settings, |settings, proxy| settings.proxy(proxy));
        Ok(Self { client: settings.build().map_err(setup)?, authorities: trust.certificates.clone() })
    }

    /// Sends the request once, and reads the response.
    ///
    /// # Errors
    /// See [`ExchangeError`]. A response is none, whatever its status.
    pub async fn send(&self, exchange: Exchange<'_>) -> Result<ExchangeResponse, ExchangeError> {
        let (started, url, within) = (Instant::now(), exchange.url.clone(), exchange.within);
        let limit = exchange.limit;
        let response = match self.request(exchange)?.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.failure(&url, error, within.saturating_sub(started.elapsed())).await),
        };
        let status = response.status().as_u16();
        let body = body(response, limit).await.map_err(after_sending)?;
        Ok(ExchangeResponse { status, body })
    }

    fn request(&self, exchange: Exchange<'_>) -> Result<RequestBuilder, ExchangeError> {
        let token = HeaderValue::from_str(exchange.token.expose());
        let mut token = token.map_err(|_| ExchangeError::NotSent("the token cannot be sent".to_owned()))?;
        token.set_sensitive(true);
        let request = self.client.request(exchange.method, exchange.url).timeout(exchange.within);
        // The value is exact: a list, or one with a charset, is refused with 406.
        let request = request.header(ACCEPT, JSON).header(TOKEN, token);
        Ok(match exchange.body {
            Some(body) => request.header(CONTENT_TYPE, JSON).body(body),
            None => request,
        })
    }

    /// Classifies the error of a request. Looks at the server's certificate, if that was refused, for at most `left`.
    async fn failure(&self, url: &Url, error: reqwest::Error, left: Duration) -> ExchangeError {
        if !error.is_connect() && !error.is_builder() {
            return after_sending(error);
        }
        let causes = causes(error);
        if !causes.contains(CERTIFICATE_FAILURE) {
            let is_tls = causes.contains("SSL") || causes.contains("ssl");
            return if is_tls { ExchangeError::Tls(causes) } else { ExchangeError::NotSent(causes) };
        }
        let (url, authorities) = (url.clone(), self.authorities.clone());
        let looking = tokio::task::spawn_blocking(move || tls_failure::describe(&url, &authorities, left));
        match tokio::time::timeout(left, looking).await {
            Ok(Ok(Some(problem))) => ExchangeError::Tls(problem),
            _ => ExchangeError::Tls(causes),
        }
    }
}

fn after_sending(error: reqwest::Error) -> ExchangeError {
    match error.is_timeout() {
        true => ExchangeError::TimedOut,
        false => ExchangeError::CutOff(causes(error)),
    }
}

#[cfg(test)]
mod tests;
