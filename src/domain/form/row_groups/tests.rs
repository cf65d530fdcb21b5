//! Tests of groups of rows: reading, checks, bounds.

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
    let row = |(name, operation): &(&str, &str)| GroupedRow {
        origin: String::new(),
        name: (*name).to_owned(),
        operation: (*operation).to_owned(),
    };
    RowGroup { origin: String::new(), name: name.into(), operation: "OR".into(), rows: rows.iter().map(row).collect() }
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
