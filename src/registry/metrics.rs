//! Metrics: adding, cloning, changing, restoring and removing them.

use super::Transaction;
use crate::blocking::in_place;
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric::MetricContent;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide, may_move_name};
use crate::domain::model::snapshot::VersionContent;
use crate::domain::model::wording;
use crate::store::metrics::MetricRow;
use crate::store::{StoreError, groups, metrics, probes, taken_names, version_writes, versions};

use super::again::Again;
use super::audit_log::{record_addition, record_change, record_deletion};
use super::error::collect;
use super::groups::{chosen_group, keep_group};
use super::{ExpectedRevision, SaveError, Saved, renames};

/// Adds a metric. Its name is added to the registry and moved to the metric's group, unless it is in a foreign one.
///
/// `clone_of`: the metric whose values pre-filled the form; the new metric inherits its versions.
pub async fn create(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &MetricContent,
    clone_of: Option<i64>,
) -> Result<Saved, SaveError> {
    add(tx, viewer, content, clone_of, None).await
}

/// Adds a metric, as [`create`]; one that was deleted gets its id again.
pub(super) async fn add(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &MetricContent,
    clone_of: Option<i64>,
    again: Option<&Again>,
) -> Result<Saved, SaveError> {
    let original = match clone_of {
        Some(id) => Some((id, original(tx, viewer, id).await?)),
        None => None,
    };
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, ObjectKind::Metric, Action::Add { group: &content.group }), &mut errors)?;
    let chosen = check(tx, content, original.as_ref().map(|(id, content)| (*id, content)), (None, errors)).await?;
    let content = &content.clone().without_unused_settings();
    let name = put_name(tx, viewer, content, chosen.group_id).await?;
    let id = metrics::insert(tx.write_tx(), again.and_then(|again| again.id), chosen.row(name.id, content)).await?;
    metrics::set_settings(tx.write_tx(), id, &content.settings).await?;
    let derived = original.as_ref().map(|(_, of)| wording::derived_from(&of.name, &of.tag));
    let derived = derived.or_else(|| again.map(|again| again.message.clone()));
    if let Some(original) = clone_of {
        version_writes::copy_metric_versions(tx.write_tx(), original, id).await?;
    }
    keep_version(tx, viewer, id, derived.as_deref().unwrap_or(wording::INITIAL)).await?;
    let message = derived.unwrap_or_default();
    record_addition(tx, viewer, (ObjectKind::Metric, id, &content.label()), content, &message).await?;
    let side_effects = name.in_words(&content.name).into_iter().collect();
    Ok(Saved { side_effects, ..Saved::plain(id, &content.label()) })
}

/// Returns the metric to clone, if the viewer may clone it.
async fn original(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<MetricContent, SaveError> {
    let original = metrics::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::Metric, Action::Clone { group: &original.group })?;
    Ok(original)
}

/// Saves the content of a form, with a new version.
///
/// If the name changes, everything that refers to the metric by name follows.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    content: &MetricContent,
) -> Result<Saved, SaveError> {
    let before = metrics::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?;
    let action = Action::Change { before: &before.content.group, after: &content.group };
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, ObjectKind::Metric, action), &mut errors)?;
    target.check(before.revision)?;
    let before = before.content;
    if *content == before && errors.is_empty() {
        return Ok(Saved::nothing(target.id, &content.label()));
    }
    let chosen = check(tx, content, Some((target.id, &before)), (Some(&before), errors)).await?;
    let content = &content.clone().without_unused_settings().in_order_of(&before);
    let changes = in_place(|| before.changes(content));
    if changes.is_empty() {
        return Ok(Saved::nothing(target.id, &content.label()));
    }
    let name = put_name(tx, viewer, content, chosen.group_id).await?;
    metrics::update(tx.write_tx(), target.id, chosen.row(name.id, content)).await?;
    metrics::set_settings(tx.write_tx(), target.id, &content.settings).await?;
    let message = changes.in_words();
    keep_version(tx, viewer, target.id, &message).await?;
    record_change(tx, viewer, (ObjectKind::Metric, target.id, &content.label()), changes).await?;
    let mut side_effects = Vec::new();
    if (&before.name, &before.group) != (&content.name, &content.group) {
        side_effects.extend(name.in_words(&content.name));
    }
    if before.name != content.name {
        side_effects.extend(renames::propagate(tx, viewer, target.id, (&before.name, &content.name)).await?);
    }
    Ok(Saved { side_effects, ..Saved::changed(target.id, &content.label(), message) })
}

/// Saves an old version of the metric again.
///
/// A group or probe version that no longer exists is left out: the metric stays in its group, or has no probe version.
/// The side effects name what was left out.
pub async fn restore(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    version_id: i64,
) -> Result<Saved, SaveError> {
    let now = metrics::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?.content;
    let version = versions::get(tx.conn(), version_id).await?.filter(|version| version.object_id == target.id);
    let Some(VersionContent::Metric(mut content)) = version.map(|version| version.content) else {
        return Err(SaveError::Gone);
    };
    let mut left_out = Vec::new();
    left_out.extend(keep_group(tx, ObjectKind::Metric, &mut content.group, &now.group).await?);
    let is_known = content.probe.is_empty() || content.probe == now.probe;
    if !is_known && probes::of_label(tx.conn(), &content.probe).await?.is_none() {
        left_out.push(format!("The probe version “{}” no longer exists: the metric has none now.", content.probe));
        content.probe.clear();
    }
    let mut saved = change(tx, viewer, target, &content).await?;
    saved.side_effects.splice(..0, left_out);
    Ok(saved)
}

/// Removes a metric. Its name stays in the registry and in its group, because profiles may test with it.
///
/// Its log entries and versions stay too.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<Saved, SaveError> {
    let before = metrics::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::Metric, Action::Delete { group: &before.group })?;
    metrics::delete(tx.write_tx(), id).await?;
    record_deletion(tx, viewer, (ObjectKind::Metric, id, &before.label()), &before).await?;
    Ok(Saved::plain(id, &before.label()))
}

/// The ids of the objects that a content names.
struct Chosen {
    tag_id: i64,
    metric_type_id: i64,
    /// `None` only for a metric that had no group before.
    group_id: Option<i64>,
    probe_version_id: Option<i64>,
}

impl Chosen {
    fn row<'a>(&self, name_id: i64, content: &'a MetricContent) -> MetricRow<'a> {
        MetricRow {
            name_id,
            tag_id: self.tag_id,
            metric_type_id: self.metric_type_id,
            probe_version_id: self.probe_version_id,
            group_id: self.group_id,
            executable: &content.executable,
            parent: &content.parent,
        }
    }
}

/// Checks the content and resolves its names; reports all errors at once.
///
/// `source` is the metric that the form was opened with, as (id, content); `before` is the metric that is changed.
async fn check(
    tx: &mut Transaction,
    content: &MetricContent,
    source: Option<(i64, &MetricContent)>,
    (before, mut errors): (Option<&MetricContent>, ValidationErrors),
) -> Result<Chosen, SaveError> {
    let id = before.and(source).map(|(id, _)| id);
    if taken_names::metric(tx.conn(), id, (&content.name, &content.tag)).await? {
        errors.add(Place::Field("name"), words::exists("Metric", "Name and Tag"));
    }
    content.check_type(before, &mut errors);
    let probe_version_id = chosen_probe_version(tx, &content.probe, source, &mut errors).await?;
    let labels = metrics::labels(tx.conn(), &content.tag, &content.metric_type).await?;
    for (field, id) in [("tag", labels.tag_id), ("mtype", labels.metric_type_id)] {
        if id.is_none() {
            errors.add(Place::Field(field), words::NO_CHOICE);
        }
    }
    // Required for superusers too, unless a loaded metric has none.
    let needs_group = before.is_none_or(|before| !before.group.is_empty());
    if content.group.is_empty() && needs_group && errors.of(Place::Field("group")).is_empty() {
        errors.add(Place::Field("group"), words::REQUIRED);
    }
    let group_id = chosen_group(tx, GroupKind::Metrics, &content.group, &mut errors).await?;
    match (errors.is_empty(), labels.tag_id, labels.metric_type_id) {
        (true, Some(tag_id), Some(metric_type_id)) => Ok(Chosen { tag_id, metric_type_id, group_id, probe_version_id }),
        _ => Err(errors.into()),
    }
}

/// Returns the id of the probe version with this label, `None` for ''.
///
/// An unchanged label is taken from `source`: its probe may have been removed.
async fn chosen_probe_version(
    tx: &mut Transaction,
    label: &str,
    source: Option<(i64, &MetricContent)>,
    errors: &mut ValidationErrors,
) -> Result<Option<i64>, StoreError> {
    if label.is_empty() {
        return Ok(None);
    }
    if let Some((id, _)) = source.filter(|(_, before)| before.probe == label) {
        return metrics::probe_version_id(tx.conn(), id).await;
    }
    let found = probes::of_label(tx.conn(), label).await?;
    if found.is_none() {
        errors.add(Place::Field("probeversion"), words::NO_CHOICE);
    }
    Ok(found.map(|probe| probe.version_id))
}

/// The name of a metric in the registry, after a save.
struct PutName {
    id: i64,
    /// The foreign group in which the name stays; `None` if it is in the metric's group now.
    stays_in: Option<String>,
}

impl PutName {
    /// Returns a sentence for the user if the name stays in a foreign group.
    fn in_words(&self, name: &str) -> Option<String> {
        Some(wording::name_stays(name, self.stays_in.as_ref()?))
    }
}

/// Puts the metric's name into its group, unless the name is in a group that the viewer may not change.
///
/// The revisions of both groups rise: their forms list the name. A metric without a group, as 2.3 allowed it, leaves its
/// name where it is.
async fn put_name(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &MetricContent,
    group_id: Option<i64>,
) -> Result<PutName, StoreError> {
    let before = metrics::group_of_name(tx.conn(), &content.name).await?;
    if group_id.is_none() {
        let kept = groups::id_of(tx.conn(), GroupKind::Metrics, before.as_deref().unwrap_or_default()).await?;
        let id = metrics::put_name(tx.write_tx(), &content.name, kept).await?;
        return Ok(PutName { id, stays_in: None });
    }
    let foreign = before.clone().filter(|group| *group != content.group && !may_move_name(viewer, group));
    if let Some(group) = foreign
        && let Some(foreign_id) = groups::id_of(tx.conn(), GroupKind::Metrics, &group).await?
    {
        let id = metrics::put_name(tx.write_tx(), &content.name, Some(foreign_id)).await?;
        return Ok(PutName { id, stays_in: Some(group) });
    }
    let id = metrics::put_name(tx.write_tx(), &content.name, group_id).await?;
    if before.as_ref() != Some(&content.group) {
        let changed: Vec<String> = before.into_iter().chain([content.group.clone()]).collect();
        groups::increment_revisions(tx.write_tx(), GroupKind::Metrics, &changed).await?;
    }
    Ok(PutName { id, stays_in: None })
}

/// Adds a version with the current state of the metric.
async fn keep_version(tx: &mut Transaction, viewer: &Viewer, id: i64, message: &str) -> Result<(), StoreError> {
    let author = (Some(viewer.id), viewer.username.as_str());
    version_writes::insert_metric_versions(tx.write_tx(), &[(id, message.to_owned())], author).await
}
