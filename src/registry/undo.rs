//! Undoing the last action on a metric, probe, profile or group: an addition is taken back, a change is changed back.
//! (`undelete` adds again what was deleted.) What is undone can be undone again.

use sqlx::PgConnection;

use super::groups::Joining;
use super::probes::Intent;
use super::undelete::{can_return, group_kind, leave_out_taken};
use super::{ExpectedRevision, SaveError, Saved, Transaction, groups, metrics, probes, profiles};
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::change_set::{ChangeSet, FieldChange, ListChange, USERS};
use crate::domain::model::group::GroupContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::wording;
use crate::store::undo::LoggedAction;
use crate::store::{StoreError, audit_log, undo, versions};

use super::groups::keep_group;

/// An action, and what has become of it.
#[derive(Debug)]
pub struct UndoRequest {
    /// The action that is to be undone.
    pub action: LoggedAction,
    /// What was done since.
    pub since: Since,
}

/// What was done to an object since an action.
#[derive(Debug)]
pub enum Since {
    /// Nothing: the action can be undone.
    Nothing,
    /// The action was undone.
    Undone(LoggedAction),
    /// The object was changed or deleted.
    Changed(LoggedAction),
}

/// Notes in the summary of an operation how it can be undone. Must be called in the operation's transaction.
pub async fn offer(conn: &mut PgConnection, kind: ObjectKind, saved: &mut Saved) -> Result<(), StoreError> {
    if !can_return(kind) {
        return Ok(());
    }
    let Some(done) = undo::done_now(conn, kind, saved.id).await? else { return Ok(()) };
    let needs_version = matches!(kind, ObjectKind::Metric | ObjectKind::Profile) && done.action == LogAction::Change;
    saved.undo = (done.has_version_before || !needs_version).then_some((done.action, done.entry));
    Ok(())
}

/// Returns the addition or change of an object that a log entry records, and what has become of it.
///
/// # Errors
/// `Gone` if the entry is not about this object, or is a deletion.
pub async fn find(
    conn: &mut PgConnection,
    kind: ObjectKind,
    (id, entry): (i64, i64),
) -> Result<UndoRequest, SaveError> {
    let is_asked =
        |it: &LoggedAction| can_return(kind) && (it.kind, it.object_id) == (kind, id) && it.action != LogAction::Delete;
    let action = undo::action(conn, entry).await?.filter(is_asked).ok_or(SaveError::Gone)?;
    if let Some(by) = undo::undone_by(conn, entry).await? {
        return Ok(UndoRequest { action, since: Since::Undone(by) });
    }
    let newest = undo::newest(conn, kind, id).await?.filter(|newest| newest.entry != entry);
    Ok(UndoRequest { action, since: newest.map_or(Since::Nothing, Since::Changed) })
}

/// Undoes an addition or a change, after which nothing was done to the object.
///
/// # Errors
/// As the deletion or change of such an object; `Rejected` if the state before is not known.
pub async fn revert(tx: &mut Transaction, viewer: &Viewer, action: &LoggedAction) -> Result<Saved, SaveError> {
    let (kind, id) = (action.kind, action.object_id);
    let saved = match (action.action, kind, group_kind(kind)) {
        (LogAction::Add, ObjectKind::Metric, _) => metrics::remove(tx, viewer, id).await?,
        (LogAction::Add, ObjectKind::Profile, _) => profiles::remove(tx, viewer, id).await?,
        (LogAction::Add, ObjectKind::Probe, _) => probes::remove(tx, viewer, id).await?,
        (LogAction::Add, _, Some(group)) => groups::remove(tx, viewer, group, id).await?,
        (LogAction::Change, ObjectKind::Probe, _) => revert_probe(tx, viewer, action).await?,
        (LogAction::Change, _, Some(group)) => revert_group(tx, viewer, group, action).await?,
        (LogAction::Change, ObjectKind::Metric | ObjectKind::Profile, _) => revert_version(tx, viewer, action).await?,
        _ => return Err(SaveError::Gone),
    };
    if saved.message != wording::NOTHING {
        undo::record(tx.write_tx(), kind, id, action.entry).await?;
    }
    Ok(saved)
}

fn unknown_before() -> SaveError {
    ValidationErrors::of_form("The state before this change is not known: it cannot be undone.").into()
}

/// Restores the version before the one that the change has made.
async fn revert_version(tx: &mut Transaction, viewer: &Viewer, action: &LoggedAction) -> Result<Saved, SaveError> {
    let id = action.object_id;
    let kept = versions::list(tx.conn(), action.kind, id).await?;
    let previous = match kept.as_slice() {
        [newest, previous, ..] if newest.created == action.time => previous.id,
        _ => return Err(unknown_before()),
    };
    match action.kind {
        ObjectKind::Metric => {
            let now = crate::store::metrics::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?;
            metrics::restore(tx, viewer, ExpectedRevision { id, revision: now.revision }, previous).await
        }
        _ => {
            let now = crate::store::profiles::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?;
            profiles::restore(tx, viewer, ExpectedRevision { id, revision: now.revision }, previous).await
        }
    }
}

/// Changes a probe back: a new version is taken back, and an amended one is amended again.
async fn revert_probe(tx: &mut Transaction, viewer: &Viewer, action: &LoggedAction) -> Result<Saved, SaveError> {
    let id = action.object_id;
    let now = crate::store::probes::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?;
    let changes = changes_of(tx.conn(), action).await?;
    let mut before = probe_before(&now.content, &changes).ok_or_else(unknown_before)?;
    let left_out = keep_group(tx, ObjectKind::Probe, &mut before.group, &now.content.group).await?;
    let kept = versions::list(tx.conn(), ObjectKind::Probe, id).await?;
    let mut saved = match kept.as_slice() {
        [newest, previous, ..] if newest.created == action.time => {
            probes::withdraw_version(tx, viewer, id, &before, (newest.id, previous.id)).await?
        }
        _ => {
            let target = ExpectedRevision { id, revision: now.revision };
            probes::change(tx, viewer, target, &before, Intent { new_version: false, update_metrics: false }).await?
        }
    };
    saved.side_effects.splice(..0, left_out);
    Ok(saved)
}

async fn changes_of(conn: &mut PgConnection, action: &LoggedAction) -> Result<ChangeSet, SaveError> {
    let data = audit_log::data(conn, action.entry).await?.ok_or_else(unknown_before)?;
    Ok(data.changes)
}

/// Returns the content of a probe before these changes; `None` if they are not all known.
fn probe_before(now: &ProbeContent, changes: &ChangeSet) -> Option<ProbeContent> {
    let mut before = now.clone();
    for change in &changes.0 {
        let FieldChange::Value(value) = change else { return None };
        let field = match value.field.as_str() {
            "version" => &mut before.version,
            "repository" => &mut before.repository,
            "docurl" => &mut before.docurl,
            "description" => &mut before.description,
            "comment" => &mut before.comment,
            "group" => &mut before.group,
            _ => return None,
        };
        field.clone_from(&value.before);
    }
    (!changes.is_empty()).then_some(before)
}

/// Changes a group back. Members that are in another group by now stay there.
async fn revert_group(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: GroupKind,
    action: &LoggedAction,
) -> Result<Saved, SaveError> {
    let id = action.object_id;
    let now = crate::store::groups::content(tx.conn(), kind, id).await?.ok_or(SaveError::Gone)?;
    let changes = changes_of(tx.conn(), action).await?;
    let mut before = group_before(&now.content, &changes, kind).ok_or_else(unknown_before)?;
    let left_out = leave_out_taken(tx.conn(), kind, &now.content, &mut before).await?;
    let target = ExpectedRevision { id, revision: now.revision };
    let mut saved = groups::save(tx, viewer, kind, target, (&before, Joining::Free)).await?;
    saved.side_effects.splice(..0, left_out);
    Ok(saved)
}

/// Returns the content of a group before these changes; `None` if they are not all known.
fn group_before(now: &GroupContent, changes: &ChangeSet, kind: GroupKind) -> Option<GroupContent> {
    let mut before = now.clone();
    for change in &changes.0 {
        match change {
            FieldChange::Value(value) if value.field == "name" => before.name.clone_from(&value.before),
            FieldChange::List(list) if list.field == USERS => take_back(&mut before.users, list)?,
            FieldChange::List(list) if list.field == kind.noun()[1] => take_back(&mut before.members, list)?,
            _ => return None,
        }
    }
    (!changes.is_empty()).then_some(before)
}

/// Removes from the names those that were added, and adds those that were removed; `None` if the list was shortened.
fn take_back(names: &mut Vec<String>, change: &ListChange) -> Option<()> {
    let is_complete = change.more == Default::default();
    let of = |rows: &[Vec<String>]| rows.iter().map(|row| row.concat()).collect::<Vec<_>>();
    let (added, removed) = (of(&change.added), of(&change.removed));
    names.retain(|name| !added.contains(name) && !removed.contains(name));
    names.extend(removed);
    is_complete.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, members: &[&str], users: &[&str]) -> GroupContent {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        GroupContent { name: name.to_owned(), members: owned(members), users: owned(users) }
    }

    #[test]
    fn the_content_of_a_group_before_a_change_is_computed() {
        let (before, after) = (group("A", &["a", "b"], &["ada"]), group("B", &["b", "c"], &["bob"]));
        let changes = before.changes(&after, GroupKind::Probes);
        let mut computed = group_before(&after, &changes, GroupKind::Probes).unwrap();
        computed.members.sort();
        assert_eq!(computed, before);
        // What joined in the meantime stays.
        let joined = group("B", &["b", "c", "d"], &["bob"]);
        assert_eq!(group_before(&joined, &changes, GroupKind::Probes).unwrap().members, ["b", "d", "a"]);
        assert_eq!(group_before(&after, &ChangeSet::default(), GroupKind::Probes), None);
        assert_eq!(group_before(&after, &changes, GroupKind::Metrics), None, "the log is of another kind");
    }

    #[test]
    fn the_content_of_a_probe_before_a_change_is_computed() {
        let before = ProbeContent { version: "1".into(), comment: "x".into(), ..ProbeContent::default() };
        let after = ProbeContent { version: "2".into(), group: "ARGO".into(), ..ProbeContent::default() };
        assert_eq!(probe_before(&after, &before.changes(&after)).unwrap(), before);
        assert_eq!(probe_before(&after, &ChangeSet(vec![FieldChange::Unknown])), None);
    }
}
