//! The JSON of the WEB-API's responses: `status`, with `data` or `errors`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The deepest nesting of arrays and objects that is read.
const DEEPEST: usize = 64;
/// The longest details that are shown, in characters.
const LONGEST_DETAILS: usize = 500;

/// A response of the WEB-API. Both shapes of its errors are read.
#[derive(Debug, Deserialize)]
pub struct ResponseBody<T> {
    status: ResponseStatus,
    #[serde(default)]
    errors: Option<Vec<ErrorDetails>>,
    /// The data; `None` if there are none.
    #[serde(default = "Option::default")]
    pub data: Option<T>,
}

#[derive(Debug, Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    code: Value,
    #[serde(default)]
    details: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorDetails {
    #[serde(default)]
    details: Option<String>,
}

impl<T: DeserializeOwned> ResponseBody<T> {
    /// Reads a response; `None` if it is none of the WEB-API, broken, or nested too deeply.
    pub fn read(body: &[u8]) -> Option<Self> {
        if !is_shallow(body) {
            return None;
        }
        serde_json::from_slice(body).ok()
    }
}

impl<T> ResponseBody<T> {
    /// Returns the status that the body names; `None` if it names none.
    pub fn code(&self) -> Option<u16> {
        match &self.status.code {
            Value::String(code) => code.parse().ok(),
            Value::Number(code) => code.as_u64().and_then(|code| code.try_into().ok()),
            _ => None,
        }
    }

    /// Returns the reason that the WEB-API gives, without control characters and at most 500 characters long.
    pub fn details(&self) -> String {
        let errors: Vec<&str> = self.errors.iter().flatten().filter_map(|error| error.details.as_deref()).collect();
        let candidates = [
            errors.join("; "),
            self.status.details.clone().unwrap_or_default(),
            self.status.message.clone().unwrap_or_default(),
        ];
        let found = candidates.into_iter().find(|text| !text.trim().is_empty());
        beginning(found.unwrap_or_default().trim(), LONGEST_DETAILS)
    }
}

/// Returns the beginning of a text of another server, with blanks in the place of control characters.
pub fn beginning(text: &str, longest: usize) -> String {
    text.chars().take(longest).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns false if the JSON is nested more deeply than any object of the WEB-API.
fn is_shallow(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}

/// Returns true if a text in the JSON has U+0000, which PostgreSQL cannot store. In JSON it is always escaped.
pub fn has_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(body: &str) -> String {
        ResponseBody::<Value>::read(body.as_bytes()).unwrap().details()
    }

    #[test]
    fn both_shapes_of_errors_are_read() {
        let long = format!(
            r#"{{"status":{{"message":"Conflict","code":"409"}},
                "errors":[{{"message":"Conflict","code":"409","details":"a\nname{}"}}]}}"#,
            "x".repeat(600)
        );
        assert_eq!(details(&long), format!("a name{}", "x".repeat(494)));
        assert_eq!(details(r#"{"status":{"message":"m","code":"422","details":"why"}}"#), "why");
        assert_eq!(details(r#"{"status":{"message":"m","code":"403"},"errors":[]}"#), "m");
        assert_eq!(details(r#"{"status":{"code":"1"},"errors":[{"details":"a"},{},{"details":"b"}]}"#), "a; b");
        assert_eq!(details(r#"{"status":{}}"#), "");
    }

    #[test]
    fn a_nul_is_found_where_it_is_escaped_once() {
        for (json, expected) in [
            (r#"{"name":"a\u0000"}"#, true),
            (r#"{"\n\u0000":1}"#, true),
            (r#"{"name":"\\\u0000"}"#, true),
            (r#"{"name":"\\u0000"}"#, false),
            (r#"{"name":"u0000 \u00000"}"#, true),
            (r#"{"name":"\u0001 u0000"}"#, false),
            ("\\", false),
            ("", false),
        ] {
            assert_eq!(has_nul(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_response_of_the_web_api_is_not_read() {
        for body in ["", "{}", "[]", "null", "<html></html>", r#"{"status":"200"}"#, r#"{"status":{"code":"200"}"#] {
            assert!(ResponseBody::<Value>::read(body.as_bytes()).is_none(), "{body}");
        }
        let nested = |depth: usize| format!(r#"{{"status":{{}},"data":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(ResponseBody::<Value>::read(nested(DEEPEST - 1).as_bytes()).is_some());
        assert!(ResponseBody::<Value>::read(nested(DEEPEST).as_bytes()).is_none());
        let quoted = format!(r#"{{"status":{{"message":"\"{}"}}}}"#, "[".repeat(100));
        assert!(ResponseBody::<Value>::read(quoted.as_bytes()).is_some());
    }
}
