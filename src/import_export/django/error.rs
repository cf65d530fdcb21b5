//! The errors of a dump, with their places.

use serde_json::Value;

/// The length, in characters, to which texts of the file are shortened in messages.
const LONGEST_TEXT: usize = 60;

/// The reason why a dump cannot be read: one line that names the place. Texts of the file are quoted and escaped in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// The file is not UTF-8 text.
    #[error("line {line}: not UTF-8 text")]
    NotText {
        /// The line with the first bad byte, counted from 1.
        line: usize,
    },
    /// The file is not JSON.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes.
        column: usize,
        /// The parser's message.
        reason: String,
    },
    /// The JSON is not a list.
    #[error("not a list of rows, as dumpdata writes it")]
    NotAList,
    /// A table that POEM 2.3 does not have.
    #[error("the table {0} is unknown")]
    Table(String),
    /// A row without the model or the key to name it by.
    #[error("row {row} of the file: {reason}")]
    Row {
        /// The number of the row, counted from 1.
        row: usize,
        /// The problem.
        reason: String,
    },
    /// A row whose key is wrong.
    #[error("{model} {key}: {reason}")]
    Key {
        /// The label of the model, such as `poem.probe`.
        model: &'static str,
        /// The key of the row; a name is quoted.
        key: String,
        /// The problem.
        reason: String,
    },
    /// A row with a wrong field.
    #[error("{model} {key}: field {field:?}: {reason}")]
    Field {
        /// The label of the model, such as `poem.probe`.
        model: &'static str,
        /// The key of the row; a name is quoted.
        key: String,
        /// The name of the field.
        field: String,
        /// The problem.
        reason: String,
    },
}

impl DumpError {
    /// A `Syntax` error with the place and the message of the parser, and the line that the file begins with, if it is
    /// worth showing.
    pub(super) fn syntax(error: &serde_json::Error, begins_with: Option<String>) -> Self {
        let seen = begins_with.map(|line| format!("; the file begins with {line} and not with a list"));
        let reason = syntax_reason(error) + &seen.unwrap_or_default();
        Self::Syntax { line: error.line(), column: error.column(), reason }
    }
}

/// The message of the parser without its place.
pub(super) fn syntax_reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A text of the file for a message: in quotes, escaped, and shortened if it is long.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// A value of the file for a message, with its type.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
