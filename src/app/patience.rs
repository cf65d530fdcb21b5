//! Nobody waits long for a database that is slow or hangs.

use std::time::Duration;

use rocket::http::Method;
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request};
use tokio::time::timeout;

use crate::error::AppError;

/// How long a request that reads may take, guards, body and all.
pub const ANSWER: Duration = Duration::from_millis(1800);
/// What a person typed is worth more: the time that PostgreSQL gives to one statement.
pub const SAVE: Duration = Duration::from_secs(5);

/// The same routes, which answer 503 where they take too long. What a request was writing by then is undone, unless its
/// commit was on the way: as where a connection is lost, whoever asked has to look.
pub fn patient(routes: Vec<Route>, save: Duration) -> Vec<Route> {
    let patient = |mut route: Route| {
        let patience = if matches!(route.method, Method::Get | Method::Head) { ANSWER } else { save };
        route.handler = Box::new(Patient(route.handler, patience));
        route
    };
    routes.into_iter().map(patient).collect()
}

#[derive(Clone)]
struct Patient(Box<dyn Handler>, Duration);

#[rocket::async_trait]
impl Handler for Patient {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match timeout(self.1, self.0.handle(request, data)).await {
            Ok(outcome) => outcome,
            Err(_) => AppError::Unavailable("no answer in time".to_owned()).outcome(request),
        }
    }
}
