//! Virtual organisations: a list that comes from outside.

use sqlx::PgConnection;

use super::Result;

pub async fn exists(conn: &mut PgConnection, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM vo WHERE name = $1) AS "exists!""#, name)
        .fetch_one(conn)
        .await?)
}
