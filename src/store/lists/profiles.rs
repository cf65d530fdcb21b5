//! The list of profiles.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::domain::model::object_kind::ObjectKind;
use crate::store::{Result, needs};

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["name", "vo", "description", "group"];
/// The default order: by name.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "name", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileListRow {
    /// The profile's id.
    pub id: i64,
    /// The profile's name, without its version.
    pub name: String,
    /// The name of the VO that owns it.
    pub vo: String,
    /// The description; '' without one.
    pub description: String,
    /// The name of its group; '' without a group.
    pub group: String,
}

/// Returns a page of profiles. Searches name and VO.
///
/// Filters: `vo`, `group`, `needs` (one of the view `need`), and `mine` by [`super::YES`] and [`super::NO`].
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<ProfileListRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let needing = needs::objects(conn, ObjectKind::Profile, params.filter("needs")).await?;
    let records = sqlx::query!(
        r#"SELECT id, name, vo, description AS "description!", group_name AS "group_name!",
                  total AS "total!", page.number AS "page!"
           FROM (
               SELECT p.id, p.name, p.vo, coalesce(p.description, '') AS description,
                      coalesce(g.name, '') AS group_name, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(p.name COLLATE "C"), p.name COLLATE "C", p.version COLLATE "C", p.id) AS place
               FROM profile p
               LEFT JOIN object_group g ON g.kind = p.group_kind AND g.id = p.group_id
               CROSS JOIN LATERAL (SELECT CASE $1
                   WHEN 'name' THEN p.name
                   WHEN 'vo' THEN p.vo
                   WHEN 'description' THEN coalesce(p.description, '')
                   WHEN 'group' THEN coalesce(g.name, '') END AS key) k
               WHERE concat_ws(' ', p.name, p.vo) ~ ALL ($5)
                 AND ($6 = '' OR p.vo = $6)
                 AND ($7 = '' OR g.name = $7 OR ($7 = '-' AND g.name IS NULL))
                 AND ($8::boolean IS NULL OR coalesce(g.name = ANY ($9), false) = $8)
                 AND ($10::bigint[] IS NULL OR p.id = ANY ($10))
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
        params.filter_text("vo"),
        params.filter_text("group"),
        params.flag("mine"),
        params.own_groups,
        needing.as_deref()
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
        records,
        |record| (record.total, record.page),
        |record| ProfileListRow {
            id: record.id,
            name: record.name,
            vo: record.vo,
            description: record.description,
            group: record.group_name,
        },
    ))
}

/// Returns the VOs that own profiles, case-insensitively by name.
pub async fn vos(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT vo FROM profile GROUP BY vo ORDER BY lower(vo COLLATE "C"), vo COLLATE "C""#)
        .fetch_all(conn)
        .await?)
}
