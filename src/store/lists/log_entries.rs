//! The list of log entries: all of them, those of one object, or those with given ids.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{ListParams, Order, Rows};
use crate::domain::model::change_set::{ChangeSet, MAX_ROWS_IN_WORDS};
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::Result;
use crate::store::text::word;

/// The columns that the list can be sorted by; `entry` is the name of the object.
pub const SORTS: &[&str] = &["time", "entry", "user"];
/// The default order: newest first.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "time", descending: true };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The entry's id.
    pub id: i64,
    /// The time of the action.
    pub time: DateTime<Utc>,
    /// The kind of action.
    pub action: LogAction,
    /// The kind of object; `None` if POEM 2.3 named none.
    pub object_kind: Option<ObjectKind>,
    /// The object's id as text; `None` if POEM 2.3 named none.
    pub object_id: Option<String>,
    /// The object's name or label at that time.
    pub object_name: String,
    /// The words of POEM 2.3, or about what the changes do not say; may be empty.
    pub message: String,
    /// What was changed, without rows that no words name: at most [`MAX_ROWS_IN_WORDS`] of each kind of change.
    pub changes: ChangeSet,
    /// Why the user did it, as they say; '' if they did not say it.
    pub change_reason: String,
    /// The name of the user or command.
    pub username: String,
    /// The object still exists.
    pub exists: bool,
    /// The id of the version that the action added, if any.
    pub version_id: Option<i64>,
}

impl LogRow {
    /// Returns what was changed in words, shortened; '' if the action says everything.
    pub fn words(&self) -> String {
        match self.message.is_empty() && !self.changes.is_empty() {
            true => self.changes.in_words(),
            false => self.message.clone(),
        }
    }
}

/// The selection of log entries; the default is all of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries<'a> {
    /// Only entries from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Only entries before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only entries of this object, by kind and id.
    pub object: Option<(ObjectKind, &'a str)>,
    /// The name of the user whose entries the filter `by` finds, or does not; '' without that filter.
    pub user: &'a str,
}

/// Returns a page of log entries. Searches the names of users and objects. Filters: `kind`, an [`ObjectKind`] as a word;
/// `action`, a [`LogAction`] as a word; `by`, whether the user of [`Entries`] did it.
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>, entries: Entries<'_>) -> Result<Rows<LogRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT id, total AS "total!", page.number AS "page!"
           FROM (
               SELECT l.id, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY lower(k.key COLLATE "C"), k.key COLLATE "C", l.action_time, l.id)
                          AS place
               FROM log_entry l
               CROSS JOIN LATERAL (SELECT CASE $1
                   WHEN 'entry' THEN l.object_name
                   WHEN 'user' THEN l.username END AS key) k
               WHERE l.username || E'\n' || l.object_name ~ ALL ($5)
                 AND ($6 = '' OR l.object_kind = $6)
                 AND ($7::timestamptz IS NULL OR l.action_time >= $7)
                 AND ($8::timestamptz IS NULL OR l.action_time < $8)
                 AND ($9::text IS NULL OR (l.object_kind = $9 AND l.object_id = $10))
                 AND ($11 = '' OR l.action = $11)
                 AND ($12::boolean IS NULL OR (l.username = $13) = $12)
           ) found
           CROSS JOIN LATERAL (SELECT CASE WHEN $2 THEN total + 1 - place ELSE place END AS place) turned
           CROSS JOIN LATERAL (SELECT least($3::bigint, (total - 1) / $4::bigint + 1) AS number) page
           WHERE (turned.place - 1) / $4 + 1 = page.number
           ORDER BY turned.place"#,
        order.column,
        order.descending,
        params.page(),
        params.page_size(),
        &params.search_patterns(),
        params.filter_text("kind"),
        entries.from,
        entries.until,
        entries.object.map(|(kind, _)| kind.as_str()),
        entries.object.map(|(_, id)| super::storable(id)),
        params.filter_text("action"),
        params.flag("by"),
        entries.user
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids = Rows::of(records, |record| (record.total, record.page), |record| record.id);
    Ok(Rows { rows: of_ids(conn, &ids.rows).await?, total: ids.total, page: ids.page })
}

/// Returns the entries with these ids, in this order; unknown ids are left out.
///
/// An entry and its version have the same time; in data of POEM 2.3 they are some milliseconds apart.
pub async fn of_ids(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<LogRow>> {
    let records = sqlx::query!(
        r#"SELECT l.id, action_time, action, object_kind, l.object_id, object_name, message, username,
                  coalesce(change_reason, '') AS "change_reason!",
                  (SELECT coalesce(jsonb_agg(field.change || coalesce(
                       (SELECT jsonb_object_agg(long.name, long.first)
                               || jsonb_build_object('more', jsonb_object_agg(long.name, long.more))
                        FROM (SELECT list.name, list.length - $2 AS more,
                                     (SELECT jsonb_agg(row.value ORDER BY row.place)
                                      FROM jsonb_array_elements(field.change -> list.name)
                                           WITH ORDINALITY AS row (value, place)
                                      WHERE row.place <= $2) AS first
                              FROM (SELECT name, CASE jsonb_typeof(field.change -> name)
                                        WHEN 'array' THEN jsonb_array_length(field.change -> name) ELSE 0 END AS length
                                    FROM unnest(ARRAY['added', 'changed', 'removed']) AS names (name)) list
                              WHERE list.length > $2) long), '{}') ORDER BY field.place), '[]')
                   FROM jsonb_array_elements(CASE jsonb_typeof(l.data -> 'changes')
                       WHEN 'array' THEN l.data -> 'changes' ELSE '[]' END)
                       WITH ORDINALITY AS field (change, place)) AS "changes!: Json<ChangeSet>",
                  EXISTS (SELECT FROM object o WHERE o.kind = l.object_kind AND o.number = parsed.id)
                      OR EXISTS (SELECT FROM object o
                                 WHERE o.kind = l.object_kind AND o.number IS NULL AND o.id = l.object_id) AS "exists!",
                  (SELECT v.id FROM version v
                   WHERE v.kind = object_kind AND v.object_id = parsed.id AND v.username = l.username
                     AND action <> 'delete'
                     AND v.created BETWEEN action_time - interval '2 s' AND action_time + interval '2 s'
                   ORDER BY abs(extract(epoch FROM v.created - action_time)), v.id DESC LIMIT 1) AS version_id
           FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, place)
           JOIN log_entry l ON l.id = asked.id
           CROSS JOIN LATERAL (SELECT CASE WHEN l.object_id ~ '^[0-9]{1,18}$' THEN l.object_id::bigint END AS id) parsed
           ORDER BY asked.place"#,
        ids,
        i32::try_from(MAX_ROWS_IN_WORDS).unwrap_or(i32::MAX)
    )
    .fetch_all(conn)
    .await?;
    let rows = records.into_iter().map(|record| {
        Ok(LogRow {
            id: record.id,
            time: record.action_time,
            action: word(&record.action)?,
            object_kind: record.object_kind.as_deref().map(word).transpose()?,
            object_id: record.object_id,
            object_name: record.object_name,
            message: record.message,
            changes: record.changes.0,
            change_reason: record.change_reason,
            username: record.username,
            exists: record.exists,
            version_id: record.version_id,
        })
    });
    rows.collect()
}

/// Returns the kinds of objects that have log entries.
pub async fn kinds(conn: &mut PgConnection) -> Result<Vec<ObjectKind>> {
    let words = sqlx::query_scalar!(
        r#"SELECT object_kind AS "kind!" FROM log_entry WHERE object_kind IS NOT NULL
           GROUP BY object_kind ORDER BY object_kind COLLATE "C""#
    )
    .fetch_all(conn)
    .await?;
    words.iter().map(|kind| word(kind)).collect()
}
