//! Values that a save leaves as they are. They are not judged again: an object that was loaded can have values that no
//! form would accept, and changing one field must not demand that all others are corrected.

use std::collections::HashMap;

use super::field::{Kind, RowValues, Shape};
use super::raw_value::RawValue;
use super::row_group::{RowGroup, returned};
use super::text;

/// Returns true if the submitted value is what the form showed, as a browser returns it.
pub(super) fn is_same<C>(kind: &Kind<C>, shown: &RawValue, submitted: Option<&RawValue>) -> bool {
    let is_long = matches!(kind, Kind::Text { shape: Shape::Long, .. });
    match (shown, submitted) {
        // A password is never shown: an empty input changes nothing.
        (RawValue::Text(shown), Some(RawValue::Text(submitted))) if is_long => {
            text::long(shown) == text::long(submitted)
        }
        (RawValue::Text(shown), Some(RawValue::Text(submitted))) => returned(shown) == returned(submitted),
        (RawValue::Flag(shown), Some(RawValue::Flag(submitted))) => shown == submitted,
        (RawValue::Picks(shown), Some(RawValue::Picks(submitted))) => sorted(shown) == sorted(submitted),
        (RawValue::Rows(shown), Some(RawValue::Rows(submitted))) => filled(shown) == filled(submitted),
        (RawValue::RowGroups(shown), Some(RawValue::RowGroups(submitted))) => {
            filled_groups(shown) == filled_groups(submitted)
        }
        _ => false,
    }
}

/// The choices or rows that an object holds, by what a browser returns for them.
pub(super) struct Held<'a, T>(HashMap<Vec<String>, &'a T>);

impl<'a> Held<'a, String> {
    /// Indexes the choices.
    pub(super) fn picks(picks: &'a [String]) -> Self {
        Self(picks.iter().map(|pick| (vec![returned(pick)], pick)).collect())
    }

    /// Returns the held choice that was returned; `None` if it is new.
    pub(super) fn pick(&self, pick: &str) -> Option<&'a String> {
        self.0.get(&vec![returned(pick)]).copied()
    }
}

impl<'a> Held<'a, RowValues> {
    /// Indexes the rows.
    pub(super) fn rows(rows: &'a [RowValues]) -> Self {
        Self(rows.iter().map(|row| (returned_row(row), row)).collect())
    }

    /// Returns the held row that was returned; `None` if it is new or changed.
    pub(super) fn row(&self, row: &RowValues) -> Option<&'a RowValues> {
        self.0.get(&returned_row(row)).copied()
    }
}

fn returned_row(row: &RowValues) -> Vec<String> {
    row.iter().map(|text| returned(text)).collect()
}

fn sorted(picks: &[String]) -> Vec<String> {
    let mut picks: Vec<String> = picks.iter().map(|pick| returned(pick)).collect();
    picks.sort();
    picks
}

/// Returns the rows without entirely empty ones, which are never stored.
fn filled(rows: &[RowValues]) -> Vec<Vec<String>> {
    rows.iter().map(returned_row).filter(|row| row.iter().any(|text| !text.is_empty())).collect()
}

/// Returns the groups without entirely empty groups and rows, and without origins: an equal group is the same one.
fn filled_groups(groups: &[RowGroup]) -> Vec<RowGroup> {
    groups.iter().filter(|group| !group.is_empty()).map(RowGroup::normalized).collect()
}
