//! The lists of groups, one for each kind.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::domain::model::group_kind::GroupKind;
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "members", "users"];
/// The default order: by name.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "name", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// The group's id, unique in its kind.
    pub id: i64,
    /// The group's name.
    pub name: String,
    /// The number of its objects; of a group of metrics, names of the registry.
    pub members: i64,
    /// The number of users who may change these objects.
    pub users: i64,
}

/// Returns a page of the groups of a kind. Searches the name.
pub async fn list(conn: &mut PgConnection, kind: GroupKind, params: &ListParams<'_>) -> Result<Rows<GroupRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"WITH held AS (
               SELECT group_id, count(*) AS members FROM object WHERE group_kind = $6 GROUP BY group_id
           ), trusted AS (SELECT group_id, count(*) AS users FROM group_member WHERE kind = $6 GROUP BY group_id)
           SELECT id, name, members AS "members!", users AS "users!", total AS "total!", page.number AS "page!"
           FROM (
               SELECT g.id, g.name, counted.members, counted.users, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.number, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(g.name COLLATE "C"), g.name COLLATE "C", g.id) AS place
               FROM object_group g
               LEFT JOIN held ON held.group_id = g.id
               LEFT JOIN trusted ON trusted.group_id = g.id
               CROSS JOIN LATERAL (SELECT coalesce(held.members, 0) AS members, coalesce(trusted.users, 0) AS users)
                   counted
               CROSS JOIN LATERAL (SELECT
                   CASE $1 WHEN 'members' THEN counted.members WHEN 'users' THEN counted.users END AS number,
                   CASE $1 WHEN 'name' THEN g.name END AS key) k
               WHERE g.kind = $6 AND g.name ~ ALL ($5)
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
        kind.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
        records,
        |record| (record.total, record.page),
        |record| GroupRow { id: record.id, name: record.name, members: record.members, users: record.users },
    ))
}
