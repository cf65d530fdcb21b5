//! What was just done is said on the page that follows: a cookie holds it until then.

use rocket::Request;
use rocket::http::{Cookie, SameSite};

use crate::http::client_ip;
use crate::templates::{Message, Tone};

/// As in POEM 2.3.
const COOKIE: &str = "messages";
/// Browsers keep cookies of 4 KB; what is said is percent-encoded, and has attributes.
const MOST_SAID: usize = 3_500;

/// Has the next page say the lines.
pub fn keep(request: &Request<'_>, said: &[String]) {
    let cookie = Cookie::build((COOKIE, in_a_cookie(said)))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(client_ip::is_tls(request));
    request.cookies().add(cookie);
}

/// What this page has to say; the next one does not say it again.
pub fn take(request: &Request<'_>) -> Vec<Message> {
    let Some(cookie) = request.cookies().get(COOKIE) else { return Vec::new() };
    let lines = cookie.value().lines().map(|line| Message { tone: Tone::Success, text: line.to_owned() }).collect();
    request.cookies().remove(Cookie::build(COOKIE).path("/"));
    lines
}

/// As many of the lines as a cookie holds, and that there are more.
fn in_a_cookie(said: &[String]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>();
    let mut room = MOST_SAID;
    let mut text = String::new();
    for c in said.join("\n").chars() {
        let size = encoded(c.encode_utf8(&mut [0; 4]));
        if size > room {
            return text + " …";
        }
        room -= size;
        text.push(c);
    }
    text
}
