//! The JSON feed of services: a list of objects.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::encoding::decode_json;
use super::text::{described, quoted};
use super::xml_feed::{FeedError, name_problem, text_problem};
use crate::domain::model::sync_feed::{FeedContent, SyncFeed};

/// The first of the fields that are booleans.
const FIRST_BOOLEAN: &str = "visible_to_marketplace";

/// Reads the services. `may_be_empty`: an empty list is read as such, which removes all services.
///
/// # Errors
/// `Unreadable` if this is not JSON; `Unusable` if it is not a list of services.
pub fn read(bytes: &[u8], may_be_empty: bool) -> Result<FeedContent, FeedError> {
    let text = decode_json(bytes).map_err(|error| FeedError::Unreadable(error.to_string()))?;
    let text = without_lone_surrogates(text);
    let entries: Vec<&RawValue> = match serde_json::from_str(&text) {
        Ok(entries) => entries,
        Err(error) => return Err(not_a_list(&text, &error)),
    };
    if entries.is_empty() && !may_be_empty {
        return Err(FeedError::Unusable("the list is empty".to_owned()));
    }
    let mut content = FeedContent::default();
    for (index, entry) in entries.into_iter().enumerate() {
        add(&mut content, index + 1, entry).map_err(FeedError::Unusable)?;
    }
    Ok(content)
}

/// Adds one entry.
///
/// # Errors
/// A sentence if the entry is not a service, so that the list as a whole cannot be trusted.
fn add(content: &mut FeedContent, place: usize, entry: &RawValue) -> Result<(), String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(entry.get())
        .map_err(|_| format!("entry {place} is {}, not an object", quoted(entry.get(), 40)))?;
    let id = string(fields.get("id").copied()).map_err(|found| format!("entry {place}: id is {found}, not a text"))?;
    if id.is_empty() {
        return Err(format!("entry {place} has no id"));
    }
    let place = format!("entry {place} (id {})", shortened(&id));
    let mut problem = text_problem(&id).map(|problem| format!("its id {problem}"));
    let mut values = Vec::with_capacity(SyncFeed::Services.fields().len());
    let mut is_boolean = false;
    for name in SyncFeed::Services.fields() {
        is_boolean |= *name == FIRST_BOOLEAN;
        let field = fields.get(*name).copied();
        let kind = if is_boolean { "a boolean" } else { "a text" };
        let value = if is_boolean { boolean(field) } else { string(field) };
        let value = value.map_err(|found| format!("{place}: {name} is {found}, not {kind}"))?;
        let found = if *name == "service_name" { name_problem(&value) } else { text_problem(&value) };
        problem = problem.or_else(|| found.map(|found| format!("its {name} {found}")));
        values.push(value);
    }
    match problem {
        Some(problem) => {
            content.left_out += 1;
            content.warnings.push(format!("{place} is left out: {problem}"));
            content.untouched.insert(id);
        }
        None => {
            if content.entries.insert(id, values.clone()).is_some_and(|earlier| earlier != values) {
                content.warnings.push(format!("{place} is there twice: the last one counts"));
            }
        }
    }
    Ok(())
}

/// A string, or a number as it is written; '' for null and a missing field.
///
/// # Errors
/// The value, shortened.
fn string(field: Option<&RawValue>) -> Result<String, String> {
    let raw = field.map_or("null", RawValue::get);
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).map_err(|_| quoted(raw, 40)),
        Some(b'-' | b'0'..=b'9') => Ok(raw.to_owned()),
        _ if raw == "null" => Ok(String::new()),
        _ => Err(shown(raw)),
    }
}

/// A boolean as `true` or `false`; `false` for null and a missing field.
///
/// # Errors
/// The value, shortened.
fn boolean(field: Option<&RawValue>) -> Result<String, String> {
    match field.map_or("null", RawValue::get) {
        "null" | "false" => Ok("false".to_owned()),
        "true" => Ok("true".to_owned()),
        raw => Err(shown(raw)),
    }
}

/// A value as it is written, shortened.
fn shown(raw: &str) -> String {
    let quoted = quoted(raw, 40);
    quoted[1..quoted.len() - 1].to_owned()
}

fn shortened(id: &str) -> String {
    let quoted = quoted(id, 40);
    quoted[1..quoted.len() - 1].to_owned()
}

/// The failure of a body that is not a list.
fn not_a_list(text: &str, error: &serde_json::Error) -> FeedError {
    if let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        let keys: Vec<&str> = object.keys().map(String::as_str).take(10).collect();
        let keys = shown(&keys.join(", "));
        return FeedError::Unusable(format!("expected a list of services, found an object with the keys {keys}"));
    }
    if let Ok(other) = serde_json::from_str::<&RawValue>(text) {
        return FeedError::Unusable(format!("expected a list of services, found {}", shown(other.get())));
    }
    let described = described(text).or_else(|| text.trim_start().starts_with('<').then(|| "this is XML".to_owned()));
    FeedError::Unreadable(described.unwrap_or_else(|| error.to_string()))
}

/// Replaces escaped surrogates without a partner by an escaped NUL: the JSON library refuses the whole text because of
/// one, but only the entry that has it is left out, as one with a NUL is.
fn without_lone_surrogates(text: String) -> String {
    let mut places = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match (bytes[at], unit(bytes, at)) {
            (b'\\', Some(0xD800..=0xDBFF)) if matches!(unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            (b'\\', Some(0xD800..=0xDFFF)) => {
                places.push(at);
                at += 6;
            }
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
    if places.is_empty() {
        return text;
    }
    let mut replaced = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        replaced += &text[from..place];
        replaced += "\\u0000";
        from = place + 6;
    }
    replaced + &text[from..]
}

/// The code unit of the escape `\uXXXX` at this place; `None` if there is none.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<FeedContent, String> {
        read(text.as_bytes(), false).map_err(|error| error.to_string())
    }

    #[test]
    fn services_are_read() {
        let content = of(
            r#"[{"id": 17, "service_name": "A \ud83d\ude00", "service_version": 1.50, "in_catalogue": true, "more": [1]},
                {"id": "b", "service_name": null, "external_service": null}]"#,
        );
        let content = content.unwrap();
        let falses = ["false"; 4];
        assert_eq!(content.entries["17"][..4], ["", "A 😀", "", "1.50"]);
        assert_eq!(content.entries["17"][7..], ["false", "true", "false", "false"]);
        assert_eq!(content.entries["b"][7..], falses);
        assert!(content.entries["b"][..7].iter().all(String::is_empty));
    }

    #[test]
    fn an_entry_that_is_no_service_refuses_the_feed() {
        for (text, words) in [
            (r#"[{"id": "a"}, {"service_name": "x"}]"#, "entry 2 has no id"),
            (r#"[{"id": null}]"#, "entry 1 has no id"),
            (r#"[{"id": ""}]"#, "entry 1 has no id"),
            (r#"[{"id": ["a"]}]"#, "entry 1: id is [\"a\"], not a text"),
            (r#"[{"id": "a"}, 3]"#, "entry 2 is \"3\", not an object"),
            (
                r#"[{"id": "1f0c", "in_catalogue": "true"}]"#,
                "entry 1 (id 1f0c): in_catalogue is \"true\", not a boolean",
            ),
            (r#"[{"id": "a", "internal_service": 1}]"#, "entry 1 (id a): internal_service is 1, not a boolean"),
            (r#"[{"id": "a", "service_area": {}}]"#, "entry 1 (id a): service_area is {}, not a text"),
            ("[]", "the list is empty"),
            (
                r#"{"count": 1, "next": null, "results": []}"#,
                "expected a list of services, found an object with the keys count, next, results",
            ),
            ("3", "expected a list of services, found 3"),
            ("<html><title>Sign in</title>", "this is an HTML page titled \"Sign in\""),
            ("<results/>", "this is XML"),
            ("Please log in", "this is text: \"Please log in\""),
            (r#"[{"id": "a"}"#, "EOF while parsing a list at line 1 column 12"),
        ] {
            assert_eq!(of(text).unwrap_err(), words, "{text}");
        }
        assert_eq!(read(b"[]", true), Ok(FeedContent::default()));
    }

    #[test]
    fn an_entry_with_unusable_texts_is_left_out() {
        let feed = format!(
            r#"[{{"id": "a", "service_name": "{}"}}, {{"id": "b", "service_area": "{}"}}, {{"id": "c", "service_name": "x\ny"}},
                {{"id": "d", "service_area": "x\u0000"}}, {{"id": "e", "service_name": "\ud800 \\ud800"}},
                {{"id": "f", "service_area": "x\ny", "service_name": "\\ud800"}}, {{"id": "f"}}, {{"id": "f"}}]"#,
            "é".repeat(129),
            "é".repeat(1025)
        );
        let content = of(&feed).unwrap();
        assert_eq!(content.entries.keys().collect::<Vec<_>>(), ["f"]);
        assert_eq!(content.left_out, 5);
        assert_eq!(content.untouched.len(), 5);
        assert_eq!(content.warnings[0], "entry 1 (id a) is left out: its service_name is longer than 128 characters");
        assert_eq!(
            content.warnings[4],
            "entry 5 (id e) is left out: its service_name has the control character U+0000"
        );
        assert_eq!(content.warnings[5..], ["entry 7 (id f) is there twice: the last one counts"]);
    }

    #[test]
    fn deep_nesting_is_harmless() {
        let nested = format!("[{{\"id\": \"a\", \"more\": {}{}}}]", "[".repeat(500_000), "]".repeat(500_000));
        let _ = of(&nested);
    }
}
