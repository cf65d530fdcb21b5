//! Login sessions: keeping them alive, and removing expired ones. `login` starts them.

use sqlx::PgPool;

use super::Transaction;
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::keys::session_hash;
use crate::domain::security::session::SessionLimits;
use crate::store::{StoreError, login_failures, sessions};

/// Records that a session is in use, so that it does not expire as idle; writes at most once a minute.
pub async fn touch(pool: &PgPool, schema: &SchemaName, id: &str, limits: SessionLimits) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    sessions::touch(tx.write_tx(), &session_hash(id), limits).await?;
    tx.commit().await
}

/// Removes the tenant's expired sessions and the failed logins that no longer count; returns the number of sessions.
pub async fn clear_expired(pool: &PgPool, schema: &SchemaName) -> Result<u64, StoreError> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    let cleared = sessions::delete_expired(tx.write_tx()).await?;
    tx.commit().await?;
    // In batches: each transaction is short, so no login waits long for its locks.
    loop {
        let mut tx = Transaction::bookkeeping(pool, schema).await?;
        let forgotten = login_failures::delete_forgotten(tx.write_tx()).await?;
        tx.commit().await?;
        if forgotten == 0 {
            return Ok(cleared);
        }
    }
}
