//! The methods that no other route of an address serves: OPTIONS lists the allowed ones, the others get 405.

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request, Response};

use crate::auth::api_key::ApiClient;
use crate::auth::session::ApiSession;
use crate::error::{AppError, remember};
use crate::http::encoded_body::JSON;
use crate::tenants::guard::CurrentTenant;

/// The authentication that an address requires, also for OPTIONS and for the 405 of other methods.
#[derive(Clone, Copy)]
pub enum Access {
    /// None: every client of the tenant.
    Public,
    /// An API key of the tenant.
    ApiKey,
    /// A login session.
    Session,
}

/// The routes for the methods of an address that no other route serves. `served`: the methods with a route of their
/// own, in addition to GET.
pub fn other_methods(path: &str, access: Access, served: &[Method]) -> Vec<Route> {
    let others = [Method::Options, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Trace];
    others
        .into_iter()
        .filter(|method| !served.contains(method))
        .map(|method| Route::new(method, path, OtherMethod(access)))
        .collect()
}

/// The handler of these routes.
#[derive(Clone)]
struct OtherMethod(Access);

impl OtherMethod {
    /// Responds to OPTIONS, and fails for other methods, after the authentication.
    async fn respond(&self, request: &Request<'_>) -> Result<Response<'static>, AppError> {
        match self.0 {
            Access::Public => CurrentTenant::find(request).await.map(|_| ())?,
            Access::ApiKey => ApiClient::check(request).await.map(|_| ())?,
            Access::Session => ApiSession::check(request).await.map(|_| ())?,
        }
        match request.method() {
            Method::Options => Ok(Response::build().status(Status::Ok).header(JSON).finalize()),
            method => Err(AppError::MethodNotAllowed(method)),
        }
    }
}

#[rocket::async_trait]
impl Handler for OtherMethod {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        match self.respond(request).await {
            Ok(response) => Outcome::Success(response),
            Err(error) => Outcome::Error(remember(request, error)),
        }
    }
}
