//! CSRF protection by double submit: a request that writes must repeat the token of the cookie in a form field or a
//! header. A page of another site can neither read the cookie nor set the header.
//!
//! The token outlives logins: a form that was opened before the session expired can still be sent after the next login.
//! The checks of `Origin` and `Sec-Fetch-Site` stop attackers who can set cookies for this host from a sibling domain.

use rocket::Request;
use rocket::http::{Cookie, Method, SameSite};
use rocket::time::Duration;

use crate::domain::security::keys::{random_hex, same_hash};
use crate::domain::web::host::PageOrigin;
use crate::error::AppError;
use crate::http::{client_ip, cookies};

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

/// The message of a form whose token does not match. Pages that can, show the form again with it.
pub const NOT_VERIFIED: &str = "CSRF verification failed: POEM could not verify that this form came from one of its own \
     pages. Nothing was saved. Please allow cookies, check your input and send it again.";

/// The error for forms that have no page to show them again.
pub const NOT_OUR_FORM: AppError = AppError::Forbidden(
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
    compare(&cookies::values(request, COOKIE), request.headers().get_one(HEADER).unwrap_or_default())?;
    check_source(request)
}

/// The outcome of the check of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormCheck {
    /// The form is one of ours.
    Ours,
    /// The token does not match: a cookie was lost, or another page has sent the form. It may be shown, not obeyed.
    Unverified,
}

/// Checks the CSRF token of a form. `shown`: the hidden field; if it is `None`, the header is used.
///
/// # Errors
/// `Forbidden` if the browser says that another site has sent the form.
pub fn check_form(request: &Request<'_>, shown: Option<&str>) -> Result<FormCheck, AppError> {
    check_source(request).map_err(|_| NOT_OUR_FORM)?;
    let shown = shown.or_else(|| request.headers().get_one(HEADER)).unwrap_or_default();
    Ok(match compare(&cookies::values(request, COOKIE), shown) {
        Ok(()) => FormCheck::Ours,
        Err(_) => FormCheck::Unverified,
    })
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

/// Returns the token of the cookie; `None` if there is no cookie whose value is a token.
pub fn known(request: &Request<'_>) -> Option<String> {
    cookies::values(request, COOKIE).into_iter().find(|token| is_token(token)).map(str::to_owned)
}

/// Returns whether a text has the form of a token, ours or that of POEM 2.3.
fn is_token(text: &str) -> bool {
    (32..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
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

/// Compares the tokens of the cookies with the one `shown`, in constant time; `''` for one that is missing.
///
/// One of them must fit: another host of the domain may have set a cookie of the same name.
///
/// # Errors
/// `Forbidden` with the texts that clients of POEM 2.3 know.
pub fn compare(cookies: &[&str], shown: &str) -> Result<(), AppError> {
    if cookies.iter().all(|cookie| cookie.is_empty()) {
        return Err(AppError::Forbidden("CSRF Failed: CSRF cookie not set."));
    }
    match is_token(shown) && cookies.iter().any(|cookie| same_hash(shown.as_bytes(), cookie.as_bytes())) {
        true => Ok(()),
        false => Err(AppError::Forbidden("CSRF Failed: CSRF token missing or incorrect.")),
    }
}

/// Checks what browsers say about the page that sends a request, in `Sec-Fetch-Site` and `Origin`. Another site, host or
/// port and `null` are refused. A request without these headers passes.
///
/// Over TLS, a page that came without it is refused. A page that came over TLS is never refused for that: TLS may end
/// before the proxy that reports to POEM.
fn check_source(request: &Request<'_>) -> Result<(), AppError> {
    let headers = request.headers();
    if headers.get_one("Sec-Fetch-Site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(AppError::Forbidden("CSRF Failed: The request comes from another site."));
    }
    let Some(origin) = headers.get_one("Origin") else { return Ok(()) };
    let host = headers.get_one("Host").unwrap_or_default();
    match PageOrigin::parse(origin) {
        Some(from) if from.is_of_host(host) && (from.is_https || !client_ip::is_tls(request)) => Ok(()),
        _ => Err(AppError::Forbidden("CSRF Failed: Origin is another host.")),
    }
}
