//! The lock of the saves on the ARGO WEB-API: one at a time in a tenant, over all servers of the database.
//!
//! The note of the save is the lock. A save that does not end in its time, or whose end is not known, leaves its note:
//! whoever comes next takes it over and finds out what became of that save.

use std::time::Duration;

use super::Transaction;
use crate::domain::model::web_api_save::WebApiSave;
use crate::domain::security::keys::random_hex;
use crate::store::web_api_saves::StoredSave;
use crate::store::{StoreError, web_api_saves};

/// The lock, as its holder knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveLock(String);

/// The answer to a request for the lock.
#[derive(Debug)]
pub enum Locked {
    /// The lock is held, and the save noted. It counts from the commit.
    Mine(SaveLock),
    /// Another save is under way.
    Busy,
    /// The lock is held, but with the note of a save whose end is not known: that has to be cleared up first.
    Interrupted(SaveLock, Box<StoredSave>),
}

impl SaveLock {
    fn new() -> Self {
        Self(random_hex(16))
    }
}

/// Takes the lock for this save, for `lifetime`, or takes over the note of an interrupted one.
pub async fn begin(tx: &mut Transaction, save: &WebApiSave, lifetime: Duration) -> Result<Locked, StoreError> {
    let lock = SaveLock::new();
    match take_over(tx, lifetime).await? {
        Some(other) => Ok(other),
        None => {
            web_api_saves::insert(tx.write_tx(), &lock.0, save, lifetime).await?;
            Ok(Locked::Mine(lock))
        }
    }
}

/// Takes over the note of an interrupted save; `Busy` if its holder has time left, `None` if there is no note.
pub async fn take_over(tx: &mut Transaction, lifetime: Duration) -> Result<Option<Locked>, StoreError> {
    let Some(other) = web_api_saves::find(tx.conn()).await? else { return Ok(None) };
    if !other.left.is_zero() {
        return Ok(Some(Locked::Busy));
    }
    let lock = SaveLock::new();
    web_api_saves::take_over(tx.write_tx(), &lock.0, lifetime).await?;
    Ok(Some(Locked::Interrupted(lock, Box::new(other))))
}

/// Releases the lock after the save has ended, with or without success. Returns false if another holder has taken it
/// over meanwhile: then nothing may be written that the save had to write.
pub async fn finish(tx: &mut Transaction, lock: &SaveLock) -> Result<bool, StoreError> {
    web_api_saves::delete(tx.write_tx(), &lock.0).await
}

/// Releases the lock, but leaves the note: it is not known what became of the save.
pub async fn leave(tx: &mut Transaction, lock: &SaveLock) -> Result<(), StoreError> {
    web_api_saves::expire(tx.write_tx(), &lock.0).await
}
