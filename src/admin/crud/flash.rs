//! Flash messages: the result of an action, shown on the next page. A cookie keeps them until then.

use rocket::Request;
use rocket::http::{Cookie, SameSite};

use crate::http::client_ip;
use crate::templates::{Message, Severity};

/// The name of the cookie, as in POEM 2.3.
const COOKIE: &str = "messages";
/// The maximum length of the percent-encoded messages. Browsers accept 4 KB for a cookie with its attributes.
const MAX_LENGTH: usize = 3_500;

/// Sets the flash messages of the next page, one for each line.
pub fn set(request: &Request<'_>, lines: &[String]) {
    let cookie = Cookie::build((COOKIE, in_a_cookie(lines)))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(client_ip::is_tls(request));
    request.cookies().add(cookie);
}

/// Takes the flash messages for this page; the next page does not show them again.
pub fn take(request: &Request<'_>) -> Vec<Message> {
    let Some(cookie) = request.cookies().get(COOKIE) else { return Vec::new() };
    let messages =
        cookie.value().lines().map(|line| Message { tone: Severity::Success, text: line.to_owned() }).collect();
    request.cookies().remove(Cookie::build(COOKIE).path("/"));
    messages
}

/// Joins the lines, cut off with “…” if they are too long for the cookie.
fn in_a_cookie(lines: &[String]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>();
    let mut left = MAX_LENGTH;
    let mut text = String::new();
    for c in lines.join("\n").chars() {
        let size = encoded(c.encode_utf8(&mut [0; 4]));
        if size > left {
            return text + " …";
        }
        left -= size;
        text.push(c);
    }
    text
}
