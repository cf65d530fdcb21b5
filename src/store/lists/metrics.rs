//! The list of metrics.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "tag", "probe", "group", "type", "parent", PROFILES, CHANGED];
/// The default order: by name.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "name", descending: false };
/// The optional column of the number of profiles, which is counted only if it is shown.
const PROFILES: &str = "profiles";
/// The optional column of the last change, which is looked up only if it is shown.
const CHANGED: &str = "changed";

/// The filters that [`matching`] looks up.
const MATCHED: [&str; 6] = ["type", "probe", "needs", "parent", "profiles", "mine"];

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricListRow {
    /// The metric's id.
    pub id: i64,
    /// The metric's name.
    pub name: String,
    /// The metric's tag.
    pub tag: String,
    /// The label of the probe version it uses, like `ams-probe (0.1.7)`; '' without one.
    pub probe: String,
    /// The id of the probe; `None` without one.
    pub probe_id: Option<i64>,
    /// The id of the probe version; `None` without one.
    pub probe_version_id: Option<i64>,
    /// The name of its group; '' without a group.
    pub group: String,
    /// Its type: Active or Passive.
    pub metric_type: String,
    /// The name of its parent; '' without one.
    pub parent: String,
    /// The number of profiles that have its name; 0 if the column is not shown.
    pub profiles: i64,
    /// The time of its newest version; `None` if the column is not shown.
    pub changed: Option<DateTime<Utc>>,
}

/// Returns a page of metrics. Searches the name.
///
/// Filters: `tag`, `group`, and those of `matching`.
///
/// Labels are read from JSON, which is slow: they are computed once per version (`OFFSET 0` keeps PostgreSQL from
/// computing them once per comparison), and only if the list is sorted by them. What is not always asked for is in queries
/// of its own, because with it every list would take longer to plan.
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<MetricListRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let matching = matching(conn, params).await?;
    let figures = figures(conn, params).await?;
    let keys = figures.iter().filter_map(|figures| Some((figures.id.to_string(), figures.key(order)?.into())));
    // Looked up by id: a join with as many rows, whose number PostgreSQL cannot know, would compare each with each.
    let keys = Value::Object(keys.collect());
    let records = sqlx::query!(
        r#"SELECT m.id, n.name, t.name AS tag, v.object_id AS "probe_id?", m.probe_version_id,
                  CASE WHEN v.id IS NULL THEN '' ELSE format('%s (%s)', v.content ->> 'name', v.content ->> 'version') END
                      AS "probe!",
                  coalesce(g.name, '') AS "group_name!", y.name AS metric_type, m.parent, total AS "total!",
                  page.number AS "page!"
           FROM (
               SELECT m.id, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.figure, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(n.name COLLATE "C"), n.name COLLATE "C", t.name COLLATE "C", m.id) AS place
               FROM metric m
               JOIN metric_name n ON n.id = m.metric_name_id
               JOIN tag t ON t.id = m.tag_id
               LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
               LEFT JOIN (SELECT v.id, format('%s (%s)', v.content ->> 'name', v.content ->> 'version') AS probe
                          FROM version v WHERE v.kind = 'probe' AND $1 = 'probe' OFFSET 0) label
                   ON label.id = m.probe_version_id
               CROSS JOIN LATERAL (SELECT
                   CASE WHEN $1 IN ('profiles', 'changed') THEN ($9::jsonb ->> m.id::text)::bigint END AS figure,
                   CASE $1
                   WHEN 'name' THEN n.name
                   WHEN 'tag' THEN t.name
                   WHEN 'probe' THEN coalesce(label.probe, '')
                   WHEN 'group' THEN coalesce(g.name, '')
                   WHEN 'type' THEN (SELECT y.name FROM metric_type y WHERE y.id = m.metric_type_id)
                   WHEN 'parent' THEN m.parent END AS key) k
               WHERE n.name ~ ALL ($5)
                 AND ($6 = '' OR t.name = $6)
                 AND ($7 = '' OR g.name = $7 OR ($7 = '-' AND g.name IS NULL))
                 AND ($8::bigint[] IS NULL OR m.id = ANY ($8))
           ) found
           CROSS JOIN LATERAL (SELECT CASE WHEN $2 THEN total + 1 - place ELSE place END AS place) turned
           CROSS JOIN LATERAL (SELECT least($3::bigint, (total - 1) / $4::bigint + 1) AS number) page
           JOIN metric m ON m.id = found.id
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           JOIN metric_type y ON y.id = m.metric_type_id
           LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
           LEFT JOIN version v ON v.id = m.probe_version_id
           WHERE (turned.place - 1) / $4 + 1 = page.number
           ORDER BY turned.place"#,
        order.column,
        order.descending,
        params.page(),
        params.page_size(),
        &params.search_patterns(),
        params.filter_text("tag"),
        params.filter_text("group"),
        matching.as_deref(),
        keys
    )
    .fetch_all(conn)
    .await?;
    let page = Rows::of(
        records,
        |record| (record.total, record.page),
        |record| MetricListRow {
            id: record.id,
            name: record.name,
            tag: record.tag,
            probe: record.probe,
            probe_id: record.probe_id,
            probe_version_id: record.probe_version_id,
            group: record.group_name,
            metric_type: record.metric_type,
            parent: record.parent,
            profiles: 0,
            changed: None,
        },
    );
    Ok(with_figures(page, figures))
}

/// Returns the ids of the metrics that match the filters `type`, `probe` (the name of the probe, whatever the version, or
/// [`super::WITHOUT_PROBE`]), `needs` (one of the view `need`), and by [`super::YES`] and [`super::NO`] `parent`,
/// `profiles` and `mine`; `None` if none of these is on.
async fn matching(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Option<Vec<i64>>> {
    if !MATCHED.iter().any(|filter| params.filter(filter).is_some()) {
        return Ok(None);
    }
    let ids = sqlx::query_scalar!(
        "SELECT m.id FROM metric m
         JOIN metric_type y ON y.id = m.metric_type_id
         LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
         LEFT JOIN version v ON v.id = m.probe_version_id
         LEFT JOIN probe p ON p.id = v.object_id
         WHERE ($1 = '' OR p.name = $1 OR ($1 = '-' AND p.id IS NULL))
           AND ($2::boolean IS NULL OR (m.metric_name_id IN (SELECT metric_name_id FROM metric_instance)) = $2)
           AND ($3 = '' OR m.id IN (SELECT object_id FROM need WHERE kind = 'metric' AND need = $3))
           AND ($4 = '' OR y.name = $4)
           AND ($5::boolean IS NULL OR (m.parent <> '') = $5)
           AND ($6::boolean IS NULL OR coalesce(g.name = ANY ($7), false) = $6)",
        params.filter_text("probe"),
        params.flag("profiles"),
        params.filter_text("needs"),
        params.filter_text("type"),
        params.flag("parent"),
        params.flag("mine"),
        params.own_groups
    );
    Ok(Some(ids.fetch_all(conn).await?))
}

/// The figures of a metric that are shown on request.
struct Figures {
    id: i64,
    profiles: i64,
    changed: Option<DateTime<Utc>>,
}

impl Figures {
    /// Returns the figure that the list is sorted by; `None` if it is sorted by something else.
    fn key(&self, order: Order<'_>) -> Option<i64> {
        match order.column {
            PROFILES => Some(self.profiles),
            CHANGED => Some(self.changed.map_or(i64::MIN, |changed| changed.timestamp_micros())),
            _ => None,
        }
    }
}

/// Returns the figures of all metrics, of which some are shown; nothing if neither column is.
async fn figures(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Vec<Figures>> {
    let (with_profiles, with_changes) = (params.shows(PROFILES), params.shows(CHANGED));
    if !with_profiles && !with_changes {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        Figures,
        r#"SELECT m.id, coalesce(used.profiles, 0) AS "profiles!", newest.changed AS "changed?"
           FROM metric m
           LEFT JOIN (SELECT metric_name_id, count(DISTINCT profile_id) AS profiles FROM metric_instance
                      WHERE $1 GROUP BY metric_name_id) used ON used.metric_name_id = m.metric_name_id
           LEFT JOIN (SELECT object_id, max(created) AS changed FROM version
                      WHERE kind = 'metric' AND $2 GROUP BY object_id) newest ON newest.object_id = m.id"#,
        with_profiles,
        with_changes
    )
    .fetch_all(conn)
    .await?)
}

fn with_figures(mut page: Rows<MetricListRow>, figures: Vec<Figures>) -> Rows<MetricListRow> {
    let mut by_id: HashMap<i64, Figures> = figures.into_iter().map(|figures| (figures.id, figures)).collect();
    for row in &mut page.rows {
        if let Some(figures) = by_id.remove(&row.id) {
            (row.profiles, row.changed) = (figures.profiles, figures.changed);
        }
    }
    page
}
