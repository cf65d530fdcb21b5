//! Profiles: adding, cloning, changing, restoring and removing them, and the import by a command.

use std::collections::{HashMap, HashSet};

use sqlx::PgPool;

use super::Transaction;
use super::metric_profile_copies;
use crate::blocking::in_place;
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
use crate::store::profiles::ProfileRow;
use crate::store::{
    StoreError, analyze, metrics, profiles, service_flavours, taken_names, version_writes, versions, vos,
};

use super::again::Again;
use super::audit_log::{Author, record_addition, record_change, record_deletion};
use super::error::collect;
use super::groups::{chosen_group, keep_group, record_move};
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
    let group_id = check(tx, content, None, errors).await?;
    let id = profiles::insert(tx.write_tx(), again.and_then(|again| again.id), content, group_id).await?;
    let (side_effects, new_names) = put_tuples(tx, id, content).await?;
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
    let before = profiles::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?;
    let action = Action::Change { before: &before.content.group, after: &content.group };
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, ObjectKind::Profile, action), &mut errors)?;
    target.check(before.revision)?;
    let group_id = check(tx, content, Some((target.id, &before.content)), errors).await?;
    let changes = in_place(|| before.content.changes(content));
    if changes.is_empty() {
        return Ok(Saved::nothing(target.id, &content.name));
    }
    profiles::update(tx.write_tx(), target.id, content, group_id).await?;
    let (side_effects, new_names) = put_tuples(tx, target.id, content).await?;
    record_move(tx, GroupKind::Profiles, &before.content.group, &content.group).await?;
    let message = changes.in_words();
    keep_version(tx, viewer, target.id, &message).await?;
    record_change(tx, viewer, (ObjectKind::Profile, target.id, &content.name), changes).await?;
    Ok(Saved { side_effects, new_names, ..Saved::changed(target.id, &content.name, message) })
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
    let before = profiles::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::Profile, Action::Delete { group: &before.group })?;
    metric_profile_copies::hand_over(tx, id, &before.name).await?;
    profiles::delete(tx.write_tx(), id).await?;
    record_move(tx, GroupKind::Profiles, &before.group, "").await?;
    record_deletion(tx, viewer, (ObjectKind::Profile, id, &before.name), &before).await?;
    Ok(Saved::plain(id, &before.name))
}

/// Adds a version with the current state of the profile.
async fn keep_version(tx: &mut Transaction, viewer: &Viewer, id: i64, message: &str) -> Result<(), StoreError> {
    let author = (Some(viewer.id), viewer.username.as_str());
    version_writes::insert_profile_versions(tx.write_tx(), &[(id, message.to_owned())], author).await
}

/// Reports all errors of the content at once; returns the id of its group.
///
/// An unchanged VO is accepted even if it is no longer listed.
async fn check(
    tx: &mut Transaction,
    content: &ProfileContent,
    before: Option<(i64, &ProfileContent)>,
    mut errors: ValidationErrors,
) -> Result<Option<i64>, SaveError> {
    let (id, before) = before.unzip();
    if taken_names::profile(tx.conn(), id, (&content.name, &content.version)).await? {
        errors.add(Place::Field("name"), NAME_TAKEN);
    }
    let vo_stays = before.is_some_and(|before| before.vo == content.vo);
    if !vo_stays && !vos::exists(tx.conn(), &content.vo).await? {
        errors.add(Place::Field("vo"), format!("Unable to find virtual organization {}.", content.vo));
    }
    content.check_tuples(&mut errors);
    let group_id = chosen_group(tx, GroupKind::Profiles, &content.group, &mut errors).await?;
    errors.check()?;
    Ok(group_id)
}

/// Stores the tuples of the profile. Unknown flavours and metric names are added; returns sentences about them, and the
/// names.
async fn put_tuples(
    tx: &mut Transaction,
    id: i64,
    content: &ProfileContent,
) -> Result<(Vec<String>, Vec<NewName>), StoreError> {
    let flavours: Vec<String> = content.tuples.iter().map(|tuple| tuple.service_flavour.clone()).collect();
    let new_flavours = service_flavours::register(tx.write_tx(), &flavours, MANUAL_FLAVOUR).await?;
    let names: Vec<String> = content.tuples.iter().map(|tuple| tuple.metric.clone()).collect();
    let new_names = metrics::unknown_names(tx.conn(), &names).await?;
    metrics::register_names(tx.write_tx(), &new_names).await?;
    profiles::set_tuples(tx.write_tx(), id, &content.tuples).await?;
    let flavours = listed("Added", ["new service flavour", "new service flavours"], &new_flavours);
    let names = listed("Added", ["new metric name", "new metric names"], &new_names);
    let of_flavours = NewName::all(Choices::ServiceFlavours, new_flavours);
    let new = of_flavours.chain(NewName::all(Choices::MetricNames, new_names)).collect();
    Ok((flavours.into_iter().chain(names).collect(), new))
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
