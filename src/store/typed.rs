//! What people type, as a query may take it.

/// The text without NUL characters, which PostgreSQL refuses: in their place stands what fits nothing.
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
