//! The list of API keys.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{ListParams, Order, Rows};
use crate::domain::model::object_kind::ObjectKind;
use crate::store::{Result, needs};

/// The columns that the list can be sorted by.
pub const SORTS: &[&str] = &["client", "created", "revoked", "used", "creator"];
/// The default order: newest first.
pub const DEFAULT_ORDER: Order<'static> = Order { column: "created", descending: true };

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// The key's id.
    pub id: i64,
    /// The name of its client.
    pub client: String,
    /// The time when the current token was created.
    pub created: DateTime<Utc>,
    /// The key is refused permanently.
    pub revoked: bool,
    /// The time of the last use, a minute late at most; `None` if it was not used since that is recorded.
    pub last_used: Option<DateTime<Utc>>,
    /// The name of the user or command that has added it; '' if the log does not say.
    pub creator: String,
}

/// Returns a page of API keys. Searches the client.
///
/// Filters: `revoked`, by [`super::YES`] and [`super::NO`]; `needs`, one of the view `need`.
/// With `since`, only keys that were created at that time or later.
pub async fn list(
    conn: &mut PgConnection,
    params: &ListParams<'_>,
    since: Option<DateTime<Utc>>,
) -> Result<Rows<ApiKeyRow>> {
    let order = params.order(SORTS, DEFAULT_ORDER);
    let needing = needs::objects(conn, ObjectKind::ApiKey, params.filter("needs")).await?;
    let records = sqlx::query!(
        r#"SELECT id, client, created, revoked, last_used AS "last_used?", creator AS "creator!", total AS "total!", page.number AS "page!"
           FROM (
               SELECT a.id, a.client, a.created, a.revoked, u.last_used, coalesce(e.username, '') AS creator,
                      count(*) OVER () AS total,
                      row_number() OVER (ORDER BY k.moment, k.flag, lower(k.key COLLATE "C"), k.key COLLATE "C",
                          lower(a.client COLLATE "C"), a.client COLLATE "C", a.id) AS place
               FROM api_key a
               LEFT JOIN api_key_use u ON u.api_key_id = a.id
               LEFT JOIN (SELECT DISTINCT ON (object_id) object_id, username FROM log_entry
                          WHERE object_kind = 'apikey' AND action = 'add' ORDER BY object_id, id DESC) e
                   ON e.object_id = a.id::text
               CROSS JOIN LATERAL (SELECT
                   CASE $1
                   WHEN 'created' THEN a.created
                   WHEN 'used' THEN coalesce(u.last_used, '-infinity') END AS moment,
                   CASE $1 WHEN 'revoked' THEN a.revoked END AS flag,
                   CASE $1
                   WHEN 'client' THEN a.client
                   WHEN 'creator' THEN coalesce(e.username, '') END AS key) k
               WHERE a.client ~ ALL ($5)
                 AND ($6::boolean IS NULL OR a.revoked = $6)
                 AND ($7::timestamptz IS NULL OR a.created >= $7)
                 AND ($8::bigint[] IS NULL OR a.id = ANY ($8))
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
        params.flag("revoked"),
        since,
        needing.as_deref()
    )
    .fetch_all(conn)
    .await?;
    Ok(Rows::of(
        records,
        |record| (record.total, record.page),
        |record| ApiKeyRow {
            id: record.id,
            client: record.client,
            created: record.created,
            revoked: record.revoked,
            last_used: record.last_used,
            creator: record.creator,
        },
    ))
}
