//! The body of a form: `application/x-www-form-urlencoded`, decoded strictly.

use percent_encoding::percent_decode;
use rocket::Request;
use rocket::data::{ByteUnit, Data};

use crate::blocking::PAGES;
use crate::error::AppError;

/// The most fields of a form: more than the largest profile has.
const MAX_FIELDS: usize = 100_000;

/// The fields of a form, in the order in which they were sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FormBody(Vec<(String, String)>);

impl FormBody {
    /// The value of the field with this name; the last one if there are several, `None` if there is none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The name and value of every field, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Decodes a body of the type `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// `Malformed` if the body is not UTF-8 or contains a NUL, which the database cannot store; `TooLarge` if it has
    /// too many fields.
    pub fn decode(body: &[u8]) -> Result<Self, AppError> {
        let mut pairs = Vec::new();
        for field in body.split(|byte| *byte == b'&').filter(|field| !field.is_empty()) {
            if pairs.len() == MAX_FIELDS {
                return Err(AppError::TooLarge);
            }
            let end = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
            pairs.push((text(&field[..end])?, text(field.get(end + 1..).unwrap_or_default())?));
        }
        Ok(Self(pairs))
    }

    /// Reads and decodes the body of a request, up to `limit`.
    ///
    /// # Errors
    /// `UnsupportedMediaType` for another type of body; `TooLarge` if the body exceeds `limit`; `Malformed` if it
    /// cannot be decoded, or if the connection breaks.
    pub async fn read(request: &Request<'_>, data: Data<'_>, limit: ByteUnit) -> Result<Self, AppError> {
        match request.content_type() {
            Some(kind) if kind.is_form() => {}
            kind => return Err(AppError::UnsupportedMediaType(kind.map(ToString::to_string).unwrap_or_default())),
        }
        let body = data.open(limit).into_bytes().await;
        let body = body.map_err(|error| AppError::Malformed(format!("The form could not be read: {error}")))?;
        if !body.is_complete() {
            return Err(AppError::TooLarge);
        }
        // A form of several MiB takes a while.
        PAGES.run(move || Self::decode(&body)).await
    }
}

/// Decodes `+` and `%XX` in a name or value.
fn text(encoded: &[u8]) -> Result<String, AppError> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let refused = |what: &str| {
        let advice = "Nothing was saved. Go back in your browser: your input is still there.";
        AppError::Malformed(format!("The form {what}. {advice}"))
    };
    let text = String::from_utf8(percent_decode(&spaced).collect()).map_err(|_| refused("is not UTF-8 text"))?;
    match text.lines().zip(1..).find_map(|(line, number)| Some((number, line.chars().position(|c| c == '\0')? + 1))) {
        Some((line, column)) => {
            Err(refused(&format!("contains the control character U+0000, in line {line}, column {column} of a field")))
        }
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(body: &str) -> Vec<(String, String)> {
        FormBody::decode(body.as_bytes()).unwrap().0
    }

    #[test]
    fn fields_keep_their_order_and_the_last_of_a_name_counts() {
        let posted = FormBody::decode(b"a=1&b=%C3%A4+x&&a=2&c&=d&e=f=g").unwrap();
        let pairs: Vec<_> = posted.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "ä x"), ("a", "2"), ("c", ""), ("", "d"), ("e", "f=g")]);
        assert_eq!((posted.get("a"), posted.get("c"), posted.get("z")), (Some("2"), Some(""), None));
    }

    #[test]
    fn a_body_that_is_not_text_or_has_too_many_fields_is_refused() {
        for body in [&b"a=%FF"[..], b"%C3=a", b"a=\xFF", b"a=%00", b"a=\0"] {
            assert!(matches!(FormBody::decode(body), Err(AppError::Malformed(_))), "{body:?}");
        }
        let refusal = FormBody::decode(b"a=one%0Atw%00o").unwrap_err().to_string();
        assert!(refusal.contains("contains the control character U+0000, in line 2, column 3 of a field"), "{refusal}");
        assert!(matches!(FormBody::decode(&b"a&".repeat(MAX_FIELDS + 1)), Err(AppError::TooLarge)));
        assert_eq!(decoded("a=%zz%"), [("a".to_owned(), "%zz%".to_owned())]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn decoding_reverses_encoding(pairs in proptest::collection::vec(("[^\0]{0,9}", "[^\0]{0,9}"), 0..6)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let sent: Vec<_> = pairs.into_iter().filter(|(n, v)| !(n.is_empty() && v.is_empty())).collect();
            let read: Vec<_> = decoded(&body).into_iter().filter(|(n, v)| !(n.is_empty() && v.is_empty())).collect();
            prop_assert_eq!(read, sent);
        }

        #[test]
        fn decoding_never_panics(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = FormBody::decode(&body);
        }
    }
}
