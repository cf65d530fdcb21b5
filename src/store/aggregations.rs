//! Aggregation profiles: what POEM keeps of them.

use sqlx::PgConnection;

use super::Result;

#[derive(Debug, Clone)]
pub struct AggregationRow {
    pub id: i64,
    pub name: String,
    pub apiid: String,
    pub group_id: Option<i64>,
    /// '' without a group.
    pub group_name: String,
}

/// All aggregations by name in code point order.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<AggregationRow>> {
    Ok(sqlx::query_as!(
        AggregationRow,
        r#"SELECT a.id, a.name, a.apiid, a.group_id, coalesce(g.name, '') AS "group_name!"
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           ORDER BY a.name COLLATE "C""#
    )
    .fetch_all(conn)
    .await?)
}

pub async fn by_name(conn: &mut PgConnection, name: &str) -> Result<Option<AggregationRow>> {
    Ok(sqlx::query_as!(
        AggregationRow,
        r#"SELECT a.id, a.name, a.apiid, a.group_id, coalesce(g.name, '') AS "group_name!"
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           WHERE a.name = $1"#,
        name
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn by_apiid(conn: &mut PgConnection, apiid: &str) -> Result<Option<AggregationRow>> {
    Ok(sqlx::query_as!(
        AggregationRow,
        r#"SELECT a.id, a.name, a.apiid, a.group_id, coalesce(g.name, '') AS "group_name!"
           FROM aggregation a LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
           WHERE a.apiid = $1"#,
        apiid
    )
    .fetch_optional(conn)
    .await?)
}

/// Gives its id. Fails on the constraints `aggregation_name_key` and `aggregation_apiid_key` where one is taken.
pub async fn insert(conn: &mut PgConnection, name: &str, apiid: &str, group_id: i64) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO aggregation (name, apiid, group_id) VALUES ($1, $2, $3) RETURNING id",
        name,
        apiid,
        group_id
    )
    .fetch_one(conn)
    .await?)
}

/// Moves it into a group.
pub async fn set_group(conn: &mut PgConnection, id: i64, group_id: i64) -> Result<()> {
    sqlx::query!("UPDATE aggregation SET group_id = $2, revision = revision + 1 WHERE id = $1", id, group_id)
        .execute(conn)
        .await?;
    Ok(())
}
