//! The rows of a dump, sorted by model and key, with typed access to their fields. Nothing is interpreted here. Every
//! error names its row and field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::error::{DumpError, described, quoted, syntax_reason};
use super::models::Model;
use super::times;

/// The highest allowed key. It leaves room for new keys above it.
const HIGHEST_KEY: i64 = i64::MAX / 2;

/// A row. Its key is a number, or a text for the few models whose primary key is a name.
pub(super) struct Row<'a, K = i64> {
    /// The model of the row.
    pub(super) model: Model,
    /// The primary key.
    pub(super) key: K,
    /// False if the file has no key (`--natural-primary`) and a new one was assigned.
    pub(super) has_own_key: bool,
    fields: &'a Map<String, Value>,
    /// For an object within a row: the field whose text contains `fields` as JSON.
    within: Option<&'static str>,
}

/// All rows of a file except those of dropped models.
pub(super) struct Dump<'a> {
    numbered: BTreeMap<Model, Vec<Row<'a>>>,
    named: BTreeMap<Model, Vec<Row<'a, &'a str>>>,
    /// The number of dropped rows of each model.
    pub(super) dropped: BTreeMap<Model, usize>,
    /// The fields that POEM 2.3 does not have.
    pub(super) unknown_fields: BTreeSet<(Model, &'a str)>,
}

impl<'a> Dump<'a> {
    /// Sorts the rows of a file.
    ///
    /// # Errors
    /// A row without a model or of an unknown model, and a key of the wrong type or one that occurs twice.
    pub(super) fn sort(rows: &'a [Value]) -> Result<Self, DumpError> {
        let mut dump = Dump {
            numbered: BTreeMap::new(),
            named: BTreeMap::new(),
            dropped: BTreeMap::new(),
            unknown_fields: BTreeSet::new(),
        };
        let mut keyless = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            dump.take(row, &mut keyless).map_err(|reason| DumpError::Row { row: index + 1, reason })?;
        }
        dump.number(keyless);
        dump.numbered.values_mut().try_for_each(|rows| sort_by_key(rows))?;
        dump.named.values_mut().try_for_each(|rows| sort_by_key(rows))?;
        Ok(dump)
    }

    fn take(&mut self, row: &'a Value, keyless: &mut Vec<(Model, &'a Map<String, Value>)>) -> Result<(), String> {
        let row = row.as_object().ok_or_else(|| format!("must be an object, is {}", described(row)))?;
        let label = row.get("model").and_then(Value::as_str).ok_or("has no \"model\"")?;
        let model = Model::find(label).ok_or_else(|| format!("unknown model {}", quoted(label)))?;
        if model.is_dropped() {
            *self.dropped.entry(model).or_default() += 1;
            return Ok(());
        }
        let fields = row
            .get("fields")
            .and_then(Value::as_object)
            .ok_or_else(|| format!("{} without \"fields\"", model.label()))?;
        let unknown = fields.keys().filter(|name| !model.fields().contains(&name.as_str()));
        self.unknown_fields.extend(unknown.map(|name| (model, name.as_str())));
        match row.get("pk").unwrap_or(&Value::Null) {
            Value::String(key) if model.has_text_key() && !key.contains('\0') => {
                self.named.entry(model).or_default().push(Row::new(model, key.as_str(), true, fields));
            }
            Value::Null if !model.has_text_key() => keyless.push((model, fields)),
            key => {
                let key = number(key, model)?;
                self.numbered.entry(model).or_default().push(Row::new(model, key, true, fields));
            }
        }
        Ok(())
    }

    /// Assigns keys to the rows without one: above the highest of their model, in the order of the file.
    fn number(&mut self, keyless: Vec<(Model, &'a Map<String, Value>)>) {
        let mut highest = BTreeMap::new();
        for (model, fields) in keyless {
            let rows = self.numbered.entry(model).or_default();
            let highest = highest.entry(model).or_insert_with(|| rows.iter().map(|row| row.key).max().unwrap_or(0));
            *highest += 1;
            rows.push(Row::new(model, *highest, false, fields));
        }
    }

    /// The rows of a model, in the order of their keys. Empty for models whose key is a name.
    pub(super) fn rows(&self, model: Model) -> &[Row<'a>] {
        self.numbered.get(&model).map_or(&[], Vec::as_slice)
    }

    /// The rows of a model whose key is a name, in the order of the names.
    pub(super) fn named_rows(&self, model: Model) -> &[Row<'a, &'a str>] {
        self.named.get(&model).map_or(&[], Vec::as_slice)
    }

    /// The row with this key; `None` if there is none.
    pub(super) fn row(&self, model: Model, key: i64) -> Option<&Row<'a>> {
        let rows = self.rows(model);
        rows.binary_search_by_key(&key, |row| row.key).ok().map(|place| &rows[place])
    }

    /// The highest key of a model; 0 if it has no rows.
    pub(super) fn highest_key(&self, model: Model) -> i64 {
        self.rows(model).last().map_or(0, |row| row.key)
    }

    /// The number of rows that are taken over.
    pub(super) fn len(&self) -> usize {
        let numbered = self.numbered.iter().filter(|(model, _)| **model != Model::ContentType);
        numbered.map(|(_, rows)| rows.len()).sum::<usize>() + self.named.values().map(Vec::len).sum::<usize>()
    }
}

fn number(key: &Value, model: Model) -> Result<i64, String> {
    let wanted = if model.has_text_key() { "a text without NUL characters" } else { "a whole number from 1 up" };
    match key.as_i64() {
        Some(number) if !model.has_text_key() && (1..=HIGHEST_KEY).contains(&number) => Ok(number),
        Some(number) if !model.has_text_key() && number > HIGHEST_KEY => {
            Err(format!("{}: key {number} is too large", model.label()))
        }
        _ => Err(format!("{}: the key must be {wanted}, is {}", model.label(), described(key))),
    }
}

fn sort_by_key<K: Ord + Debug>(rows: &mut [Row<K>]) -> Result<(), DumpError> {
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    match rows.windows(2).find(|pair| pair[0].key == pair[1].key) {
        Some(pair) => Err(pair[0].key_error("occurs twice in the file")),
        None => Ok(()),
    }
}

impl<'a, K> Row<'a, K> {
    fn new(model: Model, key: K, has_own_key: bool, fields: &'a Map<String, Value>) -> Self {
        Self { model, key, has_own_key, fields, within: None }
    }
}

impl<'a, K: Debug> Row<'a, K> {
    /// The object that a field of this row contains as JSON text.
    pub(super) fn inner<'b>(&self, field: &'static str, fields: &'b Map<String, Value>) -> Row<'b, K>
    where
        K: Copy,
    {
        Row { model: self.model, key: self.key, has_own_key: self.has_own_key, fields, within: Some(field) }
    }

    /// An error about the key of this row.
    pub(super) fn key_error(&self, reason: impl Into<String>) -> DumpError {
        DumpError::Key { model: self.model.label(), key: format!("{:?}", self.key), reason: reason.into() }
    }

    /// An error about a field of this row.
    pub(super) fn error(&self, field: &str, reason: impl Into<String>) -> DumpError {
        let (field, reason) = match self.within {
            Some(outer) => (outer, format!("{field:?} {}", reason.into())),
            None => (field, reason.into()),
        };
        DumpError::Field { model: self.model.label(), key: format!("{:?}", self.key), field: field.to_owned(), reason }
    }

    fn type_error(&self, field: &str, wanted: &str) -> DumpError {
        match self.fields.get(field) {
            None => self.error(field, "is missing"),
            Some(value) => self.error(field, format!("must be {wanted}, is {}", described(value))),
        }
    }

    /// The raw value; null if the field is missing.
    pub(super) fn value(&self, field: &str) -> &'a Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// A required text.
    pub(super) fn text(&self, field: &str) -> Result<&'a str, DumpError> {
        self.optional_text(field)?.ok_or_else(|| self.type_error(field, "a text"))
    }

    /// A text; empty if it is null or missing.
    pub(super) fn text_or_empty(&self, field: &str) -> Result<&'a str, DumpError> {
        Ok(self.optional_text(field)?.unwrap_or_default())
    }

    /// A text; `None` if it is null or missing.
    pub(super) fn optional_text(&self, field: &str) -> Result<Option<&'a str>, DumpError> {
        match self.value(field) {
            Value::Null => Ok(None),
            Value::String(text) => self.storable(field, text).map(Some),
            _ => Err(self.type_error(field, "a text")),
        }
    }

    /// Returns the text if PostgreSQL can store it: without NUL characters.
    pub(super) fn storable<'t>(&self, field: &str, text: &'t str) -> Result<&'t str, DumpError> {
        if text.contains('\0') { Err(self.error(field, "has a NUL character in it")) } else { Ok(text) }
    }

    /// A boolean. If the field is missing it is `default`, or an error if that is `None`.
    pub(super) fn flag(&self, field: &str, default: Option<bool>) -> Result<bool, DumpError> {
        match (self.fields.get(field), default) {
            (Some(Value::Bool(flag)), _) => Ok(*flag),
            (None, Some(flag)) => Ok(flag),
            _ => Err(self.type_error(field, "true or false")),
        }
    }

    /// A required time.
    pub(super) fn time(&self, field: &str, zone: Tz) -> Result<DateTime<Utc>, DumpError> {
        self.optional_time(field, zone)?.ok_or_else(|| self.type_error(field, "a time"))
    }

    /// A time; `None` if it is null or missing.
    pub(super) fn optional_time(&self, field: &str, zone: Tz) -> Result<Option<DateTime<Utc>>, DumpError> {
        match self.value(field) {
            Value::Null => Ok(None),
            Value::String(text) => times::read(text, zone).map(Some).ok_or_else(|| self.type_error(field, "a time")),
            _ => Err(self.type_error(field, "a time")),
        }
    }

    /// Parses the text of a field as JSON.
    pub(super) fn json(&self, field: &str, text: &str) -> Result<Value, DumpError> {
        serde_json::from_str(text).map_err(|error| {
            let place = error.column();
            self.error(field, format!("is not JSON: {} at character {place}", syntax_reason(&error)))
        })
    }

    /// The texts of a list that is JSON in a text. Empty if the text is empty, null or missing.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<String>, DumpError> {
        let text = self.text_or_empty(field)?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let wrong = || self.error(field, "must be a list of texts as JSON");
        let Value::Array(entries) = self.json(field, text)? else { return Err(wrong()) };
        entries
            .into_iter()
            .map(|entry| match entry {
                Value::String(text) => self.storable(field, &text).map(str::to_owned),
                _ => Err(wrong()),
            })
            .collect()
    }
}
