//! The action history, written along with every operation of a person.

use crate::domain::log_entry::{Action, ObjectKind};
use crate::domain::policy::Viewer;
use crate::store::log_entries::NewLogEntry;
use crate::store::{StoreError, TenantTx, log_entries};

/// Writes down that the viewer did this to the object: (kind, id, name). `message` says what changed; '' where the
/// action says it all.
pub(super) async fn note(
    tx: &mut TenantTx,
    viewer: &Viewer,
    action: Action,
    (kind, id, name): (ObjectKind, i64, &str),
    message: &str,
) -> Result<(), StoreError> {
    let entry = NewLogEntry {
        action,
        object_kind: kind,
        object_id: id.to_string(),
        object_name: name,
        message,
        user_id: Some(viewer.id),
        username: &viewer.username,
    };
    log_entries::insert(tx.conn(), entry).await
}
