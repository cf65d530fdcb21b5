//! Groups of rows as a browser sends them, and their checks.

use std::collections::BTreeMap;

use super::checks::{check_required, check_text, normalize};
use super::field::{GroupLayout, RowColumn, Shape};
use super::row_group::{GroupRow, RowGroup, returned};
use super::validation_error::{Place, ValidationErrors, words};

/// The last part of the names of inputs with a name.
pub const NAME: &str = "name";
/// The last part of the names of inputs with an operation.
pub const OPERATION: &str = "operation";
/// The last part of the names of the hidden inputs with an origin.
pub const ORIGIN: &str = "origin";

/// Reads the groups of the field `name` from the submitted pairs: `groups-0-name`, `groups-0-services-3-operation`.
///
/// Groups and rows are ordered by their numbers. Entirely empty ones are dropped.
pub(super) fn read(pairs: &[(String, String)], name: &str, layout: &GroupLayout) -> Vec<RowGroup> {
    let mut groups: BTreeMap<u32, (RowGroup, BTreeMap<u32, GroupRow>)> = BTreeMap::new();
    for (of, value) in pairs {
        let Some((number, part)) = numbered(of, name) else { continue };
        let row = numbered(part, layout.rows);
        if !matches!(row.map_or(part, |(_, column)| column), NAME | OPERATION | ORIGIN) {
            continue;
        }
        let (group, rows) = groups.entry(number).or_default();
        match row {
            Some((row, column)) => {
                let row = rows.entry(row).or_default();
                set(column, value, (&mut row.name, &mut row.operation, &mut row.origin));
            }
            None => set(part, value, (&mut group.name, &mut group.operation, &mut group.origin)),
        }
    }
    let groups = groups.into_values().map(|(group, rows)| {
        let rows = rows.into_values().filter(|row| !row.is_empty()).collect();
        RowGroup { rows, ..group }
    });
    groups.filter(|group| !group.is_empty()).collect()
}

fn set(column: &str, value: &str, (name, operation, origin): (&mut String, &mut String, &mut String)) {
    let target = match column {
        NAME => name,
        OPERATION => operation,
        _ => origin,
    };
    value.clone_into(target);
}

/// Splits the number and the rest off a name: `groups-12-name` of `groups` is (12, `name`).
fn numbered<'a>(of: &'a str, name: &str) -> Option<(u32, &'a str)> {
    let (number, rest) = of.strip_prefix(name)?.strip_prefix('-')?.split_once('-')?;
    Some((number.parse().ok()?, rest))
}

/// Checks the groups. Texts that are as the content `held` has them are kept exactly, and not checked.
pub(super) fn parse(
    (groups, held): (&[RowGroup], &[RowGroup]),
    (field, layout): (&'static str, &GroupLayout),
    errors: &mut ValidationErrors,
) -> Vec<RowGroup> {
    let group = |(number, typed): (usize, &RowGroup)| {
        let before = typed.held(held);
        let mut check = |typed: &str, held: Option<&str>, column: &RowColumn, row| {
            let place = Place::InGroup { field, group: number, row, column: Some(column.name) };
            checked(typed, held, column, place, errors)
        };
        let name = check(&typed.name, before.map(|it| it.name.as_str()), &layout.name, None);
        let operation = check(&typed.operation, before.map(|it| it.operation.as_str()), &layout.operation, None);
        let row = |(number, row): (usize, &GroupRow)| {
            let before = row.held(before);
            let name = before.map(|it| it.name.as_str());
            let operation = before.map(|it| it.operation.as_str());
            GroupRow {
                origin: row.origin.clone(),
                name: check(&row.name, name, &layout.row_name, Some(number)),
                operation: check(&row.operation, operation, &layout.row_operation, Some(number)),
            }
        };
        let rows = typed.rows.iter().enumerate().map(row).collect();
        RowGroup { origin: typed.origin.clone(), name, operation, rows }
    };
    groups.iter().enumerate().map(group).collect()
}

fn checked(typed: &str, held: Option<&str>, column: &RowColumn, place: Place, errors: &mut ValidationErrors) -> String {
    if let Some(held) = held.filter(|held| returned(held) == returned(typed)) {
        return held.to_owned();
    }
    let text = normalize(typed, Shape::Line);
    check_required(column.required, &text, place, errors);
    check_text(&text, Shape::Line, column.max, place, errors);
    let listed = column.suggestions.and_then(|source| source.fixed());
    if !text.is_empty() && listed.is_some_and(|listed| !listed.contains(&text.as_str())) {
        errors.add(place, words::NO_CHOICE);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::bounds::TooMany;
    use crate::domain::form::field::{Choices, Field, Kind};
    use crate::domain::form::row_group::origin;
    use crate::domain::form::submitted::Draft;

    type Thing = Vec<RowGroup>;

    const fn column(name: &'static str, suggestions: Option<Choices>) -> RowColumn {
        RowColumn { name, label: name, max: 5, required: true, is_key: false, suggestions }
    }

    static LAYOUT: GroupLayout = GroupLayout {
        one: "group",
        name: column("name", None),
        operation: column("operation", Some(Choices::Operations)),
        rows: "services",
        row_name: column("name", Some(Choices::ProfileServices)),
        row_operation: column("operation", Some(Choices::Operations)),
        max_groups: 2,
        max_rows: 3,
        joined_by: "",
        offered_by: "",
    };

    static FIELDS: [Field<Thing>; 1] = [Field::new(
        "groups",
        "Groups",
        Kind::RowGroups { layout: &LAYOUT, get: Clone::clone, set: |it, groups| *it = groups },
    )];

    fn draft(held: &Thing, pairs: &[(&str, &str)]) -> Result<Draft, TooMany> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (format!("groups-{name}"), (*value).to_owned())).collect();
        Draft::read(&FIELDS, held, &pairs)
    }

    fn group(name: &str, rows: &[(&str, &str)]) -> RowGroup {
        let row = |(name, operation): &(&str, &str)| GroupRow {
            origin: String::new(),
            name: (*name).to_owned(),
            operation: (*operation).to_owned(),
        };
        RowGroup {
            origin: String::new(),
            name: name.into(),
            operation: "OR".into(),
            rows: rows.iter().map(row).collect(),
        }
    }

    #[test]
    fn groups_and_rows_are_ordered_by_number_and_empty_ones_dropped() {
        let pairs = [
            ("10-name", "b"),
            ("10-operation", "OR"),
            ("2-services-10-name", "y"),
            ("2-services-10-operation", "AND"),
            ("2-services-9-name", " x "),
            ("2-services-9-operation", "OR"),
            ("2-services-1-name", " "),
            ("2-services-1-origin", "0 z"),
            ("2-name", "a"),
            ("2-operation", "OR"),
            ("5-origin", "0 c"),
            ("5-services-0-origin", "0 d"),
            ("x-name", "?"),
            ("3-other", "?"),
            ("4-services-0-other", "?"),
            ("99999999999-name", "?"),
        ];
        let parsed = draft(&Vec::new(), &pairs).unwrap().parse(&FIELDS, Vec::new()).unwrap();
        assert_eq!(parsed, [group("a", &[("x", "OR"), ("y", "AND")]), group("b", &[])]);
    }

    #[test]
    fn every_error_is_at_its_place() {
        let pairs = [("0-operation", "XOR"), ("0-services-0-operation", "OR"), ("0-services-7-name", "too long\u{1}")];
        let errors = draft(&Vec::new(), &pairs).unwrap().parse(&FIELDS, Vec::new()).unwrap_err();
        let at = |row, column| errors.of(Place::InGroup { field: "groups", group: 0, row, column: Some(column) });
        assert_eq!((at(None, NAME), at(None, OPERATION)), (vec![words::REQUIRED], vec![words::NO_CHOICE]));
        assert_eq!((at(Some(0), NAME), at(Some(1), OPERATION)), (vec![words::REQUIRED], vec![words::REQUIRED]));
        assert_eq!((at(Some(1), NAME).len(), errors.errors.len()), (2, 6));
    }

    #[test]
    fn what_the_content_has_is_kept_exactly_and_not_checked() {
        let held = vec![group("much too long", &[("a\nb", "XOR"), ("x", "OR")])];
        let [of_group, of_row] = [origin(0, "much too long"), origin(0, "ab")];
        let mut pairs = vec![
            ("0-origin", of_group.as_str()),
            ("0-name", "much too long"),
            ("0-operation", "OR"),
            ("0-services-1-origin", &of_row),
            ("0-services-1-name", "ab"),
            ("0-services-1-operation", "XOR"),
            ("0-services-2-name", "new"),
            ("0-services-2-operation", "AND"),
        ];
        let after = draft(&held, &pairs).unwrap().parse_change(&FIELDS, held.clone()).unwrap();
        assert_eq!((after[0].name.as_str(), after[0].rows[0].name.as_str()), ("much too long", "a\nb"));
        assert_eq!((after[0].rows.len(), after[0].rows[1].name.as_str()), (2, "new"));
        // A row that is new may not have such a value.
        pairs[7].1 = "XOR";
        assert_eq!(draft(&held, &pairs).unwrap().parse_change(&FIELDS, held).unwrap_err().errors.len(), 1);
    }

    #[test]
    fn groups_above_a_bound_are_refused_unless_the_content_exceeds_it() {
        let refused = |held: &Thing, pairs: &[(&str, &str)]| draft(held, pairs).unwrap_err().to_string();
        let three = [("0-name", "a"), ("1-name", "b"), ("2-name", "c")];
        assert_eq!(refused(&Vec::new(), &three), "Groups: 3 groups, but at most 2 are allowed.");
        let rows = ["0", "1", "2", "3"].map(|row| (format!("0-services-{row}-name"), "x"));
        let rows: Vec<_> = rows.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(refused(&Vec::new(), &rows), "Groups: 4 rows, but at most 3 are allowed.");
        let held = vec![group("a", &[("x", "OR"); 4]), group("b", &[]), group("c", &[])];
        assert!(draft(&held, &three).is_ok() && draft(&held, &rows).is_ok());
        let many: Vec<_> = (0..500).map(|number| format!("{number}-name")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
        assert!(refused(&Vec::new(), &many).starts_with("The form has 500 fields"));
    }
}
