//! The note of the save on the ARGO WEB-API that is under way in a tenant. There is at most one: it is also the lock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::web_api_save::WebApiSave;

/// A note, and the time that its holder has left.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSave {
    /// The note.
    pub save: WebApiSave,
    /// The random id of the holder of the lock.
    pub owner: String,
    /// The time when the save began.
    pub started: DateTime<Utc>,
    /// The time until another save may take the lock over; zero if it may.
    pub left: Duration,
}

/// Returns the note; `None` if no save is under way.
pub async fn find(conn: &mut PgConnection) -> Result<Option<StoredSave>> {
    let row = sqlx::query!(
        r#"SELECT owner, started, greatest(0, extract(epoch FROM deadline - now()))::float8 AS "left!", user_id, username,
                  action, aggregation_id, apiid, group_name, derived_from,
                  before AS "before: Json<AggregationDefinition>", wanted AS "wanted: Json<AggregationDefinition>"
           FROM web_api_save"#
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let save = WebApiSave {
        user_id: row.user_id,
        username: row.username,
        action: row.action.parse().map_err(|()| sqlx::Error::Decode("unknown action of a save".into()))?,
        aggregation_id: row.aggregation_id,
        apiid: row.apiid,
        group: row.group_name,
        derived_from: row.derived_from,
        before: row.before.map(|Json(definition)| definition),
        wanted: row.wanted.map(|Json(definition)| definition),
    };
    Ok(Some(StoredSave { save, owner: row.owner, started: row.started, left: Duration::from_secs_f64(row.left) }))
}

/// Adds the note of a save, whose holder has `lifetime` for it.
///
/// # Errors
/// `Constraint` `web_api_save_pkey` if there is a note.
pub async fn insert(tx: &mut WriteTx<'_>, owner: &str, save: &WebApiSave, lifetime: Duration) -> Result<()> {
    sqlx::query!(
        "INSERT INTO web_api_save (owner, deadline, user_id, username, action, aggregation_id, apiid, group_name,
                                   derived_from, before, wanted)
         VALUES ($1, now() + make_interval(secs => $2), $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        owner,
        lifetime.as_secs_f64(),
        save.user_id,
        save.username,
        save.action.as_str(),
        save.aggregation_id,
        save.apiid,
        save.group,
        save.derived_from,
        save.before.as_ref().map(Json) as _,
        save.wanted.as_ref().map(Json) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes another holder the owner of the note, for `lifetime`.
pub async fn take_over(tx: &mut WriteTx<'_>, owner: &str, lifetime: Duration) -> Result<()> {
    sqlx::query!(
        "UPDATE web_api_save SET owner = $1, deadline = now() + make_interval(secs => $2)",
        owner,
        lifetime.as_secs_f64()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the time of the holder, so that others can clear up its save; no other holder's.
pub async fn expire(tx: &mut WriteTx<'_>, owner: &str) -> Result<()> {
    sqlx::query!("UPDATE web_api_save SET deadline = now() WHERE owner = $1", owner).execute(tx.conn()).await?;
    Ok(())
}

/// Deletes the note of this holder; returns false if another one has taken it over.
pub async fn delete(tx: &mut WriteTx<'_>, owner: &str) -> Result<bool> {
    let deleted = sqlx::query!("DELETE FROM web_api_save WHERE owner = $1", owner).execute(tx.conn()).await?;
    Ok(deleted.rows_affected() > 0)
}
