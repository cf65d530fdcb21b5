//! Flash messages: the result of an action, shown on the next page. A signed cookie keeps them until then, for a minute
//! and for the same session: other hosts of the domain can set a cookie of this name, but cannot sign it.

use std::borrow::Cow;

use chrono::Utc;
use percent_encoding::percent_decode_str;
use rocket::Request;

use crate::auth::session;
use crate::domain::security::keys::{Keys, hex, session_hash};
use crate::http::cookies;
use crate::templates::{Link, Message, Severity};

/// The name of the cookie, as in POEM 2.3; over TLS, it is `__Host-messages`.
const COOKIE: &str = "messages";
/// The maximum length of the percent-encoded messages. Browsers accept 4 KB for a cookie with its attributes.
const MAX_LENGTH: usize = 3_400;
/// The seconds for which the messages can be shown.
const LIFETIME: i64 = 60;
/// The purpose of the signature.
const PURPOSE: &str = "flash messages";

/// Separates the address of the object that a message is about from the message.
const ABOUT: char = '\u{1f}';

/// Returns a line whose message is about the object with this page.
pub fn about(line: &str, address: &str) -> String {
    format!("{address}{ABOUT}{line}")
}

/// Sets the flash messages of the next page, one for each line.
pub fn set(request: &Request<'_>, tone: Severity, lines: &[String]) {
    set_for(request, &session(request), tone, lines);
}

/// Sets the flash message of the first page of a new session, whose id the browser gets with the same response.
pub fn set_at_login(request: &Request<'_>, session_id: &str, line: &str) {
    set_for(request, &hex(&session_hash(session_id)), Severity::Success, &[line.to_owned()]);
}

fn set_for(request: &Request<'_>, session: &str, tone: Severity, lines: &[String]) {
    let time = Utc::now().timestamp().to_string();
    let text = format!("{}{}", letter(tone), in_a_cookie(lines));
    let signature = keys(request).sign(PURPOSE, &[session, &time, &text]);
    request.cookies().add(cookies::own(request, COOKIE, format!("{time}.{signature}.{text}")));
}

/// Takes the flash messages for this page; the next page does not show them again.
///
/// A cookie that POEM has not set a moment ago for this session is removed, and shows nothing.
pub fn take(request: &Request<'_>) -> Vec<Message> {
    let values = cookies::values(request, &cookies::own_name(request, COOKIE));
    if values.is_empty() {
        return Vec::new();
    }
    cookies::remove(request, COOKIE);
    values.into_iter().find_map(|value| verified(request, value)).unwrap_or_default()
}

/// Returns the messages in the value of a cookie: `TIME.SIGNATURE.TEXT`; `None` if it is forged, or too old.
fn verified(request: &Request<'_>, value: &str) -> Option<Vec<Message>> {
    let value: Cow<'_, str> = percent_decode_str(value).decode_utf8().ok()?;
    let (time, rest) = value.split_once('.')?;
    let (signature, text) = rest.split_once('.')?;
    let age = Utc::now().timestamp() - time.parse::<i64>().ok()?;
    if !(0..=LIFETIME).contains(&age)
        || !keys(request).is_signature(PURPOSE, &[&session(request), time, text], signature)
    {
        return None;
    }
    let (tone, text) = text.split_at_checked(1)?;
    let tone = [Severity::Success, Severity::Warning, Severity::Error].into_iter().find(|it| letter(*it) == tone)?;
    Some(text.lines().map(|line| message(tone, line)).collect())
}

/// The letter for the severity in the cookie.
fn letter(tone: Severity) -> &'static str {
    match tone {
        Severity::Success => "s",
        Severity::Warning => "w",
        Severity::Error => "e",
    }
}

/// The session of the request, in the form in which it is signed; `''` without one.
fn session(request: &Request<'_>) -> String {
    session::known(request).map(|session| hex(&session.id_hash)).unwrap_or_default()
}

fn keys<'r>(request: &'r Request<'_>) -> &'r Keys {
    request.rocket().state().expect("app::build manages the keys")
}

/// Returns the message in a line. The first name in quotation marks is that of its object.
fn message(tone: Severity, line: &str) -> Message {
    let Some((href, text)) = line.split_once(ABOUT) else {
        return Message { tone, text: line.to_owned(), object: None, rest: String::new() };
    };
    let named = text.split_once('“').and_then(|(before, rest)| Some((before, rest.split_once('”')?)));
    let (before, label, rest) = match named {
        Some((before, (label, rest))) => (format!("{before}“"), label, format!("”{rest}")),
        None => (text.to_owned(), "", String::new()),
    };
    Message { tone, text: before, object: Some(Link::new(label, href)), rest }
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
