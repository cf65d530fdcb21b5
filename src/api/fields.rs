//! The fields of a request that writes, as JSON, form or multipart, and their validation.

use rocket::Request;
use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::form::error::ErrorKind;
use rocket::form::{self, DataField, Form, FromForm, ValueField};
use serde_json::{Map, Value, json};

use crate::domain::form::text;
use crate::domain::form::validation_error::words;
use crate::error::AppError;
use crate::http::body::FormBody;

/// The mark at the beginning of a text in UTF-8 (Unicode, section 23.8).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The largest body, and the largest field of a multipart form, in MiB.
const LIMIT_MIB: u64 = 1;

/// The fields by name, not yet validated. As a guard it never fails, because the user must be checked before the body:
/// the error is returned by [`Fields::checked`].
pub struct Fields(Result<Map<String, Value>, AppError>);

impl Fields {
    /// Starts the validation.
    ///
    /// # Errors
    /// `UnsupportedMediaType`, `TooLarge`, `Malformed`, or `Invalid` for JSON that is not an object.
    pub fn checked(self) -> Result<Checked, AppError> {
        Ok(Checked { fields: self.0?, errors: Map::new() })
    }
}

/// The validation of fields: takes them one by one and collects the errors.
pub struct Checked {
    fields: Map<String, Value>,
    errors: Map<String, Value>,
}

impl Checked {
    /// Returns a required text of 1 to `limit` characters; `''` if it is invalid (the error is collected for
    /// [`Checked::end`]).
    pub fn text(&mut self, name: &str, limit: usize) -> String {
        match check_text(self.fields.get(name), limit) {
            Ok(text) => text,
            Err(message) => {
                self.errors.insert(name.to_owned(), json!([message]));
                String::new()
            }
        }
    }

    /// Ends the validation.
    ///
    /// # Errors
    /// `Invalid` with the messages by field, if there are any.
    pub fn end(self) -> Result<(), AppError> {
        if self.errors.is_empty() { Ok(()) } else { Err(AppError::Invalid(Value::Object(self.errors))) }
    }
}

/// Returns an `Invalid` error with one message for one field.
pub fn field_error(name: &str, message: &str) -> AppError {
    AppError::Invalid(json!({ name: [message] }))
}

/// Returns the text of a value as a form stores it. The messages are those of POEM 2.3 (Django REST framework).
fn check_text(value: Option<&Value>, limit: usize) -> Result<String, String> {
    let text = match value {
        None => return Err("This field is required.".to_owned()),
        Some(Value::Null) => return Err("This field may not be null.".to_owned()),
        Some(Value::String(text)) => text::line(text),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err("Not a valid string.".to_owned()),
    };
    match text.chars().count() {
        0 => Err("This field may not be blank.".to_owned()),
        _ if text.contains('\0') => Err("Null characters are not allowed.".to_owned()),
        length if length > limit => Err(format!("Ensure this field has no more than {limit} characters.")),
        _ => match refused(&text) {
            Some(message) => Err(message),
            None => Ok(text),
        },
    }
}

/// Returns the message about a character that no name may have; `None` without one.
fn refused(text: &str) -> Option<String> {
    let control = text::control_in_line(text).map(words::control);
    control.or_else(|| text::invisible_in_line(text).map(words::invisible))
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Fields {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        Outcome::Success(Self(read(request, data).await))
    }
}

async fn read<'r>(request: &'r Request<'_>, data: Data<'r>) -> Result<Map<String, Value>, AppError> {
    match request.content_type() {
        Some(kind) if kind.is_json() => read_json(data).await,
        Some(kind) if kind.is_form() => read_form(request, data).await,
        Some(kind) if kind.is_form_data() => read_multipart(request, data).await,
        Some(kind) => Err(AppError::UnsupportedMediaType(kind.to_string())),
        None => Err(AppError::UnsupportedMediaType(String::new())),
    }
}

async fn read_json(data: Data<'_>) -> Result<Map<String, Value>, AppError> {
    let body = data.open(LIMIT_MIB.mebibytes()).into_bytes().await;
    let body = body.map_err(|error| AppError::Malformed(format!("The request could not be read: {error}")))?;
    if !body.is_complete() {
        return Err(AppError::TooLarge);
    }
    // As in files: RFC 8259, section 8.1, lets a parser pass over the mark.
    match serde_json::from_slice(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body)) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            let message = format!("Invalid data. Expected a dictionary, but got {}.", python_type(&other));
            Err(field_error("non_field_errors", &message))
        }
        Err(error) => Err(AppError::Malformed(format!("JSON parse error - {}", parse_message(&error)))),
    }
}

/// Reads a form as the pages do: bytes that are not UTF-8 are refused, not replaced. The last of a name counts.
async fn read_form(request: &Request<'_>, data: Data<'_>) -> Result<Map<String, Value>, AppError> {
    let form = FormBody::read(request, data, LIMIT_MIB.mebibytes()).await?;
    Ok(form.pairs().iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect())
}

async fn read_multipart<'r>(request: &'r Request<'_>, data: Data<'r>) -> Result<Map<String, Value>, AppError> {
    // Rocket's own status is ambiguous: it is 413 for an incomplete form too, but then the error has no maximum.
    let is_too_large = |error: &form::Error<'_>| matches!(error.kind, ErrorKind::InvalidLength { max: Some(_), .. });
    match Form::<FormFields>::from_data(request, data).await {
        Outcome::Success(form) => Ok(form.into_inner().0),
        Outcome::Error((_, errors)) if errors.iter().any(is_too_large) => Err(AppError::TooLarge),
        _ => Err(AppError::Malformed("The form could not be read.".to_owned())),
    }
}

/// The fields of a multipart form by name; if a name occurs twice, the last counts. Rocket's own map is not used: it would skip
/// unreadable fields, and accept an incomplete form.
struct FormFields(Map<String, Value>);

#[rocket::async_trait]
impl<'r> FromForm<'r> for FormFields {
    type Context = (Map<String, Value>, form::Errors<'r>);

    fn init(_: form::Options) -> Self::Context {
        (Map::new(), form::Errors::new())
    }

    fn push_value((fields, _): &mut Self::Context, field: ValueField<'r>) {
        fields.insert(field.name.source().to_string(), field.value.into());
    }

    async fn push_data((fields, errors): &mut Self::Context, field: DataField<'r, '_>) {
        let name = field.name.source().to_string();
        match field.data.open(LIMIT_MIB.mebibytes()).into_string().await {
            // A file is not text, whatever it contains: an object makes the validation refuse it.
            Ok(_) if field.file_name.is_some() => _ = fields.insert(name, json!({})),
            Ok(text) => _ = fields.insert(name, text.into_inner().into()),
            Err(error) => errors.push(error.into()),
        }
    }

    fn push_error((_, errors): &mut Self::Context, error: form::Error<'r>) {
        errors.push(error);
    }

    fn finalize((fields, errors): Self::Context) -> form::Result<'r, Self> {
        if errors.is_empty() { Ok(Self(fields)) } else { Err(errors) }
    }
}

/// The name of the type in Python, as in the messages of POEM 2.3.
fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// The place of the error in the JSON. A key without quotes, the usual mistake, gets the message of POEM 2.3.
fn parse_message(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.to_string() {
        text if text.starts_with("key must be a string") && line == 1 => format!(
            "Expecting property name enclosed in double quotes: line {line} column {column} (char {})",
            column.saturating_sub(1)
        ),
        text => text,
    }
}
