//! The catcher: the only place where an error becomes a response, in the format of the address.

use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder};
use serde_json::json;

use crate::auth::login_context::layout_context;
use crate::error::{AppError, take_error};
use crate::http::encoded_body::JSON;
use crate::http::original_request::OriginalRequest;
use crate::templates::Page;
use crate::templates::error_page::ErrorPage;
use crate::templates::page::SmallPage;

/// Catches every error: of a route, of a guard, or of Rocket itself.
#[rocket::catch(default)]
pub fn catch(status: Status, request: &Request<'_>) -> CaughtError {
    CaughtError(take_error(request).unwrap_or_else(|| AppError::of_status(status)))
}

/// An error on its way to the client.
pub struct CaughtError(AppError);

/// Responds with JSON under `/poem/api/v2`, with text under `/poem/api/0.2`, with a page elsewhere.
impl<'r> Responder<'r, 'static> for CaughtError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Self(error) = self;
        let original = OriginalRequest::of(request);
        log(&error, original);
        let mut response = match original.address() {
            "/poem/api/v2" => as_json(&error).respond_to(request)?,
            path if path.starts_with("/poem/api/v2/") => as_json(&error).respond_to(request)?,
            path if path.starts_with("/poem/api/") => (ContentType::Plain, error.to_string()).respond_to(request)?,
            _ => as_page(&error, request).respond_to(request)?,
        };
        response.set_status(error.status());
        Ok(response)
    }
}

/// Logs the causes that are not sent to the client.
fn log(error: &AppError, request: &OriginalRequest) {
    match error {
        AppError::BadHost(cause) | AppError::Unavailable(cause) => log::warn!("{request}: {cause}"),
        AppError::Internal(cause) => log::error!("{request}: {cause}"),
        _ => {}
    }
}

fn as_json(error: &AppError) -> (ContentType, String) {
    let body = match error {
        AppError::Invalid(messages) => messages.to_string(),
        _ => json!({ "detail": error.to_string() }).to_string(),
    };
    (JSON, body)
}

fn as_page(error: &AppError, request: &Request<'_>) -> SmallPage<ErrorPage> {
    let status = error.status();
    let reason = status.reason_lossy().to_owned();
    let content = ErrorPage { code: status.code, reason: reason.clone(), message: error.to_string() };
    SmallPage(Page::new(layout_context(request, &reason), content).with_status(status))
}
