//! API keys. Tokens are not here: only their keyed hashes, and the one token that POEM itself must present, sealed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Result;

/// A key as it is listed.
#[derive(Debug, Clone)]
pub struct ApiKey {
    pub client: String,
    pub token_sealed: Option<Vec<u8>>,
    pub created: DateTime<Utc>,
    pub revoked: bool,
}

/// The token hashes of all keys that are in force.
pub async fn unrevoked_hashes(conn: &mut PgConnection) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!("SELECT token_hash FROM api_key WHERE NOT revoked").fetch_all(conn).await?)
}

/// All keys, the newest first.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<ApiKey>> {
    Ok(sqlx::query_as!(
        ApiKey,
        "SELECT client, token_sealed, created, revoked FROM api_key ORDER BY created DESC, id DESC"
    )
    .fetch_all(conn)
    .await?)
}

/// The key of a client.
pub async fn by_client(conn: &mut PgConnection, client: &str) -> Result<Option<ApiKey>> {
    Ok(sqlx::query_as!(ApiKey, "SELECT client, token_sealed, created, revoked FROM api_key WHERE client = $1", client)
        .fetch_optional(conn)
        .await?)
}

/// Creates the client's key or gives it a new token; a revoked key stays revoked. Gives (id, is it new, is it revoked).
pub async fn put(
    conn: &mut PgConnection,
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
    .fetch_one(conn)
    .await?;
    Ok((row.id, row.is_new, row.revoked))
}

/// Revokes the client's key for good. Gives its id and whether it was in force until now; `None`: no such client.
pub async fn revoke(conn: &mut PgConnection, client: &str) -> Result<Option<(i64, bool)>> {
    let row = sqlx::query!(
        r#"UPDATE api_key new SET revoked = true FROM api_key old
           WHERE new.client = $1 AND old.id = new.id RETURNING new.id, NOT old.revoked AS "in_force!""#,
        client
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.in_force)))
}
