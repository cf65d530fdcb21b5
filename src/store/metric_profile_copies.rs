//! The copies of profiles on the ARGO WEB-API. Triggers mark them when their profiles change.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::metric_profile_copy::ProfileCopy;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;

/// A copy as it is stored, with what pages say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCopy {
    /// The copy.
    pub copy: ProfileCopy,
    /// The time of the last sending; `None` if it was never sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Since when the profile has changed; `None` if it has not.
    pub marked_since: Option<DateTime<Utc>>,
    /// Why the last sending failed; '' if it did not.
    pub failure: String,
}

/// Returns the copy of a profile; `None` if it was never sent nor is to be.
pub async fn of(conn: &mut PgConnection, profile_id: i64) -> Result<Option<StoredCopy>> {
    let row = sqlx::query!(
        r#"SELECT api_id, on_every_save, sent AS "sent: Json<MetricProfileDefinition>", sent_at, marked_since, changes,
                  failure
           FROM metric_profile_copy WHERE profile_id = $1"#,
        profile_id
    );
    Ok(row.fetch_optional(conn).await?.map(|row| StoredCopy {
        copy: ProfileCopy {
            api_id: row.api_id,
            on_every_save: row.on_every_save,
            sent: row.sent.map(|Json(sent)| sent),
            changes: row.changes,
        },
        sent_at: row.sent_at,
        marked_since: row.marked_since,
        failure: row.failure,
    }))
}

/// Returns the ids of the profiles that have changed since they were sent and are sent on every save, by id.
pub async fn marked(conn: &mut PgConnection) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT profile_id FROM metric_profile_copy WHERE on_every_save AND marked_since IS NOT NULL ORDER BY profile_id"
    )
    .fetch_all(conn)
    .await?)
}

/// Sets whether a profile is sent on every save. One that begins to be is marked: it may differ already.
pub async fn set_on_every_save(tx: &mut WriteTx<'_>, profile_id: i64, on: bool) -> Result<()> {
    sqlx::query!(
        "INSERT INTO metric_profile_copy AS c (profile_id, on_every_save, marked_since)
         VALUES ($1, $2, CASE WHEN $2 THEN now() END)
         ON CONFLICT (profile_id) DO UPDATE
         SET on_every_save = $2, marked_since = coalesce(c.marked_since, CASE WHEN $2 THEN now() END)",
        profile_id,
        on
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores what was sent. The mark goes if the profile has not changed since `changes` were read.
pub async fn set_sent(
    tx: &mut WriteTx<'_>,
    profile_id: i64,
    sent: &MetricProfileDefinition,
    changes: i64,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO metric_profile_copy AS c (profile_id, api_id, sent, sent_at) VALUES ($1, $2, $3, now())
         ON CONFLICT (profile_id) DO UPDATE
         SET api_id = excluded.api_id, sent = excluded.sent, sent_at = excluded.sent_at, failure = '',
             marked_since = CASE WHEN c.changes = $4 THEN NULL ELSE c.marked_since END",
        profile_id,
        sent.id,
        Json(sent) as _,
        changes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores why a sending failed; with `is_gone`, also that the WEB-API does not have the copy any more.
pub async fn set_failure(tx: &mut WriteTx<'_>, profile_id: i64, failure: &str, is_gone: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE metric_profile_copy SET failure = $2, api_id = CASE WHEN $3 THEN NULL ELSE api_id END WHERE profile_id = $1",
        profile_id,
        failure,
        is_gone
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns those of the profiles that have a copy.
pub async fn existing(conn: &mut PgConnection, profile_ids: &[i64]) -> Result<Vec<i64>> {
    let found =
        sqlx::query_scalar!("SELECT profile_id FROM metric_profile_copy WHERE profile_id = ANY ($1)", profile_ids);
    Ok(found.fetch_all(conn).await?)
}

/// Gives the copies of profiles to others, given as (from, to): each a version of the same name. One that the other has
/// stays.
pub async fn move_copies(tx: &mut WriteTx<'_>, moves: &[(i64, i64)]) -> Result<()> {
    let (from, to): (Vec<i64>, Vec<i64>) = moves.iter().copied().unzip();
    sqlx::query!(
        "UPDATE metric_profile_copy c SET profile_id = m.to_id, changes = changes + 1,
             marked_since = coalesce(marked_since, now())
         FROM unnest($1::bigint[], $2::bigint[]) AS m (from_id, to_id)
         WHERE c.profile_id = m.from_id
           AND NOT EXISTS (SELECT FROM metric_profile_copy o WHERE o.profile_id = m.to_id)",
        &from,
        &to
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the copy of a profile, after it was deleted on the WEB-API.
pub async fn delete(tx: &mut WriteTx<'_>, profile_id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM metric_profile_copy WHERE profile_id = $1", profile_id).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the aggregations whose definitions refer to a metric profile of this id, or of one of these names, as id and
/// name, by name.
pub async fn used_by(conn: &mut PgConnection, api_id: &str, names: &[String]) -> Result<Vec<(i64, String)>> {
    let rows = sqlx::query!(
        r#"SELECT id, name FROM aggregation
           WHERE definition #>> '{metric_profile,id}' = $1 OR definition #>> '{metric_profile,name}' = ANY ($2)
           ORDER BY name COLLATE "C", id"#,
        api_id,
        names
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.id, row.name)).collect())
}
