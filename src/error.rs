//! [`AppError`]: the reason why a request fails. The catcher in `app` turns it into a response.

use std::sync::{Mutex, PoisonError};

use rocket::http::{Method, Status};
use rocket::request::{Outcome, Request};
use rocket::response::{self, Responder};
use serde_json::Value;

use crate::store::StoreError;

/// The reason why a request fails. Its `Display` text is sent to the client.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// 400: the Host header is unusable. Holds the cause for the log.
    #[error("The Host header is missing, malformed, sent twice or not allowed.")]
    BadHost(String),
    /// 404: holds the message.
    #[error("{0}")]
    NotFound(&'static str),
    /// 403: holds the message.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 403: the user is not a member of the group. Holds the message.
    #[error("{0}")]
    NotMember(String),
    /// 405: holds the method of the request.
    #[error("Method \"{0}\" not allowed.")]
    MethodNotAllowed(Method),
    /// 415: holds the `Content-Type`, `''` if there was none.
    #[error("Unsupported media type \"{0}\" in request.")]
    UnsupportedMediaType(String),
    /// 400: invalid fields. Holds the JSON object with the messages by field.
    #[error("{0}")]
    Invalid(Value),
    /// 400: the request cannot be read. Holds the message.
    #[error("{0}")]
    Malformed(String),
    /// 413: a form has more rows than its page can show. Holds the message.
    #[error("{0}")]
    TooMany(String),
    /// 413: the body exceeds its limit.
    #[error("The request is larger than this server takes.")]
    TooLarge,
    /// 503: the client should retry soon. Holds the cause for the log.
    #[error("The service is not available at the moment, please try again shortly.")]
    Unavailable(String),
    /// 500: holds the cause for the log.
    #[error("Something went wrong. The error has been logged.")]
    Internal(String),
}

/// The error for an address or object that does not exist.
pub const NOT_FOUND: AppError = AppError::NotFound("Not found.");
/// The error for a request of the API without a valid key or session.
pub const NO_CREDENTIALS: AppError = AppError::Forbidden("Authentication credentials were not provided.");
/// The error for a user who lacks the permission.
pub const NO_PERMISSION: AppError = AppError::Forbidden("You do not have permission to perform this action.");

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let variant = if error.is_transient() { Self::Unavailable } else { Self::Internal };
        variant(error.to_string())
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
            Self::TooLarge | Self::TooMany(_) => Status::PayloadTooLarge,
            Self::Unavailable(_) => Status::ServiceUnavailable,
            Self::Internal(_) => Status::InternalServerError,
        }
    }

    /// The error for a request that Rocket itself has failed with this status.
    pub fn of_status(status: Status) -> Self {
        match status.code {
            // 422: a path segment has the wrong type for the route, so there is no such address.
            404 | 422 => NOT_FOUND,
            403 => NO_PERMISSION,
            413 => Self::TooLarge,
            503 => Self::Unavailable("a page took too long".to_owned()),
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

/// Stores the error in the request's local cache for the catcher. Returns the status to fail with.
pub fn remember(request: &Request<'_>, error: AppError) -> Status {
    let status = error.status();
    *remembered(request).0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    status
}

/// Takes the error that was remembered; `None` if Rocket itself has failed the request.
pub fn take_error(request: &Request<'_>) -> Option<AppError> {
    remembered(request).0.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The error of a request, if any.
#[derive(Default)]
struct RememberedError(Mutex<Option<AppError>>);

fn remembered<'r>(request: &'r Request<'_>) -> &'r RememberedError {
    request.local_cache(RememberedError::default)
}
