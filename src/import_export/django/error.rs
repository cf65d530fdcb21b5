//! What is wrong with a dump, and where.

use serde_json::Value;

/// Longer texts of the file are shown shortened (in characters).
const LONGEST_TEXT: usize = 60;

/// Why a dump cannot be read: one line that says where. Texts of the file are quoted and escaped in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    #[error("line {line}: not UTF-8 text")]
    NotText { line: usize },
    #[error("line {line}, column {column}: {reason}")]
    Syntax { line: usize, column: usize, reason: String },
    #[error("not a list of rows, as dumpdata writes it")]
    NotAList,
    /// A row that has no model or key to name it by; counted from 1.
    #[error("row {row} of the file: {reason}")]
    Row { row: usize, reason: String },
    #[error("{model} {key}: {reason}")]
    Key { model: &'static str, key: String, reason: String },
    #[error("{model} {key}: field {field:?}: {reason}")]
    Field { model: &'static str, key: String, field: String, reason: String },
}

impl DumpError {
    pub(super) fn syntax(error: &serde_json::Error) -> Self {
        Self::Syntax { line: error.line(), column: error.column(), reason: syntax_reason(error) }
    }
}

/// The words of the parser without the place, which is named apart.
pub(super) fn syntax_reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A text of the file as it may stand in a message: in quotes, escaped, not too long.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// A value of the file as it may stand in a message.
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
