//! The copies of profiles on the ARGO WEB-API: what POEM writes before and after a sending.

use std::collections::BTreeMap;
use std::time::Duration;

use super::web_api_saves::{self, Locked, SaveLock};
use super::{SaveError, Transaction};
use crate::domain::model::metric_profile_copy::ProfileCopy;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::profile::ProfileContent;
use crate::domain::model::version::compare_labels;
use crate::domain::model::web_api_save::WebApiSave;
use crate::store::profiles::ProfileRow;
use crate::store::{StoreError, metric_profile_copies as copies, profiles};

/// A profile that is to be sent.
#[derive(Debug)]
pub struct Sending {
    /// The id of the profile: the highest version of its name.
    pub id: i64,
    /// The content.
    pub content: ProfileContent,
    /// What is known of the copy.
    pub copy: ProfileCopy,
    /// The lock.
    pub locked: Locked,
}

/// Begins to send a profile: its highest version, which also gets what is known of the copy.
///
/// # Errors
/// `Gone` if there is no such profile.
pub async fn begin(
    tx: &mut Transaction,
    id: i64,
    (user_id, username): (Option<i64>, &str),
    lifetime: Duration,
) -> Result<Sending, SaveError> {
    let highest = highest_version(tx, id).await?;
    if highest != id {
        copies::move_copies(tx.write_tx(), &[(id, highest)]).await?;
    }
    let content = profiles::content(tx.conn(), highest).await?.ok_or(SaveError::Gone)?.content;
    let copy = copies::of(tx.conn(), highest).await?.map(|stored| stored.copy).unwrap_or_default();
    let locked = web_api_saves::begin(tx, &WebApiSave::of_sending(user_id, username), lifetime).await?;
    Ok(Sending { id: highest, content, copy, locked })
}

/// Returns the id of the highest version of the profile with this id.
///
/// # Errors
/// `Gone` if there is no such profile.
async fn highest_version(tx: &mut Transaction, id: i64) -> Result<i64, SaveError> {
    let name = profiles::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content.name;
    let versions = profiles::list(tx.conn(), Some(&name)).await?;
    highest(versions.iter()).ok_or(SaveError::Gone)
}

/// Returns the id of the highest of these versions of a profile; `None` if there is none.
fn highest<'a>(versions: impl Iterator<Item = &'a ProfileRow>) -> Option<i64> {
    versions.max_by(|a, b| compare_labels(&a.version, &b.version)).map(|row| row.id)
}

/// Gives what is known of the copies of profiles that are about to be deleted to the highest of their other versions.
pub(super) async fn hand_over(tx: &mut Transaction, ids: &[i64]) -> Result<(), StoreError> {
    let with_copies = copies::existing(tx.conn(), ids).await?;
    if with_copies.is_empty() {
        return Ok(());
    }
    let all = profiles::list(tx.conn(), None).await?;
    // One copy for each name: several versions of it may go at once.
    let mut heirs = BTreeMap::new();
    for deleted in all.iter().filter(|row| with_copies.contains(&row.id)) {
        let others = all.iter().filter(|row| row.name == deleted.name && !ids.contains(&row.id));
        if let Some(heir) = highest(others) {
            heirs.insert(heir, deleted.id);
        }
    }
    let moves: Vec<_> = heirs.into_iter().map(|(heir, deleted)| (deleted, heir)).collect();
    copies::move_copies(tx.write_tx(), &moves).await
}

/// Checks that the viewer may send a profile: as for a change of it.
///
/// # Errors
/// `Denied`, `Gone`.
pub async fn may_send(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<(), SaveError> {
    let content = profiles::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    Ok(decide(viewer, ObjectKind::Profile, Action::StartChanging { group: &content.group })?)
}

/// Ends a sending that was successful. Returns false if another save has taken over the lock.
pub async fn sent(
    tx: &mut Transaction,
    (lock, sending): (&SaveLock, &Sending),
    definition: &MetricProfileDefinition,
) -> Result<bool, StoreError> {
    let is_mine = web_api_saves::finish(tx, lock).await?;
    copies::set_sent(tx.write_tx(), sending.id, definition, sending.copy.changes).await?;
    Ok(is_mine)
}

/// Ends a sending that failed.
pub async fn failed(
    tx: &mut Transaction,
    (lock, id): (&SaveLock, i64),
    failure: &str,
    is_gone: bool,
) -> Result<(), StoreError> {
    web_api_saves::finish(tx, lock).await?;
    copies::set_failure(tx.write_tx(), id, failure, is_gone).await
}

/// Sets whether a profile is sent on every save.
///
/// # Errors
/// `Denied`, `Gone`.
pub async fn set_on_every_save(tx: &mut Transaction, viewer: &Viewer, id: i64, on: bool) -> Result<(), SaveError> {
    may_send(tx, viewer, id).await?;
    Ok(copies::set_on_every_save(tx.write_tx(), id, on).await?)
}

/// Ends the deletion of a copy.
pub async fn deleted(tx: &mut Transaction, lock: &SaveLock, id: i64) -> Result<(), StoreError> {
    web_api_saves::finish(tx, lock).await?;
    copies::delete(tx.write_tx(), id).await
}
