//! The list of the metric names of the registry, with their uses.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "uses", "group"];
/// The default order: unused names first.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "uses", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricNameRow {
    /// The id of the name.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The number of metrics with this name.
    pub metrics: i64,
    /// The number of tuples of profiles.
    pub tuples: i64,
    /// The number of metrics that name it as parent or dependency.
    pub mentions: i64,
    /// The name of its group; '' without a group.
    pub group: String,
}

/// Returns a page of metric names. Searches the name.
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<MetricNameRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT id, name, metrics AS "metrics!", tuples AS "tuples!", mentions AS "mentions!",
                  group_name AS "group_name!", total AS "total!", page.number AS "page!"
           FROM (
               SELECT n.id, n.name, u.metrics, u.tuples, u.mentions, u.group_name, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.number, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(n.name COLLATE "C"), n.name COLLATE "C", n.id) AS place
               FROM metric_name n
               LEFT JOIN object_group g ON g.kind = n.group_kind AND g.id = n.group_id
               LEFT JOIN (SELECT metric_name_id, count(*) AS number FROM metric GROUP BY metric_name_id) m
                   ON m.metric_name_id = n.id
               LEFT JOIN (SELECT metric_name_id, count(*) AS number FROM metric_instance GROUP BY metric_name_id) i
                   ON i.metric_name_id = n.id
               LEFT JOIN (
                   SELECT name, count(*) AS number
                   FROM (SELECT parent AS name FROM metric
                         UNION ALL SELECT key FROM metric_setting WHERE section = 'dependency') mentioned
                   GROUP BY name
               ) d ON d.name = n.name
               CROSS JOIN LATERAL (SELECT coalesce(m.number, 0) AS metrics, coalesce(i.number, 0) AS tuples,
                                          coalesce(d.number, 0) AS mentions, coalesce(g.name, '') AS group_name) u
               CROSS JOIN LATERAL (
                   SELECT CASE $1 WHEN 'name' THEN n.name WHEN 'group' THEN u.group_name ELSE '' END AS key,
                          CASE $1 WHEN 'uses' THEN u.metrics + u.tuples + u.mentions ELSE 0 END AS number) k
               WHERE n.name ~ ALL ($5)
           ) found
           CROSS JOIN LATERAL (SELECT CASE WHEN $2 THEN total + 1 - place ELSE place END AS place) turned
           CROSS JOIN LATERAL (SELECT least($3::bigint, (total - 1) / $4::bigint + 1) AS number) page
           WHERE (turned.place - 1) / $4 + 1 = page.number
           ORDER BY turned.place"#,
        order.column,
        order.descending,
        params.page(),
        params.page_size(),
        &params.search_patterns()
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
        records,
        |record| (record.total, record.page),
        |record| MetricNameRow {
            id: record.id,
            name: record.name,
            metrics: record.metrics,
            tuples: record.tuples,
            mentions: record.mentions,
            group: record.group_name,
        },
    ))
}
