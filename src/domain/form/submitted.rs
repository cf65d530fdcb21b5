//! Submitted forms: raw texts and rows, as the user typed them. Parsing turns them into content.
//!
//! If parsing fails, the form is shown again from the raw values, because content cannot hold invalid ones.

use std::collections::{BTreeMap, HashSet};

use super::bounds::{self, TooMany};
use super::change_reason;
use super::checks::{check_choices, check_required, check_text, normalize};
use super::field::{Field, Kind, RowColumn, RowValues, Shape};
pub use super::raw_value::RawValue;
use super::row_group::RowGroup;
use super::row_groups;
use super::text;
use super::unchanged::{self, Held};
use super::validation_error::{Place, ValidationErrors, words};

/// The values of all fields of a form, as typed, by field name, and why the user makes the change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    values: BTreeMap<&'static str, RawValue>,
    change_reason: String,
}

impl Draft {
    /// Returns the values with which a form shows this content. Passwords are empty.
    pub fn of<C>(fields: &[Field<C>], content: &C) -> Self {
        let values = fields.iter().map(|field| (field.name, raw_value(&field.kind, content))).collect();
        Self { values, change_reason: String::new() }
    }

    /// Reads the names and values that a browser sent, in order.
    ///
    /// If a text occurs several times, the last one counts. Cells of rows are named `name-row-column`; rows are ordered by
    /// their number. Entirely empty rows are dropped here, so that a row has the same number in the draft and in the
    /// content. Names that are not fields of the form are ignored.
    ///
    /// `held` is what the object has already, which is never refused: a loaded object can exceed the declared bounds.
    ///
    /// # Errors
    /// `TooMany` if the form exceeds a bound. It must then not be shown again, because that would take too long.
    pub fn read<C>(fields: &[Field<C>], held: &C, pairs: &[(String, String)]) -> Result<Self, TooMany> {
        bounds::check_number(fields, held, pairs.len())?;
        let change_reason = last(pairs, change_reason::INPUT).unwrap_or_default().to_owned();
        let mut draft = Self { change_reason, ..Self::default() };
        for field in fields {
            let value = match &field.kind {
                kind if field.read_only => raw_value(kind, held),
                Kind::Text { .. } | Kind::Choice { .. } => {
                    RawValue::Text(last(pairs, field.name).unwrap_or_default().to_owned())
                }
                Kind::Flag { .. } => RawValue::Flag(last(pairs, field.name).is_some()),
                Kind::Picks { .. } => RawValue::Picks(all(pairs, field.name)),
                Kind::Rows { columns, .. } => RawValue::Rows(rows(pairs, field.name, columns)),
                Kind::RowGroups { layout, .. } => RawValue::RowGroups(row_groups::read(pairs, field.name, layout)),
            };
            bounds::check(field, held, &value)?;
            draft.values.insert(field.name, value);
        }
        Ok(draft)
    }

    /// Returns the value of a field; `None` if the form does not have it.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.values.get(name)
    }

    /// Returns the text of a field; '' if it is not a text field.
    pub fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(RawValue::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns true if the checkbox is ticked.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(RawValue::Flag(true)))
    }

    /// Returns the picked choices; empty if it is not such a field.
    pub fn picks(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(RawValue::Picks(picks)) => picks,
            _ => &[],
        }
    }

    /// Returns the rows of a field; empty if it is not a field of rows.
    pub fn rows(&self, name: &str) -> &[RowValues] {
        match self.values.get(name) {
            Some(RawValue::Rows(rows)) => rows,
            _ => &[],
        }
    }

    /// Returns the groups of a field; empty if it is not a field of groups of rows.
    pub fn row_groups(&self, name: &str) -> &[RowGroup] {
        match self.values.get(name) {
            Some(RawValue::RowGroups(groups)) => groups,
            _ => &[],
        }
    }

    /// Returns why the user makes the change, as typed.
    pub fn change_reason(&self) -> &str {
        &self.change_reason
    }

    /// Returns the values with the change reason of another draft.
    pub fn with_reason_of(self, other: &Self) -> Self {
        Self { change_reason: other.change_reason.clone(), ..self }
    }

    /// Sets the value of a field.
    pub fn set(&mut self, name: &'static str, value: RawValue) {
        self.values.insert(name, value);
    }

    /// Checks every field of a new object and writes its value into `content`, which keeps the values of all other
    /// fields.
    ///
    /// Entirely empty rows are left out.
    ///
    /// # Errors
    /// All violations of required fields, limits and formats at once.
    pub fn parse<C>(&self, fields: &[Field<C>], content: C) -> Result<C, ValidationErrors> {
        let (content, errors) = self.parse_all(fields, content);
        errors.check()?;
        Ok(content)
    }

    /// As [`Draft::parse`], but returns the content also if it violates something, so that the rules that concern several
    /// fields can be checked at the same time. Such a content must not be saved.
    pub fn parse_all<C>(&self, fields: &[Field<C>], mut content: C) -> (C, ValidationErrors) {
        let mut errors = change_reason::parse(&self.change_reason).err().unwrap_or_default();
        for field in fields {
            self.parse_field(field, &mut content, &mut errors, None);
        }
        (content, errors)
    }

    /// Checks what differs from the object `before` and writes it into that.
    ///
    /// Fields, rows and choices that are as the form showed them keep exactly what is stored, and are not checked.
    ///
    /// # Errors
    /// As [`Draft::parse`].
    pub fn parse_change<C>(&self, fields: &[Field<C>], before: C) -> Result<C, ValidationErrors> {
        let (content, errors) = self.parse_change_all(fields, before);
        errors.check()?;
        Ok(content)
    }

    /// As [`Draft::parse_change`], but returns the content also if it violates something, as [`Draft::parse_all`].
    pub fn parse_change_all<C>(&self, fields: &[Field<C>], before: C) -> (C, ValidationErrors) {
        let mut content = before;
        let mut errors = change_reason::parse(&self.change_reason).err().unwrap_or_default();
        for field in fields {
            let shown = raw_value(&field.kind, &content);
            if unchanged::is_same(&field.kind, &shown, self.get(field.name)) {
                continue;
            }
            self.parse_field(field, &mut content, &mut errors, Some(&shown));
        }
        (content, errors)
    }

    /// Checks one field. `held` is the value that the object has already; `None` for a new object.
    fn parse_field<C>(
        &self,
        field: &Field<C>,
        content: &mut C,
        errors: &mut ValidationErrors,
        held: Option<&RawValue>,
    ) {
        let place = Place::Field(field.name);
        if field.read_only {
            return;
        }
        match &field.kind {
            Kind::Text { shape, max, set, .. } => {
                let text = normalize(self.text(field.name), *shape);
                check_required(field.required, &text, place, errors);
                check_text(&text, *shape, *max, place, errors);
                set(content, text);
            }
            Kind::Choice { source, set, .. } => {
                let text = text::trim(self.text(field.name)).to_owned();
                check_required(field.required, &text, place, errors);
                check_choices(std::slice::from_ref(&text), place, errors);
                if !text.is_empty() && source.fixed().is_some_and(|fixed| !fixed.contains(&text.as_str())) {
                    errors.add(place, words::NO_CHOICE);
                }
                set(content, text);
            }
            Kind::Flag { set, .. } => set(content, self.flag(field.name)),
            Kind::Picks { get, set, .. } => {
                let picks = self.picks_of(field.name, get(content));
                check_choices(&picks, place, errors);
                set(content, picks);
            }
            Kind::Rows { columns, fixed, set, .. } => {
                let held = match held {
                    Some(RawValue::Rows(rows)) => rows.as_slice(),
                    _ => &[],
                };
                let rows = (self.rows(field.name), Held::rows(held));
                set(content, parse_rows(rows, field.name, columns, fixed, errors));
            }
            Kind::RowGroups { layout, set, .. } => {
                let held = match held {
                    Some(RawValue::RowGroups(groups)) => groups.as_slice(),
                    _ => &[],
                };
                let groups = (self.row_groups(field.name), held);
                set(content, row_groups::parse(groups, (field.name, layout), errors));
            }
        }
    }

    /// Returns the picked choices; those that the object has already exactly as it has them.
    fn picks_of(&self, name: &str, held: &[String]) -> Vec<String> {
        let held = Held::picks(held);
        self.picks(name).iter().map(|pick| held.pick(pick).unwrap_or(pick).clone()).collect()
    }
}

fn raw_value<C>(kind: &Kind<C>, content: &C) -> RawValue {
    match kind {
        Kind::Text { shape: Shape::Password, .. } => RawValue::Text(String::new()),
        Kind::Text { get, .. } | Kind::Choice { get, .. } => RawValue::Text(get(content).to_owned()),
        Kind::Flag { get, .. } => RawValue::Flag(get(content)),
        Kind::Picks { get, .. } => RawValue::Picks(get(content).to_vec()),
        Kind::Rows { get, fixed, .. } => RawValue::Rows(with_fixed(get(content), fixed)),
        Kind::RowGroups { get, .. } => RawValue::RowGroups(get(content)),
    }
}

/// Moves the rows of the fixed keys to the front and adds those that the content lacks, with an empty value.
fn with_fixed(mut rows: Vec<RowValues>, fixed: &[&str]) -> Vec<RowValues> {
    let mut ordered = Vec::with_capacity(rows.len() + fixed.len());
    for key in fixed {
        let index = rows.iter().position(|row| row.first().is_some_and(|first| first == key));
        ordered.push(index.map_or_else(|| vec![(*key).to_owned(), String::new()], |index| rows.remove(index)));
    }
    ordered.append(&mut rows);
    ordered
}

fn last<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
}

/// Returns the values of a name, each once.
fn all(pairs: &[(String, String)], name: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    pairs.iter().filter(|(of, value)| of == name && seen.insert(value)).map(|(_, value)| value.clone()).collect()
}

fn rows(pairs: &[(String, String)], name: &str, columns: &[RowColumn]) -> Vec<RowValues> {
    let mut rows: BTreeMap<u32, RowValues> = BTreeMap::new();
    for (of, value) in pairs {
        let Some((row, column)) = row_and_column(of, name) else { continue };
        let Some(column) = columns.iter().position(|declared| declared.name == column) else { continue };
        rows.entry(row).or_insert_with(|| vec![String::new(); columns.len()])[column] = value.clone();
    }
    rows.into_values().filter(|row| row.iter().any(|cell| !text::trim(cell).is_empty())).collect()
}

/// Splits the name of a cell: `tuples-12-metric` of the field `tuples` is (12, `metric`).
fn row_and_column<'a>(of: &'a str, name: &str) -> Option<(u32, &'a str)> {
    let (row, column) = of.strip_prefix(name)?.strip_prefix('-')?.split_once('-')?;
    Some((row.parse().ok()?, column))
}

fn parse_rows(
    (rows, held): (&[RowValues], Held<'_, RowValues>),
    field: &'static str,
    columns: &[RowColumn],
    fixed: &[&str],
    errors: &mut ValidationErrors,
) -> Vec<RowValues> {
    let mut parsed = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        if let Some(row) = held.row(row) {
            parsed.push(row.clone());
            continue;
        }
        let texts: RowValues = row.iter().map(|text| normalize(text, Shape::Line)).collect();
        if texts.iter().all(String::is_empty) {
            continue;
        }
        let is_fixed = texts.first().is_some_and(|first| fixed.contains(&first.as_str()));
        for (column, text) in columns.iter().zip(&texts) {
            let place = Place::Cell { field, row: number, column: column.name };
            check_required(column.required && !is_fixed, text, place, errors);
            check_text(text, Shape::Line, column.max, place, errors);
        }
        parsed.push(texts);
    }
    parsed
}

#[cfg(test)]
mod tests;
