//! Users of a tenant.

use sqlx::PgConnection;

use super::Result;

/// Every username, in code point order.
pub async fn usernames(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT username FROM app_user ORDER BY username COLLATE "C""#).fetch_all(conn).await?)
}

/// The id of the user with this name.
pub async fn id_of(conn: &mut PgConnection, username: &str) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT id FROM app_user WHERE username = $1", username).fetch_optional(conn).await?)
}

/// Adds a superuser unless the name is taken; gives the new id.
pub async fn insert_superuser(
    conn: &mut PgConnection,
    username: &str,
    password_hash: &str,
    email: &str,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO app_user (username, password, email, is_superuser) VALUES ($1, $2, $3, true)
         ON CONFLICT (username) DO NOTHING RETURNING id",
        username,
        password_hash,
        email
    )
    .fetch_optional(conn)
    .await?)
}

/// Removes the users with these names, and their sessions.
pub async fn delete_by_name(conn: &mut PgConnection, usernames: &[String]) -> Result<()> {
    sqlx::query!("DELETE FROM app_user WHERE username = ANY ($1)", usernames).execute(conn).await?;
    Ok(())
}

/// Gives every user a new id above `highest`; ends their sessions. For users that nothing else refers to.
pub async fn move_above(conn: &mut PgConnection, highest: i64) -> Result<()> {
    sqlx::query!("DELETE FROM login_session").execute(&mut *conn).await?;
    sqlx::query!("UPDATE app_user SET id = id + greatest($1, (SELECT max(id) FROM app_user))", highest)
        .execute(conn)
        .await?;
    Ok(())
}
