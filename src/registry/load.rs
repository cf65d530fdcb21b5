//! Loading a whole tenant: all of it or nothing, into a tenant that has nothing to lose.

use sqlx::PgPool;

use super::Transaction;
use crate::domain::model::snapshot::Snapshot;
use crate::domain::model::snapshot_diff::first_difference;
use crate::domain::model::tenant::SchemaName;
use crate::store::{StoreError, snapshot_read, snapshot_write, users};

/// What [`load`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadOutcome {
    Loaded,
    /// The tenant holds exactly this already.
    NothingToDo,
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(
        "the tenant holds other data, and nothing was loaded (--replace empties it first, API keys and users included): {0}"
    )]
    NotEmpty(String),
    #[error("{0}; nothing was loaded")]
    Store(#[from] StoreError),
}

/// Stores the snapshot with its ids. Where the tenant holds only users who own nothing, they make room: one with a name
/// of the snapshot is replaced, the others get ids above. With `replace` whatever the tenant holds is removed first.
pub async fn load(
    pool: &PgPool,
    schema: &SchemaName,
    data: &Snapshot,
    replace: bool,
) -> Result<LoadOutcome, LoadError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let ours = snapshot_read::read(tx.conn()).await?;
    match first_difference(&ours, data) {
        // Users of the tenant's own are no difference, but to empty it means them too.
        None if replace && ours.users.len() > data.users.len() => snapshot_write::clear(tx.write_tx()).await?,
        None => return Ok(LoadOutcome::NothingToDo),
        Some(_) if replace => snapshot_write::clear(tx.write_tx()).await?,
        Some(_) if holds_only_users(&ours) => make_room(&mut tx, data).await?,
        Some(difference) => return Err(LoadError::NotEmpty(difference)),
    }
    snapshot_write::write(tx.write_tx(), data).await?;
    tx.commit().await?;
    Ok(LoadOutcome::Loaded)
}

/// Nothing but users and the fixed rows. Without groups, versions and log entries no user owns anything.
fn holds_only_users(ours: &Snapshot) -> bool {
    let bare = Snapshot {
        tags: ours.tags.clone(),
        metric_types: ours.metric_types.clone(),
        users: ours.users.clone(),
        ..Snapshot::default()
    };
    *ours == bare
}

async fn make_room(tx: &mut Transaction, data: &Snapshot) -> Result<(), StoreError> {
    let names: Vec<String> = data.users.iter().map(|user| user.username.clone()).collect();
    users::delete_by_name(tx.write_tx(), &names).await?;
    users::move_above(tx.write_tx(), data.users.iter().map(|user| user.id).max().unwrap_or(0)).await
}
