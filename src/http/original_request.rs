//! The request as the client sent it, before the gate rewrites its path.

use std::fmt;
use std::time::{Duration, Instant};

use rocket::Request;
use rocket::http::Method;

use super::client_ip;
use crate::domain::web::host::Host;
use crate::domain::web::url_path::collapse_leading_slashes;

/// The method, path, query and Host that the client sent, stored in the request's local cache.
pub struct OriginalRequest {
    method: Method,
    path: String,
    query: Option<String>,
    started: Instant,
    /// The parsed Host header; `None` if it is missing or malformed.
    pub host: Option<Host>,
}

impl OriginalRequest {
    /// The original of this request. The first call must be made before the path is rewritten.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self {
            method: request.method(),
            path: request.uri().path().to_string(),
            query: request.uri().query().map(|query| query.to_string()),
            started: Instant::now(),
            host: request.headers().get_one("Host").and_then(|header| Host::parse(header).ok()),
        })
    }

    /// The time since the request arrived.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The method. Rocket handles HEAD as GET, and does not tell the route.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path, undecoded and without the query string.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path with leading slashes collapsed to one, as it is routed.
    pub fn address(&self) -> &str {
        collapse_leading_slashes(&self.path)
    }

    /// The query string, undecoded and without `?`; `''` if there is none.
    pub fn query(&self) -> &str {
        self.query.as_deref().unwrap_or_default()
    }

    /// Returns another path with the query string of this request.
    pub fn with_query(&self, path: &str) -> String {
        match &self.query {
            Some(query) if !query.is_empty() => format!("{path}?{query}"),
            _ => path.to_owned(),
        }
    }
}

/// Returns the scheme, host and port that the client has sent the request to: `https://poem.example.org`; without a
/// valid host, empty.
pub fn origin(request: &Request<'_>) -> String {
    let is_valid = OriginalRequest::of(request).host.is_some();
    let scheme = if client_ip::is_tls(request) { "https" } else { "http" };
    let host = request.headers().get_one("Host").filter(|_| is_valid);
    host.map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}

/// The longest path in the log, in characters. All addresses of POEM are shorter, except for long names.
const LONGEST_LOGGED: usize = 200;

/// The form for the log: `GET /poem/api/v2/metrics/`. Without the query string, in which some clients send their token;
/// a long path is cut.
impl fmt::Display for OriginalRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.char_indices().nth(LONGEST_LOGGED) {
            Some((end, _)) => write!(f, "{} {}…", self.method, &self.path[..end]),
            None => write!(f, "{} {}", self.method, self.path),
        }
    }
}
