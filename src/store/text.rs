//! Text on its way into the database and out of it.

use std::str::FromStr;

use super::{Result, StoreError};

/// The text without NUL characters, which PostgreSQL refuses: U+FFFD replaces them, which matches nothing.
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
