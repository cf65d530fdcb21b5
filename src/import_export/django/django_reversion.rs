//! The content of a version: the object as Django serialised it, JSON within a text of the dump.

use serde_json::Value;

use super::DumpSource;
use super::error::{DumpError, described};
use super::models::{Model, section_field};
use super::rows::Row;
use crate::domain::form::text;
use crate::domain::model::metric::{MetricContent, Section, Settings};
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::snapshot::VersionContent;

const FIELD: &str = "serialized_data";

/// The content of a version; `None` for an object of another kind.
///
/// `dangling` counts references to tags, types and groups that no longer exist. In a version they were not foreign
/// keys; the content has empty names for them.
pub(super) fn content(
    source: &DumpSource,
    row: &Row,
    dangling: &mut usize,
) -> Result<Option<VersionContent>, DumpError> {
    let format = row.value("format");
    if !format.is_null() && format != "json" {
        return Err(row.error("format", format!("must be the text \"json\", is {}", described(format))));
    }
    let data = row.json(FIELD, row.text(FIELD)?)?;
    let object = data.as_array().filter(|objects| objects.len() == 1).and_then(|objects| objects[0].as_object());
    let parts = object.and_then(|object| {
        Some((object.get("model").and_then(Value::as_str)?, object.get("fields").and_then(Value::as_object)?))
    });
    let (label, fields) = parts.ok_or_else(|| row.error(FIELD, "must be a list with one object as JSON"))?;
    let inner = row.inner(FIELD, fields);
    match Model::find(label) {
        Some(Model::Probe) => Ok(Some(VersionContent::Probe(probe(&inner)?))),
        Some(Model::Metric) => Ok(Some(VersionContent::Metric(metric(source, &inner, dangling)?))),
        _ => Ok(None),
    }
}

fn probe(row: &Row) -> Result<ProbeContent, DumpError> {
    Ok(ProbeContent {
        name: row.text_or_empty("name")?.to_owned(),
        version: row.text_or_empty("version")?.to_owned(),
        repository: row.text_or_empty("repository")?.to_owned(),
        docurl: row.text_or_empty("docurl")?.to_owned(),
        description: text::unify_line_ends(row.text_or_empty("description")?),
        comment: text::unify_line_ends(row.text_or_empty("comment")?),
        group: row.text_or_empty("group")?.to_owned(),
    })
}

fn metric(source: &DumpSource, row: &Row, dangling: &mut usize) -> Result<MetricContent, DumpError> {
    Ok(MetricContent {
        name: row.text_or_empty("name")?.to_owned(),
        tag: name_of(source, row, "tag", Model::Tag, dangling)?,
        metric_type: name_of(source, row, "mtype", Model::MetricType, dangling)?,
        probe: row.text_or_empty("probeversion")?.to_owned(),
        group: name_of(source, row, "group", Model::GroupOfMetrics, dangling)?,
        executable: row.texts("probeexecutable")?.into_iter().next().unwrap_or_default(),
        parent: row.texts("parent")?.into_iter().next().unwrap_or_default(),
        settings: settings(row)?,
    })
}

/// The settings from lists of `key value`. They are split at the first space: a value may have spaces, a key has none.
fn settings(row: &Row) -> Result<Settings, DumpError> {
    let mut settings = Settings::default();
    for section in Section::ALL {
        for text in row.texts(section_field(section))? {
            let (key, value) = text.split_once(' ').unwrap_or((&text, ""));
            settings.push(section, key, value);
        }
    }
    Ok(settings)
}

fn name_of(
    source: &DumpSource,
    row: &Row,
    field: &str,
    model: Model,
    dangling: &mut usize,
) -> Result<String, DumpError> {
    match row.value(field) {
        Value::Null => Ok(String::new()),
        Value::Number(_) | Value::Array(_) => {
            let name = source.refs.one(row, field, model).ok().flatten().and_then(|id| source.refs.name(model, id));
            *dangling += usize::from(name.is_none());
            Ok(name.unwrap_or_default().to_owned())
        }
        other => Err(row.error(field, format!("must name one of {}, is {}", model.label(), described(other)))),
    }
}
