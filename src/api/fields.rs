//! What a request that writes carries: named fields, as JSON, form or multipart; and the rules they must keep.

use rocket::Request;
use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::form::error::ErrorKind;
use rocket::form::{self, DataField, Form, FromForm, ValueField};
use serde_json::{Map, Value, json};

use crate::error::AppError;

const LIMIT_MIB: u64 = 1;

/// The fields by name, as they came. Never fails as a guard: who is asking must be known before what they sent counts.
pub struct Fields(Result<Map<String, Value>, AppError>);

impl Fields {
    pub fn checked(self) -> Result<Checked, AppError> {
        Ok(Checked { fields: self.0?, errors: Map::new() })
    }
}

/// Takes fields one by one and gathers what is wrong with them.
pub struct Checked {
    fields: Map<String, Value>,
    errors: Map<String, Value>,
}

impl Checked {
    /// A text that must be there, with 1 to `limit` characters; '' where it is not (the error is kept for [`Checked::end`]).
    pub fn text(&mut self, name: &str, limit: usize) -> String {
        match check_text(self.fields.get(name), limit) {
            Ok(text) => text,
            Err(message) => {
                self.errors.insert(name.to_owned(), json!([message]));
                String::new()
            }
        }
    }

    /// 400 with the messages by field, if there are any.
    pub fn end(self) -> Result<(), AppError> {
        if self.errors.is_empty() { Ok(()) } else { Err(AppError::Invalid(Value::Object(self.errors))) }
    }
}

/// One message at one field.
pub fn field_error(name: &str, message: &str) -> AppError {
    AppError::Invalid(json!({ name: [message] }))
}

fn check_text(value: Option<&Value>, limit: usize) -> Result<String, String> {
    let text = match value {
        None => return Err("This field is required.".to_owned()),
        Some(Value::Null) => return Err("This field may not be null.".to_owned()),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err("Not a valid string.".to_owned()),
    };
    match text.chars().count() {
        0 => Err("This field may not be blank.".to_owned()),
        _ if text.contains('\0') => Err("Null characters are not allowed.".to_owned()),
        length if length > limit => Err(format!("Ensure this field has no more than {limit} characters.")),
        _ => Ok(text),
    }
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
        Some(kind) if kind.is_form() || kind.is_form_data() => read_form(request, data).await,
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
    match serde_json::from_slice(&body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            let message = format!("Invalid data. Expected a dictionary, but got {}.", python_type(&other));
            Err(field_error("non_field_errors", &message))
        }
        Err(error) => Err(AppError::Malformed(format!("JSON parse error - {}", in_clients_words(&error)))),
    }
}

async fn read_form<'r>(request: &'r Request<'_>, data: Data<'r>) -> Result<Map<String, Value>, AppError> {
    // Rocket's own status is no help: a form that is cut off has a length without limits, and 413 as well.
    let is_too_large = |error: &form::Error<'_>| matches!(error.kind, ErrorKind::InvalidLength { max: Some(_), .. });
    match Form::<FormFields>::from_data(request, data).await {
        Outcome::Success(form) => Ok(form.into_inner().0),
        Outcome::Error((_, errors)) if errors.iter().any(is_too_large) => Err(AppError::TooLarge),
        _ => Err(AppError::Malformed("The form could not be read.".to_owned())),
    }
}

/// The fields of a form by name; of a name that stands twice the last counts. A map of Rocket's own would pass over
/// what it cannot read, and take half a form for a whole one.
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
            // a file is no text, whatever is in it
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

/// The type's name as clients of 2.3 read it.
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

/// Where the JSON is broken; a key without quotes, the usual case, in the words that clients of 2.3 know.
fn in_clients_words(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.to_string() {
        words if words.starts_with("key must be a string") && line == 1 => format!(
            "Expecting property name enclosed in double quotes: line {line} column {column} (char {})",
            column.saturating_sub(1)
        ),
        words => words,
    }
}
