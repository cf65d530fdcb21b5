//! The request gate, before all routes: the Host and the form of the path decide whether a request is served,
//! redirected or refused.
//!
//! A Rocket fairing cannot respond. So the gate rewrites the path of a request that is not served to [`GATE_ROUTE`],
//! and keeps its decision with the request; the routes at that path respond with the decision.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::uri::Origin;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::uri;
use rocket::{Data, Request, Response};

use super::method_override;
use super::original_request::OriginalRequest;
use crate::config::reload::LiveConfig;
use crate::domain::web::url_path::{PathDecision, decide, takes_messages};
use crate::error::{AppError, NOT_FOUND, remember};

/// The path of requests that are not served. A client that asks for it gets 404: there is no decision then.
pub const GATE_ROUTE: &str = "/-/gate";

/// [`GATE_ROUTE`] as a URI: 404.
fn nowhere() -> Origin<'static> {
    uri!("/-/gate")
}

/// All methods that Rocket knows, except HEAD, which it routes as GET.
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

/// The reason why a request is not served under its path, stored in the request's local cache.
enum GateDecision {
    /// The request fails with this status; the error itself is remembered (see [`remember`]).
    Refused(Status),
    /// 301 or 302 to a path; the query string of the request is appended.
    Redirect(Status, String),
}

impl GateDecision {
    /// Remembers the error for the catcher, and refuses with its status.
    fn refuse(request: &Request<'_>, error: AppError) -> Self {
        Self::Refused(remember(request, error))
    }
}

/// The fairing that checks the Host header against `AllowedHosts`, and applies the rules about slashes.
pub struct RequestGate;

/// Returns the path to route, or the reason why the request is not served.
fn check(request: &Request<'_>) -> Result<String, GateDecision> {
    let refuse = |error| GateDecision::refuse(request, error);
    if method_override::is_requested(request) {
        return Err(refuse(AppError::Malformed("The field _method is not supported.".to_owned())));
    }
    let mut hosts = request.headers().get("Host");
    let header = match (hosts.next(), hosts.next()) {
        // HTTP/1.0 without a Host leads to no tenant.
        (None, _) => return Err(refuse(NOT_FOUND)),
        (Some(_), Some(_)) => return Err(refuse(AppError::BadHost("two Host headers".to_owned()))),
        (Some(header), None) => header,
    };
    let original = OriginalRequest::of(request);
    let Some(host) = &original.host else {
        return Err(refuse(AppError::BadHost(format!("{header:?} is not a valid Host"))));
    };
    let live = request.rocket().state::<LiveConfig>().expect("app::build manages the configuration");
    if !live.current().security.allowed_hosts.allows(host) {
        return Err(refuse(AppError::BadHost(format!("AllowedHosts does not allow {}", host.as_str()))));
    }
    match decide(original.path()) {
        PathDecision::Serve(path) => Ok(path.to_owned()),
        PathDecision::MovedPermanently(path) if takes_messages(&path) && !is_safe(request.method()) => {
            Err(refuse(NOT_FOUND))
        }
        PathDecision::MovedPermanently(path) => {
            Err(GateDecision::Redirect(Status::MovedPermanently, path.into_owned()))
        }
        PathDecision::Redirect(path) => Err(GateDecision::Redirect(Status::Found, path.to_owned())),
        PathDecision::Unknown => Err(refuse(NOT_FOUND)),
    }
}

fn is_safe(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head)
}

#[rocket::async_trait]
impl Fairing for RequestGate {
    fn info(&self) -> Info {
        Info { name: "Request gate", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // Before the path is rewritten, also if the Host decides alone.
        OriginalRequest::of(request);
        let target = match check(request) {
            Ok(path) if path == request.uri().path().as_str() => return,
            Ok(path) => OriginalRequest::of(request).with_query(&path),
            Err(decision) => {
                request.local_cache(|| Some(decision));
                GATE_ROUTE.to_owned()
            }
        };
        // HTTP allows a few characters in a path that Rocket does not. No address of POEM contains them: 404.
        request.set_uri(Origin::parse_owned(target).unwrap_or_else(|_| nowhere()));
    }
}

/// The routes that respond with the gate's decision.
pub fn routes() -> Vec<Route> {
    METHODS.into_iter().map(|method| Route::new(method, GATE_ROUTE, GateResponder)).collect()
}

#[derive(Clone)]
struct GateResponder;

#[rocket::async_trait]
impl Handler for GateResponder {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        match request.local_cache(|| None::<GateDecision>) {
            Some(GateDecision::Redirect(status, path)) => {
                let location = OriginalRequest::of(request).with_query(path);
                Outcome::Success(Response::build().status(*status).raw_header("Location", location).finalize())
            }
            Some(GateDecision::Refused(status)) => Outcome::Error(*status),
            None => Outcome::Error(remember(request, NOT_FOUND)),
        }
    }
}
