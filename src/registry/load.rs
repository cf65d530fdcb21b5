//! Loading the data of a whole tenant, all or nothing, into a tenant that has no data to lose.

use sqlx::PgPool;

use super::Transaction;
use crate::domain::model::snapshot::Snapshot;
use crate::domain::model::snapshot_diff::first_difference;
use crate::domain::model::tenant::SchemaName;
use crate::store::{ReadTx, StoreError, analyze, snapshot_read, snapshot_write, users};

/// The outcome of [`load`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadOutcome {
    /// The snapshot was stored.
    Loaded,
    /// The tenant already holds exactly this data.
    NothingToDo,
}

/// The reason why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The tenant holds other data; holds a sentence about the first difference.
    #[error(
        "the tenant holds other data, and nothing was loaded (--replace empties it first, API keys and users included): {0}"
    )]
    NotEmpty(String),
    /// The database refused or failed.
    #[error("{0}; nothing was loaded")]
    Store(#[from] StoreError),
}

/// Stores the snapshot with its ids.
///
/// If the tenant holds only users who own nothing, they make room: a user with a name of the snapshot is replaced, the
/// others get ids above it. With `replace`, all data of the tenant are removed first.
pub async fn load(
    pool: &PgPool,
    schema: &SchemaName,
    data: &Snapshot,
    replace: bool,
) -> Result<LoadOutcome, LoadError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let ours = snapshot_read::read(tx.conn()).await?;
    match first_difference(&ours, data) {
        // Additional users of the tenant do not count as a difference, but `replace` removes them too.
        None if replace && ours.users.len() > data.users.len() => snapshot_write::clear(tx.write_tx()).await?,
        None => return Ok(LoadOutcome::NothingToDo),
        Some(_) if replace => snapshot_write::clear(tx.write_tx()).await?,
        Some(_) if holds_only_users(&ours) => make_room(&mut tx, data).await?,
        Some(difference) => return Err(LoadError::NotEmpty(difference)),
    }
    snapshot_write::write(tx.write_tx(), data).await?;
    analyze::tenant(tx.write_tx()).await?;
    tx.commit().await?;
    Ok(LoadOutcome::Loaded)
}

/// Returns the data that [`load`] with `replace` would remove for these; `None` if there are none to lose.
///
/// # Errors
/// The data of the tenant cannot be read.
pub async fn lost(pool: &PgPool, schema: &SchemaName, data: &Snapshot) -> Result<Option<Snapshot>, StoreError> {
    let mut tx = ReadTx::begin(pool, schema).await?;
    let ours = snapshot_read::read(tx.conn()).await?;
    let stays = first_difference(&ours, data).is_none() && ours.users.len() == data.users.len();
    Ok((!stays && !ours.is_empty()).then_some(ours))
}

/// Returns true if there are only users and the fixed rows.
///
/// Without groups, versions and log entries, no user owns anything.
fn holds_only_users(ours: &Snapshot) -> bool {
    Snapshot { users: Vec::new(), ..ours.clone() }.is_empty()
}

/// Removes users with names of the snapshot, and moves the other users' ids above those of the snapshot.
async fn make_room(tx: &mut Transaction, data: &Snapshot) -> Result<(), StoreError> {
    let names: Vec<String> = data.users.iter().map(|user| user.username.clone()).collect();
    users::delete_by_name(tx.write_tx(), &names).await?;
    users::move_above(tx.write_tx(), data.users.iter().map(|user| user.id).max().unwrap_or(0)).await
}
