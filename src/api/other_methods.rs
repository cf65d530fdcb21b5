//! The methods that an address does not serve: OPTIONS tells which it does, the others get 405.

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request, Response};

use crate::auth::api_key::ApiClient;
use crate::auth::session::ApiSession;
use crate::error::{AppError, remember};
use crate::http::encoded_body::JSON;
use crate::tenants::guard::CurrentTenant;

/// Who may learn which methods there are: whoever may read.
#[derive(Clone, Copy)]
pub enum Access {
    Everybody,
    ApiKey,
    Session,
}

/// Routes for the methods of an address that no other route serves. `served`: those that others do, beside GET.
pub fn other_methods(path: &str, access: Access, served: &[Method]) -> Vec<Route> {
    let others = [Method::Options, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Trace];
    others
        .into_iter()
        .filter(|method| !served.contains(method))
        .map(|method| Route::new(method, path, OtherMethod(access)))
        .collect()
}

#[derive(Clone)]
struct OtherMethod(Access);

impl OtherMethod {
    async fn answer(&self, request: &Request<'_>) -> Result<Response<'static>, AppError> {
        match self.0 {
            Access::Everybody => CurrentTenant::find(request).await.map(|_| ())?,
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
        match self.answer(request).await {
            Ok(answer) => Outcome::Success(answer),
            Err(error) => Outcome::Error(remember(request, error)),
        }
    }
}
