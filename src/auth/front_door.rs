//! The first to see a request: its Host and the form of its path decide whether it is served, moved or refused.
//!
//! A Rocket fairing cannot answer, so what is not served is sent on to [`routes`], which answer with the verdict.

use std::fmt;
use std::time::{Duration, Instant};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::uri::Origin;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::uri;
use rocket::{Data, Request, Response};

use crate::auth::tenant::CurrentTenant;
use crate::config::live::LiveConfig;
use crate::domain::web::host::Host;
use crate::domain::web::url_path::{PathRule, collapse_leading_slashes, decide};
use crate::error::{AppError, NOT_FOUND};

/// Where the requests go that are not served. Nobody outside can ask for it: the verdict would be missing.
pub const VERDICT: &str = "/-/verdict";

/// [`VERDICT`] without any: 404.
fn nowhere() -> Origin<'static> {
    uri!("/-/verdict")
}

/// All that the web framework knows, but HEAD, which it answers as GET.
const METHODS: [Method; 8] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Patch,
    Method::Options,
    Method::Trace,
    Method::Connect,
];

/// What was asked, as it came in, before any rewriting; kept with the request.
pub struct Asked {
    method: Method,
    path: String,
    query: Option<String>,
    started: Instant,
    /// The Host; `None`: there was no header, or what it said is none.
    pub host: Option<Host>,
}

impl Asked {
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self {
            method: request.method(),
            path: request.uri().path().to_string(),
            query: request.uri().query().map(|query| query.to_string()),
            started: Instant::now(),
            host: request.headers().get_one("Host").and_then(|header| Host::parse(header).ok()),
        })
    }

    /// How long ago the request came in.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path as it is routed: with one slash at its beginning.
    pub fn address(&self) -> &str {
        collapse_leading_slashes(&self.path)
    }

    /// The query string as it came, without `?`; '' without one.
    pub fn query(&self) -> &str {
        self.query.as_deref().unwrap_or_default()
    }

    /// Another path with the query string that came.
    pub fn with_query(&self, path: &str) -> String {
        match &self.query {
            Some(query) if !query.is_empty() => format!("{path}?{query}"),
            _ => path.to_owned(),
        }
    }
}

/// For the log: `GET /poem/api/v2/metrics/`. Without the query string: some put their token there.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Why a request is not served here.
enum Verdict {
    Refused(AppError),
    /// 301 or 302 to a path; the query string goes along.
    Elsewhere(Status, String),
}

/// The fairing: AllowedHosts, the form of the Host, the rules of slashes; and one log line a request.
pub struct FrontDoor;

/// The path as it is routed, or why the request is not served.
fn check(request: &Request<'_>) -> Result<String, Verdict> {
    let mut hosts = request.headers().get("Host");
    let header = match (hosts.next(), hosts.next()) {
        // HTTP/1.0 without a Host leads to no tenant
        (None, _) => return Err(Verdict::Refused(NOT_FOUND)),
        (Some(_), Some(_)) => return Err(Verdict::Refused(AppError::BadHost("two Host headers".to_owned()))),
        (Some(header), None) => header,
    };
    let asked = Asked::of(request);
    let Some(host) = &asked.host else {
        return Err(Verdict::Refused(AppError::BadHost(format!("{header:?} is not a valid Host"))));
    };
    let live = request.rocket().state::<LiveConfig>().expect("app::build manages the configuration");
    if !live.current().security.allowed_hosts.allows(host) {
        return Err(Verdict::Refused(AppError::BadHost(format!("AllowedHosts does not allow {}", host.as_str()))));
    }
    match decide(asked.path()) {
        PathRule::Serve(path) => Ok(path.to_owned()),
        PathRule::Moved(path) => Err(Verdict::Elsewhere(Status::MovedPermanently, path.into_owned())),
        PathRule::Leads(path) => Err(Verdict::Elsewhere(Status::Found, path.to_owned())),
        PathRule::Unknown => Err(Verdict::Refused(NOT_FOUND)),
    }
}

#[rocket::async_trait]
impl Fairing for FrontDoor {
    fn info(&self) -> Info {
        Info { name: "Front door", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let target = match check(request) {
            Ok(path) if path == request.uri().path().as_str() => return,
            Ok(path) => Asked::of(request).with_query(&path),
            Err(verdict) => {
                request.local_cache(|| Some(verdict));
                VERDICT.to_owned()
            }
        };
        // HTTP lets a few characters pass that an address of ours does not have: nothing is there, so nothing is served.
        request.set_uri(Origin::parse_owned(target).unwrap_or_else(|_| nowhere()));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let asked = Asked::of(request);
        let milliseconds = asked.elapsed().as_secs_f64() * 1000.0;
        let tenant = CurrentTenant::known(request).map_or("-", |current| &current.tenant().name);
        log::info!("{tenant} {asked} {} {milliseconds:.1} ms", response.status().code);
    }
}

/// The routes that answer what is not served.
pub fn routes() -> Vec<Route> {
    METHODS.into_iter().map(|method| Route::new(method, VERDICT, AnswerVerdict)).collect()
}

#[derive(Clone)]
struct AnswerVerdict;

#[rocket::async_trait]
impl Handler for AnswerVerdict {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        match request.local_cache(|| None::<Verdict>) {
            Some(Verdict::Elsewhere(status, path)) => {
                let location = Asked::of(request).with_query(path);
                Outcome::Success(Response::build().status(*status).raw_header("Location", location).finalize())
            }
            Some(Verdict::Refused(error)) => error.outcome(request),
            None => NOT_FOUND.outcome(request),
        }
    }
}
