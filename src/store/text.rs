//! Conversions of text to and from the database.

use std::str::FromStr;

use super::{Result, StoreError};

/// Replaces NUL characters, which PostgreSQL refuses, by U+FFFD, which matches nothing.
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Parses a word that the constraints of the schema allow.
///
/// # Errors
/// `Other` for any other word.
pub(super) fn word<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Other(sqlx::Error::Decode(format!("unknown word {text}").into())))
}
