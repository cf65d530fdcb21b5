//! The versions of probes and metrics.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::DumpSource;
use super::django_reversion;
use super::error::{DumpError, quoted};
use super::messages;
use super::models::Model;
use super::rows::Row;
use super::warnings::Warnings;
use crate::domain::model::metric::MetricContent;
use crate::domain::model::snapshot::{Version, VersionContent};

/// The versions of existing objects, and notes about the others.
#[derive(Default)]
pub(super) struct Versions {
    /// The versions of existing objects, in the order of their ids.
    pub(super) kept: Vec<Version>,
    /// The comments from which the messages were made, in the order of `kept`.
    comments: Vec<String>,
    /// The indexes in `kept` of the versions of each object.
    of_object: HashMap<(Model, i64), Vec<usize>>,
    /// The ids of versions of deleted probes.
    of_gone_probes: HashSet<i64>,
    /// The ids of versions whose content cannot be read.
    unreadable: HashSet<i64>,
    of_gone_objects: usize,
    of_other_models: usize,
    dangling: usize,
}

/// The target of a metric's `probekey`.
pub(super) enum ProbeVersion {
    /// A version of an existing probe.
    Kept,
    /// A version of a deleted probe.
    Gone,
    /// A version that was left out because its content cannot be read.
    Unreadable,
    /// Not a version of a probe.
    None,
}

/// Reads the versions of probes and metrics. Adds a warning for each kind of version that is left out.
pub(super) fn versions(source: &DumpSource, warnings: &mut Warnings) -> Result<Versions, DumpError> {
    let mut versions = Versions::default();
    for row in source.dump.rows(Model::Version) {
        versions.take(source, row, warnings)?;
    }
    warnings.left_out += versions.of_gone_objects + versions.of_other_models;
    let counted = [
        (versions.of_gone_objects, "version(s) left out, their probe or metric no longer exists"),
        (versions.of_other_models, "version(s) left out, they are neither of a probe nor of a metric"),
        (versions.dangling, "reference(s) to a tag, type or group that no longer exists, left empty"),
    ];
    let label = Model::Version.label();
    warnings.extend(counted.iter().filter(|(count, _)| *count > 0).map(|(n, words)| format!("{label}: {n} {words}")));
    Ok(versions)
}

impl Versions {
    /// The kind of version that an id belongs to.
    pub(super) fn probe_version(&self, id: i64) -> ProbeVersion {
        let kept = self.kept.binary_search_by_key(&id, |version| version.id).ok().map(|place| &self.kept[place]);
        match kept.map(|version| &version.content) {
            Some(VersionContent::Probe(_)) => ProbeVersion::Kept,
            None if self.of_gone_probes.contains(&id) => ProbeVersion::Gone,
            None if self.unreadable.contains(&id) => ProbeVersion::Unreadable,
            _ => ProbeVersion::None,
        }
    }

    /// The message of the version of this metric that was written by the same request as a log entry; `None` if there
    /// is none. Considers the versions within `seconds` of its time: first one with the same comment, then the nearest.
    pub(super) fn message_at(&self, metric: i64, comment: &str, time: DateTime<Utc>, seconds: i64) -> Option<String> {
        let places = self.of_object.get(&(Model::Metric, metric))?.iter();
        let distance = |place: usize| (self.kept[place].created - time).num_milliseconds().abs();
        let near = places.filter(|place| distance(**place) <= seconds * 1000);
        let best = near.min_by_key(|place| (self.comments[**place] != comment, distance(**place)))?;
        Some(self.kept[*best].message.clone())
    }

    /// The time of the newest version of a probe; `None` if it has none.
    pub(super) fn newest_of_probe(&self, probe: i64) -> Option<DateTime<Utc>> {
        let places = self.of_object.get(&(Model::Probe, probe))?;
        places.iter().map(|place| self.kept[*place].created).max()
    }

    /// Takes a version. The content was plain text for the database, so one that cannot be read is only left out.
    fn take(&mut self, source: &DumpSource, row: &Row, warnings: &mut Warnings) -> Result<(), DumpError> {
        let (content, object_id) = match content_and_object(source, row, &mut self.dangling) {
            Ok(Some(read)) => read,
            Ok(None) => {
                self.of_other_models += 1;
                return Ok(());
            }
            Err(error) => {
                warnings.push(format!("{error}, left out"));
                warnings.left_out += 1;
                self.unreadable.insert(row.key);
                return Ok(());
            }
        };
        let model = model_of(&content);
        let revision = revision(source, row)?;
        if source.dump.row(model, object_id).is_none() {
            self.of_gone_objects += 1;
            if model == Model::Probe {
                self.of_gone_probes.insert(row.key);
            }
            return Ok(());
        }
        let comment = revision.text_or_empty("comment")?;
        let message = messages::of_version(comment, self.change(model, object_id, &content));
        revision.storable("comment", &message)?;
        let user_id = source.refs.one(revision, "user", Model::User)?;
        self.of_object.entry((model, object_id)).or_default().push(self.kept.len());
        self.comments.push(comment.to_owned());
        self.kept.push(Version {
            id: row.key,
            object_id,
            content,
            message,
            user_id,
            username: user_id.and_then(|id| source.refs.name(Model::User, id)).unwrap_or_default().to_owned(),
            created: revision.time("date_created", source.zone)?,
            change_reason: String::new(),
        });
        Ok(())
    }

    /// The metric before and after a version; `None` for probes and for first versions.
    fn change<'c>(
        &'c self,
        model: Model,
        object_id: i64,
        after: &'c VersionContent,
    ) -> Option<(&'c MetricContent, &'c MetricContent)> {
        let before = &self.kept[*self.of_object.get(&(model, object_id))?.last()?];
        match (&before.content, after) {
            (VersionContent::Metric(before), VersionContent::Metric(after)) => Some((before, after)),
            _ => None,
        }
    }
}

/// The content of a version and the id of its object; `None` for an object of another kind.
fn content_and_object(
    source: &DumpSource,
    row: &Row,
    dangling: &mut usize,
) -> Result<Option<(VersionContent, i64)>, DumpError> {
    let Some(content) = django_reversion::content(source, row, dangling)? else { return Ok(None) };
    Ok(Some((content, object_id(row)?)))
}

fn model_of(content: &VersionContent) -> Model {
    match content {
        VersionContent::Probe(_) => Model::Probe,
        VersionContent::Metric(_) => Model::Metric,
        VersionContent::Profile(_) => Model::Profile,
        VersionContent::Aggregation(_) => Model::Aggregation,
    }
}

fn object_id(row: &Row) -> Result<i64, DumpError> {
    let text = row.text("object_id")?;
    text.parse().map_err(|_| row.error("object_id", format!("must be a number as text, is {}", quoted(text))))
}

fn revision<'a>(source: &DumpSource<'a>, row: &Row) -> Result<&'a Row<'a>, DumpError> {
    let key = source.refs.required(row, "revision", Model::Revision)?;
    source.dump.row(Model::Revision, key).ok_or_else(|| row.error("revision", format!("no revision with key {key}")))
}
