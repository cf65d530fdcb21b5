//! Login sessions: in use, and over. `login` starts them.

use sqlx::PgPool;

use super::Transaction;
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::keys::session_hash;
use crate::domain::security::session::SessionLimits;
use crate::store::{StoreError, login_failures, sessions};

/// Writes down that a session is used, so that it does not end for idleness; at most once a minute.
pub async fn touch(pool: &PgPool, schema: &SchemaName, id: &str, limits: SessionLimits) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    sessions::touch(tx.write_tx(), &session_hash(id), limits).await?;
    tx.commit().await
}

/// Removes the tenant's sessions that have expired, and gives their number; and the failed logins that no longer count.
pub async fn clear_expired(pool: &PgPool, schema: &SchemaName) -> Result<u64, StoreError> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    let cleared = sessions::delete_expired(tx.write_tx()).await?;
    tx.commit().await?;
    loop {
        let mut tx = Transaction::bookkeeping(pool, schema).await?;
        let forgotten = login_failures::delete_forgotten(tx.write_tx()).await?;
        tx.commit().await?;
        if forgotten == 0 {
            return Ok(cleared);
        }
    }
}
