//! The page that reports an error.

use serde::Serialize;

use super::page::Content;

/// Content of the template `error`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorPage {
    /// The HTTP status code.
    pub code: u16,
    /// The reason phrase of the status: `Forbidden`.
    pub reason: String,
    /// The error, in a sentence.
    pub message: String,
}

impl Content for ErrorPage {
    const TEMPLATE: &'static str = "error";
}
