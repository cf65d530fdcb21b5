//! Undoing an action: finding its log entry and what followed it, and bringing back what it took away.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::audit_log::ChangedObject;
use super::text::word;
use super::{Result, WriteTx};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::metric_changes::PROBE_VERSION;
use crate::domain::model::object_kind::ObjectKind;

/// An action on an object that has a numeric id, as the audit log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAction {
    /// The id of the log entry.
    pub entry: i64,
    /// The kind of action.
    pub action: LogAction,
    /// The kind of the object.
    pub kind: ObjectKind,
    /// The object's id.
    pub object_id: i64,
    /// The object's name or label after the action.
    pub object_name: String,
    /// The time of the action.
    pub time: DateTime<Utc>,
    /// The id of the user; `None` for a command, and for a user who was deleted.
    pub user_id: Option<i64>,
    /// The name of the user or command.
    pub username: String,
}

/// The row of a log entry, from which a [`LoggedAction`] is made.
struct ActionRow {
    id: i64,
    action: String,
    object_kind: Option<String>,
    object_id: Option<String>,
    object_name: String,
    action_time: DateTime<Utc>,
    user_id: Option<i64>,
    username: String,
}

impl ActionRow {
    /// Returns the action; `None` if its object is unknown, or has no numeric id.
    fn parse(self) -> Result<Option<LoggedAction>> {
        let object_id = self.object_id.and_then(|id| id.parse().ok());
        let (Some(kind), Some(object_id)) = (self.object_kind, object_id) else { return Ok(None) };
        Ok(Some(LoggedAction {
            entry: self.id,
            action: word(&self.action)?,
            kind: word(&kind)?,
            object_id,
            object_name: self.object_name,
            time: self.action_time,
            user_id: self.user_id,
            username: self.username,
        }))
    }
}

/// Returns the action of a log entry; `None` if there is no such entry, or it is not about an object with a numeric id.
pub async fn action(conn: &mut PgConnection, entry: i64) -> Result<Option<LoggedAction>> {
    let row = sqlx::query_as!(
        ActionRow,
        "SELECT id, action, object_kind, object_id, object_name, action_time, user_id, username
         FROM log_entry WHERE id = $1",
        entry
    );
    row.fetch_optional(conn).await?.map_or(Ok(None), ActionRow::parse)
}

/// Returns the last action on an object; `None` if the log has none.
pub async fn newest(conn: &mut PgConnection, kind: ObjectKind, object_id: i64) -> Result<Option<LoggedAction>> {
    let row = sqlx::query_as!(
        ActionRow,
        "SELECT id, action, object_kind, object_id, object_name, action_time, user_id, username
         FROM log_entry WHERE object_kind = $1 AND object_id = $2 ORDER BY action_time DESC, id DESC LIMIT 1",
        kind.as_str(),
        object_id.to_string()
    );
    row.fetch_optional(conn).await?.map_or(Ok(None), ActionRow::parse)
}

/// Returns the action that has undone the one of this log entry; `None` if none has.
pub async fn undone_by(conn: &mut PgConnection, entry: i64) -> Result<Option<LoggedAction>> {
    let row = sqlx::query_as!(
        ActionRow,
        "SELECT id, action, object_kind, object_id, object_name, action_time, user_id, username
         FROM log_entry WHERE undoes = $1",
        entry
    );
    row.fetch_optional(conn).await?.map_or(Ok(None), ActionRow::parse)
}

/// Records that the last action on an object has undone the one of this log entry.
pub async fn record(tx: &mut WriteTx<'_>, kind: ObjectKind, object_id: i64, undone: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE log_entry SET undoes = $3
         WHERE id = (SELECT id FROM log_entry WHERE object_kind = $1 AND object_id = $2
                     ORDER BY action_time DESC, id DESC LIMIT 1)",
        kind.as_str(),
        object_id.to_string(),
        undone
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The action that the current transaction has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoneNow {
    /// The id of its log entry.
    pub entry: i64,
    /// The kind of action.
    pub action: LogAction,
    /// The object has a version from before the action.
    pub has_version_before: bool,
}

/// Returns the action that the current transaction has done on an object; `None` if it has done none.
pub async fn done_now(conn: &mut PgConnection, kind: ObjectKind, object_id: i64) -> Result<Option<DoneNow>> {
    let row = sqlx::query!(
        r#"SELECT l.id, l.action,
                  EXISTS (SELECT FROM version v WHERE v.kind = $1 AND v.object_id = $3 AND v.created < l.action_time)
                      AS "has_version_before!"
           FROM log_entry l
           WHERE l.object_kind = $1 AND l.object_id = $2 AND l.action_time = now()
           ORDER BY l.id DESC LIMIT 1"#,
        kind.as_str(),
        object_id.to_string(),
        object_id
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(DoneNow { entry: row.id, action: word(&row.action)?, has_version_before: row.has_version_before }))
        .transpose()
}

/// Returns true if there is an object of this kind with this id.
pub async fn exists(conn: &mut PgConnection, kind: ObjectKind, object_id: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM object WHERE kind = $1 AND number = $2) AS "exists!""#,
        kind.as_str(),
        object_id
    )
    .fetch_one(conn)
    .await?)
}

/// Links the metrics to the versions of a probe that they used until its deletion, of which this is the log entry. Metrics
/// that use a probe again are left alone.
///
/// Returns the metrics with what changed, by label in code point order.
pub async fn relink_metrics(tx: &mut WriteTx<'_>, probe: i64, deletion: i64) -> Result<Vec<ChangedObject>> {
    let relinked = sqlx::query!(
        r#"WITH lost AS (
               SELECT DISTINCT ON (id) id, before, version_id
               FROM (SELECT m.id, field.change ->> 'before' AS before,
                            (SELECT max(v.id) FROM version v
                             WHERE v.kind = 'probe' AND v.object_id = $1
                               AND format('%s (%s)', v.content ->> 'name', v.content ->> 'version')
                                   = field.change ->> 'before') AS version_id
                     FROM log_entry deletion
                     JOIN log_entry l ON l.action_time = deletion.action_time AND l.username = deletion.username
                     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(l.data -> 'changes')
                         WHEN 'array' THEN l.data -> 'changes' ELSE '[]' END) AS field (change)
                     JOIN metric m ON m.id::text = l.object_id
                     WHERE deletion.id = $2 AND l.object_kind = 'metric' AND l.action = 'change'
                       AND field.change ->> 'field' = $3 AND field.change ->> 'after' = ''
                       AND m.probe_version_id IS NULL) used
               WHERE version_id IS NOT NULL
               ORDER BY id
           ), done AS (
               UPDATE metric m SET probe_version_id = lost.version_id, revision = revision + 1
               FROM lost WHERE lost.id = m.id
           )
           SELECT m.id, n.name || ' (' || t.name || ')' AS "label!", lost.before AS "probe!"
           FROM lost JOIN metric m ON m.id = lost.id
           JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
           ORDER BY n.name || ' (' || t.name || ')' COLLATE "C""#,
        probe,
        deletion,
        PROBE_VERSION
    )
    .fetch_all(tx.conn())
    .await?;
    let changed = relinked.into_iter().map(|row| ChangedObject {
        id: row.id,
        name: row.label,
        changes: ChangeSet::of_values(&[(PROBE_VERSION, "", &row.probe)]),
    });
    Ok(changed.collect())
}

/// Removes a version. No metric may use it.
pub async fn delete_version(tx: &mut WriteTx<'_>, version_id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM version WHERE id = $1", version_id).execute(tx.conn()).await?;
    Ok(())
}
