//! The metrics with their settings, and the registry of metric names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::DumpSource;
use super::error::{DumpError, quoted};
use super::history::{ProbeVersion, Versions};
use super::models::{Model, section_field};
use super::references::unique;
use super::rows::Row;
use super::users_and_groups::Members;
use super::warnings::Warnings;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric::{Section, Settings};
use crate::domain::model::snapshot::{Metric, MetricName, Snapshot};

/// The registry of metric names, with the group of each name.
pub(super) fn names(
    source: &DumpSource,
    members: &Members,
    warnings: &mut Warnings,
) -> Result<Vec<MetricName>, DumpError> {
    let mut names = Vec::new();
    for row in source.refs.first_rows(Model::MetricName) {
        let group = members.group_of(GroupKind::Metrics, row, warnings);
        names.push(MetricName { id: row.key, name: row.text("name")?.to_owned(), group });
    }
    Ok(names)
}

/// Adds the names that only metrics and tuples have to the registry. Their ids are above `highest`; the names of
/// metrics come first, each kind in the order of the ids.
pub(super) fn complete_names(snapshot: &mut Snapshot, highest: i64) {
    let mut known: BTreeSet<&str> = snapshot.metric_names.iter().map(|name| name.name.as_str()).collect();
    let instances: BTreeMap<i64, &str> = (snapshot.profiles.iter())
        .flat_map(|profile| &profile.instances)
        .map(|instance| (instance.id, instance.tuple.metric.as_str()))
        .collect();
    let used = snapshot.metrics.iter().map(|metric| metric.name.as_str()).chain(instances.into_values());
    let new: Vec<&str> = used.filter(|name| known.insert(name)).collect();
    let new = (highest + 1..).zip(new).map(|(id, name)| MetricName { id, name: name.to_owned(), group: None });
    snapshot.metric_names.extend(new.collect::<Vec<_>>());
}

/// The metrics with their settings.
pub(super) fn metrics(
    source: &DumpSource,
    versions: &Versions,
    warnings: &mut Warnings,
) -> Result<Vec<Metric>, DumpError> {
    let mut settings = settings(source, warnings)?;
    let executables = single_values(source, Model::MetricExecutable, warnings)?;
    let parents = single_values(source, Model::MetricParent, warnings)?;
    let mut names = HashMap::new();
    let mut metrics = Vec::new();
    for row in source.dump.rows(Model::Metric) {
        let tag = source.refs.required(row, "tag", Model::Tag)?;
        let metric_type = source.refs.required(row, "mtype", Model::MetricType)?;
        let name = row.text("name")?;
        unique(&mut names, (name, tag), row, "name")?;
        let metric = Metric {
            id: row.key,
            name: name.to_owned(),
            tag: source.refs.name(Model::Tag, tag).unwrap_or_default().to_owned(),
            metric_type: source.refs.name(Model::MetricType, metric_type).unwrap_or_default().to_owned(),
            probe_version: probe_version(source, row, versions, warnings)?,
            group: source.refs.one(row, "group", Model::GroupOfMetrics)?,
            executable: executables.get(&row.key).copied().unwrap_or_default().to_owned(),
            parent: parents.get(&row.key).copied().unwrap_or_default().to_owned(),
            settings: settings.remove(&row.key).unwrap_or_default(),
        };
        warn_of_text_alone(row, &metric, warnings);
        metrics.push(metric);
    }
    Ok(metrics)
}

/// The settings by the id of the metric, in the order of their own ids, which is the order in which they were entered.
///
/// The table of section config allows null in every column. POEM 2.3 served no setting for such a row.
fn settings(source: &DumpSource, warnings: &mut Warnings) -> Result<HashMap<i64, Settings>, DumpError> {
    let mut settings: HashMap<i64, Settings> = HashMap::new();
    for section in Section::ALL {
        for row in source.dump.rows(Model::of_section(section)) {
            let metric = source.refs.one(row, "metric", Model::Metric)?;
            let (key, value) = (row.optional_text("key")?, row.optional_text("value")?);
            match (metric, key, value) {
                (None, ..) => warnings.leave_out(row, "metric", "names no metric"),
                (_, None, _) => warnings.leave_out(row, "key", "is null"),
                (_, _, None) => warnings.leave_out(row, "value", "is null"),
                (_, Some(""), Some("")) => warnings.leave_out(row, "key", "is empty, like the value"),
                (Some(metric), Some(key), Some(value)) => settings.entry(metric).or_default().push(section, key, value),
            }
        }
    }
    Ok(settings)
}

/// The executable or the parent by the id of the metric. If there are several, the first one, with a warning. A null
/// value is none.
fn single_values<'a>(
    source: &DumpSource<'a>,
    model: Model,
    warnings: &mut Warnings,
) -> Result<HashMap<i64, &'a str>, DumpError> {
    let mut values = HashMap::new();
    for row in source.dump.rows(model) {
        let Some(metric) = source.refs.one(row, "metric", Model::Metric)? else {
            warnings.leave_out(row, "metric", "names no metric");
            continue;
        };
        let Some(value) = row.optional_text("value")? else { continue };
        let kept = *values.entry(metric).or_insert((row.key, value));
        if kept.0 != row.key {
            let (label, key) = (model.label(), row.key);
            warnings
                .push(format!("{label} {key}: not the first one of poem.metric {metric}, {} left out", quoted(value)));
        }
    }
    Ok(values.into_iter().map(|(metric, (_, value))| (metric, value)).collect())
}

/// The id of the probe version of a metric. Only the key counts; the label is used in warnings.
fn probe_version(
    source: &DumpSource,
    row: &Row,
    versions: &Versions,
    warnings: &mut Warnings,
) -> Result<Option<i64>, DumpError> {
    let label = row.text_or_empty("probeversion")?;
    let Some(id) = source.refs.one(row, "probekey", Model::Version)? else {
        if !label.is_empty() {
            let (key, label) = (row.key, quoted(label));
            warnings.push(format!("poem.metric {key}: probe version {label} has no key, loaded without a probe"));
        }
        return Ok(None);
    };
    match versions.probe_version(id) {
        ProbeVersion::Kept => Ok(Some(id)),
        ProbeVersion::Gone => {
            let (key, label) = (row.key, quoted(label));
            warnings.push(format!("poem.metric {key}: the probe of {label} is gone, loaded without a probe"));
            Ok(None)
        }
        ProbeVersion::Unreadable => {
            let (key, label) = (row.key, quoted(label));
            warnings.push(format!("poem.metric {key}: the version {label} was left out, loaded without a probe"));
            Ok(None)
        }
        ProbeVersion::None => {
            Err(row.error("probekey", format!("{} {id} is not a version of a probe", Model::Version.label())))
        }
    }
}

/// Warns of settings that are only in the JSON text of the metric.
///
/// POEM 2.3 showed and served the rows of the settings tables; the JSON text was a copy for the versions. So the text
/// is never read. Text without rows is unexpected, and an administrator should check it.
fn warn_of_text_alone(row: &Row, metric: &Metric, warnings: &mut Warnings) {
    let sections = Section::ALL.map(|section| (section_field(section), metric.settings.of(section).is_empty()));
    let single = [("probeexecutable", metric.executable.is_empty()), ("parent", metric.parent.is_empty())];
    for (field, without_rows) in sections.into_iter().chain(single) {
        let text = row.value(field).as_str().unwrap_or_default();
        if without_rows && !matches!(text, "" | "[]" | "[\"\"]") {
            let key = row.key;
            warnings.push(format!("poem.metric {key}: field {field:?} has text but no rows, left out"));
        }
    }
}
