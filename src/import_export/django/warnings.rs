//! What an administrator should know about a dump that was read: rows and values that were left out or corrected.

use std::fmt::Debug;

use super::rows::Row;

/// The warnings about a dump, a line each, and the number of rows that were left out.
#[derive(Default)]
pub(super) struct Warnings {
    /// The warnings, in the order in which they were found.
    pub(super) lines: Vec<String>,
    /// The number of rows that were left out.
    pub(super) left_out: usize,
}

impl Warnings {
    /// Adds a warning.
    pub(super) fn push(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Adds several warnings.
    pub(super) fn extend(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// Leaves a row out because of one of its fields.
    pub(super) fn leave_out<K: Debug>(&mut self, row: &Row<'_, K>, field: &str, reason: &str) {
        self.push(format!("{}, left out", row.error(field, reason)));
        self.left_out += 1;
    }
}
