//! The list of aggregation profiles.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "group"];
/// The default order: by name.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "name", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregationListRow {
    /// The aggregation's id.
    pub id: i64,
    /// The aggregation's name.
    pub name: String,
    /// The name of its group; '' without a group.
    pub group: String,
    /// Since when the ARGO WEB-API does not have it; `None` if it has, or is not configured.
    pub missing_since: Option<DateTime<Utc>>,
}

/// Returns a page of aggregations. Searches the name. Filters: `group`, and `mine` by [`super::YES`] and [`super::NO`].
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<AggregationListRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT id, name, missing_since, group_name AS "group_name!", total AS "total!", page.number AS "page!"
           FROM (
               SELECT a.id, a.name, a.missing_since, coalesce(g.name, '') AS group_name, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(a.name COLLATE "C"), a.name COLLATE "C", a.id) AS place
               FROM aggregation a
               LEFT JOIN object_group g ON g.kind = a.group_kind AND g.id = a.group_id
               CROSS JOIN LATERAL (SELECT CASE $1
                   WHEN 'name' THEN a.name
                   WHEN 'group' THEN coalesce(g.name, '') END AS key) k
               WHERE a.name ~ ALL ($5)
                 AND ($6 = '' OR g.name = $6 OR ($6 = '-' AND g.name IS NULL))
                 AND ($7::boolean IS NULL OR coalesce(g.name = ANY ($8), false) = $7)
           ) found
           CROSS JOIN LATERAL (SELECT CASE WHEN $2 THEN total + 1 - place ELSE place END AS place) turned
           CROSS JOIN LATERAL (SELECT least($3::bigint, (total - 1) / $4::bigint + 1) AS number) page
           WHERE (turned.place - 1) / $4 + 1 = page.number
           ORDER BY turned.place"#,
        order.column,
        order.descending,
        params.page(),
        params.page_size(),
        &params.search_patterns(),
        params.filter_text("group"),
        params.flag("mine"),
        params.own_groups
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
        records,
        |record| (record.total, record.page),
        |record| AggregationListRow {
            id: record.id,
            name: record.name,
            group: record.group_name,
            missing_since: record.missing_since,
        },
    ))
}
