//! Groups of rows as a browser sends them, and their checks.

use std::collections::BTreeMap;

use super::checks::{check_required, check_text, normalize};
use super::field::{GroupLayout, RowColumn, Shape};
use super::row_group::{GroupedRow, RowGroup, returned};
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
    let mut groups: BTreeMap<u32, (RowGroup, BTreeMap<u32, GroupedRow>)> = BTreeMap::new();
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
        let row = |(number, row): (usize, &GroupedRow)| {
            let before = row.held(before);
            let name = before.map(|it| it.name.as_str());
            let operation = before.map(|it| it.operation.as_str());
            GroupedRow {
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
mod tests;
