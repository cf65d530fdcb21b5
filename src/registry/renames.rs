//! The renaming of a metric: everything that refers to it by name follows.

use std::collections::BTreeMap;

use super::Transaction;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric_changes;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::wording::listed;
use crate::store::{StoreError, groups, metric_renames, metrics, references};

use super::audit_log::record_many;

/// Updates everything that refers to the metric by its old name, unless another metric still has that name.
///
/// The metric itself, `id`, already has its new name; its own parent and dependencies stay as the user entered them.
/// Returns a sentence about each kind of side effect.
pub(super) async fn propagate(
    tx: &mut Transaction,
    viewer: &Viewer,
    id: i64,
    (old, new): (&str, &str),
) -> Result<Vec<String>, StoreError> {
    if metric_renames::is_in_use(tx.conn(), old).await? {
        return Ok(vec![format!("Another metric still has the name “{old}”, so profiles keep it.")]);
    }
    let followers = follow_metrics(tx, viewer, id, (old, new)).await?;
    let group = metrics::group_of_name(tx.conn(), old).await?;
    let profiles = follow_profiles(tx, viewer, (old, new)).await?;
    // The form of its group listed it.
    groups::increment_revisions(tx.write_tx(), GroupKind::Metrics, group.as_slice()).await?;
    let followers = listed("The new name is used by", ["metric", "metrics"], &followers);
    let profiles = listed("The new name is used by", ["profile", "profiles"], &profiles);
    Ok(followers.into_iter().chain(profiles).collect())
}

/// Renames the parent or dependency of other metrics, with a version and a log entry for each; returns their labels.
async fn follow_metrics(
    tx: &mut Transaction,
    viewer: &Viewer,
    id: i64,
    (old, new): (&str, &str),
) -> Result<Vec<String>, StoreError> {
    let mut relying = references::metrics_relying_on(tx.conn(), old).await?;
    relying.retain(|metric| metric.id != id);
    // Grouped by message (parent, dependency or both), so that many metrics take few statements.
    let mut changes: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for metric in &relying {
        let message = metric_changes::followed(old, new, metric.as_parent, metric.as_dependency);
        changes.entry(message).or_default().push((metric.id, metric.label()));
    }
    for (message, changed) in &changes {
        let ids: Vec<i64> = changed.iter().map(|(id, _)| *id).collect();
        metric_renames::update_references(tx.write_tx(), &ids, old, new).await?;
        record_many(tx, viewer, ObjectKind::Metric, changed, message).await?;
    }
    Ok(relying.iter().map(references::RelyingMetric::label).collect())
}

/// Renames the metric in the tuples of profiles and removes its old name, with a version and a log entry for each profile;
/// returns their labels.
async fn follow_profiles(
    tx: &mut Transaction,
    viewer: &Viewer,
    (old, new): (&str, &str),
) -> Result<Vec<String>, StoreError> {
    let profiles = references::profiles_of_metric(tx.conn(), old).await?;
    let changed: Vec<(i64, String)> = profiles.iter().map(|profile| (profile.id, profile.name.clone())).collect();
    let ids: Vec<i64> = changed.iter().map(|(id, _)| *id).collect();
    metric_renames::move_tuples(tx.write_tx(), old, new).await?;
    metric_renames::delete_name(tx.write_tx(), old).await?;
    metric_renames::increment_profile_revisions(tx.write_tx(), &ids).await?;
    let message = format!("Metric \"{old}\" is now called \"{new}\".");
    record_many(tx, viewer, ObjectKind::Profile, &changed, &message).await?;
    Ok(profiles.iter().map(|profile| format!("{} ({})", profile.name, profile.version)).collect())
}
