//! The value of one field of a form, before it is checked.

use super::field::RowValues;
use super::row_group::RowGroup;

/// The value of one field, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue {
    /// A text, or one choice of a list.
    Text(String),
    /// A checkbox.
    Flag(bool),
    /// The choices that were picked, each once.
    Picks(Vec<String>),
    /// The rows of a table.
    Rows(Vec<RowValues>),
    /// Groups of rows.
    RowGroups(Vec<RowGroup>),
}
