//! The value of a field of groups of rows: named groups, each with an operation and rows of a name and an operation.
//!
//! A group or row can have an origin: the part of the content before the edit that it was. So what a form does not show
//! of it (keys that POEM does not know) stays with it when it is renamed or moved.

use super::text;

/// One group: a name, the operation between its rows, and the rows in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RowGroup {
    /// The origin, see [`origin`]; '' for a new group.
    pub origin: String,
    /// The name.
    pub name: String,
    /// The operation between the rows.
    pub operation: String,
    /// The rows.
    pub rows: Vec<GroupedRow>,
}

/// One row of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct GroupedRow {
    /// The origin within the group's origin; '' for a new row.
    pub origin: String,
    /// The name.
    pub name: String,
    /// The operation.
    pub operation: String,
}

impl RowGroup {
    /// Returns true if the group has neither name nor operation nor rows.
    pub fn is_empty(&self) -> bool {
        is_blank(&self.name) && is_blank(&self.operation) && self.rows.iter().all(GroupedRow::is_empty)
    }

    /// Returns the group without origins, empty rows and white space around texts: what counts when groups are compared.
    pub fn normalized(&self) -> Self {
        let filled = self.rows.iter().filter(|row| !row.is_empty());
        let rows = filled.map(|row| GroupedRow {
            origin: String::new(),
            name: returned(&row.name),
            operation: returned(&row.operation),
        });
        let (name, operation) = (returned(&self.name), returned(&self.operation));
        Self { origin: String::new(), name, operation, rows: rows.collect() }
    }

    /// Returns the group of the content that this one was; `None` if it is new.
    pub fn held<'a>(&self, held: &'a [Self]) -> Option<&'a Self> {
        of_origin(held, &self.origin, |group| &group.name)
    }
}

impl GroupedRow {
    /// Returns true if the row has neither name nor operation.
    pub fn is_empty(&self) -> bool {
        is_blank(&self.name) && is_blank(&self.operation)
    }

    /// Returns the row of the content that this one was; `None` if it is new.
    pub fn held<'a>(&self, group: Option<&'a RowGroup>) -> Option<&'a Self> {
        of_origin(&group?.rows, &self.origin, |row| &row.name)
    }
}

/// Returns the origin of the part at this place with this name: `2 compute`.
pub fn origin(place: usize, name: &str) -> String {
    format!("{place} {name}")
}

/// Returns the part that an origin refers to: that at its place if it has its name, else the first one with its name,
/// because others may have changed the order in the meantime. `None` without an origin, or if there is no such part.
pub fn of_origin<'a, T>(parts: &'a [T], origin: &str, name: impl Fn(&T) -> &str) -> Option<&'a T> {
    let (place, of) = origin.split_once(' ')?;
    let place: usize = place.parse().ok()?;
    let is_it = |part: &&T| returned(name(part)) == returned(of);
    parts.get(place).filter(is_it).or_else(|| parts.iter().find(is_it))
}

/// Returns what counts of a text of one line: browsers remove its line ends.
pub(super) fn returned(value: &str) -> String {
    text::line(&value.replace(['\r', '\n'], ""))
}

fn is_blank(value: &str) -> bool {
    text::trim(value).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_finds_its_part_also_after_others_changed_the_order() {
        let parts = ["a", "", "b", "a", "x\ny"];
        let found = |origin: &str| {
            of_origin(&parts, origin, |part| part).and_then(|found| parts.iter().position(|it| std::ptr::eq(it, found)))
        };
        let all = parts.iter().enumerate().map(|(place, name)| found(&origin(place, name)));
        assert!(all.eq((0..parts.len()).map(Some)));
        assert_eq!(["4 xy", "7 b", "0 b"].map(found), [Some(4), Some(2), Some(2)]);
        assert_eq!(["", "1", "0 c", "x a", "-1 a", "99999999999999999999 a"].map(found), [None; 6]);
    }
}
