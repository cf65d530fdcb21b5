//! Login sessions, stored by the hash of their id.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, WriteTx};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::security::session::SessionLimits;

/// The user of a session.
#[derive(Debug, Clone)]
pub struct SessionUser {
    /// The user's id.
    pub id: i64,
    /// The name for the login.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The user may do everything.
    pub is_superuser: bool,
    /// Kind, id and name of the groups whose objects the user may change: by kind, then name in code point order.
    pub groups: Vec<(GroupKind, i64, String)>,
}

/// A valid session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user, who may log in.
    pub user: SessionUser,
    /// Its last use was recorded more than a minute ago, so [`touch`] is due.
    pub is_due: bool,
    /// The tenant's stamp at this moment.
    pub stamp: String,
}

/// Returns the session with this id; `None` if it has expired or the user may no longer log in.
pub async fn find(conn: &mut PgConnection, id_hash: &[u8]) -> Result<Option<Session>> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.username, u.first_name, u.last_name, u.is_superuser,
                  s.last_used < now() - interval '1 minute' AS "is_due!",
                  coalesce((SELECT stamp FROM public.tenant_stamp WHERE schema_name = current_schema()), '') AS "stamp!",
                  coalesce(g.kinds, '{}') AS "kinds!", coalesce(g.ids, '{}') AS "ids!", coalesce(g.names, '{}') AS "names!"
           FROM login_session s
           JOIN app_user u ON u.id = s.user_id
           CROSS JOIN LATERAL (
               SELECT array_agg(g.kind ORDER BY g.kind, g.name COLLATE "C") AS kinds,
                      array_agg(g.id ORDER BY g.kind, g.name COLLATE "C") AS ids,
                      array_agg(g.name ORDER BY g.kind, g.name COLLATE "C") AS names
               FROM group_member m JOIN object_group g ON g.kind = m.kind AND g.id = m.group_id
               WHERE m.user_id = u.id
           ) g
           WHERE s.id_hash = $1 AND s.expires > now() AND u.is_active AND u.is_staff"#,
        id_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let groups = row.kinds.into_iter().zip(row.ids).zip(row.names);
        let user = SessionUser {
            id: row.id,
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            is_superuser: row.is_superuser,
            groups: groups.filter_map(|((kind, id), name)| Some((kind.parse().ok()?, id, name))).collect(),
        };
        Session { user, is_due: row.is_due, stamp: row.stamp }
    }))
}

/// Adds a session that ends at `expires` unless [`touch`] extends it.
pub async fn insert(tx: &mut WriteTx<'_>, id_hash: &[u8], user_id: i64, expires: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO login_session (id_hash, user_id, expires) VALUES ($1, $2, $3)",
        id_hash,
        user_id,
        expires
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that the session is in use and extends it, unless that was done within the last minute.
pub async fn touch(tx: &mut WriteTx<'_>, id_hash: &[u8], limits: SessionLimits) -> Result<()> {
    sqlx::query!(
        "UPDATE login_session
         SET last_used = now(),
             expires = least(now() + make_interval(secs => $2), created + make_interval(secs => $3))
         WHERE id_hash = $1 AND last_used < now() - interval '1 minute' AND expires > now()",
        id_hash,
        limits.idle.as_seconds_f64(),
        limits.absolute.as_seconds_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the session, if there is one.
pub async fn delete(tx: &mut WriteTx<'_>, id_hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM login_session WHERE id_hash = $1", id_hash).execute(tx.conn()).await?;
    Ok(())
}

/// Ends all sessions of a user.
pub async fn delete_of_user(tx: &mut WriteTx<'_>, user_id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM login_session WHERE user_id = $1", user_id).execute(tx.conn()).await?;
    Ok(())
}

/// Removes the expired sessions; returns their number.
pub async fn delete_expired(tx: &mut WriteTx<'_>) -> Result<u64> {
    Ok(sqlx::query!("DELETE FROM login_session WHERE expires <= now()").execute(tx.conn()).await?.rows_affected())
}
