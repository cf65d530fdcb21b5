//! The definitions of aggregation profiles, as POEM has last seen them on the ARGO WEB-API.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::aggregation_profile::AggregationProfileContent;

/// An aggregation profile with its last known definition.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDefinition {
    /// The id in POEM.
    pub id: i64,
    /// The revision.
    pub revision: i64,
    /// The name.
    pub name: String,
    /// The id on the WEB-API.
    pub apiid: String,
    /// The name of the group; '' without one.
    pub group: String,
    /// The last known definition; `None` if POEM has not read it.
    pub definition: Option<AggregationDefinition>,
    /// The time when it was read or written.
    pub definition_read: Option<DateTime<Utc>>,
    /// Since when the WEB-API does not have it; `None` if it has.
    pub missing_since: Option<DateTime<Utc>>,
}

impl StoredDefinition {
    /// Returns what a user edits. If POEM has not read the definition, it has nothing but a name.
    pub fn content(&self) -> AggregationProfileContent {
        let named = || AggregationDefinition { name: self.name.clone(), ..AggregationDefinition::default() };
        AggregationProfileContent {
            group: self.group.clone(),
            apiid: self.apiid.clone(),
            definition: self.definition.clone().unwrap_or_else(named),
        }
    }
}

/// Returns all aggregation profiles, by id.
pub async fn stored(conn: &mut PgConnection) -> Result<Vec<StoredDefinition>> {
    find(conn, None).await
}

/// Returns the aggregation profile with this id; `None` if there is none.
pub async fn of(conn: &mut PgConnection, id: i64) -> Result<Option<StoredDefinition>> {
    Ok(find(conn, Some(id)).await?.pop())
}

async fn find(conn: &mut PgConnection, id: Option<i64>) -> Result<Vec<StoredDefinition>> {
    let rows = sqlx::query!(
        r#"SELECT a.id, a.revision, a.name, a.apiid, coalesce(g.name, '') AS "group_name!",
                  a.definition AS "definition: Json<AggregationDefinition>", a.definition_read, a.missing_since
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           WHERE $1::bigint IS NULL OR a.id = $1
           ORDER BY a.id"#,
        id
    );
    let stored = rows.fetch_all(conn).await?.into_iter().map(|row| StoredDefinition {
        id: row.id,
        revision: row.revision,
        name: row.name,
        apiid: row.apiid,
        group: row.group_name,
        definition: row.definition.map(|Json(definition)| definition),
        definition_read: row.definition_read,
        missing_since: row.missing_since,
    });
    Ok(stored.collect())
}

/// Adds an aggregation profile with its definition; returns its id in POEM.
///
/// # Errors
/// `Constraint` `aggregation_apiid_key` if POEM has it already.
pub async fn insert(
    tx: &mut WriteTx<'_>,
    apiid: &str,
    name: &str,
    definition: &AggregationDefinition,
    group_id: Option<i64>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO aggregation (name, apiid, group_id, definition, definition_read)
         VALUES ($1, $2, $3, $4, now()) RETURNING id",
        name,
        apiid,
        group_id,
        Json(definition) as _
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Sets the name and the definition of a profile that the WEB-API has. Its revision rises if either differs.
pub async fn set_definition(
    tx: &mut WriteTx<'_>,
    id: i64,
    name: &str,
    definition: &AggregationDefinition,
) -> Result<()> {
    sqlx::query!(
        "UPDATE aggregation
         SET revision = revision + (CASE WHEN name = $2 AND definition IS NOT DISTINCT FROM $3 THEN 0 ELSE 1 END),
             name = $2, definition = $3, definition_read = now(), missing_since = NULL
         WHERE id = $1",
        id,
        name,
        Json(definition) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes whether the WEB-API lacks a profile. The time of an earlier note stays.
pub async fn set_missing(tx: &mut WriteTx<'_>, id: i64, is_missing: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE aggregation SET missing_since = CASE WHEN $2 THEN coalesce(missing_since, now()) END WHERE id = $1",
        id,
        is_missing
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
