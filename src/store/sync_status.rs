//! The states of the feeds of all tenants, in the schema public, and the locks of the commands that fetch them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, WriteTx};
use crate::domain::model::sync_status::{SyncAttempt, SyncResult, SyncStatus};
use crate::domain::model::synced_list::SyncedList;
use crate::domain::model::tenant::SchemaName;

struct Row {
    schema_name: String,
    feed: String,
    last_attempt: DateTime<Utc>,
    last_success: Option<DateTime<Utc>>,
    failing_since: Option<DateTime<Utc>>,
    result: String,
    message: String,
    listed: i64,
    in_feed: i64,
    left_out: i64,
    host: String,
}

impl Row {
    /// Returns the schema and the state; `None` if a newer POEM wrote a feed or result that is unknown here.
    fn read(self) -> Option<(String, SyncStatus)> {
        let status = SyncStatus {
            list: SyncedList::of_name(&self.feed)?,
            last_attempt: self.last_attempt,
            last_success: self.last_success,
            failing_since: self.failing_since,
            result: SyncResult::of_text(&self.result)?,
            message: self.message,
            listed: self.listed,
            in_feed: self.in_feed,
            left_out: self.left_out,
            host: self.host,
        };
        Some((self.schema_name, status))
    }
}

/// Returns the states of all tenants, each with its schema. A feed that was never fetched has none.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<(String, SyncStatus)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT schema_name, feed, last_attempt, last_success, failing_since, result, message, listed, in_feed,
                  left_out, host
           FROM public.sync_status ORDER BY schema_name COLLATE "C", feed COLLATE "C""#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().filter_map(Row::read).collect())
}

/// Returns the states of one tenant's feeds. A feed that was never fetched has none.
pub async fn of_tenant(conn: &mut PgConnection, schema: &SchemaName) -> Result<Vec<SyncStatus>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT schema_name, feed, last_attempt, last_success, failing_since, result, message, listed, in_feed,
                  left_out, host
           FROM public.sync_status WHERE schema_name = $1"#,
        schema.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().filter_map(Row::read).map(|(_, status)| status).collect())
}

/// Stores the outcome of an attempt that was made now.
pub async fn record(tx: &mut WriteTx<'_>, schema: &SchemaName, attempt: &SyncAttempt) -> Result<()> {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!(
        "INSERT INTO public.sync_status AS s (schema_name, feed, last_attempt, last_success, failing_since, result,
                                              message, added, changed, removed, left_out, in_feed, listed, seconds,
                                              host, version)
         VALUES ($1, $2, now(), CASE WHEN $3 THEN now() END, CASE WHEN $4 THEN now() END, $5, left($6, 500), $7, $8, $9,
                 $10, $11, $12, $13, $14, $15)
         ON CONFLICT (schema_name, feed) DO UPDATE
         SET last_attempt = excluded.last_attempt,
             last_success = coalesce(excluded.last_success, s.last_success),
             failing_since = CASE WHEN $4 THEN coalesce(s.failing_since, excluded.failing_since) END,
             result = excluded.result, message = excluded.message, added = excluded.added, changed = excluded.changed,
             removed = excluded.removed, left_out = excluded.left_out, in_feed = excluded.in_feed,
             listed = excluded.listed, seconds = excluded.seconds, host = excluded.host, version = excluded.version",
        schema.as_str(),
        attempt.list.name(),
        attempt.result.is_success(),
        attempt.result.is_failure(),
        attempt.result.text(),
        attempt.message,
        count(attempt.added),
        count(attempt.changed),
        count(attempt.removed),
        count(attempt.left_out),
        count(attempt.in_feed),
        count(attempt.listed),
        attempt.seconds,
        attempt.host,
        env!("CARGO_PKG_VERSION")
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the lock of a tenant's list, unless another command has it: also on another machine. It is held until the
/// connection is closed, so the connection must not be one of a pool.
pub async fn try_lock(conn: &mut PgConnection, schema: &SchemaName, list: SyncedList) -> Result<bool> {
    let lock = format!("{schema} {}", list.name());
    let taken =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtext('poem sync'), hashtext($1)) AS "taken!""#, lock);
    Ok(taken.fetch_one(conn).await?)
}
