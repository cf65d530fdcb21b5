//! Times in SAML messages: `xs:dateTime`.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

/// Reads a time; `None` if the text is not one. Without a zone it is in UTC; it may have any number of fractional digits.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte));
    let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !is_plain || signs.iter().any(|(place, sign)| text.as_bytes().get(*place) != Some(sign)) {
        return None;
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.to_utc()),
        Err(_) => NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc()),
    }
}

/// Writes a time in UTC, to the second.
pub fn format(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_zone_an_offset_or_nothing() {
        for text in [
            "2026-11-28T20:00:00Z",
            "2026-11-28T20:00:00",
            "2026-11-28T21:00:00+01:00",
            "2026-11-28T20:00:00.000Z",
            "2026-11-28T20:00:00.0000000000001Z",
            " 2026-11-28T20:00:00.0\n",
        ] {
            assert_eq!(parse(text).map(format).as_deref(), Some("2026-11-28T20:00:00Z"), "{text}");
        }
        for text in [
            "",
            "2026-11-28",
            "2026-11-28 20:00:00Z",
            "2026-11-28T20:00",
            "2026-13-28T20:00:00Z",
            "now",
            "20:00Z",
            "+99999-1-1T20:00:00Z",
            "2026-1-128T20:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
