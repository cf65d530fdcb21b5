//! The list of metrics.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "tag", "probe", "group"];
/// The default order: by name.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "name", descending: false };

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
}

/// Returns a page of metrics. Searches the name. Filters: `tag`, `group`.
///
/// Labels are read from JSON, which is slow: they are computed once per version (`OFFSET 0` keeps PostgreSQL from
/// computing them once per comparison), and only if the list is sorted by them.
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<MetricListRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT m.id, n.name, t.name AS tag, v.object_id AS "probe_id?", m.probe_version_id,
                  CASE WHEN v.id IS NULL THEN '' ELSE format('%s (%s)', v.content ->> 'name', v.content ->> 'version') END
                      AS "probe!",
                  coalesce(g.name, '') AS "group_name!", total AS "total!", page.number AS "page!"
           FROM (
               SELECT m.id, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(n.name COLLATE "C"), n.name COLLATE "C", t.name COLLATE "C", m.id) AS place
               FROM metric m
               JOIN metric_name n ON n.id = m.metric_name_id
               JOIN tag t ON t.id = m.tag_id
               LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
               LEFT JOIN (SELECT v.id, format('%s (%s)', v.content ->> 'name', v.content ->> 'version') AS probe
                          FROM version v WHERE v.kind = 'probe' AND $1 = 'probe' OFFSET 0) label
                   ON label.id = m.probe_version_id
               CROSS JOIN LATERAL (SELECT CASE $1
                   WHEN 'name' THEN n.name
                   WHEN 'tag' THEN t.name
                   WHEN 'probe' THEN coalesce(label.probe, '')
                   WHEN 'group' THEN coalesce(g.name, '') END AS key) k
               WHERE n.name ~ ALL ($5)
                 AND ($6 = '' OR t.name = $6)
                 AND ($7 = '' OR g.name = $7 OR ($7 = '-' AND g.name IS NULL))
           ) found
           CROSS JOIN LATERAL (SELECT CASE WHEN $2 THEN total + 1 - place ELSE place END AS place) turned
           CROSS JOIN LATERAL (SELECT least($3::bigint, (total - 1) / $4::bigint + 1) AS number) page
           JOIN metric m ON m.id = found.id
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
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
        params.filter_text("group")
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
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
        },
    ))
}
