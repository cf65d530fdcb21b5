//! The addresses from which users have logged in, by their hash. They are known for thirty days.

use sqlx::PgConnection;

use super::{Result, WriteTx};

/// Returns whether the user with this name has logged in from the address within the last thirty days.
pub async fn is_known(conn: &mut PgConnection, username: &str, address_hash: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM login_address a JOIN app_user u ON u.id = a.user_id
               WHERE u.username = $1 AND a.address_hash = $2 AND a.last_login > now() - interval '30 days') AS "is!""#,
        username,
        address_hash
    )
    .fetch_one(conn)
    .await?)
}

/// Records a login of the user from the address.
pub async fn put(tx: &mut WriteTx<'_>, user_id: i64, address_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO login_address (user_id, address_hash) VALUES ($1, $2)
         ON CONFLICT (user_id, address_hash) DO UPDATE SET last_login = now()",
        user_id,
        address_hash
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the addresses that are no longer known.
pub async fn delete_forgotten(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::query!("DELETE FROM login_address WHERE last_login <= now() - interval '30 days'").execute(tx.conn()).await?;
    Ok(())
}

/// Removes the addresses of all users.
pub async fn delete_all(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::query!("DELETE FROM login_address").execute(tx.conn()).await?;
    Ok(())
}
