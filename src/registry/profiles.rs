//! Profiles: adding, cloning, changing, restoring and removing them, and the import by a command.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, PgPool};

use super::Transaction;
use super::metric_profile_copies;
use crate::domain::form::field::Choices;
use crate::domain::form::validation_error::{Place, ValidationErrors};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::new_name::NewName;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::profile::{FIRST_VERSION, MANUAL_FLAVOUR, NAME_TAKEN, ProfileContent, Tuple};
use crate::domain::model::snapshot::VersionContent;
use crate::domain::model::tenant::SchemaName;
use crate::domain::model::wording;
use crate::domain::model::wording::listed;
use crate::store::audit_log::ChangedObject;
use crate::store::profiles::ProfileRow;
use crate::store::{StoreError, analyze, metrics, profiles, service_flavours, version_writes, versions, vos};

use super::again::Again;
use super::audit_log::{Author, record_addition, record_change, record_deletions, record_many};
use super::bulk::{Each, PlannedChange, Wanted, only, removable};
use super::error::collect;
use super::groups::{keep_group, record_move, record_moves};
use super::profile_plan::{self, KnownNames, ProfilePlan};
use super::{ExpectedRevision, SaveError, Saved};

/// Adds a profile. Without a version it gets the first one.
///
/// `clone_of`: the profile whose values pre-filled the form; the new profile must have a different name.
pub async fn create(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &ProfileContent,
    clone_of: Option<i64>,
) -> Result<Saved, SaveError> {
    add(tx, viewer, content, clone_of, None).await
}

/// Adds a profile, as [`create`]; one that was deleted gets its id again.
pub(super) async fn add(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &ProfileContent,
    clone_of: Option<i64>,
    again: Option<&Again>,
) -> Result<Saved, SaveError> {
    let version = if content.version.is_empty() { FIRST_VERSION } else { &content.version };
    let content = &ProfileContent { version: version.to_owned(), ..content.clone() };
    let mut errors = ValidationErrors::default();
    let derived = match clone_of {
        Some(original) => Some(check_clone(tx, viewer, content, original, &mut errors).await?),
        None => again.map(|again| again.message.clone()),
    };
    collect(decide(viewer, ObjectKind::Profile, Action::Add { group: &content.group }), &mut errors)?;
    let group_id = KnownNames::find(tx.conn(), &[content]).await?.check(content, None, errors)?;
    let id = profiles::insert(tx.write_tx(), again.and_then(|again| again.id), content, group_id).await?;
    let PutTuples { side_effects, new_names } = put_tuples(tx, id, content).await?;
    record_move(tx, GroupKind::Profiles, "", &content.group).await?;
    keep_version(tx, viewer, id, derived.as_deref().unwrap_or(wording::INITIAL)).await?;
    let message = derived.unwrap_or_default();
    record_addition(tx, viewer, (ObjectKind::Profile, id, &content.name), content, &message).await?;
    Ok(Saved { side_effects, new_names, ..Saved::plain(id, &content.name) })
}

/// Checks that the viewer may clone the original and that the name differs; returns `Derived from ARGO_MON (1.0)`.
async fn check_clone(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &ProfileContent,
    original: i64,
    errors: &mut ValidationErrors,
) -> Result<String, SaveError> {
    let original = profiles::content(tx.conn(), original).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::Profile, Action::Clone { group: &original.group })?;
    if content.name == original.name && content.version != original.version {
        errors.add(Place::Field("name"), NAME_TAKEN);
    }
    Ok(wording::derived_from(&original.name, &original.version))
}

/// Saves the content of a form, with a new version. Tuples that stay keep their ids.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    content: &ProfileContent,
) -> Result<Saved, SaveError> {
    only(change_all(tx, viewer, &[Wanted { target, content }]).await?)
}

/// Saves the contents of many profiles, each with a new version. What is refused is left out.
pub async fn change_all(
    tx: &mut Transaction,
    viewer: &Viewer,
    wanted: &[Wanted<'_, ProfileContent>],
) -> Result<Each<Saved>, StoreError> {
    let planned = profile_plan::plan(tx.conn(), viewer, wanted).await?;
    let to_write: Vec<&ProfilePlan> = planned.iter().flatten().filter(|plan| !plan.changes.is_empty()).collect();
    let mut put = write(tx, viewer, &to_write).await?;
    let mut saved = |plan: ProfilePlan| {
        if plan.changes.is_empty() {
            return Saved::nothing(plan.id, &plan.after.name);
        }
        let PutTuples { side_effects, new_names } = put.remove(&plan.id).unwrap_or_default();
        Saved { side_effects, new_names, ..Saved::changed(plan.id, &plan.after.name, plan.changes.in_words()) }
    };
    Ok(planned.into_iter().map(|plan| plan.map(&mut saved)).collect())
}

/// Returns what [`change_all`] would do. Writes nothing.
pub async fn preview(
    conn: &mut PgConnection,
    viewer: &Viewer,
    wanted: &[Wanted<'_, ProfileContent>],
) -> Result<Each<PlannedChange>, StoreError> {
    let planned = profile_plan::plan(conn, viewer, wanted).await?;
    Ok(planned.into_iter().map(|plan| plan.map(ProfilePlan::preview)).collect())
}

/// Writes planned changes: the profiles, a version and a log entry for each. Returns what became of their tuples, by the
/// profile's id.
async fn write(
    tx: &mut Transaction,
    viewer: &Viewer,
    planned: &[&ProfilePlan],
) -> Result<HashMap<i64, PutTuples>, StoreError> {
    // Even a statement without rows would change the stamp of the tenant.
    if planned.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<_> = planned.iter().map(|plan| (plan.id, &plan.after, plan.group_id)).collect();
    profiles::update(tx.write_tx(), &rows).await?;
    let mut put = HashMap::new();
    // Only the form of one profile changes tuples.
    for plan in planned.iter().filter(|plan| plan.before.tuples != plan.after.tuples) {
        put.insert(plan.id, put_tuples(tx, plan.id, &plan.after).await?);
    }
    let moves = planned.iter().map(|plan| (plan.before.group.as_str(), plan.after.group.as_str()));
    record_moves(tx, GroupKind::Profiles, moves).await?;
    let changed: Vec<_> = planned
        .iter()
        .map(|plan| ChangedObject { id: plan.id, name: plan.after.name.clone(), changes: plan.changes.clone() })
        .collect();
    record_many(tx, viewer, ObjectKind::Profile, &changed, "").await?;
    Ok(put)
}

/// Saves an old version of the profile again.
///
/// A group or VO that no longer exists is left out: the profile keeps what it has. Metric names and service flavours that
/// no longer exist are added again, as by a form. The side effects name all of these.
pub async fn restore(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    version_id: i64,
) -> Result<Saved, SaveError> {
    let now = profiles::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?.content;
    let version = versions::get(tx.conn(), version_id).await?.filter(|version| version.object_id == target.id);
    let Some(VersionContent::Profile(mut content)) = version.map(|version| version.content) else {
        return Err(SaveError::Gone);
    };
    let mut left_out = Vec::new();
    left_out.extend(keep_group(tx, ObjectKind::Profile, &mut content.group, &now.group).await?);
    if content.vo != now.vo && !vos::exists(tx.conn(), &content.vo).await? {
        left_out.push(format!("The VO “{}” no longer exists: the profile keeps its VO.", content.vo));
        content.vo = now.vo;
    }
    let mut saved = change(tx, viewer, target, &content).await?;
    saved.side_effects.splice(..0, left_out);
    Ok(saved)
}

/// Removes a profile with its tuples; their metric names and service flavours stay, and so do its versions.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<Saved, SaveError> {
    only(remove_all(tx, viewer, &[id]).await?)
}

/// Removes many profiles. What is refused is left out.
pub async fn remove_all(tx: &mut Transaction, viewer: &Viewer, ids: &[i64]) -> Result<Each<Saved>, StoreError> {
    let removable = removable(ids, profiles::contents(tx.conn(), ids).await?, |content| {
        decide(viewer, ObjectKind::Profile, Action::Delete { group: &content.group })
    });
    let removed: Vec<_> = removable.iter().flatten().map(|it| (it.id, it.content.name.clone(), &it.content)).collect();
    // Even a statement without rows would change the stamp of the tenant.
    if !removed.is_empty() {
        let ids: Vec<i64> = removed.iter().map(|(id, ..)| *id).collect();
        metric_profile_copies::hand_over(tx, &ids).await?;
        profiles::delete(tx.write_tx(), &ids).await?;
        record_moves(tx, GroupKind::Profiles, removed.iter().map(|(.., content)| (content.group.as_str(), ""))).await?;
        record_deletions(tx, viewer, ObjectKind::Profile, &removed).await?;
    }
    Ok(removable.into_iter().map(|it| it.map(|it| Saved::plain(it.id, &it.content.name))).collect())
}

/// Adds a version with the current state of the profile.
async fn keep_version(tx: &mut Transaction, viewer: &Viewer, id: i64, message: &str) -> Result<(), StoreError> {
    let author = (Some(viewer.id), viewer.username.as_str());
    version_writes::insert_profile_versions(tx.write_tx(), &[(id, message.to_owned())], author).await
}

/// What the tuples of a profile added to the registry.
#[derive(Default)]
struct PutTuples {
    /// Sentences about it.
    side_effects: Vec<String>,
    /// The names that were added.
    new_names: Vec<NewName>,
}

/// Stores the tuples of the profile. Unknown flavours and metric names are added.
async fn put_tuples(tx: &mut Transaction, id: i64, content: &ProfileContent) -> Result<PutTuples, StoreError> {
    let flavours: Vec<String> = content.tuples.iter().map(|tuple| tuple.service_flavour.clone()).collect();
    let new_flavours = service_flavours::register(tx.write_tx(), &flavours, MANUAL_FLAVOUR).await?;
    let names: Vec<String> = content.tuples.iter().map(|tuple| tuple.metric.clone()).collect();
    let new_names = metrics::unknown_names(tx.conn(), &names).await?;
    metrics::register_names(tx.write_tx(), &new_names).await?;
    profiles::set_tuples(tx.write_tx(), id, &content.tuples).await?;
    let flavours = listed("Added", ["new service flavour", "new service flavours"], &new_flavours);
    let names = listed("Added", ["new metric name", "new metric names"], &new_names);
    let of_flavours = NewName::all(Choices::ServiceFlavours, new_flavours);
    let new_names = of_flavours.chain(NewName::all(Choices::MetricNames, new_names)).collect();
    Ok(PutTuples { side_effects: flavours.into_iter().chain(names).collect(), new_names })
}

/// The number of tuples from which an import changes so much that the tables are analyzed.
const LARGE_IMPORT: usize = 500;

/// The outcome of an import for one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The profile's name.
    pub name: String,
    /// The profile's version, like `1.0`.
    pub version: String,
    /// The import added the profile.
    pub is_new: bool,
    /// The changes, in words; '' if nothing changed.
    pub changes: String,
}

/// Imports the profiles, all or none, with a version of each that is new or changed. The audit log names `command` as the author.
///
/// VO, description and tuples of an existing profile are replaced; unknown metric names are added to the registry.
/// Returns `None` without a change if `only_into_empty` is set and the tenant has any profile.
pub async fn import(
    pool: &PgPool,
    schema: &SchemaName,
    wanted: &[ProfileContent],
    only_into_empty: bool,
    command: &str,
) -> Result<Option<Vec<Imported>>, StoreError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    if only_into_empty && profiles::any(tx.conn()).await? {
        return Ok(None);
    }
    let before = contents(&mut tx, wanted).await?;
    let names: Vec<String> = wanted.iter().flat_map(|p| &p.tuples).map(|tuple| tuple.metric.clone()).collect();
    metrics::register_names(tx.write_tx(), &names).await?;
    let mut imported = Vec::with_capacity(wanted.len());
    let mut new_versions = Vec::new();
    for profile in wanted {
        let old = before.iter().find(|old| old.name == profile.name && old.version == profile.version);
        let (outcome, version) = import_one(&mut tx, profile, old, command).await?;
        imported.push(outcome);
        new_versions.extend(version);
    }
    version_writes::insert_profile_versions(tx.write_tx(), &new_versions, (None, command)).await?;
    if names.len() >= LARGE_IMPORT {
        analyze::tenant(tx.write_tx()).await?;
    }
    tx.commit().await?;
    Ok(Some(imported))
}

/// Returns the stored contents of the profiles, without groups, which an import does not change.
async fn contents(tx: &mut Transaction, wanted: &[ProfileContent]) -> Result<Vec<ProfileContent>, StoreError> {
    let wanted: HashSet<_> = wanted.iter().map(|it| (it.name.as_str(), it.version.as_str())).collect();
    let mut rows = profiles::list(tx.conn(), None).await?;
    rows.retain(|row| wanted.contains(&(row.name.as_str(), row.version.as_str())));
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut tuples: HashMap<i64, Vec<Tuple>> = HashMap::new();
    for (id, tuple) in profiles::tuples(tx.conn(), &ids).await? {
        tuples.entry(id).or_default().push(tuple);
    }
    let content = |row: ProfileRow| ProfileContent {
        name: row.name,
        version: row.version,
        vo: row.vo,
        description: row.description,
        group: String::new(),
        tuples: tuples.remove(&row.id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(content).collect())
}

/// Imports a profile. Returns the outcome, and the version to add as (id, message); `None` if nothing changed.
async fn import_one(
    tx: &mut Transaction,
    profile: &ProfileContent,
    old: Option<&ProfileContent>,
    command: &str,
) -> Result<(Imported, Option<(i64, String)>), StoreError> {
    let profile = &ProfileContent { group: String::new(), ..profile.clone() };
    let description = profile.description.as_deref();
    let (id, is_new) = profiles::put(tx.write_tx(), &profile.name, &profile.version, &profile.vo, description).await?;
    let (added, removed) = profiles::set_tuples(tx.write_tx(), id, &profile.tuples).await?;
    let changes = import_changes(profile, old, added, removed);
    let (author, object) = (Author::command(command), (ObjectKind::Profile, id, profile.name.as_str()));
    let version = match old.map(|old| old.changes(profile)) {
        None => {
            record_addition(tx, author, object, profile, "").await?;
            Some(wording::INITIAL.to_owned())
        }
        Some(changed) if changed.is_empty() => None,
        Some(changed) => {
            profiles::increment_revision(tx.write_tx(), id).await?;
            let words = changed.in_words();
            record_change(tx, author, object, changed).await?;
            Some(words)
        }
    };
    let outcome = Imported { name: profile.name.clone(), version: profile.version.clone(), is_new, changes };
    Ok((outcome, version.map(|message| (id, message))))
}

/// Returns `Changed VO and description. Added 3 metric instances. Deleted 1 metric instance.`, or ''.
fn import_changes(profile: &ProfileContent, old: Option<&ProfileContent>, added: u64, removed: u64) -> String {
    let compared = [
        ("VO", old.is_some_and(|old| old.vo != profile.vo)),
        ("description", old.is_some_and(|old| old.description != profile.description)),
    ];
    let names: Vec<&str> = compared.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    let fields = wording::changed_fields(&names);
    let counted = |verb: &str, count: u64| match count {
        0 => None,
        1 => Some(format!("{verb} 1 metric instance.")),
        _ => Some(format!("{verb} {count} metric instances.")),
    };
    let sentences: Vec<String> =
        fields.into_iter().chain(counted("Added", added)).chain(counted("Deleted", removed)).collect();
    sentences.join(" ")
}
