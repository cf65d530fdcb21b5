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

/// What a login is checked against.
pub struct Credentials {
    pub id: i64,
    /// The stored hash.
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub is_superuser: bool,
    /// Active and staff.
    pub may_log_in: bool,
}

/// The credentials of the user with this name, which counts in its exact case.
pub async fn credentials(conn: &mut PgConnection, username: &str) -> Result<Option<Credentials>> {
    Ok(sqlx::query_as!(
        Credentials,
        r#"SELECT id, password, first_name, last_name, email, is_superuser, is_active AND is_staff AS "may_log_in!"
           FROM app_user WHERE username = $1"#,
        username
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes down a login that was checked against the hash `stored`, and renews the hash. `false`: it has changed
/// meanwhile, or the user may no longer log in.
pub async fn log_in(conn: &mut PgConnection, id: i64, stored: &str, renewed: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE app_user SET last_login = now(), password = $3
         WHERE id = $1 AND password = $2 AND is_active AND is_staff",
        id,
        stored,
        renewed
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives the user another password. `false`: there is no such user, or the hash is no longer `stored`.
pub async fn set_password(conn: &mut PgConnection, id: i64, stored: &str, hash: &str) -> Result<bool> {
    let done = sqlx::query!("UPDATE app_user SET password = $3 WHERE id = $1 AND password = $2", id, stored, hash)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}
