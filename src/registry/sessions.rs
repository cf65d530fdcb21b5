//! Login sessions: in use, and over. (`login` starts them where a password fits.)

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::domain::keys::{random_hex, session_hash};
use crate::domain::session::SessionLimits;
use crate::domain::tenant::SchemaName;
use crate::store::{StoreError, TenantTx, login_failures, sessions};

/// Random bytes in a session's id.
pub const ID_BYTES: usize = 32;

/// Starts a session for a user and gives its id, which only the browser keeps.
pub async fn start(
    pool: &PgPool,
    schema: &SchemaName,
    user_id: i64,
    expires: DateTime<Utc>,
) -> Result<String, StoreError> {
    let id = random_hex(ID_BYTES);
    let mut tx = TenantTx::bookkeeping(pool, schema).await?;
    sessions::insert(tx.conn(), &session_hash(&id), user_id, expires).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes down that a session is used, so that it does not end for idleness; at most once a minute.
pub async fn touch(pool: &PgPool, schema: &SchemaName, id: &str, limits: SessionLimits) -> Result<(), StoreError> {
    let mut tx = TenantTx::bookkeeping(pool, schema).await?;
    sessions::touch(tx.conn(), &session_hash(id), limits).await?;
    tx.commit().await
}

/// Removes the tenant's sessions that have expired, and gives their number; and the failed logins that no longer count.
pub async fn clear_expired(pool: &PgPool, schema: &SchemaName) -> Result<u64, StoreError> {
    let mut tx = TenantTx::bookkeeping(pool, schema).await?;
    let cleared = sessions::delete_expired(tx.conn()).await?;
    tx.commit().await?;
    loop {
        let mut tx = TenantTx::bookkeeping(pool, schema).await?;
        let forgotten = login_failures::delete_forgotten(tx.conn()).await?;
        tx.commit().await?;
        if forgotten == 0 {
            return Ok(cleared);
        }
    }
}
