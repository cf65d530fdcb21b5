//! Users: the first superuser. (The admin edits the others.)

use sqlx::PgPool;

use crate::domain::tenant::SchemaName;
use crate::store::{StoreError, TenantTx, users};

/// Adds a superuser; says whether it did: a user with this name, and their password, stay as they are.
/// Writes no log entry: a tenant with nobody but its first superuser still counts as empty when data is loaded.
pub async fn create_superuser(
    pool: &PgPool,
    schema: &SchemaName,
    username: &str,
    password_hash: &str,
    email: &str,
) -> Result<bool, StoreError> {
    let mut tx = TenantTx::write(pool, schema).await?;
    let id = users::insert_superuser(tx.conn(), username, password_hash, email).await?;
    tx.commit().await?;
    Ok(id.is_some())
}
