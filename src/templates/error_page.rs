//! The page of an error.

use serde::Serialize;

use super::page::Content;

/// Template `error`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorPage {
    pub code: u16,
    /// «Not SearchHit».
    pub reason: String,
    pub message: String,
}

impl Content for ErrorPage {
    const TEMPLATE: &'static str = "error";
}
