//! Federated logins and logouts that have begun here, by the hash of their id.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::federated_identity::FederatedSession;

/// The most rows that [`delete_over_age`] removes with one call.
const BATCH_SIZE: i64 = 100;

/// A login to add.
pub struct NewRequest<'a> {
    /// The hash of the id of the request.
    pub id_hash: &'a [u8],
    /// The entity id of the identity provider.
    pub idp: &'a str,
    /// The hash of the cookie of the browser.
    pub browser_hash: &'a [u8],
    /// The hash of the address of the client.
    pub address_hash: &'a [u8],
    /// The path to return to; '' for none.
    pub next: &'a str,
    /// The time for which it is open.
    pub lifetime: TimeDelta,
}

/// Adds a login.
pub async fn insert_login(tx: &mut WriteTx<'_>, request: NewRequest<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO saml_request (id_hash, kind, idp, browser_hash, address_hash, next, expires)
         VALUES ($1, 'login', $2, $3, $4, $5, now() + make_interval(secs => $6))",
        request.id_hash,
        request.idp,
        request.browser_hash,
        request.address_hash,
        request.next,
        request.lifetime.as_seconds_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The logins that are open.
#[derive(Debug, Clone, Copy)]
pub struct OpenLogins {
    /// Their number.
    pub count: i64,
    /// The seconds until the first of them expires; 0 if there is none.
    pub seconds: f64,
}

/// Counts the open logins from an address.
pub async fn open_from(conn: &mut PgConnection, address_hash: &[u8]) -> Result<OpenLogins> {
    Ok(sqlx::query_as!(
        OpenLogins,
        r#"SELECT count(*) AS "count!",
                  coalesce(extract(epoch FROM min(expires) - now())::double precision, 0) AS "seconds!"
           FROM saml_request WHERE kind = 'login' AND address_hash = $1 AND expires > now()"#,
        address_hash
    )
    .fetch_one(conn)
    .await?)
}

/// Counts the open logins of the tenant.
pub async fn open(conn: &mut PgConnection) -> Result<OpenLogins> {
    Ok(sqlx::query_as!(
        OpenLogins,
        r#"SELECT count(*) AS "count!",
                  coalesce(extract(epoch FROM min(expires) - now())::double precision, 0) AS "seconds!"
           FROM saml_request WHERE kind = 'login' AND expires > now()"#
    )
    .fetch_one(conn)
    .await?)
}

/// A login that began here less than an hour ago.
pub struct StoredLogin {
    /// Its response has come.
    pub is_used: bool,
    /// The entity id of the identity provider that was asked.
    pub idp: String,
    /// The hash of the cookie of the browser.
    pub browser_hash: Vec<u8>,
    /// The path to return to; '' for none.
    pub next: String,
    /// The time when it began.
    pub created: DateTime<Utc>,
}

/// Returns the login with this hash; `None` if it is unknown or has expired.
pub async fn find_login(conn: &mut PgConnection, id_hash: &[u8]) -> Result<Option<StoredLogin>> {
    Ok(sqlx::query_as!(
        StoredLogin,
        r#"SELECT kind = 'used' AS "is_used!", idp, browser_hash AS "browser_hash!", next, created
           FROM saml_request WHERE id_hash = $1 AND kind IN ('login', 'used') AND expires > now()"#,
        id_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Marks an open login as used, and remembers it for the time. Returns it; `None` if it is not open.
///
/// Waits for a transaction that does the same, so only one of several succeeds.
pub async fn use_login(tx: &mut WriteTx<'_>, id_hash: &[u8], remembered: TimeDelta) -> Result<Option<StoredLogin>> {
    Ok(sqlx::query_as!(
        StoredLogin,
        r#"UPDATE saml_request SET kind = 'used', expires = now() + make_interval(secs => $2)
           WHERE id_hash = $1 AND kind = 'login' AND expires > now()
           RETURNING true AS "is_used!", idp, browser_hash AS "browser_hash!", next, created"#,
        id_hash,
        remembered.as_seconds_f64()
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Adds a logout at the identity provider, whose response is awaited for the time.
pub async fn insert_logout(tx: &mut WriteTx<'_>, id_hash: &[u8], idp: &str, lifetime: TimeDelta) -> Result<()> {
    sqlx::query!(
        "INSERT INTO saml_request (id_hash, kind, idp, expires)
         VALUES ($1, 'logout', $2, now() + make_interval(secs => $3))",
        id_hash,
        idp,
        lifetime.as_seconds_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a logout; returns false if it is unknown or has expired.
pub async fn take_logout(tx: &mut WriteTx<'_>, id_hash: &[u8]) -> Result<bool> {
    let deleted =
        sqlx::query!("DELETE FROM saml_request WHERE id_hash = $1 AND kind = 'logout' AND expires > now()", id_hash);
    Ok(deleted.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Adds the handle of a link that ends the session at the identity provider as well.
pub async fn insert_handle(
    tx: &mut WriteTx<'_>,
    id_hash: &[u8],
    session: &FederatedSession,
    lifetime: TimeDelta,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO saml_request (id_hash, kind, idp, logout, expires)
         VALUES ($1, 'handle', $2, $3, now() + make_interval(secs => $4))",
        id_hash,
        session.idp,
        Json(session) as _,
        lifetime.as_seconds_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a handle and returns its session; `None` if it is unknown or has expired.
pub async fn take_handle(tx: &mut WriteTx<'_>, id_hash: &[u8]) -> Result<Option<FederatedSession>> {
    let session = sqlx::query_scalar!(
        r#"DELETE FROM saml_request WHERE id_hash = $1 AND kind = 'handle' AND expires > now()
           RETURNING logout AS "logout!: Json<FederatedSession>""#,
        id_hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(session.map(|session| session.0))
}

/// Removes a batch of rows that have expired; returns their number. Never waits: it skips locked rows.
pub async fn delete_over_age(tx: &mut WriteTx<'_>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM saml_request WHERE id_hash IN
             (SELECT id_hash FROM saml_request WHERE expires <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        BATCH_SIZE
    );
    Ok(deleted.execute(tx.conn()).await?.rows_affected())
}
