//! Metrics, and the registry of their names.

use sqlx::PgConnection;

use super::text::storable;
use super::text::word;
use super::{Loaded, Result, WriteTx};
use crate::domain::model::metric::{MetricContent, Section, Setting, Settings};

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
/// (metric id, section, setting), by metric. They come as one row a metric: of thousands of rows, most of the time
/// would be spent on the rows.
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

/// What a form shows of it.
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

/// A metric's row: what it refers to by id, and the texts it has once.
#[derive(Debug, Clone, Copy)]
pub struct MetricRow<'a> {
    pub name_id: i64,
    pub tag_id: i64,
    pub metric_type_id: i64,
    /// A version of a probe.
    pub probe_version_id: Option<i64>,
    pub group_id: i64,
    pub executable: &'a str,
    pub parent: &'a str,
}

/// Without its settings; gives its id. Fails on the constraint `metric_name_tag_key` where name and tag are taken.
pub async fn insert(tx: &mut WriteTx<'_>, row: MetricRow<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO metric (metric_name_id, tag_id, metric_type_id, probe_version_id, group_id, executable, parent)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        row.name_id,
        row.tag_id,
        row.metric_type_id,
        row.probe_version_id,
        row.group_id,
        row.executable,
        row.parent
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Without its settings. Fails on the constraint that [`insert`] names.
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

/// Makes these the settings of the metric.
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

/// With its settings. Its name stays in the registry.
pub async fn delete(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM metric WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// The probe version that the metric uses.
pub async fn probe_version_id(conn: &mut PgConnection, id: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT probe_version_id FROM metric WHERE id = $1", id)
        .fetch_optional(conn)
        .await?
        .flatten())
}

/// The ids of a tag and a metric type by their names; `None` where there is none of the name.
#[derive(Debug, Clone, Copy)]
pub struct Labels {
    pub tag_id: Option<i64>,
    pub metric_type_id: Option<i64>,
}

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

/// The rows that every tenant has: three tags and two metric types. Those that are there stay as they are.
/// Gives the number of fixed rows.
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

/// Adds the names that the registry does not know yet.
pub async fn register_names(tx: &mut WriteTx<'_>, names: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO metric_name (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (name) DO NOTHING",
        names
    )
    .execute(tx.conn())
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

/// The name of the group that holds a name of the registry: '' where none does, `None` where the name is unknown.
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

/// Puts a name of the registry into a group; one that is unknown joins the registry. Gives its id.
pub async fn put_name(tx: &mut WriteTx<'_>, name: &str, group_id: i64) -> Result<i64> {
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
