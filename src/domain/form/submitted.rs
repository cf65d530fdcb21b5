//! Submitted forms: raw texts and rows, as the user typed them. Parsing turns them into content.
//!
//! If parsing fails, the form is shown again from the raw values, since content cannot hold invalid ones.

use std::collections::{BTreeMap, HashSet};

use super::bounds::{self, TooMany};
use super::checks::{check_choices, check_required, check_text, normalize};
use super::field::{Field, Kind, RowColumn, RowValues, Shape};
pub use super::raw_value::RawValue;
use super::row_group::RowGroup;
use super::row_groups;
use super::text;
use super::unchanged::{self, Held};
use super::validation_error::{Place, ValidationErrors, words};

/// The values of all fields of a form, as typed, by field name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft(BTreeMap<&'static str, RawValue>);

impl Draft {
    /// Returns the values with which a form shows this content. Passwords are empty.
    pub fn of<C>(fields: &[Field<C>], content: &C) -> Self {
        Self(fields.iter().map(|field| (field.name, raw_value(&field.kind, content))).collect())
    }

    /// Reads the names and values that a browser sent, in order.
    ///
    /// If a text occurs several times, the last one counts. Cells of rows are named `name-row-column`; rows are ordered
    /// by their number, and entirely empty rows are dropped here, so that a row has the same number in the draft and in
    /// the content. Names that are not fields of the form are ignored.
    ///
    /// `held` is what the object has already, which is never refused: a loaded object can exceed the declared bounds.
    ///
    /// # Errors
    /// `TooMany` if the form exceeds a bound. It must then not be shown again, because that would take too long.
    pub fn read<C>(fields: &[Field<C>], held: &C, pairs: &[(String, String)]) -> Result<Self, TooMany> {
        bounds::check_number(fields, held, pairs.len())?;
        let mut draft = Self::default();
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
            draft.0.insert(field.name, value);
        }
        Ok(draft)
    }

    /// Returns the value of a field; `None` if the form does not have it.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.get(name)
    }

    /// Returns the text of a field; '' if it is not a text field.
    pub fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(RawValue::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns true if the checkbox is ticked.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(RawValue::Flag(true)))
    }

    /// Returns the picked choices; empty if it is not such a field.
    pub fn picks(&self, name: &str) -> &[String] {
        match self.0.get(name) {
            Some(RawValue::Picks(picks)) => picks,
            _ => &[],
        }
    }

    /// Returns the rows of a field; empty if it is not a field of rows.
    pub fn rows(&self, name: &str) -> &[RowValues] {
        match self.0.get(name) {
            Some(RawValue::Rows(rows)) => rows,
            _ => &[],
        }
    }

    /// Returns the groups of a field; empty if it is not a field of groups of rows.
    pub fn row_groups(&self, name: &str) -> &[RowGroup] {
        match self.0.get(name) {
            Some(RawValue::RowGroups(groups)) => groups,
            _ => &[],
        }
    }

    /// Sets the value of a field.
    pub fn set(&mut self, name: &'static str, value: RawValue) {
        self.0.insert(name, value);
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
        let mut errors = ValidationErrors::default();
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
        let (mut content, mut errors) = (before, ValidationErrors::default());
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
mod tests {
    use super::*;
    use crate::domain::form::field::Choices;
    use crate::domain::form::validation_error::words;

    #[derive(Debug, Clone, Default, PartialEq)]
    struct Thing {
        name: String,
        kind: String,
        friends: Vec<String>,
        url: String,
        on: bool,
        rows: Vec<RowValues>,
    }

    const COLUMNS: &[RowColumn] = &[
        RowColumn { name: "key", label: "Key", max: 5, required: true, is_key: true, suggestions: None },
        RowColumn { name: "value", label: "Value", max: 5, required: false, is_key: false, suggestions: None },
    ];

    type F = Field<Thing>;

    static FIELDS: [F; 6] = [
        F::line("name", "Name", 5, |t| &t.name, |t, v| t.name = v).required(),
        F::line("url", "URL", 20, |t| &t.url, |t, v| t.url = v).shaped(Shape::Url),
        F::flag("on", "On", |t| t.on, |t, v| t.on = v),
        F::choice("kind", "Kind", Choices::Tags, |t| &t.kind, |t, v| t.kind = v),
        F::new(
            "friends",
            "Friends",
            Kind::Picks { source: Choices::Users, max: 3, get: |t| &t.friends, set: |t, v| t.friends = v },
        ),
        F::new(
            "rows",
            "Rows",
            Kind::Rows {
                columns: COLUMNS,
                fixed: &["path"],
                max_rows: 3,
                get: |t| t.rows.clone(),
                set: |t, v| t.rows = v,
            },
        ),
    ];

    fn read(pairs: &[(&str, &str)]) -> Draft {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Draft::read(&FIELDS, &Thing::default(), &pairs).unwrap()
    }

    #[test]
    fn a_form_becomes_content_and_back() {
        let draft = read(&[
            ("name", "x"),
            ("name", " ä "),
            ("on", "on"),
            ("rows-10-key", "b"),
            ("rows-2-key", "a"),
            ("rows-2-value", "1"),
            ("rows-3-key", ""),
            ("rows-x-key", "?"),
            ("unknown", "?"),
        ]);
        let thing = draft.parse(&FIELDS, Thing::default()).unwrap();
        let rows = vec![vec!["a".to_owned(), "1".into()], vec!["b".into(), String::new()]];
        assert_eq!(thing, Thing { name: "ä".into(), on: true, rows, ..Thing::default() });
        let shown = Draft::of(&FIELDS, &thing);
        assert_eq!(shown.rows("rows")[0], ["path", ""]);
        assert_eq!(shown.text("name"), "ä");
    }

    #[test]
    fn every_error_is_at_its_place() {
        let draft = read(&[("name", "  "), ("url", "javascript:alert(1)"), ("rows-7-value", "1234567\u{1}")]);
        let errors = draft.parse(&FIELDS, Thing::default()).unwrap_err();
        assert_eq!(errors.of(Place::Field("name")), [words::REQUIRED]);
        assert_eq!(errors.of(Place::Field("url")), [words::NO_URL]);
        let cell = |column| Place::Cell { field: "rows", row: 0, column };
        assert_eq!(errors.of(cell("key")), [words::REQUIRED]);
        let too_long = "Ensure this value has at most 5 characters (it has 8).";
        let control = "Control characters are not allowed: U+0001 in line 1, column 8.";
        assert_eq!(errors.of(cell("value")), [too_long, control]);
    }

    #[test]
    fn what_is_unchanged_keeps_its_value_and_is_not_checked() {
        let odd = |text: &str| format!("{text}\u{1}too long for this");
        let before = Thing {
            name: odd(" "),
            url: "git://x\n".into(),
            friends: vec!["a\nb".into()],
            rows: vec![vec![odd("k"), odd("v")], vec!["\u{200b}".into(), "x\ny".into()]],
            ..Thing::default()
        };
        // A browser removes line ends of inputs, and sends those of choices as CRLF.
        let mut pairs = vec![("name", odd(" ")), ("url", "git://x".into()), ("friends", "a\r\nb".into())];
        pairs.extend([("rows-0-key", "path".into()), ("rows-1-key", odd("k")), ("rows-1-value", odd("v"))]);
        pairs.extend([("rows-2-key", "\u{200b}".into()), ("rows-2-value", "xy".into())]);
        // More rows than the form of a new object may have.
        let held = Thing { rows: vec![vec![String::new(); 2]; 9], ..Thing::default() };
        let typed = |pairs: &[(&str, String)]| {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            Draft::read(&FIELDS, &held, &pairs).unwrap()
        };
        assert_eq!(typed(&pairs).parse_change(&FIELDS, before.clone()).unwrap(), before);
        // Only the new row is checked.
        pairs.push(("rows-3-key", "b".into()));
        pairs.push(("on", "on".into()));
        let after = typed(&pairs).parse_change(&FIELDS, before.clone()).unwrap();
        assert_eq!((&after.rows[1..3], after.rows[3][0].as_str(), after.on), (&before.rows[..], "b", true));
        pairs.push(("rows-4-key", "\u{2}".into()));
        assert_eq!(typed(&pairs).parse_change(&FIELDS, before).unwrap_err().errors.len(), 1);
    }

    #[test]
    fn a_form_above_a_bound_is_refused_unless_the_object_exceeds_it() {
        let rows = |count: usize| (0..count).map(|row| (format!("rows-{row}-key"), "a".to_owned())).collect::<Vec<_>>();
        let picks = |count: usize| (0..count).map(|pick| ("friends".to_owned(), pick.to_string())).collect::<Vec<_>>();
        let read = |held: &Thing, pairs: Vec<_>| Draft::read(&FIELDS, held, &pairs).map_err(|error| error.to_string());
        let blank = Thing::default();
        assert!(read(&blank, rows(3)).is_ok() && read(&blank, picks(3)).is_ok());
        let refused = "Rows: 4 rows, but at most 3 are allowed.";
        assert_eq!(read(&blank, rows(4)), Err(refused.to_owned()));
        assert_eq!(read(&blank, picks(4)), Err("Friends: 4 choices, but at most 3 are allowed.".to_owned()));
        let held = Thing {
            rows: vec![vec!["a".to_owned(), String::new()]; 5],
            friends: (0..4).map(|pick| pick.to_string()).collect(),
            ..Thing::default()
        };
        assert!(read(&held, rows(5)).is_ok() && read(&held, picks(4)).is_ok());
        // The row of a fixed key comes in addition to those that the object has.
        assert!(read(&held, rows(7)).is_err() && read(&held, picks(5)).is_err());
        // Blank rows and names that are no fields count only as fields of the form.
        let blank_rows = |count: usize| (0..count).map(|row| (format!("rows-{row}-key"), String::new())).collect();
        assert!(read(&blank, blank_rows(100)).is_ok());
        assert!(read(&blank, blank_rows(1000)).unwrap_err().starts_with("The form has 1000 fields"));
    }

    #[test]
    fn a_choice_with_control_characters_is_refused() {
        let draft = read(&[("name", "x"), ("kind", "a\0b"), ("friends", "alice"), ("friends", "\n")]);
        let errors = draft.parse(&FIELDS, Thing::default()).unwrap_err();
        assert_eq!(errors.of(Place::Field("kind")), [words::NO_CHOICE]);
        assert_eq!(errors.of(Place::Field("friends")), [words::NO_CHOICE]);
    }
}
