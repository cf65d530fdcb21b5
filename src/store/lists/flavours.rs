//! The list of service flavours, with their uses.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "uses", "description"];
/// The default order: unused flavours first.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "uses", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlavourRow {
    /// The name.
    pub name: String,
    /// The description; '' without one.
    pub description: String,
    /// The number of tuples of profiles.
    pub tuples: i64,
    /// The number of services of this type.
    pub services: i64,
}

/// Returns a page of service flavours. Searches the name.
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<FlavourRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT name, description AS "description!", tuples AS "tuples!", services AS "services!",
                  total AS "total!", page.number AS "page!"
           FROM (
               SELECT f.name, u.description, u.tuples, u.services, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.number, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(f.name COLLATE "C"), f.name COLLATE "C") AS place
               FROM service_flavour f
               LEFT JOIN (SELECT service_flavour, count(*) AS number FROM metric_instance GROUP BY service_flavour) i
                   ON i.service_flavour = f.name
               LEFT JOIN (SELECT service_type, count(*) AS number FROM service GROUP BY service_type) s
                   ON s.service_type = f.name
               CROSS JOIN LATERAL (SELECT coalesce(f.description, '') AS description, coalesce(i.number, 0) AS tuples,
                                          coalesce(s.number, 0) AS services) u
               CROSS JOIN LATERAL (
                   SELECT CASE $1 WHEN 'name' THEN f.name WHEN 'description' THEN u.description ELSE '' END AS key,
                          CASE $1 WHEN 'uses' THEN u.tuples + u.services ELSE 0 END AS number) k
               WHERE f.name ~ ALL ($5)
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
        |record| FlavourRow {
            name: record.name,
            description: record.description,
            tuples: record.tuples,
            services: record.services,
        },
    ))
}
