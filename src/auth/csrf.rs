//! CSRF protection by double submit: a request that writes must repeat the token of the cookie in a form field or a
//! header. A page of another site can neither read the cookie nor set the header.
//!
//! The token outlives logins: a form that was opened before the session expired can still be sent after the next login.
//! The check of `Origin` stops attackers who can set cookies for this host from a sibling domain.

use rocket::Request;
use rocket::http::{Cookie, Method, SameSite};
use rocket::time::Duration;

use crate::domain::security::keys::{random_hex, same_hash};
use crate::domain::web::host::Host;
use crate::error::AppError;
use crate::http::client_ip;
use crate::http::original_request::OriginalRequest;

/// The name of the cookie that holds the token.
pub const COOKIE: &str = "csrftoken";
/// The request header that repeats the token.
const HEADER: &str = "X-CSRFToken";
/// The name of the hidden form field that repeats the token.
pub const FIELD: &str = "csrfmiddlewaretoken";

/// The random bytes of a token; it has two hex digits per byte.
const TOKEN_BYTES: usize = 16;
/// The lifetime of the cookie. It is long, because a browser that is closed and opened again restores its forms.
const COOKIE_LIFETIME: Duration = Duration::days(365);

/// The error for forms of pages, with a text for users.
const NOT_OUR_FORM: AppError = AppError::Forbidden(
    "CSRF verification failed: POEM could not verify that this request came from one of its own forms. \
     Please allow cookies, go back, reload the page and try again.",
);

/// Checks the CSRF token of a request of the API, in the header. Requests that only read need none.
///
/// # Errors
/// `Forbidden` if the cookie is missing, the header does not match it, or `Origin` is another host.
pub fn check(request: &Request<'_>) -> Result<(), AppError> {
    if matches!(request.method(), Method::Get | Method::Head | Method::Options | Method::Trace) {
        return Ok(());
    }
    compare(cookie(request), request.headers().get_one(HEADER).unwrap_or_default())?;
    check_origin(request)
}

/// Checks the CSRF token of a form. `shown`: the hidden field; if it is `None`, the header is used.
///
/// # Errors
/// `Forbidden` as for [`check`], with one message for users.
pub fn check_form(request: &Request<'_>, shown: Option<&str>) -> Result<(), AppError> {
    let shown = shown.or_else(|| request.headers().get_one(HEADER)).unwrap_or_default();
    compare(cookie(request), shown).and_then(|()| check_origin(request)).map_err(|_| NOT_OUR_FORM)
}

/// Returns the token for the forms of a page: that of the cookie, or a new one, which is set as the cookie.
pub fn token(request: &Request<'_>) -> String {
    let token = &request.local_cache(|| Token(known(request).unwrap_or_else(|| random_hex(TOKEN_BYTES)))).0;
    if known(request).is_none() {
        // At every call: Rocket drops the cookies of a request that fails, but its error page may have forms too.
        set_cookie(request, token);
    }
    token.clone()
}

/// The token of a request, stored in its local cache so that all its forms have the same.
struct Token(String);

/// Returns the token of the cookie; `None` if there is no cookie or its value is not a token.
pub fn known(request: &Request<'_>) -> Option<String> {
    let token = cookie(request);
    let is_token = (32..=64).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_token.then(|| token.to_owned())
}

fn set_cookie(request: &Request<'_>, token: &str) {
    let cookie = Cookie::build((COOKIE, token.to_owned()))
        .path("/")
        .same_site(SameSite::Lax)
        // Scripts of the pages copy it into the header.
        .http_only(false)
        .secure(client_ip::is_tls(request))
        .max_age(COOKIE_LIFETIME);
    request.cookies().add(cookie);
}

/// The value of the cookie; `''` if there is none.
fn cookie<'r>(request: &'r Request<'_>) -> &'r str {
    request.cookies().get(COOKIE).map_or("", Cookie::value)
}

/// Compares the token of the cookie with the one `shown`, in constant time; `''` for one that is missing.
///
/// # Errors
/// `Forbidden` with the texts that clients of POEM 2.3 know.
pub fn compare(cookie: &str, shown: &str) -> Result<(), AppError> {
    if cookie.is_empty() {
        return Err(AppError::Forbidden("CSRF Failed: CSRF cookie not set."));
    }
    match same_hash(shown.as_bytes(), cookie.as_bytes()) {
        true => Ok(()),
        false => Err(AppError::Forbidden("CSRF Failed: CSRF token missing or incorrect.")),
    }
}

/// Checks the `Origin` header, in which browsers name the page that sends. Another host or `null` is refused. A request
/// without the header passes.
fn check_origin(request: &Request<'_>) -> Result<(), AppError> {
    let Some(origin) = request.headers().get_one("Origin") else { return Ok(()) };
    let from = origin.split_once("://").and_then(|(_, host)| Host::parse(host).ok());
    match (from, &OriginalRequest::of(request).host) {
        (Some(from), Some(here)) if from == *here => Ok(()),
        _ => Err(AppError::Forbidden("CSRF Failed: Origin is another host.")),
    }
}
