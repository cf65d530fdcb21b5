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
    /// The hash of its id.
    pub id_hash: Vec<u8>,
    /// The user, who may log in.
    pub user: SessionUser,
    /// Its last use was recorded more than a minute ago, so [`touch`] is due.
    pub is_due: bool,
    /// The tenant's stamp at this moment.
    pub stamp: String,
}

/// Returns the session with one of these ids; `None` if there is none, or more than one: a neighbouring host may have
/// set the second cookie. A session does not count if it has expired or the user may no longer log in.
pub async fn find(conn: &mut PgConnection, id_hashes: &[Vec<u8>]) -> Result<Option<Session>> {
    let mut rows = sqlx::query!(
        r#"SELECT s.id_hash, u.id, u.username, u.first_name, u.last_name, u.is_superuser,
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
           WHERE s.id_hash = ANY ($1) AND s.expires > now() AND u.is_active AND u.is_staff"#,
        id_hashes
    )
    .fetch_all(conn)
    .await?;
    let only = rows.pop().filter(|_| rows.is_empty());
    Ok(only.map(|row| {
        let groups = row.kinds.into_iter().zip(row.ids).zip(row.names);
        let user = SessionUser {
            id: row.id,
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            is_superuser: row.is_superuser,
            groups: groups.filter_map(|((kind, id), name)| Some((kind.parse().ok()?, id, name))).collect(),
        };
        Session { id_hash: row.id_hash, user, is_due: row.is_due, stamp: row.stamp }
    }))
}

/// Returns true if one of these ids is of a session that has ended within the last day.
pub async fn has_ended_lately(conn: &mut PgConnection, id_hashes: &[Vec<u8>]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM login_session WHERE id_hash = ANY ($1)
                          AND expires <= now() AND expires > now() - interval '1 day') AS "has_ended!""#,
        id_hashes
    )
    .fetch_one(conn)
    .await?)
}

/// A session to add, which ends at `expires` unless [`touch`] extends it.
pub struct NewSession<'a> {
    /// The hash of its id.
    pub id_hash: &'a [u8],
    /// The user who has logged in.
    pub user_id: i64,
    /// The time when it ends.
    pub expires: DateTime<Utc>,
    /// The time when it ends at the latest, however it is used; `None` for no other limit.
    pub ends_by: Option<DateTime<Utc>>,
    /// The browser, as its header `User-Agent`; '' if unknown.
    pub user_agent: &'a str,
    /// The address of the client.
    pub address: &'a str,
    /// The hash of the session that it replaces after a change of the password; `None` after a login.
    pub replaced_hash: Option<&'a [u8]>,
}

/// Adds a session.
pub async fn insert(tx: &mut WriteTx<'_>, session: NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO login_session (id_hash, user_id, expires, user_agent, address, replaced_hash, ends_by)
         VALUES ($1, $2, least($3::timestamptz, $7::timestamptz), $4, $5, $6, $7)",
        session.id_hash,
        session.user_id,
        session.expires,
        session.user_agent,
        session.address,
        session.replaced_hash,
        session.ends_by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns whether one of these sessions was replaced within the last ten minutes, by a change of the password.
pub async fn was_replaced(conn: &mut PgConnection, id_hashes: &[Vec<u8>]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM login_session
               WHERE replaced_hash = ANY ($1) AND created > now() - interval '10 minutes') AS "was!""#,
        id_hashes
    )
    .fetch_one(conn)
    .await?)
}

/// Records that the session is in use and extends it, unless that was done within the last minute.
pub async fn touch(tx: &mut WriteTx<'_>, id_hash: &[u8], limits: SessionLimits) -> Result<()> {
    sqlx::query!(
        "UPDATE login_session
         SET last_used = now(),
             expires = least(now() + make_interval(secs => $2), created + make_interval(secs => $3), ends_by)
         WHERE id_hash = $1 AND last_used < now() - interval '1 minute' AND expires > now()",
        id_hash,
        limits.idle.as_seconds_f64(),
        limits.absolute.as_seconds_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the session, if it has not ended. Ended sessions stay stored for a day, see [`has_ended_lately`].
pub async fn end(tx: &mut WriteTx<'_>, id_hash: &[u8]) -> Result<()> {
    sqlx::query!("UPDATE login_session SET expires = now() WHERE id_hash = $1 AND expires > now()", id_hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A session in the list of its user.
pub struct OwnSession {
    /// The hash of its id.
    pub id_hash: Vec<u8>,
    /// The time of the login.
    pub created: DateTime<Utc>,
    /// The time of its last use, to the minute.
    pub last_used: DateTime<Utc>,
    /// The browser, as its header `User-Agent`; '' if unknown.
    pub user_agent: String,
    /// The address of the client at the login; '' if unknown.
    pub address: String,
}

/// Returns the sessions of a user that have not ended, the one that was used last first.
pub async fn of_user(conn: &mut PgConnection, user_id: i64) -> Result<Vec<OwnSession>> {
    Ok(sqlx::query_as!(
        OwnSession,
        "SELECT id_hash, created, last_used, user_agent, address FROM login_session
         WHERE user_id = $1 AND expires > now() ORDER BY last_used DESC, id_hash",
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// Returns whether the session has not ended: by now, not by the beginning of the transaction, which may have waited.
pub async fn is_live(conn: &mut PgConnection, id_hash: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM login_session WHERE id_hash = $1 AND expires > clock_timestamp()) AS "is!""#,
        id_hash
    )
    .fetch_one(conn)
    .await?)
}

/// Ends the user's session with this hash, in hex digits, if it has not ended.
pub async fn end_own(tx: &mut WriteTx<'_>, user_id: i64, id: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE login_session SET expires = now()
         WHERE user_id = $1 AND encode(id_hash, 'hex') = $2 AND expires > now()",
        user_id,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends all sessions of the user but the one with this hash, in hex digits.
pub async fn end_others(tx: &mut WriteTx<'_>, user_id: i64, kept: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE login_session SET expires = now()
         WHERE user_id = $1 AND encode(id_hash, 'hex') <> $2 AND expires > now()",
        user_id,
        kept
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends all sessions of a user.
pub async fn end_of_user(tx: &mut WriteTx<'_>, user_id: i64) -> Result<()> {
    sqlx::query!("UPDATE login_session SET expires = now() WHERE user_id = $1 AND expires > now()", user_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes the sessions that ended more than a day ago; returns their number.
pub async fn delete_ended(tx: &mut WriteTx<'_>) -> Result<u64> {
    let deleted = sqlx::query!("DELETE FROM login_session WHERE expires <= now() - interval '1 day'");
    Ok(deleted.execute(tx.conn()).await?.rows_affected())
}
