//! The last use of API keys: bookkeeping, which waits for no other writer and is not in the audit log.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::Transaction;
use crate::domain::model::tenant::SchemaName;
use crate::store::{StoreError, api_keys};

/// Records the last uses of a tenant's tokens, as (hash, time). If another server has recorded a later one, that stays.
///
/// # Errors
/// Those of the database, also if it does not take changes.
pub async fn record(pool: &PgPool, schema: &SchemaName, uses: &[(Vec<u8>, DateTime<Utc>)]) -> Result<(), StoreError> {
    let (hashes, times): (Vec<Vec<u8>>, Vec<DateTime<Utc>>) = uses.iter().cloned().unzip();
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    api_keys::record_uses(tx.write_tx(), &hashes, &times).await?;
    tx.commit().await
}
