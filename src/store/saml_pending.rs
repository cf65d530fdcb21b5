//! Identities that were proven while the user is asked whose account it is, by the hash of the token in the address.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::federated_identity::{FederatedIdentity, FederatedSession};

/// The most rows that [`delete_over_age`] removes with one call.
const BATCH_SIZE: i64 = 100;

/// A proven identity, and the account that may be its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProvenLogin {
    /// The identity.
    pub identity: FederatedIdentity,
    /// The session at the identity provider.
    pub session: FederatedSession,
    /// The path to return to; '' for none.
    pub next: String,
    /// The id of the account.
    pub user_id: i64,
    /// The name of the account.
    pub username: String,
}

/// A row of the table, but its login.
pub struct PendingKey<'a> {
    /// The hash of the token.
    pub token_hash: &'a [u8],
    /// The hash of the cookie of the browser.
    pub browser_hash: &'a [u8],
    /// The end of the name of that cookie.
    pub cookie: &'a str,
}

/// Adds a proven identity, for the time.
pub async fn insert(tx: &mut WriteTx<'_>, key: PendingKey<'_>, login: &ProvenLogin, lifetime: TimeDelta) -> Result<()> {
    sqlx::query!(
        "INSERT INTO saml_pending (token_hash, browser_hash, cookie, login, expires)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))",
        key.token_hash,
        key.browser_hash,
        key.cookie,
        Json(login) as _,
        lifetime.as_seconds_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A proven identity as it is stored.
pub struct StoredPending {
    /// The identity.
    pub login: ProvenLogin,
    /// The hash of the cookie of the browser.
    pub browser_hash: Vec<u8>,
    /// The end of the name of that cookie.
    pub cookie: String,
}

/// Returns a proven identity; `None` if the token is unknown, has expired, or belongs to none of these browsers.
pub async fn find(
    conn: &mut PgConnection,
    token_hash: &[u8],
    browser_hashes: &[Vec<u8>],
) -> Result<Option<StoredPending>> {
    let row = sqlx::query!(
        r#"SELECT login AS "login!: Json<ProvenLogin>", browser_hash, cookie FROM saml_pending
           WHERE token_hash = $1 AND browser_hash = ANY ($2) AND expires > now()"#,
        token_hash,
        browser_hashes
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| StoredPending { login: row.login.0, browser_hash: row.browser_hash, cookie: row.cookie }))
}

/// Removes a proven identity; returns false if it is gone or has expired.
pub async fn take(tx: &mut WriteTx<'_>, token_hash: &[u8]) -> Result<bool> {
    let deleted = sqlx::query!("DELETE FROM saml_pending WHERE token_hash = $1 AND expires > now()", token_hash);
    Ok(deleted.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Removes a batch of rows that have expired; returns their number. Never waits: it skips locked rows.
pub async fn delete_over_age(tx: &mut WriteTx<'_>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM saml_pending WHERE token_hash IN
             (SELECT token_hash FROM saml_pending WHERE expires <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        BATCH_SIZE
    );
    Ok(deleted.execute(tx.conn()).await?.rows_affected())
}
