//! Metrics, their settings, and the registry of their names.

use std::collections::HashMap;

use sqlx::PgConnection;

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
    Ok(contents(conn, &[id]).await?.pop())
}

/// Returns the contents of metrics for their forms, by id. Unknown ids are left out.
pub async fn contents(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Loaded<MetricContent>>> {
    let rows = sqlx::query!(
        r#"SELECT m.id, m.revision, n.name, t.name AS tag, y.name AS metric_type, m.executable, m.parent,
                  coalesce((v.content ->> 'name') || ' (' || (v.content ->> 'version') || ')', '') AS "probe!",
                  coalesce(g.name, '') AS "group_name!"
           FROM metric m
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           JOIN metric_type y ON y.id = m.metric_type_id
           LEFT JOIN version v ON v.id = m.probe_version_id
           LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
           WHERE m.id = ANY ($1)
           ORDER BY m.id"#,
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut settings = settings_of(conn, ids).await?;
    let loaded = rows.into_iter().map(|row| Loaded {
        id: row.id,
        revision: row.revision,
        content: MetricContent {
            name: row.name,
            tag: row.tag,
            metric_type: row.metric_type,
            probe: row.probe,
            group: row.group_name,
            executable: row.executable,
            parent: row.parent,
            settings: settings.remove(&row.id).unwrap_or_default(),
        },
    });
    Ok(loaded.collect())
}

/// Returns the settings of metrics, by the metric's id; metrics without settings are left out.
async fn settings_of(conn: &mut PgConnection, ids: &[i64]) -> Result<HashMap<i64, Settings>> {
    let rows = sqlx::query!(
        "SELECT metric_id, section, key, value FROM metric_setting WHERE metric_id = ANY ($1)
         ORDER BY metric_id, section, position",
        ids
    )
    .fetch_all(conn)
    .await?;
    let mut settings: HashMap<i64, Settings> = HashMap::new();
    for row in rows {
        settings.entry(row.metric_id).or_default().push(word(&row.section)?, row.key, row.value);
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

/// Replaces the rows of metrics, given with their ids, not their settings; their revisions rise.
///
/// # Errors
/// That of [`insert`].
pub async fn update(tx: &mut WriteTx<'_>, metrics: &[(i64, MetricRow<'_>)]) -> Result<()> {
    let each = |of: fn(&MetricRow<'_>) -> Option<i64>| metrics.iter().map(|(_, row)| of(row)).collect::<Vec<_>>();
    let ids: Vec<i64> = metrics.iter().map(|(id, _)| *id).collect();
    let executables: Vec<&str> = metrics.iter().map(|(_, row)| row.executable).collect();
    let parents: Vec<&str> = metrics.iter().map(|(_, row)| row.parent).collect();
    sqlx::query!(
        "UPDATE metric SET metric_name_id = n.name_id, tag_id = n.tag_id, metric_type_id = n.type_id,
             probe_version_id = n.probe_version_id, group_id = n.group_id, executable = n.executable, parent = n.parent,
             revision = revision + 1
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
             $8::text[]) AS n (id, name_id, tag_id, type_id, probe_version_id, group_id, executable, parent)
         WHERE metric.id = n.id",
        &ids,
        &each(|row| Some(row.name_id)) as _,
        &each(|row| Some(row.tag_id)) as _,
        &each(|row| Some(row.metric_type_id)) as _,
        &each(|row| row.probe_version_id) as _,
        &each(|row| row.group_id) as _,
        &executables as _,
        &parents as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces all settings of metrics, given with their ids.
pub async fn set_settings(tx: &mut WriteTx<'_>, metrics: &[(i64, &Settings)]) -> Result<()> {
    let ids: Vec<i64> = metrics.iter().map(|(id, _)| *id).collect();
    let (mut of, mut sections, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (id, settings) in metrics {
        for (section, position, setting) in settings.rows() {
            of.push(*id);
            sections.push(section.as_str());
            positions.push(position);
            keys.push(setting.key());
            values.push(setting.value());
        }
    }
    sqlx::query!("DELETE FROM metric_setting WHERE metric_id = ANY ($1)", &ids).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO metric_setting (metric_id, section, position, key, value)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::text[])",
        &of,
        &sections as _,
        &positions,
        &keys as _,
        &values as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes metrics with their settings. Their names stay in the registry.
pub async fn delete(tx: &mut WriteTx<'_>, ids: &[i64]) -> Result<()> {
    sqlx::query!("DELETE FROM metric WHERE id = ANY ($1)", ids).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the ids of the probe versions that metrics use, by the metric's id. Metrics without one are left out.
pub async fn probe_version_ids(conn: &mut PgConnection, ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let rows = sqlx::query!(
        r#"SELECT id, probe_version_id AS "probe_version_id!" FROM metric
           WHERE id = ANY ($1) AND probe_version_id IS NOT NULL"#,
        ids
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.id, row.probe_version_id)).collect())
}

/// The ids of all tags and metric types, by name.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// The ids of the tags.
    pub tags: HashMap<String, i64>,
    /// The ids of the metric types.
    pub types: HashMap<String, i64>,
}

/// Returns the ids of all tags and metric types; there are few.
pub async fn labels(conn: &mut PgConnection) -> Result<Labels> {
    let rows = sqlx::query!(
        r#"SELECT true AS "is_tag!", name AS "name!", id AS "id!" FROM tag
           UNION ALL SELECT false, name, id FROM metric_type"#
    );
    let mut labels = Labels::default();
    for row in rows.fetch_all(conn).await? {
        let names = if row.is_tag { &mut labels.tags } else { &mut labels.types };
        names.insert(row.name, row.id);
    }
    Ok(labels)
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

/// A name of the registry with its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupedName {
    /// The name.
    pub name: String,
    /// The id of its group; `None` without a group.
    pub group_id: Option<i64>,
    /// The name of its group; '' without a group.
    pub group: String,
}

/// Returns those of the names that are in the registry, with their groups.
pub async fn grouped_names(conn: &mut PgConnection, names: &[&str]) -> Result<Vec<GroupedName>> {
    Ok(sqlx::query_as!(
        GroupedName,
        r#"SELECT n.name AS "name!", n.group_id, coalesce(g.name, '') AS "group!"
           FROM metric_name n LEFT JOIN object_group g ON g.kind = n.group_kind AND g.id = n.group_id
           WHERE n.name = ANY ($1)"#,
        names as _
    )
    .fetch_all(conn)
    .await?)
}

/// Moves names of the registry to groups, or out of any; adds the unknown ones. Each name occurs once.
///
/// Returns the ids of the names.
pub async fn put_names(tx: &mut WriteTx<'_>, names: &[(&str, Option<i64>)]) -> Result<HashMap<String, i64>> {
    let (names, group_ids): (Vec<&str>, Vec<Option<i64>>) = names.iter().copied().unzip();
    let rows = sqlx::query!(
        "INSERT INTO metric_name (name, group_id) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (name) DO UPDATE SET group_id = excluded.group_id
         RETURNING name, id",
        &names as _,
        &group_ids as _
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.name, row.id)).collect())
}
