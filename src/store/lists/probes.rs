//! The list of probes.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "versions", "description", "group"];
/// The default order: by name.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "name", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeRow {
    /// The probe's id.
    pub id: i64,
    /// The probe's name.
    pub name: String,
    /// The number of its versions.
    pub versions: i64,
    /// The current description.
    pub description: String,
    /// The name of its group; '' without a group.
    pub group: String,
}

/// Returns a page of probes. Searches the name. Filters: `group`, and `mine` by [`super::YES`] and [`super::NO`].
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<ProbeRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT id, name, description, versions AS "versions!", group_name AS "group_name!",
                  total AS "total!", page.number AS "page!"
           FROM (
               SELECT p.id, p.name, p.description, coalesce(v.versions, 0) AS versions,
                      coalesce(g.name, '') AS group_name, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.number, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(p.name COLLATE "C"), p.name COLLATE "C", p.id) AS place
               FROM probe p
               LEFT JOIN object_group g ON g.kind = p.group_kind AND g.id = p.group_id
               LEFT JOIN (SELECT object_id, count(*) AS versions FROM version WHERE kind = 'probe' GROUP BY object_id) v
                   ON v.object_id = p.id
               CROSS JOIN LATERAL (SELECT
                   CASE $1 WHEN 'versions' THEN coalesce(v.versions, 0) END AS number,
                   CASE $1
                   WHEN 'name' THEN p.name
                   WHEN 'description' THEN p.description
                   WHEN 'group' THEN coalesce(g.name, '') END AS key) k
               WHERE p.name ~ ALL ($5)
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
        |record| ProbeRow {
            id: record.id,
            name: record.name,
            versions: record.versions,
            description: record.description,
            group: record.group_name,
        },
    ))
}

/// Returns the names of all probes, case-insensitively in order.
pub async fn names(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT name FROM probe ORDER BY lower(name COLLATE "C"), name COLLATE "C""#)
        .fetch_all(conn)
        .await?)
}
