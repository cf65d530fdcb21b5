//! [`AppError`]: why a request is not answered as asked. The catcher in `app` makes the response of it.

use std::sync::{Mutex, PoisonError};

use rocket::http::{Method, Status};
use rocket::request::{Outcome, Request};
use rocket::response::{self, Responder};
use serde_json::Value;

use crate::store::StoreError;

/// Why a request is not answered as asked. What `Display` says may be shown to the client.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The cause goes to the log.
    #[error("The Host header is missing, malformed, doubled or not allowed.")]
    BadHost(String),
    #[error("{0}")]
    NotFound(&'static str),
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("{0}")]
    NotMember(String),
    #[error("Method \"{0}\" not allowed.")]
    MethodNotAllowed(Method),
    #[error("Unsupported media type \"{0}\" in request.")]
    UnsupportedMediaType(String),
    /// Messages by field, as the internal API returns them.
    #[error("{0}")]
    Invalid(Value),
    #[error("{0}")]
    Malformed(String),
    #[error("The request is larger than this server takes.")]
    TooLarge,
    /// Worth another try soon. The cause goes to the log.
    #[error("The service is not available at the moment, please try again shortly.")]
    Unavailable(String),
    /// The cause goes to the log.
    #[error("The server met an error; it is in its log.")]
    Internal(String),
}

/// There is no such address or object.
pub const NOT_FOUND: AppError = AppError::NotFound("Not found.");
/// The API without a valid key or session.
pub const NO_CREDENTIALS: AppError = AppError::Forbidden("Authentication credentials were not provided.");
/// The user may not do this.
pub const NO_PERMISSION: AppError = AppError::Forbidden("You do not have permission to perform this action.");

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let make = if error.is_transient() { Self::Unavailable } else { Self::Internal };
        make(error.to_string())
    }
}

impl AppError {
    /// The HTTP status of the response.
    pub fn status(&self) -> Status {
        match self {
            Self::BadHost(_) | Self::Invalid(_) | Self::Malformed(_) => Status::BadRequest,
            Self::NotFound(_) => Status::NotFound,
            Self::Forbidden(_) | Self::NotMember(_) => Status::Forbidden,
            Self::MethodNotAllowed(_) => Status::MethodNotAllowed,
            Self::UnsupportedMediaType(_) => Status::UnsupportedMediaType,
            Self::TooLarge => Status::PayloadTooLarge,
            Self::Unavailable(_) => Status::ServiceUnavailable,
            Self::Internal(_) => Status::InternalServerError,
        }
    }

    /// The error of a request that Rocket failed by itself, by its status.
    pub fn of_status(status: Status) -> Self {
        match status.code {
            // 422: a path segment that is not what the route wants, so there is no such address.
            404 | 422 => NOT_FOUND,
            403 => NO_PERMISSION,
            413 => Self::TooLarge,
            500.. => Self::Internal(format!("status {status}")),
            _ => Self::Malformed("The request is malformed.".to_owned()),
        }
    }
}

/// Fails the route, so that the catcher responds.
impl<'r> Responder<'r, 'static> for AppError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Err(remember(request, self))
    }
}

/// Fails a guard with this error.
pub fn refuse<T, E: From<()>>(request: &Request<'_>, error: AppError) -> Outcome<T, E> {
    Outcome::Error((remember(request, error), E::from(())))
}

/// Keeps the error with the request, where the catcher finds it. Returns the status to fail with.
pub fn remember(request: &Request<'_>, error: AppError) -> Status {
    let status = error.status();
    *remembered(request).0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    status
}

/// Takes the error that the request failed with; `None` if it was none of POEM's.
pub fn recall(request: &Request<'_>) -> Option<AppError> {
    remembered(request).0.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[derive(Default)]
struct RememberedError(Mutex<Option<AppError>>);

fn remembered<'r>(request: &'r Request<'_>) -> &'r RememberedError {
    request.local_cache(RememberedError::default)
}
