//! The list of services: each service with the metrics that profiles have for its type, and their probes.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
///
/// By `metrics` and `probes`, services are sorted by their first metric or probe; those without any come last.
pub const SORTS: &[&str] = &["area", "name", "type", "metrics", "probes"];
/// The default order: by area.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "area", descending: false };

/// A service with one of its metrics, or without any. The lines of a service are consecutive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// The service's id, a text.
    pub service_id: String,
    /// The service area.
    pub area: String,
    /// The service's name.
    pub name: String,
    /// The service type, which profiles call service flavour.
    pub service_type: String,
    /// The metric's name; '' if no profile has a metric for this type.
    pub metric: String,
    /// The label of the probe version, like `ams-probe (0.1.7)`; '' without one.
    ///
    /// If metrics with the same name use different versions under different tags, each version has a line.
    pub probe: String,
    /// The id of the probe; `None` without one.
    pub probe_id: Option<i64>,
    /// The id of the probe version; `None` without one.
    pub probe_version_id: Option<i64>,
}

/// Returns a page of services with all their lines; page size and total count services, not lines.
///
/// Searches all columns together. A service that is found only by a metric or probe has only the matching lines.
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<ServiceLine>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"WITH label AS (
               SELECT v.id, v.object_id, format('%s (%s)', v.content ->> 'name', v.content ->> 'version') AS probe
               FROM version v
               WHERE v.kind = 'probe' AND v.id IN (SELECT probe_version_id FROM metric)
               OFFSET 0
           ), usage AS (
               SELECT i.service_flavour, n.name AS metric, coalesce(l.probe, '') AS probe, l.object_id AS probe_id,
                      l.id AS probe_version_id
               FROM (SELECT DISTINCT service_flavour, metric_name_id FROM metric_instance) i
               JOIN metric_name n ON n.id = i.metric_name_id
               LEFT JOIN (SELECT DISTINCT metric_name_id, probe_version_id FROM metric
                          WHERE probe_version_id IS NOT NULL) m ON m.metric_name_id = n.id
               LEFT JOIN label l ON l.id = m.probe_version_id
           ), flavour AS (
               SELECT service_flavour, min(lower(metric COLLATE "C")) AS metric,
                      min(lower(nullif(probe, '') COLLATE "C")) AS probe
               FROM usage WHERE $1 IN ('metrics', 'probes') GROUP BY service_flavour
           ), service_found AS (
               SELECT s.id, s.service_area, s.service_name, s.service_type,
                      concat_ws(' ', s.service_area, s.service_name, s.service_type) ~ ALL ($5) AS is_found
               FROM service s
           ), placed AS (
               SELECT s.*, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(s.service_area COLLATE "C"), s.service_area COLLATE "C",
                          lower(s.service_name COLLATE "C"), s.service_name COLLATE "C",
                          lower(s.service_type COLLATE "C"), s.service_type COLLATE "C", s.id COLLATE "C") AS place
               FROM service_found s
               LEFT JOIN flavour f ON f.service_flavour = s.service_type
               CROSS JOIN LATERAL (SELECT CASE $1
                   WHEN 'area' THEN s.service_area
                   WHEN 'name' THEN s.service_name
                   WHEN 'type' THEN s.service_type
                   WHEN 'metrics' THEN f.metric
                   WHEN 'probes' THEN f.probe END AS key) k
               WHERE s.is_found OR EXISTS (SELECT FROM usage u WHERE u.service_flavour = s.service_type AND
                  concat_ws(' ', s.service_area, s.service_name, s.service_type, u.metric, u.probe) ~ ALL ($5))
           )
           SELECT s.id, s.service_area, s.service_name, s.service_type, coalesce(u.metric, '') AS "metric!",
                  coalesce(u.probe, '') AS "probe!", u.probe_id AS "probe_id?", u.probe_version_id AS "probe_version_id?",
                  s.total AS "total!", page.number AS "page!"
           FROM placed s
           CROSS JOIN LATERAL (SELECT CASE WHEN $2 THEN s.total + 1 - s.place ELSE s.place END AS place) turned
           CROSS JOIN LATERAL (SELECT least($3::bigint, (s.total - 1) / $4::bigint + 1) AS number) page
           LEFT JOIN usage u ON u.service_flavour = s.service_type AND (s.is_found OR
                  concat_ws(' ', s.service_area, s.service_name, s.service_type, u.metric, u.probe) ~ ALL ($5))
           WHERE (turned.place - 1) / $4 + 1 = page.number
           ORDER BY turned.place, lower(u.metric COLLATE "C"), u.metric COLLATE "C", u.probe COLLATE "C",
                    u.probe_version_id"#,
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
        |record| ServiceLine {
            service_id: record.id,
            area: record.service_area,
            name: record.service_name,
            service_type: record.service_type,
            metric: record.metric,
            probe: record.probe,
            probe_id: record.probe_id,
            probe_version_id: record.probe_version_id,
        },
    ))
}
