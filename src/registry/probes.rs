//! Probes: adding, changing (with a new version or in place) and removing them. The metrics that use them follow.

use super::Transaction;
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric_changes::PROBE_VERSION;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::probe::{NOT_RAISED, ProbeContent};
use crate::domain::model::wording;
use crate::store::audit_log::ChangedObject;
use crate::store::versions::VersionRow;
use crate::store::{StoreError, probes, taken_names, undo, version_writes, versions};

use super::again::Again;
use super::audit_log::{author, record_addition, record_change, record_deletion, record_many};
use super::error::collect;
use super::groups::{chosen_group, record_move};
use super::{ExpectedRevision, SaveError, Saved};

/// The most metrics that side effects name; the others are only counted.
const MAX_NAMED: usize = 10;
/// The most side effects that need no summary.
const MAX_WITHOUT_SUMMARY: usize = 3;

/// The way in which a change is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// Save as a new version; otherwise the newest version is amended in place.
    pub new_version: bool,
    /// Move the metrics that use the newest version to the new one. No effect without `new_version`.
    pub update_metrics: bool,
}

/// Adds a probe with its first version.
pub async fn create(tx: &mut Transaction, viewer: &Viewer, content: &ProbeContent) -> Result<Saved, SaveError> {
    add(tx, viewer, content, None).await
}

/// Adds a probe, as [`create`]; one that was deleted gets its id again, and with it its versions. If its newest version has
/// the number of the content, it gets no new one.
pub(super) async fn add(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &ProbeContent,
    again: Option<&Again>,
) -> Result<Saved, SaveError> {
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, ObjectKind::Probe, Action::Add { group: &content.group }), &mut errors)?;
    if taken_names::probe(tx.conn(), &content.name).await? {
        errors.add(Place::Field("name"), words::exists("Probe", "Name"));
    }
    let former_id = again.and_then(|again| again.id);
    let kept = match former_id {
        Some(id) => versions::list(tx.conn(), ObjectKind::Probe, id).await?,
        None => Vec::new(),
    };
    if kept.iter().skip(1).any(|version| version.label == content.version) {
        errors.add(Place::Field("version"), NOT_RAISED);
    }
    let group_id = check(tx, content, errors).await?;
    let id = probes::insert(tx.write_tx(), former_id, content, group_id, &viewer.username).await?;
    let message = again.map_or("", |again| &again.message);
    match kept.first().filter(|newest| newest.label == content.version) {
        Some(newest) => version_writes::amend_probe(tx.write_tx(), newest.id, content).await?,
        None => {
            let words = if message.is_empty() { wording::INITIAL } else { message };
            version_writes::insert_probe_version(tx.write_tx(), id, content, words, author(viewer)).await?;
        }
    }
    record_move(tx, GroupKind::Probes, "", &content.group).await?;
    record_addition(tx, viewer, (ObjectKind::Probe, id, &content.name), content, message).await?;
    Ok(Saved::plain(id, &content.name))
}

/// Saves the content of a form. The name never changes: the one in the content is ignored.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    content: &ProbeContent,
    intent: Intent,
) -> Result<Saved, SaveError> {
    let before = probes::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?;
    let action = Action::Change { before: &before.content.group, after: &content.group };
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, ObjectKind::Probe, action), &mut errors)?;
    target.check(before.revision)?;
    let before = before.content;
    let content = &ProbeContent { name: before.name.clone(), ..content.clone() };
    let changes = before.changes(content);
    if changes.is_empty() && errors.is_empty() {
        return Ok(Saved::nothing(target.id, &content.name));
    }
    let kept = versions::list(tx.conn(), ObjectKind::Probe, target.id).await?;
    let labels: Vec<String> = kept.iter().map(|version| version.label.clone()).collect();
    before.check_version(content, intent.new_version, &labels, &mut errors);
    let group_id = check(tx, content, errors).await?;
    probes::update(tx.write_tx(), target.id, content, group_id, &viewer.username).await?;
    let message = changes.in_words();
    let side_effects = match kept.first() {
        newest if intent.new_version => {
            let replaced = newest.filter(|_| intent.update_metrics);
            add_version(tx, viewer, (target.id, content), &message, replaced).await?
        }
        newest => {
            amend_version(tx, viewer, (target.id, content), newest).await?;
            Vec::new()
        }
    };
    record_move(tx, GroupKind::Probes, &before.group, &content.group).await?;
    record_change(tx, viewer, (ObjectKind::Probe, target.id, &content.name), changes).await?;
    Ok(Saved { side_effects, ..Saved::changed(target.id, &content.name, message) })
}

/// Removes a probe. Its metrics stay, without a probe.
///
/// Its versions stay too, because versions of metrics and log entries refer to them; no page links to them until the probe
/// is restored. No other probe can inherit them, because only a restored probe gets an id again: the sequence does not go
/// back, and a load leaves out versions without their object.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<Saved, SaveError> {
    let before = probes::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::Probe, Action::Delete { group: &before.group })?;
    let kept = versions::list(tx.conn(), ObjectKind::Probe, id).await?;
    let version_ids: Vec<i64> = kept.iter().map(|version| version.id).collect();
    let left = relink_metrics(tx, viewer, &version_ids, None).await?;
    probes::delete(tx.write_tx(), id).await?;
    record_move(tx, GroupKind::Probes, &before.group, "").await?;
    record_deletion(tx, viewer, (ObjectKind::Probe, id, &before.name), &before).await?;
    let side_effects = describe_change(&left, ["Left", "without a probe"]);
    Ok(Saved { side_effects, ..Saved::plain(id, &before.name) })
}

/// Takes back the newest version of a probe, which then is as it was before. Its metrics move to the version before, each
/// with a version and a log entry.
///
/// `newest` and `previous` are the ids of the two versions, `before` is the content in the previous one.
pub(super) async fn withdraw_version(
    tx: &mut Transaction,
    viewer: &Viewer,
    id: i64,
    before: &ProbeContent,
    (newest, previous): (i64, i64),
) -> Result<Saved, SaveError> {
    let now = probes::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    let mut errors = ValidationErrors::default();
    let action = Action::Change { before: &now.group, after: &before.group };
    collect(decide(viewer, ObjectKind::Probe, action), &mut errors)?;
    let group_id = check(tx, before, errors).await?;
    let label = before.label();
    let moved = relink_metrics(tx, viewer, &[newest], Some((previous, &label))).await?;
    undo::delete_version(tx.write_tx(), newest).await?;
    version_writes::amend_probe(tx.write_tx(), previous, before).await?;
    probes::update(tx.write_tx(), id, before, group_id, &viewer.username).await?;
    record_move(tx, GroupKind::Probes, &now.group, &before.group).await?;
    let changes = now.changes(before);
    let message = changes.in_words();
    record_change(tx, viewer, (ObjectKind::Probe, id, &before.name), changes).await?;
    let side_effects = describe_change(&moved, ["Moved", &format!("back to {label}")]);
    Ok(Saved { side_effects, ..Saved::changed(id, &before.name, message) })
}

/// Reports all errors of the content at once; returns the id of its group.
async fn check(
    tx: &mut Transaction,
    content: &ProbeContent,
    mut errors: ValidationErrors,
) -> Result<Option<i64>, SaveError> {
    let group_id = chosen_group(tx, GroupKind::Probes, &content.group, &mut errors).await?;
    errors.check()?;
    Ok(group_id)
}

/// Adds the content as a new version; the metrics that use the replaced one move to it. Returns the side effects.
async fn add_version(
    tx: &mut Transaction,
    viewer: &Viewer,
    (id, content): (i64, &ProbeContent),
    message: &str,
    replaced: Option<&VersionRow>,
) -> Result<Vec<String>, StoreError> {
    let version_id = version_writes::insert_probe_version(tx.write_tx(), id, content, message, author(viewer)).await?;
    let replaced: Vec<i64> = replaced.into_iter().map(|version| version.id).collect();
    let label = content.label();
    let moved = relink_metrics(tx, viewer, &replaced, Some((version_id, &label))).await?;
    Ok(describe_change(&moved, ["Moved", &format!("to {label}")]))
}

/// Writes the content into the newest version; its metrics stay linked and show its label, even if that has changed.
///
/// A probe without any version, which should not exist, gets its first.
async fn amend_version(
    tx: &mut Transaction,
    viewer: &Viewer,
    (id, content): (i64, &ProbeContent),
    newest: Option<&VersionRow>,
) -> Result<(), StoreError> {
    let Some(newest) = newest else {
        version_writes::insert_probe_version(tx.write_tx(), id, content, wording::INITIAL, author(viewer)).await?;
        return Ok(());
    };
    version_writes::amend_probe(tx.write_tx(), newest.id, content).await?;
    if newest.label != content.version {
        // The forms of its metrics show the label.
        probes::increment_metric_revisions(tx.write_tx(), newest.id).await?;
    }
    Ok(())
}

/// Links the metrics that use one of these versions to another, given as (id, label), or to none; returns their labels.
///
/// Each metric gets a version and a log entry.
async fn relink_metrics(
    tx: &mut Transaction,
    viewer: &Viewer,
    version_ids: &[i64],
    to: Option<(i64, &str)>,
) -> Result<Vec<String>, StoreError> {
    let moved = probes::relink_metrics(tx.write_tx(), version_ids, to.map(|(id, _)| id)).await?;
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let after = to.map_or("", |(_, label)| label);
    let changed = moved.iter().map(|metric| ChangedObject {
        id: metric.id,
        name: metric.label.clone(),
        changes: ChangeSet::of_values(&[(PROBE_VERSION, &metric.before, after)]),
    });
    record_many(tx, viewer, ObjectKind::Metric, &changed.collect::<Vec<_>>(), "").await?;
    Ok(moved.into_iter().map(|metric| metric.label).collect())
}

/// Returns a sentence for each of the first metrics, like `Moved metric a.B (Test) to x (2).`, then `… and 3 more.`. Before
/// many sentences comes a summary: `Moved 13 metrics to x (2):`.
pub(super) fn describe_change(labels: &[String], [verb, rest]: [&str; 2]) -> Vec<String> {
    let count = labels.len();
    let summary = (count > MAX_WITHOUT_SUMMARY).then(|| format!("{verb} {count} metrics {rest}:"));
    let first = labels.iter().take(MAX_NAMED).map(|label| format!("{verb} metric {label} {rest}."));
    let more = count.saturating_sub(MAX_NAMED);
    summary.into_iter().chain(first).chain((more > 0).then(|| format!("… and {more} more."))).collect()
}
