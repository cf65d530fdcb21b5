//! The catcher: the only place where an error becomes a response, in the format of the address.

use std::time::Duration;

use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder};
use serde_json::json;
use tokio::time::timeout;

use crate::auth::login_context::layout_context;
use crate::auth::session;
use crate::error::{AppError, NO_PERMISSION, take_error};
use crate::http::database::Db;
use crate::http::encoded_body::JSON;
use crate::http::original_request::OriginalRequest;
use crate::store::{ReadTx, users};
use crate::templates::Page;
use crate::templates::error_page::ErrorPage;
use crate::templates::page::SmallPage;
use crate::tenants::guard::CurrentTenant;

/// The time that the names of superusers may take.
const SUPERUSERS_TIMEOUT: Duration = Duration::from_millis(500);
/// The most superusers that are named.
const MOST_NAMES: usize = 5;

/// Catches every error: of a route, of a guard, or of Rocket itself.
#[rocket::catch(default)]
pub async fn catch(status: Status, request: &Request<'_>) -> CaughtError {
    let error = take_error(request).unwrap_or_else(|| AppError::of_status(status));
    let is_page = !OriginalRequest::of(request).address().starts_with("/poem/api/");
    let superusers = if is_page && is_denied(&error) { superusers(request).await } else { Vec::new() };
    CaughtError { error, superusers }
}

/// Returns whether a user lacks a right, which a superuser can give.
fn is_denied(error: &AppError) -> bool {
    matches!(error, AppError::NotMember(_)) || error.to_string() == NO_PERMISSION.to_string()
}

/// Returns the names of the superusers, for a user who is logged in; empty if the database does not say them at once.
async fn superusers(request: &Request<'_>) -> Vec<String> {
    let (Some(tenant), Some(_)) = (CurrentTenant::known(request), session::known(request)) else { return Vec::new() };
    let names = async {
        let mut tx = ReadTx::begin(Db::of(request).pool(), tenant.schema()).await?;
        users::superusers(tx.conn()).await
    };
    timeout(SUPERUSERS_TIMEOUT, names).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// An error on its way to the client.
pub struct CaughtError {
    error: AppError,
    /// The users who can help.
    superusers: Vec<String>,
}

/// Responds with JSON under `/poem/api/v2`, with text under `/poem/api/0.2`, with a page elsewhere.
impl<'r> Responder<'r, 'static> for CaughtError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Self { error, superusers } = self;
        let original = OriginalRequest::of(request);
        log(&error, original);
        let mut response = match original.address() {
            "/poem/api/v2" => as_json(&error).respond_to(request)?,
            path if path.starts_with("/poem/api/v2/") => as_json(&error).respond_to(request)?,
            path if path.starts_with("/poem/api/") => (ContentType::Plain, error.to_string()).respond_to(request)?,
            _ => as_page(&error, superusers, request).respond_to(request)?,
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

fn as_page(error: &AppError, mut superusers: Vec<String>, request: &Request<'_>) -> SmallPage<ErrorPage> {
    let status = error.status();
    let reason = if is_denied(error) { "You cannot do this" } else { status.reason_lossy() }.to_owned();
    let has_more = superusers.len() > MOST_NAMES;
    superusers.truncate(MOST_NAMES);
    let content =
        ErrorPage { code: status.code, reason: reason.clone(), message: error.to_string(), superusers, has_more };
    SmallPage(Page::new(layout_context(request, &reason), content).with_status(status))
}
