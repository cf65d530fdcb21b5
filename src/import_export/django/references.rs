//! Resolves references by primary key and by natural key (a list of names).

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::error::{DumpError, described, quoted};
use super::models::Model;
use super::rows::{Dump, Row};
use super::warnings::Warnings;

/// The models that are referred to by name, and the field of the name.
const NAMED: [(Model, &str); 10] = [
    (Model::Tag, "name"),
    (Model::MetricType, "name"),
    (Model::GroupOfAggregations, "name"),
    (Model::GroupOfProfiles, "name"),
    (Model::GroupOfProbes, "name"),
    (Model::GroupOfMetrics, "name"),
    (Model::User, "username"),
    (Model::Probe, "name"),
    (Model::MetricName, "name"),
    (Model::Aggregation, "name"),
];

/// The models whose names were not unique in the tables of POEM 2.3, but are in POEM 3.
const MAY_BE_DOUBLE: [Model; 3] = [Model::Tag, Model::MetricType, Model::MetricName];

/// The names of one model's rows, by key and by name.
#[derive(Default)]
struct Names<'a> {
    by_key: HashMap<i64, &'a str>,
    /// The lowest key with each name.
    by_name: HashMap<&'a str, i64>,
    /// The keys of rows that have the name of an earlier row, with the key of that one.
    doubles: HashMap<i64, i64>,
}

/// The names and keys to which the fields of a dump refer.
pub(super) struct Refs<'a> {
    dump: &'a Dump<'a>,
    names: BTreeMap<Model, Names<'a>>,
}

impl<'a> Refs<'a> {
    /// Collects the names of all models. A row with the name of another is left out if the tables of 2.3 allowed that;
    /// references to it count for the other. Only aggregations may have one name.
    ///
    /// # Errors
    /// Any other name that two rows of one model have.
    pub(super) fn read(dump: &'a Dump<'a>, warnings: &mut Warnings) -> Result<Self, DumpError> {
        let mut names: BTreeMap<Model, Names> = BTreeMap::new();
        for (model, field) in NAMED {
            let names = names.entry(model).or_default();
            for row in dump.rows(model) {
                let name = row.text(field)?;
                names.by_key.insert(row.key, name);
                match names.by_name.get(name) {
                    Some(_) if model == Model::Aggregation => {}
                    Some(first) if MAY_BE_DOUBLE.contains(&model) => {
                        warnings.leave_out(row, field, &format!("is that of {} {first}", model.label()));
                        names.doubles.insert(row.key, *first);
                    }
                    _ => unique(&mut names.by_name, name, row, field)?,
                }
            }
        }
        Ok(Self { dump, names })
    }

    /// The name of a row; `None` for an unknown key.
    pub(super) fn name(&self, model: Model, key: i64) -> Option<&'a str> {
        self.names.get(&model)?.by_key.get(&key).copied()
    }

    /// The rows of a model without those that have the name of an earlier row.
    pub(super) fn first_rows(&self, model: Model) -> impl Iterator<Item = &'a Row<'a>> {
        self.dump.rows(model).iter().filter(move |row| self.first(model, row.key) == row.key)
    }

    /// The key of the first row with the same name.
    fn first(&self, model: Model, key: i64) -> i64 {
        self.names.get(&model).and_then(|names| names.doubles.get(&key)).copied().unwrap_or(key)
    }

    /// The key of the row with this name; `None` for an unknown name.
    pub(super) fn key(&self, model: Model, name: &str) -> Option<i64> {
        self.names.get(&model)?.by_name.get(name).copied()
    }

    /// The key to which a field refers; `None` if it is null or missing.
    ///
    /// # Errors
    /// A reference to a row that is not in the file.
    pub(super) fn one(&self, row: &Row, field: &str, model: Model) -> Result<Option<i64>, DumpError> {
        match row.value(field) {
            Value::Null => Ok(None),
            value => self.resolve(value, model).map(Some).map_err(|reason| row.error(field, reason)),
        }
    }

    /// The key to which a required field refers.
    ///
    /// # Errors
    /// As [`Refs::one`], and if the field is null or missing.
    pub(super) fn required(&self, row: &Row, field: &str, model: Model) -> Result<i64, DumpError> {
        let reason = || row.error(field, format!("must name one of {}, is null or missing", model.label()));
        self.one(row, field, model)?.ok_or_else(reason)
    }

    /// The keys to which a list refers; empty if it is null or missing.
    ///
    /// # Errors
    /// As [`Refs::one`].
    pub(super) fn many(&self, row: &Row, field: &str, model: Model) -> Result<Vec<i64>, DumpError> {
        match row.value(field) {
            Value::Null => Ok(Vec::new()),
            Value::Array(values) => (values.iter())
                .map(|value| self.resolve(value, model).map_err(|reason| row.error(field, reason)))
                .collect(),
            other => Err(row.error(field, format!("must be a list, is {}", described(other)))),
        }
    }

    fn resolve(&self, value: &Value, model: Model) -> Result<i64, String> {
        let label = model.label();
        if let Some(name) = natural_key(value) {
            return self.key(model, name).ok_or_else(|| format!("no {label} named {}", quoted(name)));
        }
        let key = value.as_i64().ok_or_else(|| format!("must name one of {label}, is {}", described(value)))?;
        match self.dump.row(model, key) {
            Some(row) if row.has_own_key => Ok(self.first(model, key)),
            // The number in the file cannot mean a key that was assigned by `Dump::sort`.
            _ if self.dump.rows(model).iter().any(|row| !row.has_own_key) => Err(format!(
                "no {label} with key {key}: the file has rows without keys, dump it with --natural-foreign"
            )),
            _ => Err(format!("no {label} with key {key}")),
        }
    }
}

/// The name in a natural key of one part; `None` for anything else.
fn natural_key(value: &Value) -> Option<&str> {
    match value.as_array()?.as_slice() {
        [Value::String(name)] => Some(name),
        _ => None,
    }
}

/// Notes the owner of a value that must be unique.
///
/// # Errors
/// The value already belongs to another row.
pub(super) fn unique<V: std::hash::Hash + Eq>(
    seen: &mut HashMap<V, i64>,
    value: V,
    row: &Row,
    field: &str,
) -> Result<(), DumpError> {
    match seen.insert(value, row.key) {
        Some(other) => Err(row.error(field, format!("the same as that of {} {other}", row.model.label()))),
        None => Ok(()),
    }
}
