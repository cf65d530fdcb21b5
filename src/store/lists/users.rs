//! The list of users.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] =
    &["username", "first_name", "last_name", "email", "staff", "superuser", "active", "last_login", "groups"];
/// The default order: by username.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "username", descending: false };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The user's id.
    pub id: i64,
    /// The name for the login.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The e-mail address; may be empty.
    pub email: String,
    /// The user may log in, if the account is active.
    pub is_staff: bool,
    /// The user may do everything.
    pub is_superuser: bool,
    /// The account is active: an inactive one cannot log in.
    pub is_active: bool,
    /// The time of the last login; `None` before the first.
    pub last_login: Option<DateTime<Utc>>,
    /// The names of the user's groups of all kinds, each once, separated by commas; '' without groups, or if the column is
    /// not shown.
    pub groups: String,
}

/// Returns a page of users. Searches the names and the e-mail address.
///
/// Filters: `superuser`, `staff` and `active`, by [`super::YES`] and [`super::NO`].
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<UserRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT id, username, first_name, last_name, email, is_staff, is_superuser, is_active, last_login,
                  coalesce(groups, '') AS "groups!",
                  total AS "total!", page.number AS "page!"
           FROM (
               SELECT u.id, u.username, u.first_name, u.last_name, u.email, u.is_staff, u.is_superuser, u.is_active,
                      u.last_login, m.groups, count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.flag, k.moment, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(u.username COLLATE "C"), u.username COLLATE "C", u.id) AS place
               FROM app_user u
               LEFT JOIN (SELECT e.user_id,
                                 string_agg(DISTINCT g.name COLLATE "C", ', ' ORDER BY g.name COLLATE "C") AS groups
                          FROM group_member e JOIN object_group g ON g.kind = e.kind AND g.id = e.group_id
                          WHERE $9 GROUP BY e.user_id) m ON m.user_id = u.id
               CROSS JOIN LATERAL (SELECT
                   CASE $1
                   WHEN 'staff' THEN u.is_staff
                   WHEN 'superuser' THEN u.is_superuser
                   WHEN 'active' THEN u.is_active END AS flag,
                   CASE $1 WHEN 'last_login' THEN coalesce(u.last_login, '-infinity') END AS moment,
                   CASE $1
                   WHEN 'username' THEN u.username
                   WHEN 'first_name' THEN u.first_name
                   WHEN 'last_name' THEN u.last_name
                   WHEN 'email' THEN u.email
                   WHEN 'groups' THEN coalesce(m.groups, '') END AS key) k
               WHERE concat_ws(' ', u.username, u.email, u.first_name, u.last_name) ~ ALL ($5)
                 AND ($6::boolean IS NULL OR u.is_superuser = $6)
                 AND ($7::boolean IS NULL OR u.is_staff = $7)
                 AND ($8::boolean IS NULL OR u.is_active = $8)
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
        params.flag("superuser"),
        params.flag("staff"),
        params.flag("active"),
        params.shows("groups")
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
        records,
        |record| (record.total, record.page),
        |record| UserRow {
            id: record.id,
            username: record.username,
            first_name: record.first_name,
            last_name: record.last_name,
            email: record.email,
            is_staff: record.is_staff,
            is_superuser: record.is_superuser,
            is_active: record.is_active,
            last_login: record.last_login,
            groups: record.groups,
        },
    ))
}
