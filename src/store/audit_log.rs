//! The audit log: adding log entries, and reading those of one object or date.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::lists::log_entries::{Entries, LogRow};
use super::lists::{ListParams, Rows};
use super::{Result, WriteTx, lists};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::log_entry::{LogAction, LogData};
use crate::domain::model::object_kind::ObjectKind;

/// A log entry to add; its time is the start of the transaction.
pub struct NewLogEntry<'a> {
    /// The kind of action.
    pub action: LogAction,
    /// The kind of object; `None` for one without pages, such as a metric name.
    pub object_kind: Option<ObjectKind>,
    /// The object's id as text.
    pub object_id: String,
    /// The object's name or label after the action.
    pub object_name: &'a str,
    /// Words about what the data do not say; '' if action and data say everything.
    pub message: &'a str,
    /// What was changed, or the content of an object that was added or deleted; `None` if only the message says it.
    pub data: Option<&'a LogData>,
    /// The user's id; `None` if a command did it.
    pub user_id: Option<i64>,
    /// The user's name, or the command's.
    pub username: &'a str,
}

/// Adds one log entry.
pub async fn insert(tx: &mut WriteTx<'_>, entry: NewLogEntry<'_>) -> Result<()> {
    let reason = tx.change_reason();
    sqlx::query!(
        "INSERT INTO log_entry (action, object_kind, object_id, object_name, message, user_id, username, data,
             change_reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        entry.action.as_str(),
        entry.object_kind.map(ObjectKind::as_str),
        entry.object_id,
        entry.object_name,
        entry.message,
        entry.user_id,
        entry.username,
        entry.data.map(Json) as _,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An object that was changed together with others of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedObject {
    /// The object's id.
    pub id: i64,
    /// The object's name or label.
    pub name: String,
    /// What was changed.
    pub changes: ChangeSet,
}

/// Adds a log entry about a change for each of many objects of one kind.
///
/// The message is the same for all; '' if the changes say everything.
pub async fn insert_changes(
    tx: &mut WriteTx<'_>,
    kind: ObjectKind,
    objects: &[ChangedObject],
    message: &str,
    (user_id, username): (i64, &str),
) -> Result<()> {
    let ids: Vec<String> = objects.iter().map(|object| object.id.to_string()).collect();
    let names: Vec<String> = objects.iter().map(|object| object.name.clone()).collect();
    let data: Vec<_> = objects.iter().map(|object| Json(LogData::of_changes(object.changes.clone()))).collect();
    let reason = tx.change_reason();
    sqlx::query!(
        "INSERT INTO log_entry (action, object_kind, object_id, object_name, message, user_id, username, data,
             change_reason)
         SELECT 'change', $1, o.id, o.name, $4, $5, $6, o.data, $8
         FROM unnest($2::text[], $3::text[], $7::jsonb[]) AS o (id, name, data)",
        kind.as_str(),
        &ids,
        &names,
        message,
        user_id,
        username,
        &data as _,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a log entry about each of many objects of one kind that were added or deleted, given as id, name and content.
pub async fn insert_contents(
    tx: &mut WriteTx<'_>,
    (action, kind): (LogAction, ObjectKind),
    objects: &[(i64, &str, LogData)],
    (user_id, username): (i64, &str),
) -> Result<()> {
    let ids: Vec<String> = objects.iter().map(|(id, ..)| id.to_string()).collect();
    let names: Vec<&str> = objects.iter().map(|(_, name, _)| *name).collect();
    let data: Vec<_> = objects.iter().map(|(.., data)| Json(data)).collect();
    let reason = tx.change_reason();
    sqlx::query!(
        "INSERT INTO log_entry (action, object_kind, object_id, object_name, message, user_id, username, data,
             change_reason)
         SELECT $7, $1, o.id, o.name, '', $4, $5, o.data, $8
         FROM unnest($2::text[], $3::text[], $6::jsonb[]) AS o (id, name, data)",
        kind.as_str(),
        &ids,
        &names as _,
        user_id,
        username,
        &data as _,
        action.as_str(),
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One step of a drill-down by date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// A year, a month from 1, or a day of the month.
    pub number: i32,
    /// The number of log entries in it.
    pub entries: i64,
}

/// Returns a page of the log entries of one object, newest first.
pub async fn of_object(
    conn: &mut PgConnection,
    kind: ObjectKind,
    object_id: &str,
    page: i64,
    page_size: i64,
) -> Result<Rows<LogRow>> {
    let ask = ListParams { page, page_size, ..ListParams::default() };
    lists::log_entries::list(conn, &ask, Entries { object: Some((kind, object_id)), ..Entries::default() }).await
}

/// Returns the newest entries, newest first; reads no older ones, so it stays fast in a long log.
pub async fn recent(conn: &mut PgConnection, limit: i64) -> Result<Vec<LogRow>> {
    let ids = sqlx::query_scalar!("SELECT id FROM log_entry ORDER BY action_time DESC, id DESC LIMIT $1", limit)
        .fetch_all(&mut *conn)
        .await?;
    lists::log_entries::of_ids(conn, &ids).await
}

/// Returns one entry.
pub async fn get(conn: &mut PgConnection, id: i64) -> Result<Option<LogRow>> {
    Ok(lists::log_entries::of_ids(conn, &[id]).await?.pop())
}

/// Returns the data of one entry, complete; `None` if there is no such entry, or only its message is known.
pub async fn data(conn: &mut PgConnection, id: i64) -> Result<Option<LogData>> {
    let data = sqlx::query_scalar!(
        r#"SELECT data AS "data: Json<LogData>" FROM log_entry WHERE id = $1 AND data IS NOT NULL"#,
        id
    );
    Ok(data.fetch_optional(conn).await?.flatten().map(|Json(data)| data))
}

/// Returns the years that have entries; with a year, its months; with a month too, its days. In ascending order.
///
/// Counts only the entries that match the list's search and filters. `timezone` is a name that PostgreSQL knows.
pub async fn dates(
    conn: &mut PgConnection,
    (ask, entries): (&ListParams<'_>, Entries<'_>),
    timezone: &str,
    (year, month): (Option<i32>, Option<i32>),
) -> Result<Vec<Date>> {
    Ok(sqlx::query_as!(
        Date,
        r#"SELECT number AS "number!", count(*) AS "entries!"
           FROM (SELECT extract(year FROM local_time)::int AS year, extract(month FROM local_time)::int AS month,
                        extract(day FROM local_time)::int AS day
                 FROM (SELECT action_time AT TIME ZONE $1 AS local_time FROM log_entry
                       WHERE username || E'\n' || object_name ~ ALL ($4)
                         AND ($5 = '' OR object_kind = $5)
                         AND ($6 = '' OR action = $6)
                         AND ($7::boolean IS NULL OR (username = $8) = $7)
                         AND ($9::timestamptz IS NULL OR action_time >= $9)) entry) entry
           CROSS JOIN LATERAL (SELECT CASE WHEN $2::int IS NULL THEN year WHEN $3::int IS NULL THEN month ELSE day END
               AS number) step
           WHERE ($2 IS NULL OR year = $2) AND ($2 IS NULL OR $3 IS NULL OR month = $3)
           GROUP BY number
           ORDER BY number"#,
        timezone,
        year,
        month,
        &ask.search_patterns(),
        ask.filter_text("kind"),
        ask.filter_text("action"),
        ask.flag("by"),
        entries.user,
        entries.from
    )
    .fetch_all(conn)
    .await?)
}

/// The newest log entry of an object, which a certain user has written a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentEntry {
    /// The kind of action.
    pub action: LogAction,
    /// The object's name or label after the action.
    pub object_name: String,
}

/// Returns the newest log entry of an object if this user has written it within the last ten minutes; else `None`.
pub async fn recent_of_user(
    conn: &mut PgConnection,
    kind: ObjectKind,
    object_id: i64,
    user_id: i64,
) -> Result<Option<RecentEntry>> {
    let row = sqlx::query!(
        r#"SELECT action, object_name
           FROM (SELECT action, object_name, user_id, action_time FROM log_entry
                 WHERE object_kind = $1 AND object_id = $2 ORDER BY action_time DESC, id DESC LIMIT 1) newest
           WHERE user_id = $3 AND action_time > now() - interval '10 minutes'"#,
        kind.as_str(),
        object_id.to_string(),
        user_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| Some(RecentEntry { action: row.action.parse().ok()?, object_name: row.object_name })))
}

/// Returns the ids of the objects of a kind that this user has added within the last ten minutes, the newest first;
/// twenty at most.
pub async fn recently_added(conn: &mut PgConnection, kind: ObjectKind, user_id: i64) -> Result<Vec<i64>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT object_id AS "object_id!" FROM log_entry
           WHERE action_time > now() - interval '10 minutes' AND action = 'add' AND object_kind = $1 AND user_id = $2
             AND object_id IS NOT NULL
           ORDER BY action_time DESC, id DESC LIMIT 20"#,
        kind.as_str(),
        user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
}
