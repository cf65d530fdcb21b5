//! Login sessions. (They are started by the login page; commands clear those that expired.)

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::domain::keys::{random_hex, session_hash};
use crate::domain::tenant::SchemaName;
use crate::store::{StoreError, TenantTx, sessions};

/// Random bytes in a session's id.
const ID_BYTES: usize = 32;

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

/// Removes the tenant's sessions that have expired; gives their number.
pub async fn clear_expired(pool: &PgPool, schema: &SchemaName) -> Result<u64, StoreError> {
    let mut tx = TenantTx::bookkeeping(pool, schema).await?;
    let cleared = sessions::delete_expired(tx.conn()).await?;
    tx.commit().await?;
    Ok(cleared)
}
