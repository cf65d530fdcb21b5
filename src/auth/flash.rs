//! Flash messages: the result of an action, shown on the next page. A signed cookie keeps them until then, for a minute
//! and for the same session: other hosts of the domain can set a cookie of this name, but cannot sign it.

use std::borrow::Cow;

use chrono::Utc;
use percent_encoding::percent_decode_str;
use rocket::Request;

use crate::auth::session;
use crate::domain::security::keys::{Keys, hex, session_hash};
use crate::http::cookies;
use crate::templates::{Link, Message, MessageNote, Severity};

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

/// Separates the address of the button that undoes an action from the message about it.
const UNDO: char = '\u{1e}';

/// Returns a line whose message has a button that undoes the action, by a form that is posted to this address.
pub fn with_undo(line: &str, address: &str) -> String {
    format!("{address}{UNDO}{line}")
}

/// Returns a line whose message is about the object with this page.
pub fn about(line: &str, address: &str) -> String {
    format!("{address}{ABOUT}{line}")
}

/// Begins a line that is a message of its own.
const OWN: char = '\u{1d}';

/// Returns a line that is a message of its own, and not what followed the action before.
pub fn apart(line: &str) -> String {
    format!("{OWN}{line}")
}

/// Sets the flash messages of the next page. The first line is about the action, the others about what followed it: a line
/// that ends with a colon is the summary of all lines after it.
pub fn set(request: &Request<'_>, tone: Severity, lines: &[String]) {
    set_signed(request, &session(request), tone, lines);
}

/// Sets the flash messages of the first page of a session that begins; `id` is the one in its cookie.
pub fn set_for_new_session(request: &Request<'_>, id: &str, tone: Severity, lines: &[String]) {
    set_signed(request, &hex(&session_hash(id)), tone, lines);
}

fn set_signed(request: &Request<'_>, session: &str, tone: Severity, lines: &[String]) {
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
    Some(messages(tone, text))
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

/// Returns the messages in the lines. A line belongs to the message before it, unless it is one of its own.
fn messages(tone: Severity, text: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut is_folded = false;
    for line in text.lines() {
        let own = line.strip_prefix(OWN);
        match messages.last_mut() {
            Some(last) if own.is_none() => {
                is_folded = add_note(&mut last.notes, line, is_folded);
            }
            _ => {
                is_folded = false;
                messages.push(message(tone, own.unwrap_or(line)));
            }
        }
    }
    messages
}

/// Adds a line about what followed an action. Returns true if the next line is folded below a summary, which ends with a
/// colon.
fn add_note(notes: &mut Vec<MessageNote>, line: &str, is_folded: bool) -> bool {
    match notes.last_mut().filter(|_| is_folded) {
        Some(summary) => summary.folded.push(line.to_owned()),
        None => {
            let text = line.strip_suffix(':').unwrap_or(line).to_owned();
            notes.push(MessageNote { text, folded: Vec::new() });
        }
    }
    is_folded || line.ends_with(':')
}

/// Returns the message in a line. The first name in quotation marks is that of its object.
fn message(tone: Severity, line: &str) -> Message {
    let (undo, line) = line.split_once(UNDO).unwrap_or(("", line));
    let plain = |text: &str, object, rest: String| Message {
        tone,
        text: text.to_owned(),
        object,
        rest,
        notes: Vec::new(),
        undo: undo.to_owned(),
    };
    let Some((href, text)) = line.split_once(ABOUT) else { return plain(line, None, String::new()) };
    let named = text.split_once('“').and_then(|(before, rest)| Some((before, rest.split_once('”')?)));
    match named {
        Some((before, (label, rest))) => plain(&format!("{before}“"), Some(Link::new(label, href)), format!("”{rest}")),
        None => plain(text, Some(Link::new("", href)), String::new()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_their_message_and_many_are_folded() {
        let first = with_undo(&about("The probe “x” was changed.", "/x/"), "/undo/");
        let apart = apart("Saved elsewhere.");
        let lines = [&first, "Moved 2 metrics:", "Moved a.", "… and 1 more.", &apart, "More."];
        let shown = messages(Severity::Success, &lines.join("\n"));
        assert_eq!(shown.len(), 2, "{shown:?}");
        let (changed, elsewhere) = (&shown[0], &shown[1]);
        assert_eq!((changed.text.as_str(), changed.undo.as_str()), ("The probe “", "/undo/"));
        assert_eq!(changed.object, Some(Link::new("x", "/x/")));
        let folded = ["Moved a.", "… and 1 more."].map(str::to_owned).to_vec();
        assert_eq!(changed.notes, [MessageNote { text: "Moved 2 metrics".to_owned(), folded }]);
        assert_eq!((elsewhere.text.as_str(), elsewhere.notes[0].text.as_str()), ("Saved elsewhere.", "More."));
    }
}
