//! The renaming of a metric: everything that refers to it by name follows.

use super::Transaction;
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric_changes;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Viewer, may_move_name};
use crate::domain::model::profile::{ProfileContent, Tuple};
use crate::domain::model::wording::{listed, name_stays};
use crate::store::audit_log::ChangedObject;
use crate::store::{StoreError, groups, metric_renames, metrics, profiles, references};

use super::audit_log::record_many;

/// Updates everything that refers to the metric by its old name, unless another metric still has that name. The old name
/// is removed, unless it is in a group that the viewer may not change.
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
    let foreign = group.as_ref().filter(|group| !may_move_name(viewer, group));
    if foreign.is_none() {
        metric_renames::delete_name(tx.write_tx(), old).await?;
        // The form of its group listed it.
        groups::increment_revisions(tx.write_tx(), GroupKind::Metrics, group.as_slice()).await?;
    }
    let stays = foreign.map(|group| name_stays(old, group));
    let followers = listed("Also renamed in", ["metric", "metrics"], &followers);
    let profiles = listed("Also renamed in", ["profile", "profiles"], &profiles);
    Ok(stays.into_iter().chain(followers).chain(profiles).collect())
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
    let changed = relying.iter().map(|metric| ChangedObject {
        id: metric.id,
        name: metric.label(),
        changes: metric_changes::followed(old, new, metric.as_parent, &metric.dependencies),
    });
    let changed: Vec<_> = changed.collect();
    let ids: Vec<i64> = changed.iter().map(|metric| metric.id).collect();
    metric_renames::update_references(tx.write_tx(), &ids, old, new).await?;
    record_many(tx, viewer, ObjectKind::Metric, &changed, "").await?;
    Ok(changed.into_iter().map(|metric| metric.name).collect())
}

/// Renames the metric in the tuples of profiles, with a version and a log entry for each profile; returns their labels.
async fn follow_profiles(
    tx: &mut Transaction,
    viewer: &Viewer,
    (old, new): (&str, &str),
) -> Result<Vec<String>, StoreError> {
    let profiles = references::profiles_of_metric(tx.conn(), old).await?;
    let (removed, kept) =
        (profiles::tuples_of_metric(tx.conn(), old).await?, profiles::tuples_of_metric(tx.conn(), new).await?);
    let changed = profiles.iter().map(|profile| ChangedObject {
        id: profile.id,
        name: profile.name.clone(),
        changes: renamed_tuples(of_profile(&removed, profile.id), of_profile(&kept, profile.id), new),
    });
    let changed: Vec<_> = changed.collect();
    let ids: Vec<i64> = changed.iter().map(|profile| profile.id).collect();
    metric_renames::move_tuples(tx.write_tx(), old, new).await?;
    metric_renames::increment_profile_revisions(tx.write_tx(), &ids).await?;
    let message = format!("Metric \"{old}\" is now called \"{new}\".");
    record_many(tx, viewer, ObjectKind::Profile, &changed, &message).await?;
    Ok(profiles.iter().map(|profile| format!("{} ({})", profile.name, profile.version)).collect())
}

/// Returns the tuples of one profile, of a list in the order of profile ids.
fn of_profile(tuples: &[(i64, Tuple)], id: i64) -> Vec<Tuple> {
    let (from, until) = (tuples.partition_point(|(of, _)| *of < id), tuples.partition_point(|(of, _)| *of <= id));
    tuples[from..until].iter().map(|(_, tuple)| tuple.clone()).collect()
}

/// Returns the change of a profile whose tuples get a new metric name; `kept` are those that have it already.
fn renamed_tuples(removed: Vec<Tuple>, kept: Vec<Tuple>, new: &str) -> ChangeSet {
    let renamed = removed.iter().map(|tuple| Tuple { metric: new.to_owned(), ..tuple.clone() });
    let after = ProfileContent { tuples: kept.iter().cloned().chain(renamed).collect(), ..ProfileContent::default() };
    let before = ProfileContent { tuples: kept.into_iter().chain(removed).collect(), ..ProfileContent::default() };
    before.changes(&after)
}
