//! The part of a bulk edit that changes the rows of a field: a table of comma-separated values whose rows are added,
//! removed, or replace all others.

use std::collections::{HashMap, HashSet};

use super::bounds;
use super::field::{Field, Kind, RowColumn, RowValues};
use super::raw_value::RawValue;
use super::submitted::Draft;
use super::text;
use super::validation_error::{FieldError, Place, ValidationErrors};
use crate::domain::web::csv::{self, Record};

/// The input with the table. An empty table changes nothing.
pub const TABLE: &str = "rows_table";
/// The input with what is done with the rows, one of [`RowsAction::ALL`].
pub const ROWS_ACTION: &str = "rows_action";
/// The most errors of a table that are reported.
const MAX_ERRORS: usize = 10;

/// What is done with the rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsAction {
    /// They replace all rows that the object has.
    Replace,
    /// Those that the object lacks are added.
    Add,
    /// Those that the object has are removed.
    Remove,
}

impl RowsAction {
    /// All actions, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Replace, Self::Add, Self::Remove];

    /// Returns the value in forms, and the label.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Replace => ("replace", "Replace all rows"),
            Self::Add => ("add", "Add these rows"),
            Self::Remove => ("remove", "Remove these rows"),
        }
    }
}

/// A change of the rows of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsEdit {
    field: &'static str,
    action: RowsAction,
    rows: Vec<RowValues>,
    /// The line of each row in the table.
    lines: Vec<u64>,
}

/// The lines of the table that the rows of a draft are from.
#[derive(Debug, Default)]
pub(super) struct RowOrigins {
    field: &'static str,
    /// The number of the first such row; the others follow.
    first: usize,
    lines: Vec<u64>,
}

/// Returns true if the field has rows of several columns, not settings of a key and a value.
pub fn is_table<C>(field: &Field<C>) -> bool {
    matches!(field.kind, Kind::Rows { columns, .. } if columns.len() > 2)
}

/// Returns the rows of a field as a table, with the names of the columns in the first line.
pub fn table<C>(field: &Field<C>, content: &C) -> String {
    let Kind::Rows { columns, get, .. } = field.kind else { return String::new() };
    let names = columns.iter().map(|column| column.name.to_owned()).collect();
    csv::write(std::iter::once(names).chain(get(content)))
}

impl RowsEdit {
    /// Reads the edit from a form; `None` if it has no table. The first line can name the columns.
    ///
    /// # Errors
    /// The table cannot be read, has unknown columns, or a row twice. The messages name the lines.
    pub fn read<C>(
        fields: &[Field<C>],
        names: &[&str],
        get: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ValidationErrors> {
        let typed = get(TABLE).filter(|table| !table.trim().is_empty());
        let field = fields.iter().find(|field| names.contains(&field.name) && is_table(field));
        let (Some(typed), Some(field)) = (typed, field) else { return Ok(None) };
        let Kind::Rows { columns, .. } = field.kind else { return Ok(None) };
        let wrong = |message: String| ValidationErrors::at(TABLE, message);
        let records = csv::read(&typed).map_err(|line| wrong(format!("Line {line} cannot be read.")))?;
        let (places, records) = match places(columns, &records) {
            Some(places) => (places.map_err(wrong)?, &records[1..]),
            None => ((0..columns.len()).collect(), &records[..]),
        };
        let action = get(ROWS_ACTION).unwrap_or_default();
        let action = RowsAction::ALL.into_iter().find(|it| it.words().0 == action);
        let mut edit = Self {
            field: field.name,
            action: action.ok_or_else(|| ValidationErrors::at(ROWS_ACTION, "Choose what to do with the rows."))?,
            rows: Vec::with_capacity(records.len()),
            lines: Vec::with_capacity(records.len()),
        };
        edit.take(records, &places, columns.len())?;
        Ok(Some(edit))
    }

    /// Takes the rows of the table, whose values are in the columns `places`. Rows without any value are left out.
    fn take(&mut self, records: &[Record], places: &[usize], width: usize) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::default();
        let mut seen: HashMap<RowValues, u64> = HashMap::new();
        for Record { line, values } in records {
            let mut row = vec![String::new(); width];
            for (place, value) in places.iter().zip(values) {
                row[*place].clone_from(value);
            }
            if values.iter().all(|value| text::trim(value).is_empty()) {
                continue;
            }
            if values.len() > places.len() {
                let (is, most) = (values.len(), places.len());
                errors.add(Place::Field(TABLE), format!("Line {line} has {is} values, but there are {most} columns."));
            } else if values.iter().any(|value| value.contains(['\n', '\r'])) {
                let message = format!("Line {line}: a value goes on in the next line. Is a quotation mark missing?");
                errors.add(Place::Field(TABLE), message);
            } else if let Some(first) = seen.insert(comparable(&row), *line) {
                errors.add(Place::Field(TABLE), format!("Line {line} is the same as line {first}."));
            }
            self.rows.push(row);
            self.lines.push(*line);
        }
        if self.rows.is_empty() {
            errors.add(Place::Field(TABLE), "The table has no rows.");
        }
        errors.errors.truncate(MAX_ERRORS);
        errors.check()
    }

    /// Changes the rows of a form. `held` is what the object has.
    ///
    /// # Errors
    /// The object would have too many rows.
    pub(super) fn apply<C>(
        &self,
        fields: &[Field<C>],
        (draft, held): (&mut Draft, &C),
    ) -> Result<RowOrigins, ValidationErrors> {
        let mut rows = draft.rows(self.field).to_vec();
        let mut origins = RowOrigins { field: self.field, first: 0, lines: self.lines.clone() };
        match self.action {
            RowsAction::Replace => rows.clone_from(&self.rows),
            RowsAction::Add => {
                let known: HashSet<RowValues> = rows.iter().map(comparable).collect();
                let is_new = |row: &RowValues| !known.contains(&comparable(row));
                let added = || self.rows.iter().zip(&self.lines).filter(|(row, _)| is_new(row));
                (origins.first, origins.lines) = (rows.len(), added().map(|(_, line)| *line).collect());
                rows.extend(added().map(|(row, _)| row.clone()));
            }
            RowsAction::Remove => {
                let removed: HashSet<RowValues> = self.rows.iter().map(comparable).collect();
                rows.retain(|row| !removed.contains(&comparable(row)));
                origins.lines = Vec::new();
            }
        }
        let value = RawValue::Rows(rows);
        for field in fields.iter().filter(|field| field.name == self.field) {
            bounds::check(field, held, &value).map_err(|refusal| ValidationErrors::at(TABLE, refusal.to_string()))?;
        }
        draft.set(self.field, value);
        Ok(origins)
    }
}

impl RowOrigins {
    /// Returns the errors of a draft with those of its rows at the table, each with its line.
    pub fn name_lines<C>(&self, fields: &[Field<C>], errors: ValidationErrors) -> ValidationErrors {
        let columns = fields.iter().find(|field| field.name == self.field).map_or(&[][..], |field| match field.kind {
            Kind::Rows { columns, .. } => columns,
            _ => &[],
        });
        let named = errors.errors.into_iter().map(|error| {
            let message = match error.place {
                Place::Cell { field, row, column } if field == self.field => {
                    let label = columns.iter().find(|of| of.name == column).map_or(column, |of| of.label);
                    self.line(row).map(|line| format!("Line {line}, {label}: {}", error.message))
                }
                Place::Row { field, row } if field == self.field => {
                    self.line(row).map(|line| format!("Line {line}: {}", error.message))
                }
                _ => None,
            };
            message.map_or(error, |message| FieldError { place: Place::Field(TABLE), message })
        });
        ValidationErrors { errors: named.take(MAX_ERRORS).collect() }
    }

    fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row.checked_sub(self.first)?).copied()
    }
}

/// Returns the row as a save would store it.
fn comparable(row: &RowValues) -> RowValues {
    row.iter().map(|value| text::line(value)).collect()
}

/// Returns the column of each value if the first line names the columns; `None` if it does not. The names are those in the
/// address or the labels.
fn places(columns: &[RowColumn], records: &[Record]) -> Option<Result<Vec<usize>, String>> {
    let header = records.first()?;
    let place = |value: &String| {
        let named = text::trim(value).to_lowercase();
        columns.iter().position(|column| column.name == named || column.label.to_lowercase() == named)
    };
    let found: Vec<Option<usize>> = header.values.iter().map(place).collect();
    if found.iter().filter(|place| place.is_some()).count() < 2 {
        return None;
    }
    let unknown = header.values.iter().zip(&found).find(|(_, place)| place.is_none());
    let mut sorted: Vec<usize> = found.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let is_double = sorted.windows(2).any(|pair| pair[0] == pair[1]);
    let missing = columns.iter().enumerate().find(|(place, column)| column.required && !sorted.contains(place));
    Some(match (unknown, missing) {
        (Some((name, _)), _) => Err(format!("Line {} has an unknown column: {name}.", header.line)),
        (_, Some((_, column))) => Err(format!("Line {} lacks the column {}.", header.line, column.name)),
        _ if is_double => Err(format!("Line {} has a column twice.", header.line)),
        _ => Ok(found.into_iter().flatten().collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::profile::{FIELDS, ProfileContent, Tuple};

    fn tuple(service_flavour: &str, metric: &str, fqan: &str) -> Tuple {
        Tuple { service_flavour: service_flavour.into(), metric: metric.into(), fqan: fqan.into() }
    }

    fn profile() -> ProfileContent {
        ProfileContent {
            name: "A".into(),
            vo: "ops".into(),
            description: Some("x".into()),
            // A value that no form accepts, from old data.
            tuples: vec![tuple("CE", "=a", ""), tuple("SRM", "b ", "/ops")],
            ..ProfileContent::to_add()
        }
    }

    fn edited(action: &str, table: &str) -> Result<Vec<Tuple>, String> {
        let get = |name: &str| match name {
            TABLE => Some(table.to_owned()),
            ROWS_ACTION => Some(action.to_owned()),
            _ => None,
        };
        edit(get).map_err(|errors| errors.to_string())
    }

    fn edit(get: impl Fn(&str) -> Option<String>) -> Result<Vec<Tuple>, ValidationErrors> {
        let edit = RowsEdit::read(&FIELDS, &["tuples"], get)?.expect("there is a table");
        let mut draft = Draft::of(&FIELDS, &profile());
        let origins = edit.apply(&FIELDS, (&mut draft, &profile()))?;
        let after = draft.parse_change(&FIELDS, profile()).map_err(|errors| origins.name_lines(&FIELDS, errors))?;
        Ok(after.tuples)
    }

    #[test]
    fn a_table_that_was_exported_changes_nothing() {
        let exported = table(&FIELDS[5], &profile());
        assert_eq!(exported, "service_flavour,metric,fqan\r\nCE,'=a,\r\nSRM,b ,/ops\r\n");
        assert_eq!(edited("replace", &exported), Ok(profile().tuples));
    }

    #[test]
    fn rows_are_added_removed_or_replaced() {
        let [first, second] = [tuple("CE", "=a", ""), tuple("SRM", "b ", "/ops")];
        let new = tuple("CE", "c", "");
        assert_eq!(edited("replace", "CE,c"), Ok(vec![new.clone()]));
        assert_eq!(edited("add", "CE;c\nCE;'=a"), Ok(vec![first.clone(), second, new]));
        assert_eq!(edited("remove", "FQAN,Metric,Service flavour\n/ops,b,SRM\n,x,y"), Ok(vec![first]));
    }

    #[test]
    fn a_wrong_table_is_refused_with_its_lines() {
        let long = "x".repeat(129);
        for (table, message) in [
            ("a,b,c,d", "Line 1 has 4 values, but there are 3 columns."),
            ("a,b\n\na, b", "Line 3 is the same as line 1."),
            ("a,b\n\"c,d\ne,f", "Line 2: a value goes on in the next line. Is a quotation mark missing?"),
            ("metric,service_flavour,vo\na,b,c", "Line 1 has an unknown column: vo."),
            ("metric,fqan\na,b", "Line 1 lacks the column service_flavour."),
            ("metric,service_flavour,metric\na,b,c", "Line 1 has a column twice."),
            ("service_flavour,metric\n,", "The table has no rows."),
            ("service_flavour,metric\nCE", "Line 2, Metric: This field is required."),
            (&format!("a,b\nc,{long}"), "Line 2, Metric: Ensure this value has at most 128 characters (it has 129)."),
        ] {
            assert_eq!(edited("replace", table), Err(message.to_owned()), "{table}");
        }
        assert_eq!(edited("add", "CE,=a\nCE"), Err("Line 2, Metric: This field is required.".to_owned()));
        assert_eq!(edited("", "CE,a"), Err("Choose what to do with the rows.".to_owned()));
        assert_eq!(RowsEdit::read(&FIELDS, &["tuples"], |_| Some(" \n".to_owned())), Ok(None));
    }

    #[test]
    fn an_object_has_a_limited_number_of_rows() {
        let table: String = (0..10_001).map(|number| format!("CE,m{number}\n")).collect();
        let message = "Metric instances: 10001 rows, but at most 10000 are allowed.";
        assert_eq!(edited("replace", &table), Err(message.to_owned()));
    }
}
