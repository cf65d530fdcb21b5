//! Requests that write must show that they come from our own pages: the token of the cookie once more in a header,
//! which a page of another site can neither read nor set.

use rocket::Request;
use rocket::http::{Cookie, Method};

use crate::domain::keys::same_hash;
use crate::error::AppError;

/// The cookie and the header that must agree.
pub const COOKIE: &str = "csrftoken";
const HEADER: &str = "X-CSRFToken";

/// 403 where a request that writes does not show the token of its cookie.
pub fn check(request: &Request<'_>) -> Result<(), AppError> {
    if matches!(request.method(), Method::Get | Method::Head | Method::Options | Method::Trace) {
        return Ok(());
    }
    let cookie = request.cookies().get(COOKIE);
    compare(cookie.map_or("", Cookie::value), request.headers().get_one(HEADER).unwrap_or_default())
}

/// What the cookie says and what was shown in the header; '' where there is none.
pub fn compare(cookie: &str, shown: &str) -> Result<(), AppError> {
    if cookie.is_empty() {
        return Err(AppError::Forbidden("CSRF Failed: CSRF cookie not set."));
    }
    match same_hash(shown.as_bytes(), cookie.as_bytes()) {
        true => Ok(()),
        false => Err(AppError::Forbidden("CSRF Failed: CSRF token missing or incorrect.")),
    }
}
