//! Nobody who reads waits long for a database that is slow or hangs.

use std::time::Duration;

use rocket::http::Method;
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request};
use tokio::time::timeout;

use crate::error::AppError;

/// How long a request that reads may take, guards and all.
const PATIENCE: Duration = Duration::from_millis(1800);

/// The same routes; those that read answer 503 where they take too long. A write goes on to its end: whoever asked for
/// it shall learn whether it was done.
pub fn patient(routes: Vec<Route>) -> Vec<Route> {
    routes.into_iter().map(|route| if route.method == Method::Get { of(route) } else { route }).collect()
}

fn of(mut route: Route) -> Route {
    route.handler = Box::new(Patient(route.handler.clone()));
    route
}

#[derive(Clone)]
struct Patient(Box<dyn Handler>);

#[rocket::async_trait]
impl Handler for Patient {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match timeout(PATIENCE, self.0.handle(request, data)).await {
            Ok(outcome) => outcome,
            Err(_) => AppError::Unavailable("no answer in time".to_owned()).outcome(request),
        }
    }
}
