//! The audit log, written in the transaction of every operation.

use super::Transaction;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::store::audit_log::NewLogEntry;
use crate::store::{StoreError, audit_log, version_writes};

/// The author of an action, as the audit log stores it.
#[derive(Clone, Copy)]
pub(super) struct Author<'a> {
    /// `None` for a command.
    id: Option<i64>,
    name: &'a str,
}

impl<'a> From<&'a Viewer> for Author<'a> {
    fn from(viewer: &'a Viewer) -> Self {
        author(viewer).into()
    }
}

/// From the id and the name of a user.
impl<'a> From<(i64, &'a str)> for Author<'a> {
    fn from((id, name): (i64, &'a str)) -> Self {
        Self { id: Some(id), name }
    }
}

impl<'a> Author<'a> {
    pub(super) fn command(name: &'a str) -> Self {
        Self { id: None, name }
    }
}

/// Returns the id and the name of the viewer, as versions and log entries store their author.
pub(super) fn author(viewer: &Viewer) -> (i64, &str) {
    (viewer.id, &viewer.username)
}

/// Adds a log entry about an object, given as (kind, id, name).
///
/// `message` describes the changes; '' if the action says everything.
pub(super) async fn record(
    tx: &mut Transaction,
    author: impl Into<Author<'_>>,
    action: LogAction,
    (kind, id, name): (ObjectKind, i64, &str),
    message: &str,
) -> Result<(), StoreError> {
    let author = author.into();
    let entry = NewLogEntry {
        action,
        object_kind: Some(kind),
        object_id: id.to_string(),
        object_name: name,
        message,
        user_id: author.id,
        username: author.name,
    };
    audit_log::insert(tx.write_tx(), entry).await
}

/// Records the same change of many objects of a kind, given as (id, label): a log entry for each, and a version with its
/// current state if it is a metric or profile.
///
/// A probe gets none: its versions are numbered by users.
pub(super) async fn record_many(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: ObjectKind,
    objects: &[(i64, String)],
    message: &str,
) -> Result<(), StoreError> {
    let with_message = || objects.iter().map(|(id, _)| (*id, message.to_owned())).collect::<Vec<_>>();
    let (user_id, username) = author(viewer);
    match kind {
        ObjectKind::Metric => {
            let ids: Vec<i64> = objects.iter().map(|(id, _)| *id).collect();
            version_writes::insert_metric_versions(tx.write_tx(), &ids, message, (user_id, username)).await?;
        }
        ObjectKind::Profile => {
            let author = (Some(user_id), username);
            version_writes::insert_profile_versions(tx.write_tx(), &with_message(), author).await?;
        }
        _ => {}
    }
    audit_log::insert_changes(tx.write_tx(), kind, objects, message, (user_id, username)).await
}
