//! Messages of identity providers that were accepted, by the hash of their sender and id. Each is accepted once.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, WriteTx};

/// The most rows that [`delete_over_age`] removes with one call.
const BATCH_SIZE: i64 = 100;

/// Returns whether the message was accepted before.
pub async fn contains(conn: &mut PgConnection, id_hash: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM saml_used WHERE id_hash = $1) AS "is!""#, id_hash)
        .fetch_one(conn)
        .await?)
}

/// Records that a message is accepted; returns false if it was accepted before.
///
/// It is remembered until a minute after `expires`, and for an hour at least. Waits for a transaction that records the
/// same message.
pub async fn insert(tx: &mut WriteTx<'_>, id_hash: &[u8], expires: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO saml_used (id_hash, expires)
         VALUES ($1, greatest($2::timestamptz + interval '1 minute', now() + interval '1 hour'))
         ON CONFLICT (id_hash) DO NOTHING",
        id_hash,
        expires
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Removes a batch of rows that have expired; returns their number. Never waits: it skips locked rows.
pub async fn delete_over_age(tx: &mut WriteTx<'_>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM saml_used WHERE id_hash IN
             (SELECT id_hash FROM saml_used WHERE expires <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        BATCH_SIZE
    );
    Ok(deleted.execute(tx.conn()).await?.rows_affected())
}
