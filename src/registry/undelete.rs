//! Adding an object again that was deleted, with the content that the audit log has stored: metrics, probes, profiles and
//! groups. An object gets its id again if that is free, and with it its versions and log entries.

use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;

use super::again::Again;
use super::audit_log::record_many;
use super::probes::describe_change;
use super::{SaveError, Saved, Transaction, groups, metrics, probes, profiles};
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::group::GroupContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Denial, Viewer, decide};
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::wording::{listed, missing_in};
use crate::store::undo::LoggedAction;
use crate::store::{StoreError, audit_log, group_members, probes as stored_probes, undo, users};

/// An object that was deleted and can be added again.
#[derive(Debug)]
pub struct DeletedObject {
    /// Its deletion.
    pub deletion: LoggedAction,
    /// Its content as JSON, without what no longer exists.
    pub content: Value,
    /// A sentence about each kind of thing that no longer exists.
    pub left_out: Vec<String>,
    /// Its name when it was deleted.
    name: String,
}

/// Returns the kind of groups that an object of this kind is; `None` if it is no group.
pub fn group_kind(kind: ObjectKind) -> Option<GroupKind> {
    GroupKind::ALL.into_iter().find(|group| group.object_kind() == kind)
}

/// Returns true if objects of this kind can be added again, and their changes undone.
///
/// Users and API keys have secrets, which the log does not have; aggregations are also stored on the ARGO WEB-API.
pub fn can_return(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Metric | ObjectKind::Probe | ObjectKind::Profile) || group_kind(kind).is_some()
}

/// Returns the last deletion of the object that had this id, if nothing has undone it; else `None`.
pub async fn last_deletion(conn: &mut PgConnection, kind: ObjectKind, id: i64) -> Result<Option<i64>, StoreError> {
    let newest = undo::newest(conn, kind, id).await?.filter(|newest| newest.action == LogAction::Delete);
    let Some(deletion) = newest else { return Ok(None) };
    let undone = undo::undone_by(conn, deletion.entry).await?;
    Ok(undone.is_none().then_some(deletion.entry))
}

/// Returns the deleted object of a log entry, if the viewer may add it again.
///
/// # Errors
/// `Gone` if the entry is not the deletion of an object of this kind, or has no content; `Denied` if the viewer may not add
/// such an object, or it was in a group of others; `Rejected` if it was added again already.
pub async fn find(
    conn: &mut PgConnection,
    viewer: &Viewer,
    kind: ObjectKind,
    entry: i64,
) -> Result<DeletedObject, SaveError> {
    let is_deletion = |it: &LoggedAction| it.kind == kind && it.action == LogAction::Delete && can_return(kind);
    let deletion = undo::action(conn, entry).await?.filter(is_deletion).ok_or(SaveError::Gone)?;
    let data = audit_log::data(conn, entry).await?.and_then(|data| data.content);
    let content = data.ok_or(SaveError::Gone)?;
    let group = content.get("group").and_then(Value::as_str).unwrap_or_default();
    may_return(conn, viewer, kind, group).await?;
    if let Some(by) = undo::undone_by(conn, entry).await? {
        let who = if by.user_id == Some(viewer.id) { "You have" } else { &format!("{} has", by.username) };
        return Err(ValidationErrors::of_form(format!("{who} restored “{}” already.", deletion.object_name)).into());
    }
    let name = content.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (content, left_out) = without_the_gone(conn, kind, content).await?;
    Ok(DeletedObject { deletion, content, left_out, name })
}

/// Checks that the viewer may add an object that was in this group. If the group no longer exists, they choose another.
async fn may_return(conn: &mut PgConnection, viewer: &Viewer, kind: ObjectKind, group: &str) -> Result<(), SaveError> {
    match decide(viewer, kind, Action::Add { group }) {
        Err(denial @ Denial::ForeignGroup(_)) if group_exists(conn, kind, group).await? => {
            Err(SaveError::Denied(denial))
        }
        Err(denial @ (Denial::Never | Denial::ForeignObject(_))) => Err(SaveError::Denied(denial)),
        Ok(()) | Err(Denial::ForeignGroup(_) | Denial::NoGroup) => Ok(()),
    }
}

async fn group_exists(conn: &mut PgConnection, kind: ObjectKind, group: &str) -> Result<bool, StoreError> {
    match kind.info().owner {
        Some(owner) => Ok(crate::store::groups::id_of(conn, owner, group).await?.is_some()),
        None => Ok(false),
    }
}

/// Reads the content of an object, as the audit log has stored it.
fn read<C: DeserializeOwned>(content: &Value) -> Result<C, SaveError> {
    serde_json::from_value(content.clone()).map_err(|_| SaveError::Gone)
}

/// Returns the content without what no longer exists, and sentences about that.
async fn without_the_gone(
    conn: &mut PgConnection,
    kind: ObjectKind,
    mut content: Value,
) -> Result<(Value, Vec<String>), SaveError> {
    if let Some(of) = group_kind(kind) {
        let mut group: GroupContent = read(&content)?;
        let left_out = leave_out_taken(conn, of, &GroupContent::default(), &mut group).await?;
        return Ok((serde_json::to_value(group).map_err(|_| SaveError::Gone)?, left_out));
    }
    let mut left_out = Vec::new();
    let text = |content: &Value, field: &str| content.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (group, probe) = (text(&content, "group"), text(&content, "probe"));
    if !group.is_empty() && !group_exists(conn, kind, &group).await? {
        left_out.push(format!("The group “{group}” no longer exists."));
        content["group"] = Value::from("");
    }
    if !probe.is_empty() && stored_probes::of_label(conn, &probe).await?.is_none() {
        left_out.push(format!("The probe version “{probe}” no longer exists."));
        content["probe"] = Value::from("");
    }
    Ok((content, left_out))
}

/// Removes the members and users from the content of a group that it does not have now and cannot get: they no longer
/// exist, or are in another group. Returns sentences about them.
pub(super) async fn leave_out_taken(
    conn: &mut PgConnection,
    kind: GroupKind,
    now: &GroupContent,
    content: &mut GroupContent,
) -> Result<Vec<String>, StoreError> {
    let wanted = missing_in(&now.members, &content.members);
    let found = group_members::by_names(conn, kind, &wanted).await?;
    let names = |is_free: bool| {
        let of = found.iter().filter(|member| member.group_name.is_empty() == is_free);
        of.map(|member| member.name.clone()).collect::<Vec<_>>()
    };
    let (free, taken) = (names(true), names(false));
    let gone = missing_in(&[&free[..], &taken].concat(), &wanted);
    let wanted_users = missing_in(&now.users, &content.users);
    let known: Vec<String> = users::by_names(conn, &wanted_users).await?.into_iter().map(|user| user.1).collect();
    let gone_users = missing_in(&known, &wanted_users);
    content.members.retain(|member| !gone.contains(member) && !taken.contains(member));
    content.users.retain(|user| !gone_users.contains(user));
    let sentences = [
        listed("No longer there:", kind.noun(), &gone),
        listed("In another group by now:", kind.noun(), &taken),
        listed("No longer there:", ["user", "users"], &gone_users),
    ];
    Ok(sentences.into_iter().flatten().collect())
}

/// Adds a deleted object again, with a content that may differ from the one that it had.
///
/// # Errors
/// As the addition of such an object.
pub async fn restore(
    tx: &mut Transaction,
    viewer: &Viewer,
    deleted: &DeletedObject,
    content: &Value,
) -> Result<Saved, SaveError> {
    let DeletedObject { deletion, name, .. } = deleted;
    let again = again(tx, deletion, content.get("name").and_then(Value::as_str) == Some(name)).await?;
    let saved = match (deletion.kind, group_kind(deletion.kind)) {
        (ObjectKind::Metric, _) => metrics::add(tx, viewer, &read(content)?, None, Some(&again)).await?,
        (ObjectKind::Profile, _) => profiles::add(tx, viewer, &read(content)?, None, Some(&again)).await?,
        (ObjectKind::Probe, _) => restore_probe(tx, viewer, deletion, &read(content)?, &again).await?,
        (_, Some(kind)) => groups::add(tx, viewer, kind, &read(content)?, Some(&again)).await?,
        (_, None) => return Err(SaveError::Gone),
    };
    undo::record(tx.write_tx(), deletion.kind, saved.id, deletion.entry).await?;
    Ok(saved)
}

/// Returns the id and the words for an object that is added again.
///
/// A probe with another name gets another id: metrics know its versions by its name.
async fn again(tx: &mut Transaction, deletion: &LoggedAction, has_its_name: bool) -> Result<Again, StoreError> {
    let LoggedAction { kind, object_id, username, .. } = deletion;
    let is_itself = has_its_name || *kind != ObjectKind::Probe;
    let is_free = is_itself && !undo::exists(tx.conn(), *kind, *object_id).await?;
    let message = match username.as_str() {
        "" => "Restored after its deletion.".to_owned(),
        name => format!("Restored after its deletion by {name}."),
    };
    Ok(Again { id: is_free.then_some(*object_id), message })
}

/// Adds a probe again. The metrics that have had no probe since its deletion use their versions of it again.
async fn restore_probe(
    tx: &mut Transaction,
    viewer: &Viewer,
    deletion: &LoggedAction,
    content: &ProbeContent,
    again: &Again,
) -> Result<Saved, SaveError> {
    let saved = probes::add(tx, viewer, content, Some(again)).await?;
    let relinked = undo::relink_metrics(tx.write_tx(), saved.id, deletion.entry).await?;
    if !relinked.is_empty() {
        record_many(tx, viewer, ObjectKind::Metric, &relinked, "").await?;
    }
    let labels: Vec<String> = relinked.into_iter().map(|metric| metric.name).collect();
    let side_effects = describe_change(&labels, ["Linked", "to it again"]);
    Ok(Saved { side_effects, ..saved })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::metric::MetricContent;
    use crate::domain::model::profile::ProfileContent;

    #[test]
    fn the_contents_have_the_fields_that_are_left_out_by_name() {
        let metric = serde_json::to_value(MetricContent::default()).unwrap();
        let probe = serde_json::to_value(ProbeContent::default()).unwrap();
        let profile = serde_json::to_value(ProfileContent::default()).unwrap();
        for content in [&metric, &probe, &profile] {
            assert!(content["group"].is_string() && content["name"].is_string(), "{content}");
        }
        assert!(metric["probe"].is_string());
    }

    #[test]
    fn objects_with_secrets_or_another_store_do_not_return() {
        let kinds = [ObjectKind::CustUser, ObjectKind::ApiKey, ObjectKind::Service, ObjectKind::Aggregation];
        assert!(kinds.into_iter().all(|kind| !can_return(kind)));
        assert!(GroupKind::ALL.into_iter().all(|kind| can_return(kind.object_kind())));
    }
}
