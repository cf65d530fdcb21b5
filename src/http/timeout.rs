//! Request timeouts: no request waits long for a database that is slow or does not respond.

use std::time::Duration;

use rocket::http::Method;
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request};
use tokio::time::timeout;

use crate::error::{AppError, remember};

/// The time limit of a request that reads, including guards and body.
pub const READ_TIMEOUT: Duration = Duration::from_millis(1800);
/// The time limit of a request that saves a form: the same as the time limit of one statement in PostgreSQL.
pub const SAVE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit of a request that saves on the ARGO WEB-API as well. The web server in front waits for a minute.
pub const WEB_API_SAVE_TIMEOUT: Duration = Duration::from_secs(58);
/// The time limit of the rendering of a page, which comes after the rest of its request and needs no database. A build
/// without optimisation renders many times slower.
pub const RENDER_TIMEOUT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 5 });

/// Adds a time limit to the routes: [`READ_TIMEOUT`] for GET and HEAD, `write_timeout` of the request for the other
/// methods.
///
/// A request that exceeds it gets 503. Its transaction is rolled back, unless the commit was already sent. As after a
/// lost connection, the client then has to check whether its change was saved.
pub fn with_timeout(routes: Vec<Route>, write_timeout: fn(&Request<'_>) -> Duration) -> Vec<Route> {
    let limited = |mut route: Route| {
        let reads = matches!(route.method, Method::Get | Method::Head);
        let limit = if reads { |_: &Request<'_>| READ_TIMEOUT } else { write_timeout };
        route.handler = Box::new(WithTimeout(route.handler, limit));
        route
    };
    routes.into_iter().map(limited).collect()
}

/// A handler with its time limit.
#[derive(Clone)]
struct WithTimeout(Box<dyn Handler>, fn(&Request<'_>) -> Duration);

#[rocket::async_trait]
impl Handler for WithTimeout {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match timeout(self.1(request), self.0.handle(request, data)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::Error(remember(request, AppError::Unavailable("request timeout".to_owned()))),
        }
    }
}
