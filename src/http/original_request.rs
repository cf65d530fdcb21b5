//! The request as it came in, before the gate rewrites its path.

use std::fmt;
use std::time::{Duration, Instant};

use rocket::Request;
use rocket::http::Method;

use crate::domain::web::host::Host;
use crate::domain::web::url_path::collapse_leading_slashes;

/// Method, path, query and Host as they came; kept with the request.
pub struct OriginalRequest {
    method: Method,
    path: String,
    query: Option<String>,
    started: Instant,
    /// The Host; `None` if the header is missing or malformed.
    pub host: Option<Host>,
}

impl OriginalRequest {
    /// The original of this request. The first call must come before any rewriting.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self {
            method: request.method(),
            path: request.uri().path().to_string(),
            query: request.uri().query().map(|query| query.to_string()),
            started: Instant::now(),
            host: request.headers().get_one("Host").and_then(|header| Host::parse(header).ok()),
        })
    }

    /// The time since the request came in.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The path as it came.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path as it is routed: with one slash at its beginning.
    pub fn address(&self) -> &str {
        collapse_leading_slashes(&self.path)
    }

    /// The query string as it came, without `?`; '' if there is none.
    pub fn query(&self) -> &str {
        self.query.as_deref().unwrap_or_default()
    }

    /// Another path, with the query string that came.
    pub fn with_query(&self, path: &str) -> String {
        match &self.query {
            Some(query) if !query.is_empty() => format!("{path}?{query}"),
            _ => path.to_owned(),
        }
    }
}

/// For the log: `GET /poem/api/v2/metrics/`. Without the query string, in which some clients send their token.
impl fmt::Display for OriginalRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
