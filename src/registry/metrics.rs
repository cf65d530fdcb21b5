//! Metrics: adding, cloning, changing, restoring and removing them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

use super::Transaction;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric::MetricContent;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide, may_move_name};
use crate::domain::model::snapshot::VersionContent;
use crate::domain::model::wording;
use crate::store::audit_log::ChangedObject;
use crate::store::{StoreError, groups, metrics as store, probes, version_writes, versions};

use super::again::Again;
use super::audit_log::{record_addition, record_deletions, record_many};
use super::bulk::{Each, PlannedChange, Wanted, only, removable};
use super::error::collect;
use super::groups::keep_group;
use super::metric_plan::{self, ChosenIds, KnownNames, MetricPlan};
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
    let mut known = KnownNames::find(tx.conn(), &[content], clone_of.as_slice()).await?;
    let chosen = known.check(content, original.as_ref().map(|(id, content)| (*id, content)), (None, errors))?;
    let content = &content.clone().without_unused_settings();
    let names = put_names(tx, viewer, &[(content, chosen.group_id)]).await?;
    let name_id = names.id(content).ok_or(SaveError::Gone)?;
    let id = store::insert(tx.write_tx(), again.and_then(|again| again.id), chosen.row(name_id, content)).await?;
    store::set_settings(tx.write_tx(), &[(id, &content.settings)]).await?;
    let derived = original.as_ref().map(|(_, of)| wording::derived_from(&of.name, &of.tag));
    let derived = derived.or_else(|| again.map(|again| again.message.clone()));
    if let Some(original) = clone_of {
        version_writes::copy_metric_versions(tx.write_tx(), original, id).await?;
    }
    keep_version(tx, viewer, id, derived.as_deref().unwrap_or(wording::INITIAL)).await?;
    let message = derived.unwrap_or_default();
    record_addition(tx, viewer, (ObjectKind::Metric, id, &content.label()), content, &message).await?;
    let side_effects = names.in_words(&content.name).into_iter().collect();
    Ok(Saved { side_effects, ..Saved::plain(id, &content.label()) })
}

/// Returns the metric to clone, if the viewer may clone it.
async fn original(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<MetricContent, SaveError> {
    let original = store::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
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
    only(change_all(tx, viewer, &[Wanted { target, content }]).await?)
}

/// Saves the contents of many metrics, each with a new version. What is refused is left out.
pub async fn change_all(
    tx: &mut Transaction,
    viewer: &Viewer,
    wanted: &[Wanted<'_, MetricContent>],
) -> Result<Each<Saved>, StoreError> {
    let planned = metric_plan::plan(tx.conn(), viewer, wanted).await?;
    let to_write: Vec<_> = planned
        .iter()
        .filter_map(|plan| plan.as_ref().ok())
        .filter_map(|plan| plan.chosen.map(|chosen| (plan, chosen)))
        .collect();
    let names = write(tx, viewer, &to_write).await?;
    let mut each = Each::with_capacity(planned.len());
    for plan in planned {
        each.push(match plan {
            Ok(plan) if plan.chosen.is_none() => Ok(Saved::nothing(plan.id, &plan.after.label())),
            Ok(plan) => Ok(saved(tx, viewer, &plan, &names).await?),
            Err(refusal) => Err(refusal),
        });
    }
    Ok(each)
}

/// Returns what [`change_all`] would do. Writes nothing.
pub async fn preview(
    conn: &mut PgConnection,
    viewer: &Viewer,
    wanted: &[Wanted<'_, MetricContent>],
) -> Result<Each<PlannedChange>, StoreError> {
    let planned = metric_plan::plan(conn, viewer, wanted).await?;
    Ok(planned.into_iter().map(|plan| plan.map(MetricPlan::preview)).collect())
}

/// Writes planned changes: the rows, their settings, a version and a log entry for each.
async fn write(
    tx: &mut Transaction,
    viewer: &Viewer,
    planned: &[(&MetricPlan, ChosenIds)],
) -> Result<PlacedNames, StoreError> {
    // Even a statement without rows would change the stamp of the tenant.
    if planned.is_empty() {
        return Ok(PlacedNames::default());
    }
    let contents: Vec<_> = planned.iter().map(|(plan, chosen)| (&plan.after, chosen.group_id)).collect();
    let names = put_names(tx, viewer, &contents).await?;
    let rows: Vec<_> = planned
        .iter()
        .filter_map(|(plan, chosen)| Some((plan.id, chosen.row(names.id(&plan.after)?, &plan.after))))
        .collect();
    store::update(tx.write_tx(), &rows).await?;
    let settings: Vec<_> = planned.iter().map(|(plan, _)| (plan.id, &plan.after.settings)).collect();
    store::set_settings(tx.write_tx(), &settings).await?;
    let changed: Vec<_> = planned
        .iter()
        .map(|(plan, _)| ChangedObject { id: plan.id, name: plan.after.label(), changes: plan.changes.clone() })
        .collect();
    record_many(tx, viewer, ObjectKind::Metric, &changed, "").await?;
    Ok(names)
}

/// Returns the summary of a written change. If the name has changed, what refers to it follows now.
async fn saved(
    tx: &mut Transaction,
    viewer: &Viewer,
    plan: &MetricPlan,
    names: &PlacedNames,
) -> Result<Saved, StoreError> {
    let (before, after) = (&plan.before, &plan.after);
    let mut side_effects = Vec::new();
    if (&before.name, &before.group) != (&after.name, &after.group) {
        side_effects.extend(names.in_words(&after.name));
    }
    if before.name != after.name {
        side_effects.extend(renames::propagate(tx, viewer, plan.id, (&before.name, &after.name)).await?);
    }
    Ok(Saved { side_effects, ..Saved::changed(plan.id, &after.label(), plan.changes.in_words()) })
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
    let now = store::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?.content;
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
    only(remove_all(tx, viewer, &[id]).await?)
}

/// Removes many metrics. What is refused is left out.
pub async fn remove_all(tx: &mut Transaction, viewer: &Viewer, ids: &[i64]) -> Result<Each<Saved>, StoreError> {
    let removable = removable(ids, store::contents(tx.conn(), ids).await?, |content| {
        decide(viewer, ObjectKind::Metric, Action::Delete { group: &content.group })
    });
    let removed: Vec<_> = removable.iter().flatten().map(|it| (it.id, it.content.label(), &it.content)).collect();
    // Even a statement without rows would change the stamp of the tenant.
    if !removed.is_empty() {
        let ids: Vec<i64> = removed.iter().map(|(id, ..)| *id).collect();
        store::delete(tx.write_tx(), &ids).await?;
        record_deletions(tx, viewer, ObjectKind::Metric, &removed).await?;
    }
    Ok(removable.into_iter().map(|it| it.map(|it| Saved::plain(it.id, &it.content.label()))).collect())
}

/// The names of metrics in the registry, after a save.
#[derive(Default)]
struct PlacedNames {
    ids: HashMap<String, i64>,
    /// The foreign groups in which names stay, by name.
    stay_in: HashMap<String, String>,
}

impl PlacedNames {
    /// Returns the id of the metric's name.
    fn id(&self, content: &MetricContent) -> Option<i64> {
        self.ids.get(&content.name).copied()
    }

    /// Returns a sentence for the user if the name stays in a foreign group.
    fn in_words(&self, name: &str) -> Option<String> {
        Some(wording::name_stays(name, self.stay_in.get(name)?))
    }
}

/// Puts the metrics' names into their groups, given as (content, id of its group), unless a name is in a group that the
/// viewer may not change.
///
/// The revisions of both groups rise: their forms list the name. A metric without a group, as 2.3 allowed it, leaves its
/// name where it is.
async fn put_names(
    tx: &mut Transaction,
    viewer: &Viewer,
    metrics: &[(&MetricContent, Option<i64>)],
) -> Result<PlacedNames, StoreError> {
    let names: Vec<&str> = metrics.iter().map(|(content, _)| content.name.as_str()).collect();
    let known = store::grouped_names(tx.conn(), &names).await?;
    let mut places: BTreeMap<&str, (Option<i64>, Option<&str>)> =
        names.iter().map(|name| (*name, (None, None))).collect();
    places.extend(known.iter().map(|it| (it.name.as_str(), (it.group_id, Some(it.group.as_str())))));
    let (mut stay_in, mut moved) = (HashMap::new(), BTreeSet::new());
    for (content, group_id) in metrics.iter().filter(|(_, group_id)| group_id.is_some()) {
        let (_, before) = places.get(content.name.as_str()).copied().unwrap_or_default();
        match before.filter(|group| *group != content.group && !may_move_name(viewer, group)) {
            Some(group) => {
                stay_in.insert(content.name.clone(), group.to_owned());
            }
            None => {
                if before != Some(content.group.as_str()) {
                    moved.extend(before.into_iter().chain([content.group.as_str()]).map(str::to_owned));
                }
                places.insert(&content.name, (*group_id, Some(&content.group)));
            }
        }
    }
    let places: Vec<_> = places.iter().map(|(name, (group_id, _))| (*name, *group_id)).collect();
    let ids = store::put_names(tx.write_tx(), &places).await?;
    groups::increment_revisions(tx.write_tx(), GroupKind::Metrics, &moved.into_iter().collect::<Vec<_>>()).await?;
    Ok(PlacedNames { ids, stay_in })
}

/// Adds a version with the current state of the metric.
async fn keep_version(tx: &mut Transaction, viewer: &Viewer, id: i64, message: &str) -> Result<(), StoreError> {
    let author = (Some(viewer.id), viewer.username.as_str());
    version_writes::insert_metric_versions(tx.write_tx(), &[(id, message.to_owned())], author).await
}
