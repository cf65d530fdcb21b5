//! The bounds of a submitted form: of its rows, its choices, and of the fields in all.
//!
//! They are checked before anything of the form is shown, compared or put into words, since all of that takes time for
//! every row.

use super::field::{Field, GroupLayout, Kind};
use super::raw_value::RawValue;
use super::row_group::RowGroup;

/// The fields that a form may have in addition to those of its entity: buttons, hidden fields, blank rows.
const OTHER_FIELDS: usize = 200;

/// The complaint about a form that is too large to be shown again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// A field has too many rows or choices.
    #[error("{label}: {count} {what}, but at most {max} are allowed.")]
    Values {
        /// The label of the field.
        label: &'static str,
        /// The number of rows or choices.
        count: usize,
        /// The word for them.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// The form has too many fields in all.
    #[error("The form has {count} fields, but at most {max} are allowed.")]
    Fields {
        /// The number of fields.
        count: usize,
        /// The bound.
        max: usize,
    },
}

/// Checks the number of all fields of a form. It leaves room for a blank row after each row.
///
/// # Errors
/// `TooMany` above the bound.
pub fn check_number<C>(fields: &[Field<C>], held: &C, count: usize) -> Result<(), TooMany> {
    let of_field = |field: &Field<C>| match field.kind {
        Kind::Rows { columns, .. } => 2 * columns.len() * bound(field, held).unwrap_or_default(),
        Kind::Picks { .. } => 2 * bound(field, held).unwrap_or_default(),
        // A name, an operation and an origin each.
        Kind::RowGroups { layout, get, .. } => {
            let (groups, rows) = group_bounds(layout, &get(held));
            2 * 3 * (groups + rows)
        }
        Kind::Text { .. } | Kind::Flag { .. } | Kind::Choice { .. } => 1,
    };
    let max = OTHER_FIELDS + fields.iter().map(of_field).sum::<usize>();
    if count > max { Err(TooMany::Fields { count, max }) } else { Ok(()) }
}

/// Checks the number of rows or choices of one field.
///
/// # Errors
/// `TooMany` above the bound.
pub(super) fn check<C>(field: &Field<C>, held: &C, value: &RawValue) -> Result<(), TooMany> {
    if let (Kind::RowGroups { layout, get, .. }, RawValue::RowGroups(groups)) = (&field.kind, value) {
        return check_groups(field.label, groups, group_bounds(layout, &get(held)));
    }
    let (count, what) = match value {
        RawValue::Rows(rows) => (rows.len(), "rows"),
        RawValue::Picks(picks) => (picks.len(), "choices"),
        RawValue::Text(_) | RawValue::Flag(_) | RawValue::RowGroups(_) => return Ok(()),
    };
    match bound(field, held) {
        Some(max) if count > max => Err(TooMany::Values { label: field.label, count, what, max }),
        _ => Ok(()),
    }
}

fn check_groups(label: &'static str, groups: &[RowGroup], (max, max_rows): (usize, usize)) -> Result<(), TooMany> {
    let rows = count_rows(groups);
    match groups.len() {
        count if count > max => Err(TooMany::Values { label, count, what: "groups", max }),
        _ if rows > max_rows => Err(TooMany::Values { label, count: rows, what: "rows", max: max_rows }),
        _ => Ok(()),
    }
}

/// Returns the bounds of the number of groups and of all their rows.
fn group_bounds(layout: &GroupLayout, held: &[RowGroup]) -> (usize, usize) {
    (layout.max_groups.max(held.len()), layout.max_rows.max(count_rows(held)))
}

fn count_rows(groups: &[RowGroup]) -> usize {
    groups.iter().map(|group| group.rows.len()).sum()
}

/// Returns the greater of the declared bound and the number that the object has already; `None` for a single value.
fn bound<C>(field: &Field<C>, held: &C) -> Option<usize> {
    match field.kind {
        Kind::Rows { max_rows, get, fixed, .. } => Some(max_rows.max(get(held).len() + fixed.len())),
        Kind::Picks { max, get, .. } => Some(max.max(get(held).len())),
        Kind::Text { .. } | Kind::Flag { .. } | Kind::Choice { .. } | Kind::RowGroups { .. } => None,
    }
}
