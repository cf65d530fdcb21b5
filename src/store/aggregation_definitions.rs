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

/// Adds aggregation profiles with their definitions to a group, or to none; returns their ids in POEM, each with the one on
/// the WEB-API. Those that POEM has already are left out.
pub async fn insert(
    tx: &mut WriteTx<'_>,
    definitions: &[&AggregationDefinition],
    group_id: Option<i64>,
) -> Result<Vec<(i64, String)>> {
    let apiids: Vec<&str> = definitions.iter().map(|definition| definition.id.as_str()).collect();
    let names: Vec<&str> = definitions.iter().map(|definition| definition.shown_name()).collect();
    let definitions: Vec<_> = definitions.iter().map(Json).collect();
    let rows = sqlx::query!(
        "INSERT INTO aggregation (apiid, name, group_id, definition, definition_read)
         SELECT d.apiid, d.name, $4, d.definition, now()
         FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS d (apiid, name, definition)
         ON CONFLICT (apiid) DO NOTHING RETURNING id, apiid",
        &apiids as _,
        &names as _,
        &definitions as _,
        group_id
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.id, row.apiid)).collect())
}

/// Sets the names and the definitions of profiles, given by their ids in POEM, that the WEB-API has. The revision of one
/// rises if either differs.
pub async fn set_definitions(tx: &mut WriteTx<'_>, definitions: &[(i64, &AggregationDefinition)]) -> Result<()> {
    let ids: Vec<i64> = definitions.iter().map(|(id, _)| *id).collect();
    let names: Vec<&str> = definitions.iter().map(|(_, definition)| definition.shown_name()).collect();
    let definitions: Vec<_> = definitions.iter().map(|(_, definition)| Json(definition)).collect();
    sqlx::query!(
        "UPDATE aggregation AS a
         SET revision = revision + CASE WHEN a.name = d.name AND a.definition IS NOT DISTINCT FROM d.definition
                                        THEN 0 ELSE 1 END,
             name = d.name, definition = d.definition, definition_read = now(), missing_since = NULL
         FROM unnest($1::bigint[], $2::text[], $3::jsonb[]) AS d (id, name, definition) WHERE a.id = d.id",
        &ids,
        &names as _,
        &definitions as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the WEB-API lacks these profiles. The time of an earlier note stays.
pub async fn set_missing(tx: &mut WriteTx<'_>, ids: &[i64]) -> Result<()> {
    sqlx::query!("UPDATE aggregation SET missing_since = coalesce(missing_since, now()) WHERE id = ANY ($1)", ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}
