//! Metrics as the REST API reads them, and the registry of their names.

use sqlx::PgConnection;

use super::{Result, StoreError};
use crate::domain::metric::{Section, Setting};

/// A metric without its settings, which [`settings`] reads for all at once.
#[derive(Debug, Clone)]
pub struct ApiMetric {
    pub id: i64,
    pub name: String,
    pub executable: String,
    pub parent: String,
    /// Of the probe version it uses; '' without one.
    pub docurl: String,
}

/// The metrics of a tag, or all: by name, then tag, in code point order.
pub async fn for_api(conn: &mut PgConnection, tag: Option<&str>) -> Result<Vec<ApiMetric>> {
    Ok(sqlx::query_as!(
        ApiMetric,
        r#"SELECT m.id, n.name, m.executable, m.parent, coalesce(v.content ->> 'docurl', '') AS "docurl!"
           FROM metric m
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           LEFT JOIN version v ON v.id = m.probe_version_id
           WHERE $1::text IS NULL OR t.name = $1
           ORDER BY n.name COLLATE "C", t.name COLLATE "C""#,
        tag
    )
    .fetch_all(conn)
    .await?)
}

/// The names of all tags.
pub async fn tags(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT name FROM tag ORDER BY name COLLATE "C""#).fetch_all(conn).await?)
}

/// The settings of the metrics of a tag, or of all, in the order in which they were entered:
/// (metric id, section, setting), by metric.
pub async fn settings(conn: &mut PgConnection, tag: Option<&str>) -> Result<Vec<(i64, Section, Setting)>> {
    let rows = sqlx::query!(
        "SELECT s.metric_id, s.section, s.key, s.value
         FROM metric_setting s JOIN metric m ON m.id = s.metric_id JOIN tag t ON t.id = m.tag_id
         WHERE $1::text IS NULL OR t.name = $1
         ORDER BY s.metric_id, s.section, s.position",
        tag
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok((row.metric_id, section(&row.section)?, Setting(row.key, row.value)))).collect()
}

/// The rows that every tenant has: three tags and two metric types. Those that are there stay as they are.
/// Gives the number of fixed rows.
pub async fn install_fixed_rows(conn: &mut PgConnection) -> Result<usize> {
    let (tags, types) = (["Production", "Devel", "Test"], ["Active", "Passive"]);
    sqlx::query!(
        "WITH t AS (INSERT INTO tag (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING)
         INSERT INTO metric_type (name) SELECT unnest($2::text[]) ON CONFLICT (name) DO NOTHING",
        &tags.map(str::to_owned),
        &types.map(str::to_owned)
    )
    .execute(conn)
    .await?;
    Ok(tags.len() + types.len())
}

/// Adds the names that the registry does not know yet.
pub async fn register_names(conn: &mut PgConnection, names: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO metric_name (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (name) DO NOTHING",
        names
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Those of the names that the registry does not know, each once, in code point order.
pub async fn unknown_names(conn: &mut PgConnection, names: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT n COLLATE "C" AS "name!" FROM unnest($1::text[]) AS n
           WHERE NOT EXISTS (SELECT FROM metric_name WHERE name = n) ORDER BY 1"#,
        names
    )
    .fetch_all(conn)
    .await?)
}

/// The section that a row names; the schema's constraint keeps out others.
pub fn section(word: &str) -> Result<Section> {
    word.parse().map_err(|()| StoreError::Other(sqlx::Error::Decode(format!("unknown section {word}").into())))
}
