//! Metrics, their settings, and the registry of their names.

use sqlx::PgConnection;

use super::text::storable;
use super::text::word;
use super::{Loaded, Result, WriteTx};
use crate::domain::model::metric::{MetricContent, Section, Setting, Settings};

/// A metric as the REST API reads it, without its settings, which [`settings`] reads for all metrics.
#[derive(Debug, Clone)]
pub struct ApiMetric {
    /// The metric's id.
    pub id: i64,
    /// The name; several metrics may have it, with different tags.
    pub name: String,
    /// The executable of the probe; '' without one.
    pub executable: String,
    /// The name of the parent metric; '' without one.
    pub parent: String,
    /// The documentation URL of the probe version it uses; '' without a probe version.
    pub docurl: String,
}

/// Returns the metrics of a tag, or all; by name, then tag, in code point order.
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

/// Returns the names of all tags, in code point order.
pub async fn tags(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT name FROM tag ORDER BY name COLLATE "C""#).fetch_all(conn).await?)
}

/// Returns the settings of the metrics of a tag, or of all: (metric id, section, setting).
///
/// Sorted by metric, then in the order in which they were entered. The query returns one row per metric, because with
/// thousands of rows most of the time would go into reading rows.
pub async fn settings(conn: &mut PgConnection, tag: Option<&str>) -> Result<Vec<(i64, Section, Setting)>> {
    let rows = sqlx::query!(
        r#"SELECT metric_id, array_agg(section) AS "sections!", array_agg(key) AS "keys!", array_agg(value) AS "values!"
           FROM (SELECT s.metric_id, s.section, s.key, s.value
                 FROM metric_setting s JOIN metric m ON m.id = s.metric_id JOIN tag t ON t.id = m.tag_id
                 WHERE $1::text IS NULL OR t.name = $1
                 ORDER BY s.metric_id, s.section, s.position) entered
           GROUP BY metric_id
           ORDER BY metric_id"#,
        tag
    )
    .fetch_all(conn)
    .await?;
    let mut settings = Vec::new();
    for row in rows {
        for ((section, key), value) in row.sections.iter().zip(row.keys).zip(row.values) {
            settings.push((row.metric_id, word(section)?, Setting(key, value)));
        }
    }
    Ok(settings)
}

/// Returns the content of a metric for its form.
pub async fn content(conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<MetricContent>>> {
    let row = sqlx::query!(
        r#"SELECT m.revision, n.name, t.name AS tag, y.name AS metric_type, m.executable, m.parent,
                  coalesce((v.content ->> 'name') || ' (' || (v.content ->> 'version') || ')', '') AS "probe!",
                  coalesce(g.name, '') AS "group_name!"
           FROM metric m
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           JOIN metric_type y ON y.id = m.metric_type_id
           LEFT JOIN version v ON v.id = m.probe_version_id
           LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
           WHERE m.id = $1"#,
        id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let content = MetricContent {
        name: row.name,
        tag: row.tag,
        metric_type: row.metric_type,
        probe: row.probe,
        group: row.group_name,
        executable: row.executable,
        parent: row.parent,
        settings: settings_of(conn, id).await?,
    };
    Ok(Some(Loaded { id, revision: row.revision, content }))
}

async fn settings_of(conn: &mut PgConnection, id: i64) -> Result<Settings> {
    let rows = sqlx::query!(
        "SELECT section, key, value FROM metric_setting WHERE metric_id = $1 ORDER BY section, position",
        id
    )
    .fetch_all(conn)
    .await?;
    let mut settings = Settings::default();
    for row in rows {
        settings.push(word(&row.section)?, row.key, row.value);
    }
    Ok(settings)
}

/// The row of a metric to write: the ids it refers to, and its own texts.
#[derive(Debug, Clone, Copy)]
pub struct MetricRow<'a> {
    /// The id of its name in the registry.
    pub name_id: i64,
    /// The id of its tag.
    pub tag_id: i64,
    /// The id of its type, active or passive.
    pub metric_type_id: i64,
    /// The id of the version of a probe; `None` without one.
    pub probe_version_id: Option<i64>,
    /// The id of its group of metrics.
    pub group_id: Option<i64>,
    /// The executable of the probe; '' without one.
    pub executable: &'a str,
    /// The name of the parent metric; '' without one.
    pub parent: &'a str,
}

/// Adds a metric without its settings, with this id or the next one; returns its id.
///
/// # Errors
/// `Constraint` `metric_name_tag_key` if another metric has this name and tag.
pub async fn insert(tx: &mut WriteTx<'_>, id: Option<i64>, row: MetricRow<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO metric (id, metric_name_id, tag_id, metric_type_id, probe_version_id, group_id, executable, parent)
         VALUES (coalesce($8, nextval(pg_get_serial_sequence('metric', 'id'))), $1, $2, $3, $4, $5, $6, $7)
         RETURNING id",
        row.name_id,
        row.tag_id,
        row.metric_type_id,
        row.probe_version_id,
        row.group_id,
        row.executable,
        row.parent,
        id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Replaces the row of a metric, not its settings; its revision rises.
///
/// # Errors
/// That of [`insert`].
pub async fn update(tx: &mut WriteTx<'_>, id: i64, row: MetricRow<'_>) -> Result<()> {
    sqlx::query!(
        "UPDATE metric SET metric_name_id = $2, tag_id = $3, metric_type_id = $4, probe_version_id = $5, group_id = $6,
             executable = $7, parent = $8, revision = revision + 1
         WHERE id = $1",
        id,
        row.name_id,
        row.tag_id,
        row.metric_type_id,
        row.probe_version_id,
        row.group_id,
        row.executable,
        row.parent
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces all settings of the metric.
pub async fn set_settings(tx: &mut WriteTx<'_>, id: i64, settings: &Settings) -> Result<()> {
    let sections: Vec<String> = settings.rows().map(|(section, ..)| section.to_string()).collect();
    let positions: Vec<i32> = settings.rows().map(|(_, position, _)| position).collect();
    let keys: Vec<String> = settings.rows().map(|(.., setting)| setting.key().to_owned()).collect();
    let values: Vec<String> = settings.rows().map(|(.., setting)| setting.value().to_owned()).collect();
    sqlx::query!("DELETE FROM metric_setting WHERE metric_id = $1", id).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO metric_setting (metric_id, section, position, key, value)
         SELECT $1, s.section, s.position, s.key, s.value
         FROM unnest($2::text[], $3::int[], $4::text[], $5::text[]) AS s (section, position, key, value)",
        id,
        &sections,
        &positions,
        &keys,
        &values
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a metric with its settings. Its name stays in the registry.
pub async fn delete(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM metric WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the id of the probe version that the metric uses; `None` without one.
pub async fn probe_version_id(conn: &mut PgConnection, id: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT probe_version_id FROM metric WHERE id = $1", id)
        .fetch_optional(conn)
        .await?
        .flatten())
}

/// The ids of a tag and a metric type; `None` if the name is unknown.
#[derive(Debug, Clone, Copy)]
pub struct Labels {
    /// The id of the tag.
    pub tag_id: Option<i64>,
    /// The id of the metric type.
    pub metric_type_id: Option<i64>,
}

/// Returns the ids of a tag and a metric type by their names.
pub async fn labels(conn: &mut PgConnection, tag: &str, metric_type: &str) -> Result<Labels> {
    Ok(sqlx::query_as!(
        Labels,
        "SELECT (SELECT id FROM tag WHERE name = $1) AS tag_id,
                (SELECT id FROM metric_type WHERE name = $2) AS metric_type_id",
        storable(tag),
        storable(metric_type)
    )
    .fetch_one(conn)
    .await?)
}

/// Adds the rows that every tenant has, three tags and two metric types; existing rows stay.
///
/// Returns the number of fixed rows, including those that existed.
pub async fn install_fixed_rows(tx: &mut WriteTx<'_>) -> Result<usize> {
    let (tags, types) = (["Production", "Devel", "Test"], ["Active", "Passive"]);
    sqlx::query!(
        "WITH t AS (INSERT INTO tag (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING)
         INSERT INTO metric_type (name) SELECT unnest($2::text[]) ON CONFLICT (name) DO NOTHING",
        &tags.map(str::to_owned),
        &types.map(str::to_owned)
    )
    .execute(tx.conn())
    .await?;
    Ok(tags.len() + types.len())
}

/// Adds the names that are not in the registry yet.
pub async fn register_names(tx: &mut WriteTx<'_>, names: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO metric_name (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (name) DO NOTHING",
        names
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the names that are not in the registry, each once, in code point order.
pub async fn unknown_names(conn: &mut PgConnection, names: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT n COLLATE "C" AS "name!" FROM unnest($1::text[]) AS n
           WHERE NOT EXISTS (SELECT FROM metric_name WHERE name = n) ORDER BY 1"#,
        names
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the name of the group of a name of the registry; '' without a group, `None` if the name is unknown.
pub async fn group_of_name(conn: &mut PgConnection, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(g.name, '') AS "group!"
           FROM metric_name n LEFT JOIN object_group g ON g.kind = n.group_kind AND g.id = n.group_id
           WHERE n.name = $1"#,
        name
    )
    .fetch_optional(conn)
    .await?)
}

/// Moves a name of the registry to a group, or out of any; adds it if it is unknown. Returns its id.
pub async fn put_name(tx: &mut WriteTx<'_>, name: &str, group_id: Option<i64>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO metric_name (name, group_id) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET group_id = excluded.group_id
         RETURNING id",
        name,
        group_id
    )
    .fetch_one(tx.conn())
    .await?)
}
