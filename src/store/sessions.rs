//! Login sessions: kept by the hash of their id.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Result;

/// Who a session belongs to.
#[derive(Debug, Clone)]
pub struct SessionUser {
    pub id: i64,
    pub username: String,
    pub is_superuser: bool,
}

/// The active user of a session that has not expired.
pub async fn user_of(conn: &mut PgConnection, id_hash: &[u8]) -> Result<Option<SessionUser>> {
    Ok(sqlx::query_as!(
        SessionUser,
        "SELECT u.id, u.username, u.is_superuser FROM login_session s JOIN app_user u ON u.id = s.user_id
         WHERE s.id_hash = $1 AND s.expires > now() AND u.is_active",
        id_hash
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn insert(conn: &mut PgConnection, id_hash: &[u8], user_id: i64, expires: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO login_session (id_hash, user_id, expires) VALUES ($1, $2, $3)",
        id_hash,
        user_id,
        expires
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes the sessions that have expired; gives their number.
pub async fn delete_expired(conn: &mut PgConnection) -> Result<u64> {
    Ok(sqlx::query!("DELETE FROM login_session WHERE expires <= now()").execute(conn).await?.rows_affected())
}

/// Ends every session of a user.
pub async fn delete_of_user(conn: &mut PgConnection, user_id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM login_session WHERE user_id = $1", user_id).execute(conn).await?;
    Ok(())
}
