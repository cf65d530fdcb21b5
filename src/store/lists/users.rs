//! The list of users.

use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::store::Result;

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["username", "first_name", "last_name", "email", "staff", "superuser"];
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
}

/// Returns a page of users. Searches the names and the e-mail address.
///
/// Filters: `superuser` and `staff`, by [`super::YES`] and [`super::NO`].
pub async fn list(conn: &mut PgConnection, params: &ListParams<'_>) -> Result<Rows<UserRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let records = sqlx::query!(
        r#"SELECT id, username, first_name, last_name, email, is_staff, is_superuser,
                  total AS "total!", page.number AS "page!"
           FROM (
               SELECT u.id, u.username, u.first_name, u.last_name, u.email, u.is_staff, u.is_superuser,
                      count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.flag, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(u.username COLLATE "C"), u.username COLLATE "C", u.id) AS place
               FROM app_user u
               CROSS JOIN LATERAL (SELECT
                   CASE $1
                   WHEN 'staff' THEN u.is_staff
                   WHEN 'superuser' THEN u.is_superuser END AS flag,
                   CASE $1
                   WHEN 'username' THEN u.username
                   WHEN 'first_name' THEN u.first_name
                   WHEN 'last_name' THEN u.last_name
                   WHEN 'email' THEN u.email END AS key) k
               WHERE concat_ws(' ', u.username, u.email, u.first_name, u.last_name) ~ ALL ($5)
                 AND ($6::boolean IS NULL OR u.is_superuser = $6)
                 AND ($7::boolean IS NULL OR u.is_staff = $7)
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
        params.flag("staff")
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
        },
    ))
}
