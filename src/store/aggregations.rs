//! Aggregation profiles: the part of them that POEM stores.

use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx};
use crate::domain::model::aggregation::AggregationContent;

/// An aggregation as the REST API reads it.
#[derive(Debug, Clone)]
pub struct AggregationRow {
    /// Its id in POEM.
    pub id: i64,
    /// Its name. Names that the ARGO WEB-API has twice are kept.
    pub name: String,
    /// Its id on the ARGO WEB-API.
    pub apiid: String,
    /// The name of its group; '' without a group.
    pub group_name: String,
}

/// Returns all aggregations, by name in code point order, then by id.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<AggregationRow>> {
    Ok(sqlx::query_as!(
        AggregationRow,
        r#"SELECT a.id, a.name, a.apiid, coalesce(g.name, '') AS "group_name!"
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           ORDER BY a.name COLLATE "C", a.id"#
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the aggregation with this name, in its exact case; of several the one with the lowest id.
pub async fn by_name(conn: &mut PgConnection, name: &str) -> Result<Option<AggregationRow>> {
    Ok(sqlx::query_as!(
        AggregationRow,
        r#"SELECT a.id, a.name, a.apiid, coalesce(g.name, '') AS "group_name!"
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           WHERE a.name = $1 ORDER BY a.id LIMIT 1"#,
        name
    )
    .fetch_optional(conn)
    .await?)
}

/// Returns the id in POEM of the aggregation with this id on the ARGO WEB-API.
pub async fn id_by_apiid(conn: &mut PgConnection, apiid: &str) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT id FROM aggregation WHERE apiid = $1", apiid).fetch_optional(conn).await?)
}

/// Returns the content of an aggregation for its form.
pub async fn content(conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<AggregationContent>>> {
    let row = sqlx::query!(
        r#"SELECT a.revision, a.name, a.apiid, coalesce(g.name, '') AS "group_name!"
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           WHERE a.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let content = AggregationContent { name: row.name, apiid: row.apiid, group: row.group_name };
        Loaded { id, revision: row.revision, content }
    }))
}

/// Adds an aggregation; returns its id.
///
/// # Errors
/// `Constraint` `aggregation_apiid_key` if the id on the ARGO WEB-API is taken. No constraint refuses a taken name:
/// see [`super::taken_names::aggregation`].
pub async fn insert(tx: &mut WriteTx<'_>, content: &AggregationContent, group_id: Option<i64>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO aggregation (name, apiid, group_id) VALUES ($1, $2, $3) RETURNING id",
        content.name,
        content.apiid,
        group_id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Replaces the content of an aggregation; its revision rises.
///
/// # Errors
/// Those of [`insert`].
pub async fn update(tx: &mut WriteTx<'_>, id: i64, content: &AggregationContent, group_id: Option<i64>) -> Result<()> {
    sqlx::query!(
        "UPDATE aggregation SET name = $2, apiid = $3, group_id = $4, revision = revision + 1 WHERE id = $1",
        id,
        content.name,
        content.apiid,
        group_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the aggregation, if it exists.
pub async fn delete(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM aggregation WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// Moves an aggregation to a group, or out of all groups; its revision rises.
pub async fn set_group(tx: &mut WriteTx<'_>, id: i64, group_id: Option<i64>) -> Result<()> {
    sqlx::query!("UPDATE aggregation SET group_id = $2, revision = revision + 1 WHERE id = $1", id, group_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives an aggregation another id on the ARGO WEB-API.
///
/// # Errors
/// `Constraint` `aggregation_apiid_key` if it is taken.
pub async fn set_apiid(tx: &mut WriteTx<'_>, id: i64, apiid: &str) -> Result<()> {
    sqlx::query!("UPDATE aggregation SET apiid = $2 WHERE id = $1", id, apiid).execute(tx.conn()).await?;
    Ok(())
}
