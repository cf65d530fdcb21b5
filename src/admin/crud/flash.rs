//! Flash messages: what an action did is shown on the next page. A cookie holds the messages until then.

use rocket::Request;
use rocket::http::{Cookie, SameSite};

use crate::http::client_ip;
use crate::templates::{Message, Tone};

/// As in POEM 2.3.
const COOKIE: &str = "messages";
/// Browsers keep cookies of 4 KB; the messages are percent-encoded, and has attributes.
const MAX_LENGTH: usize = 3_500;

/// Makes the next page show the lines.
pub fn set(request: &Request<'_>, lines: &[String]) {
    let cookie = Cookie::build((COOKIE, in_a_cookie(lines)))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(client_ip::is_tls(request));
    request.cookies().add(cookie);
}

/// The messages that this page has to show; the next one does not show them again.
pub fn take(request: &Request<'_>) -> Vec<Message> {
    let Some(cookie) = request.cookies().get(COOKIE) else { return Vec::new() };
    let messages = cookie.value().lines().map(|line| Message { tone: Tone::Success, text: line.to_owned() }).collect();
    request.cookies().remove(Cookie::build(COOKIE).path("/"));
    messages
}

/// As many of the lines as a cookie holds, and that there are more.
fn in_a_cookie(lines: &[String]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>();
    let mut room = MAX_LENGTH;
    let mut text = String::new();
    for c in lines.join("\n").chars() {
        let size = encoded(c.encode_utf8(&mut [0; 4]));
        if size > room {
            return text + " …";
        }
        room -= size;
        text.push(c);
    }
    text
}
