//! Requests that write must show that they come from our own pages: the token of the cookie once more in a field of the
//! form or in a header, which a page of another site can neither read nor set.
//!
//! The token outlives logins: a form that was opened before the session ended can still be sent after the next login.
//! Who can set cookies for this host from a neighbouring one is stopped by `Origin`.

use rocket::Request;
use rocket::http::{Cookie, Method, SameSite};
use rocket::time::Duration;

use crate::domain::security::keys::{random_hex, same_hash};
use crate::domain::web::host::Host;
use crate::error::AppError;
use crate::http::client_ip;
use crate::http::original_request::OriginalRequest;

/// The cookie that header or field must agree with.
pub const COOKIE: &str = "csrftoken";
const HEADER: &str = "X-CSRFToken";
/// The hidden field of forms.
pub const FIELD: &str = "csrfmiddlewaretoken";

const TOKEN_BYTES: usize = 16;
/// A browser that is closed and opened again shows its forms again.
const KEPT_FOR: Duration = Duration::days(365);

/// Of a page: people read it.
const NOT_OUR_FORM: AppError = AppError::Forbidden(
    "CSRF verification failed: it is not certain that this came from a form of POEM. \
     Please allow cookies, go back, load the page again and retry.",
);

/// 403 where a request that writes does not show the token of its cookie.
pub fn check(request: &Request<'_>) -> Result<(), AppError> {
    if matches!(request.method(), Method::Get | Method::Head | Method::Options | Method::Trace) {
        return Ok(());
    }
    compare(cookie(request), request.headers().get_one(HEADER).unwrap_or_default())?;
    check_origin(request)
}

/// The same for a form whose hidden field holds `shown`; the header will do as well.
pub fn check_form(request: &Request<'_>, shown: Option<&str>) -> Result<(), AppError> {
    let shown = shown.or_else(|| request.headers().get_one(HEADER)).unwrap_or_default();
    compare(cookie(request), shown).and_then(|()| check_origin(request)).map_err(|_| NOT_OUR_FORM)
}

/// The token for the forms of a page: that of the cookie, or a fresh one that becomes the cookie.
pub fn token(request: &Request<'_>) -> String {
    let token = &request.local_cache(|| Token(known(request).unwrap_or_else(|| random_hex(TOKEN_BYTES)))).0;
    if known(request).is_none() {
        // Each time: Rocket drops the cookies of a request that fails, and the page that says so has forms as well.
        set_cookie(request, token);
    }
    token.clone()
}

/// Kept with the request, so that all its forms have the same.
struct Token(String);

/// That of the cookie, where it has one.
pub fn known(request: &Request<'_>) -> Option<String> {
    let token = cookie(request);
    let is_token = (32..=64).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_token.then(|| token.to_owned())
}

fn set_cookie(request: &Request<'_>, token: &str) {
    let cookie = Cookie::build((COOKIE, token.to_owned()))
        .path("/")
        .same_site(SameSite::Lax)
        // The page's own scripts show it in the header.
        .http_only(false)
        .secure(client_ip::is_tls(request))
        .max_age(KEPT_FOR);
    request.cookies().add(cookie);
}

/// '' where there is none.
fn cookie<'r>(request: &'r Request<'_>) -> &'r str {
    request.cookies().get(COOKIE).map_or("", Cookie::value)
}

/// What the cookie says and what was shown; '' where there is none.
pub fn compare(cookie: &str, shown: &str) -> Result<(), AppError> {
    if cookie.is_empty() {
        return Err(AppError::Forbidden("CSRF Failed: CSRF cookie not set."));
    }
    match same_hash(shown.as_bytes(), cookie.as_bytes()) {
        true => Ok(()),
        false => Err(AppError::Forbidden("CSRF Failed: CSRF token missing or incorrect.")),
    }
}

/// Browsers say which page sends; where it is one of another host, or hides which (`null`), it has no business here. Our
/// own pages let themselves be known.
fn check_origin(request: &Request<'_>) -> Result<(), AppError> {
    let Some(origin) = request.headers().get_one("Origin") else { return Ok(()) };
    let from = origin.split_once("://").and_then(|(_, host)| Host::parse(host).ok());
    match (from, &OriginalRequest::of(request).host) {
        (Some(from), Some(here)) if from == *here => Ok(()),
        _ => Err(AppError::Forbidden("CSRF Failed: Origin is another host.")),
    }
}
