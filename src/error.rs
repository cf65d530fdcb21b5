//! An error of any room -> an HTTP answer, in the form that the address promises.

use rocket::http::{ContentType, Header, MediaType, Method, Status};
use rocket::request::{Outcome, Request};
use rocket::response::{self, Responder};
use rocket::route;
use serde_json::{Value, json};

use crate::auth::front_door::Asked;
use crate::auth::visitor::surroundings;
use crate::pages::Page;
use crate::pages::others::ErrorPage;
use crate::store::StoreError;

/// Seconds after which a client may try again when the database is away.
const RETRY_AFTER: &str = "5";

/// Why a request is not answered as asked. What `Display` says may be shown to whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What is wrong with it goes to the log.
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
    /// Messages by field, as the internal API gives them.
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

/// Without a charset, as clients of 2.3 know it.
pub const JSON: ContentType = ContentType(MediaType::const_new("application", "json", &[]));

pub const NOT_FOUND: AppError = AppError::NotFound("Not found.");
pub const NO_CREDENTIALS: AppError = AppError::Forbidden("Authentication credentials were not provided.");
pub const NO_PERMISSION: AppError = AppError::Forbidden("You do not have permission to perform this action.");

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let make = if error.is_passing() { Self::Unavailable } else { Self::Internal };
        make(error.to_string())
    }
}

impl AppError {
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

    /// What Rocket met by itself, by its status.
    fn of_status(status: Status) -> Self {
        match status.code {
            // 422: a path segment that is not what the route wants, so there is no such address
            404 | 422 => NOT_FOUND,
            403 => NO_PERMISSION,
            413 => Self::TooLarge,
            500.. => Self::Internal(format!("status {status}")),
            _ => Self::Malformed("The request is malformed.".to_owned()),
        }
    }

    fn log(&self, asked: &Asked) {
        match self {
            Self::BadHost(cause) | Self::Unavailable(cause) => log::warn!("{asked}: {cause}"),
            Self::Internal(cause) => log::error!("{asked}: {cause}"),
            _ => {}
        }
    }

    /// JSON under /poem/api/v2, text under /poem/api/0.2, a page elsewhere.
    fn answer(&self, request: &Request<'_>) -> response::Result<'static> {
        let asked = Asked::of(request);
        self.log(asked);
        let mut answer = match asked.address() {
            "/poem/api/v2" => self.as_json().respond_to(request)?,
            path if path.starts_with("/poem/api/v2/") => self.as_json().respond_to(request)?,
            path if path.starts_with("/poem/api/") => (ContentType::Plain, self.to_string()).respond_to(request)?,
            _ => self.as_page(request).respond_to(request)?,
        };
        answer.set_status(self.status());
        if matches!(self, Self::Unavailable(_)) {
            answer.set_header(Header::new("Retry-After", RETRY_AFTER));
        }
        Ok(answer)
    }

    /// The same for a hand-written route.
    pub fn outcome<'r>(&self, request: &'r Request<'_>) -> route::Outcome<'r> {
        match self.answer(request) {
            Ok(answer) => route::Outcome::Success(answer),
            Err(status) => route::Outcome::Error(status),
        }
    }

    fn as_json(&self) -> (ContentType, String) {
        let body = match self {
            Self::Invalid(messages) => messages.to_string(),
            _ => json!({ "detail": self.to_string() }).to_string(),
        };
        (JSON, body)
    }

    fn as_page(&self, request: &Request<'_>) -> Page<ErrorPage> {
        let status = self.status();
        let reason = status.reason_lossy().to_owned();
        Page::new(surroundings(request, &reason), ErrorPage { code: status.code, reason, message: self.to_string() })
            .with_status(status)
    }
}

impl<'r> Responder<'r, 'static> for AppError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.answer(request)
    }
}

/// Lets a guard fail with this error: [`caught`] finds it again.
pub fn refuse<T, E: From<()>>(request: &Request<'_>, error: AppError) -> Outcome<T, E> {
    Outcome::Error((remember(request, error), E::from(())))
}

/// The same for the guard of a body, which has an outcome of its own: gives the status to fail with.
pub fn remember(request: &Request<'_>, error: AppError) -> Status {
    let status = error.status();
    request.local_cache(|| Refusal(Some(error)));
    status
}

struct Refusal(Option<AppError>);

/// Every error that no handler answered itself.
#[rocket::catch(default)]
pub fn caught<'r>(status: Status, request: &'r Request<'_>) -> CaughtError<'r> {
    match &request.local_cache(|| Refusal(None)).0 {
        Some(error) => CaughtError::Ours(error),
        None => CaughtError::Rockets(AppError::of_status(status)),
    }
}

pub enum CaughtError<'r> {
    Ours(&'r AppError),
    Rockets(AppError),
}

impl<'r> Responder<'r, 'static> for CaughtError<'r> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Ours(error) => error.answer(request),
            Self::Rockets(error) => error.answer(request),
        }
    }
}
