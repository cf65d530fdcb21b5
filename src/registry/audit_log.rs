//! The audit log, written in the transaction of every operation.

use serde::Serialize;

use super::Transaction;
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::log_entry::{LogAction, LogData};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::store::audit_log::{ChangedObject, NewLogEntry};
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

/// From the id, if it is known, and the name of a user.
impl<'a> From<(Option<i64>, &'a str)> for Author<'a> {
    fn from((id, name): (Option<i64>, &'a str)) -> Self {
        Self { id, name }
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

/// An object as the audit log names it: kind, id and name.
type LoggedObject<'a> = (ObjectKind, i64, &'a str);

/// Adds a log entry that only a message describes.
pub(super) async fn record(
    tx: &mut Transaction,
    author: impl Into<Author<'_>>,
    action: LogAction,
    object: LoggedObject<'_>,
    message: &str,
) -> Result<(), StoreError> {
    insert(tx, author.into(), action, object, (message, None)).await
}

/// Adds a log entry about a new object, with its whole content.
///
/// `message` says what it is derived from; '' if it is not.
pub(super) async fn record_addition(
    tx: &mut Transaction,
    author: impl Into<Author<'_>>,
    object: LoggedObject<'_>,
    content: &(impl Serialize + Sync),
    message: &str,
) -> Result<(), StoreError> {
    let data = LogData::of_content(content);
    insert(tx, author.into(), LogAction::Add, object, (message, Some(&data))).await
}

/// Adds a log entry about each of many new objects of a kind, given as id, name and content.
pub(super) async fn record_additions(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: ObjectKind,
    objects: &[(i64, String, &(impl Serialize + Sync))],
) -> Result<(), StoreError> {
    record_contents(tx, viewer, (LogAction::Add, kind), objects).await
}

/// Adds a log entry about each of many deleted objects of a kind, given as id, name and content.
pub(super) async fn record_deletions(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: ObjectKind,
    objects: &[(i64, String, &(impl Serialize + Sync))],
) -> Result<(), StoreError> {
    record_contents(tx, viewer, (LogAction::Delete, kind), objects).await
}

async fn record_contents(
    tx: &mut Transaction,
    viewer: &Viewer,
    what: (LogAction, ObjectKind),
    objects: &[(i64, String, &(impl Serialize + Sync))],
) -> Result<(), StoreError> {
    let with_data: Vec<_> =
        objects.iter().map(|(id, name, content)| (*id, name.as_str(), LogData::of_content(content))).collect();
    audit_log::insert_contents(tx.write_tx(), what, &with_data, author(viewer)).await
}

/// Adds a log entry about a change.
pub(super) async fn record_change(
    tx: &mut Transaction,
    author: impl Into<Author<'_>>,
    object: LoggedObject<'_>,
    changes: ChangeSet,
) -> Result<(), StoreError> {
    let data = LogData::of_changes(changes);
    insert(tx, author.into(), LogAction::Change, object, ("", Some(&data))).await
}

/// Adds a log entry about a deletion, with the whole content of the object.
pub(super) async fn record_deletion(
    tx: &mut Transaction,
    author: impl Into<Author<'_>>,
    object: LoggedObject<'_>,
    content: &(impl Serialize + Sync),
) -> Result<(), StoreError> {
    let data = LogData::of_content(content);
    insert(tx, author.into(), LogAction::Delete, object, ("", Some(&data))).await
}

async fn insert(
    tx: &mut Transaction,
    author: Author<'_>,
    action: LogAction,
    (kind, id, name): LoggedObject<'_>,
    (message, data): (&str, Option<&LogData>),
) -> Result<(), StoreError> {
    let entry = NewLogEntry {
        action,
        object_kind: Some(kind),
        object_id: id.to_string(),
        object_name: name,
        message,
        data,
        user_id: author.id,
        username: author.name,
    };
    audit_log::insert(tx.write_tx(), entry).await
}

/// Records the changes of many objects of a kind: a log entry for each, and a version with its current state if it is a
/// metric or profile. (A probe gets none: its versions are numbered by users.)
///
/// `message` says what the changes do not; '' if they say everything.
pub(super) async fn record_many(
    tx: &mut Transaction,
    viewer: &Viewer,
    kind: ObjectKind,
    objects: &[ChangedObject],
    message: &str,
) -> Result<(), StoreError> {
    let words = |changes: &ChangeSet| if message.is_empty() { changes.in_words() } else { message.to_owned() };
    let with_words = || objects.iter().map(|object| (object.id, words(&object.changes))).collect::<Vec<_>>();
    let author = (Some(viewer.id), viewer.username.as_str());
    match kind {
        ObjectKind::Metric => {
            version_writes::insert_metric_versions(tx.write_tx(), &with_words(), author).await?;
        }
        ObjectKind::Profile => {
            version_writes::insert_profile_versions(tx.write_tx(), &with_words(), author).await?;
        }
        _ => {}
    }
    audit_log::insert_changes(tx.write_tx(), kind, objects, message, (viewer.id, &viewer.username)).await
}
