//! The page that reports an error.

use serde::Serialize;

use super::page::Content;

/// Content of the template `error`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorPage {
    /// The HTTP status code.
    pub code: u16,
    /// The heading: the reason phrase of the status, or what a user cannot do.
    pub reason: String,
    /// The error, in a sentence.
    pub message: String,
    /// The superusers who can help a user who lacks a right; empty if they are not known.
    pub superusers: Vec<String>,
    /// True if there are more of them.
    pub has_more: bool,
}

impl Content for ErrorPage {
    const TEMPLATE: &'static str = "error";
}
