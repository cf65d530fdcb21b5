//! Groups of the four kinds: they decide which users may change which objects.

use std::collections::{BTreeSet, HashMap};

use super::Transaction;
use crate::blocking::in_place;
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::group::GroupContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::wording::{listed, missing_in};
use crate::store::audit_log::ChangedObject;
use crate::store::group_members::{self, Member};
use crate::store::{StoreError, groups, users, version_writes};

use super::again::Again;
use super::audit_log::{record_addition, record_change, record_deletion, record_many};
use super::error::name_taken_error;
use super::{ExpectedRevision, SaveError, Saved};

/// Raises the revisions of both groups ('' for none) when an object moves from one to the other.
///
/// A group's form lists its members: without a new revision, a form opened earlier would undo the move.
pub(super) async fn record_move(
    tx: &mut Transaction,
    kind: GroupKind,
    before: &str,
    after: &str,
) -> Result<(), StoreError> {
    record_moves(tx, kind, std::iter::once((before, after))).await
}

/// Does what [`record_move`] does for many objects, given as the groups before and after.
pub(super) async fn record_moves<'a>(
    tx: &mut Transaction,
    kind: GroupKind,
    moves: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), StoreError> {
    let moved = moves.filter(|(before, after)| before != after).flat_map(|(before, after)| [before, after]);
    let names: BTreeSet<String> = moved.map(str::to_owned).collect();
    groups::increment_revisions(tx.write_tx(), kind, &names.into_iter().collect::<Vec<_>>()).await
}

/// Adds a group with its members and users.
pub async fn create(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: GroupKind,
    content: &GroupContent,
) -> Result<Saved, SaveError> {
    add(tx, viewer, kind, content, None).await
}

/// Adds a group, as [`create`]; one that was deleted gets its id again. Metrics that are in another group by now stay there.
pub(super) async fn add(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: GroupKind,
    content: &GroupContent,
    again: Option<&Again>,
) -> Result<Saved, SaveError> {
    decide(viewer, kind.object_kind(), Action::Add { group: "" })?;
    let chosen = choose(tx, kind, &GroupContent::default(), content).await?;
    let id = groups::insert(tx.write_tx(), again.and_then(|again| again.id), kind, &content.name).await;
    let id = id.map_err(|error| name_taken(error, kind))?;
    let joining = again.map_or(Joining::All, |_| Joining::Free);
    let side_effects = apply(tx, viewer, (kind, id, &content.name), &chosen, joining).await?;
    let message = again.map_or("", |again| &again.message);
    record_addition(tx, viewer, (kind.object_kind(), id, &content.name), content, message).await?;
    Ok(Saved { side_effects, ..Saved::plain(id, &content.name) })
}

/// Saves the content of a form.
///
/// Each object that is added or removed counts as changed: its revision rises, it gets a log entry, and a metric or profile
/// gets a version.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: GroupKind,
    target: ExpectedRevision,
    content: &GroupContent,
) -> Result<Saved, SaveError> {
    save(tx, viewer, kind, target, (content, Joining::All)).await
}

/// Saves a content, as [`change`], with the choice of the metrics that join with their names.
pub(super) async fn save(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: GroupKind,
    target: ExpectedRevision,
    (content, joining): (&GroupContent, Joining),
) -> Result<Saved, SaveError> {
    let before = groups::content(tx.conn(), kind, target.id).await?.ok_or(SaveError::Gone)?;
    decide(viewer, kind.object_kind(), Action::Change { before: "", after: "" })?;
    target.check(before.revision)?;
    let before = before.content;
    let changes = in_place(|| before.changes(content, kind));
    if changes.is_empty() {
        return Ok(Saved::nothing(target.id, &content.name));
    }
    let chosen = choose(tx, kind, &before, content).await?;
    groups::update(tx.write_tx(), kind, target.id, &content.name).await.map_err(|error| name_taken(error, kind))?;
    if before.name != content.name {
        // The forms of members and users show the group's name.
        group_members::increment_revisions(tx.write_tx(), kind, target.id).await?;
        users::increment_revisions(tx.write_tx(), &before.users).await?;
        if kind == GroupKind::Probes {
            let probes = group_members::of(tx.conn(), kind, target.id).await?;
            version_writes::amend_probes_group(tx.write_tx(), &ids(&probes), &content.name).await?;
        }
    }
    let side_effects = apply(tx, viewer, (kind, target.id, &content.name), &chosen, joining).await?;
    let message = changes.in_words();
    record_change(tx, viewer, (kind.object_kind(), target.id, &content.name), changes).await?;
    Ok(Saved { side_effects, ..Saved::changed(target.id, &content.name, message) })
}

/// Removes a group. Its objects stay, without a group.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, kind: GroupKind, id: i64) -> Result<Saved, SaveError> {
    let before = groups::content(tx.conn(), kind, id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, kind.object_kind(), Action::Delete { group: "" })?;
    let members = group_members::of(tx.conn(), kind, id).await?;
    let mut left: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
    put_into(tx, viewer, kind, &members, None).await?;
    if kind == GroupKind::Metrics {
        let metrics = group_members::metrics_inside(tx.conn(), None, id).await?;
        left = put_metrics_into(tx, viewer, &metrics, None).await?;
    }
    users::increment_revisions(tx.write_tx(), &before.users).await?;
    groups::delete(tx.write_tx(), kind, id).await?;
    record_deletion(tx, viewer, (kind.object_kind(), id, &before.name), &before).await?;
    let side_effects = listed("Left without a group:", kind.noun(), &left).into_iter().collect();
    Ok(Saved { side_effects, ..Saved::plain(id, &before.name) })
}

/// Returns the id of the group chosen for an object, `None` for ''.
///
/// An unknown group adds an error at the field `group`.
pub(super) async fn chosen_group(
    tx: &mut Transaction,
    kind: GroupKind,
    name: &str,
    errors: &mut ValidationErrors,
) -> Result<Option<i64>, StoreError> {
    if name.is_empty() {
        return Ok(None);
    }
    let id = groups::id_of(tx.conn(), kind, name).await?;
    if id.is_none() {
        errors.add(Place::Field("group"), words::NO_CHOICE);
    }
    Ok(id)
}

/// Replaces the group of a restored version by the current one if it is '' or no longer exists.
///
/// Returns a sentence if the group no longer exists.
pub(super) async fn keep_group(
    tx: &mut Transaction,
    kind: ObjectKind,
    restored: &mut String,
    current: &str,
) -> Result<Option<String>, StoreError> {
    let info = kind.info();
    let Some(owner) = info.owner else { return Ok(None) };
    if groups::id_of(tx.conn(), owner, restored).await?.is_some() {
        return Ok(None);
    }
    let gone = std::mem::replace(restored, current.to_owned());
    let words = || format!("The group “{gone}” no longer exists: the {} stays in its group.", info.one);
    Ok((!gone.is_empty()).then(words))
}

/// The metrics that join a group together with their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    /// All of them, from whatever group.
    All,
    /// Those in no group.
    Free,
}

/// The members and users that a save adds to a group and removes from it, with their ids.
struct Chosen {
    added: Vec<Member>,
    removed: Vec<Member>,
    added_users: Vec<(i64, String)>,
    removed_users: Vec<(i64, String)>,
}

/// Resolves the names that differ between `before` and `after`; unknown names are errors at their field.
async fn choose(
    tx: &mut Transaction,
    kind: GroupKind,
    before: &GroupContent,
    after: &GroupContent,
) -> Result<Chosen, SaveError> {
    let mut errors = ValidationErrors::default();
    let wanted = missing_in(&before.members, &after.members);
    let added = group_members::by_names(tx.conn(), kind, &wanted).await?;
    check_members(kind, &wanted, &added, &mut errors);
    let wanted = missing_in(&before.users, &after.users);
    let added_users = users::by_names(tx.conn(), &wanted).await?;
    if added_users.len() < wanted.len() {
        errors.add(Place::Field("users"), words::NO_CHOICE);
    }
    errors.check()?;
    let removed = missing_in(&after.members, &before.members);
    let mut removed = group_members::by_names(tx.conn(), kind, &removed).await?;
    // Even the beginnings of the ids of two aggregations of one name may be equal: another group keeps its own.
    removed.retain(|member| member.group_name == before.name);
    let removed_users = users::by_names(tx.conn(), &missing_in(&after.users, &before.users)).await?;
    Ok(Chosen { added, removed, added_users, removed_users })
}

/// Adds errors for objects that are unknown or already in a group.
fn check_members(kind: GroupKind, wanted: &[String], found: &[Member], errors: &mut ValidationErrors) {
    let groups: HashMap<&str, &str> = found.iter().map(|it| (it.name.as_str(), it.group_name.as_str())).collect();
    if wanted.iter().any(|name| !groups.contains_key(name.as_str())) {
        errors.add(Place::Field("members"), words::NO_CHOICE);
    }
    for member in found.iter().filter(|member| !member.group_name.is_empty()) {
        let [noun, _] = kind.noun();
        let message = format!("The {noun} {} is already in the group {}.", member.name, member.group_name);
        errors.add(Place::Field("members"), message);
    }
}

fn name_taken(error: StoreError, kind: GroupKind) -> SaveError {
    let message = words::exists(&format!("Group of {kind}"), "Name");
    name_taken_error(error, &[("object_group_kind_name_key", "name", message)])
}

/// Moves objects and users; returns a sentence about each kind of side effect.
async fn apply(
    tx: &mut Transaction,
    viewer: &Viewer,
    (kind, id, name): (GroupKind, i64, &str),
    chosen: &Chosen,
    joining: Joining,
) -> Result<Vec<String>, StoreError> {
    put_into(tx, viewer, kind, &chosen.added, Some((id, name))).await?;
    put_into(tx, viewer, kind, &chosen.removed, None).await?;
    let mut side_effects = Vec::new();
    if kind == GroupKind::Metrics {
        let only_free = joining == Joining::Free;
        let joining = group_members::metrics_outside(tx.conn(), &ids(&chosen.added), id, only_free).await?;
        let joining = put_metrics_into(tx, viewer, &joining, Some((id, name))).await?;
        let leaving = group_members::metrics_inside(tx.conn(), Some(&ids(&chosen.removed)), id).await?;
        let leaving = put_metrics_into(tx, viewer, &leaving, None).await?;
        side_effects.extend(listed("Changed group of", kind.noun(), &joining));
        side_effects.extend(listed("Left without a group:", kind.noun(), &leaving));
    }
    let (users_in, users_out) = (&chosen.added_users, &chosen.removed_users);
    groups::add_users(tx.write_tx(), kind, &[id], &users_in.iter().map(|user| user.0).collect::<Vec<_>>()).await?;
    groups::remove_users(tx.write_tx(), kind, &[id], &users_out.iter().map(|user| user.0).collect::<Vec<_>>()).await?;
    let names: Vec<String> = users_in.iter().chain(users_out).map(|user| user.1.clone()).collect();
    users::increment_revisions(tx.write_tx(), &names).await?;
    Ok(side_effects)
}

fn ids(members: &[Member]) -> Vec<i64> {
    members.iter().map(|member| member.id).collect()
}

/// Moves objects into a group or out of any, with a log entry for each, and a version for each profile.
///
/// For groups of metrics it moves the names of the registry; [`put_metrics_into`] moves the metrics.
async fn put_into(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: GroupKind,
    members: &[Member],
    group: Option<(i64, &str)>,
) -> Result<(), StoreError> {
    if members.is_empty() {
        return Ok(());
    }
    let ids = ids(members);
    group_members::move_to(tx.write_tx(), kind, &ids, group.map(|(id, _)| id)).await?;
    if kind == GroupKind::Metrics {
        return Ok(());
    }
    if kind == GroupKind::Probes {
        version_writes::amend_probes_group(tx.write_tx(), &ids, group.map_or("", |(_, name)| name)).await?;
    }
    record_many(tx, viewer, kind.member_kind(), &moves(members, group), "").await
}

/// Moves metrics, with a version and a log entry for each; returns their labels.
async fn put_metrics_into(
    tx: &mut Transaction,
    viewer: &Viewer,
    ids: &[i64],
    group: Option<(i64, &str)>,
) -> Result<Vec<String>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let moved = group_members::move_metrics(tx.write_tx(), ids, group.map(|(id, _)| id)).await?;
    record_many(tx, viewer, ObjectKind::Metric, &moves(&moved, group), "").await?;
    Ok(moved.into_iter().map(|metric| metric.name).collect())
}

/// Returns the changes of objects that move from their groups to another, or to none.
fn moves(members: &[Member], group: Option<(i64, &str)>) -> Vec<ChangedObject> {
    let after = group.map_or("", |(_, name)| name);
    let moved = members.iter().map(|member| ChangedObject {
        id: member.id,
        name: member.name.clone(),
        changes: ChangeSet::of_values(&[("group", &member.group_name, after)]),
    });
    moved.collect()
}
