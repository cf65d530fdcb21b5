//! API keys. The database has only the keyed hashes of tokens, and, sealed, the one token that POEM itself presents.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx};
use crate::domain::model::api_key::ApiKeyContent;

/// An API key as commands list it.
#[derive(Debug, Clone)]
pub struct StoredApiKey {
    /// The name of the client.
    pub client: String,
    /// The encrypted token; `None` unless POEM itself presents it.
    pub token_sealed: Option<Vec<u8>>,
    /// The time when the current token was created.
    pub created: DateTime<Utc>,
    /// The key is refused permanently.
    pub revoked: bool,
}

/// Returns the token hashes of all keys that are not revoked.
pub async fn unrevoked_hashes(conn: &mut PgConnection) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!("SELECT token_hash FROM api_key WHERE NOT revoked").fetch_all(conn).await?)
}

/// Returns all keys, newest first.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<StoredApiKey>> {
    Ok(sqlx::query_as!(
        StoredApiKey,
        "SELECT client, token_sealed, created, revoked FROM api_key ORDER BY created DESC, id DESC"
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the key of a client.
pub async fn by_client(conn: &mut PgConnection, client: &str) -> Result<Option<StoredApiKey>> {
    Ok(sqlx::query_as!(
        StoredApiKey,
        "SELECT client, token_sealed, created, revoked FROM api_key WHERE client = $1",
        client
    )
    .fetch_optional(conn)
    .await?)
}

/// Creates the client's key or replaces its token; a revoked key stays revoked. Returns (id, is new, is revoked).
pub async fn put(
    tx: &mut WriteTx<'_>,
    client: &str,
    token_hash: &[u8],
    token_sealed: Option<&[u8]>,
) -> Result<(i64, bool, bool)> {
    let row = sqlx::query!(
        r#"INSERT INTO api_key (client, token_hash, token_sealed) VALUES ($1, $2, $3)
           ON CONFLICT (client) DO UPDATE
               SET token_hash = excluded.token_hash, token_sealed = excluded.token_sealed, created = now()
           RETURNING id, (xmax = 0) AS "is_new!", revoked"#,
        client,
        token_hash,
        token_sealed
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.id, row.is_new, row.revoked))
}

/// Revokes the client's key permanently.
///
/// Returns its id and whether it was in force until now; `None` if there is no such client.
pub async fn revoke(tx: &mut WriteTx<'_>, client: &str) -> Result<Option<(i64, bool)>> {
    let row = sqlx::query!(
        r#"UPDATE api_key new SET revoked = true FROM api_key old
           WHERE new.client = $1 AND old.id = new.id RETURNING new.id, NOT old.revoked AS "in_force!""#,
        client
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.in_force)))
}

/// Returns the content of a key for its form.
///
/// The revision is always 0: a key can only be revoked, and only once, so edits cannot conflict.
pub async fn content(conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ApiKeyContent>>> {
    let row = sqlx::query!("SELECT client, revoked FROM api_key WHERE id = $1", id).fetch_optional(conn).await?;
    Ok(row.map(|row| {
        let content = ApiKeyContent { client: row.client, revoked: row.revoked, ..ApiKeyContent::default() };
        Loaded { id, revision: 0, content }
    }))
}

/// Adds a key; returns its id.
///
/// # Errors
/// `Constraint` `api_key_client_key` if the client already has a key.
pub async fn insert(tx: &mut WriteTx<'_>, client: &str, token_hash: &[u8], token_sealed: Option<&[u8]>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO api_key (client, token_hash, token_sealed) VALUES ($1, $2, $3) RETURNING id",
        client,
        token_hash,
        token_sealed
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes the key, if it exists.
pub async fn delete(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM api_key WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the time of a key's last use, and the name of the user or command that has added it, '' if the log does not say.
pub async fn origin(conn: &mut PgConnection, id: i64) -> Result<(Option<DateTime<Utc>>, String)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT last_used FROM api_key_use WHERE api_key_id = $1) AS last_used,
                  coalesce((SELECT username FROM log_entry
                            WHERE object_kind = 'apikey' AND object_id = ($1::bigint)::text AND action = 'add'
                            ORDER BY id DESC LIMIT 1), '') AS "creator!""#,
        id
    )
    .fetch_one(conn)
    .await?;
    Ok((row.last_used, row.creator))
}

/// Records when tokens were used, by their hashes; the later time of several counts. Unknown hashes are ignored.
pub async fn record_uses(tx: &mut WriteTx<'_>, token_hashes: &[Vec<u8>], times: &[DateTime<Utc>]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO api_key_use (api_key_id, last_used)
         SELECT k.id, max(u.last_used)
         FROM unnest($1::bytea[], $2::timestamptz[]) AS u (token_hash, last_used)
         JOIN api_key k ON k.token_hash = u.token_hash
         GROUP BY k.id ORDER BY k.id
         ON CONFLICT (api_key_id) DO UPDATE SET last_used = greatest(api_key_use.last_used, excluded.last_used)",
        token_hashes,
        times
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
