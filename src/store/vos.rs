//! Virtual organisations: an imported list.

use sqlx::PgConnection;

use super::Result;

/// Returns true if a VO with this name is listed.
pub async fn exists(conn: &mut PgConnection, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM vo WHERE name = $1) AS "exists!""#, name)
        .fetch_one(conn)
        .await?)
}
