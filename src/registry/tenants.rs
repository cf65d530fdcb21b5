//! Tenants come and go.

use sqlx::{PgConnection, PgPool};

use super::{Transaction, transaction};
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::store::migrate::{self, MigrateError, Progress, Schema};
use crate::store::tenant_tx::{create_schema, drop_schema};
use crate::store::{StoreError, metrics, tenants};

#[derive(Debug, thiserror::Error)]
pub enum TenantOperationError {
    #[error("a tenant named {0} exists already")]
    NameTaken(String),
    #[error("the schema {0} exists already")]
    SchemaTaken(String),
    /// Perhaps one of POEM 2.3, which named them in the same way.
    #[error(
        "the schema {0} exists already and is no tenant's of this POEM; if this is the database of POEM 2.3, name an empty one in [DATABASE]"
    )]
    SchemaForeign(String),
    #[error("the host {0} leads to another tenant already")]
    HostTaken(String),
    #[error("there is no tenant with the schema {0}")]
    Unknown(String),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates the tenant: its schema with all migrations, its entry in the list and the fixed rows, all of it or nothing.
/// Gives the number of fixed rows.
pub async fn create(
    conn: &mut PgConnection,
    tenant: &Tenant,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<usize, TenantOperationError> {
    let mut tx = transaction::shared(conn).await?;
    tenants::insert(&mut tx, tenant).await.map_err(|error| name_taken_error(error, tenant))?;
    create_schema(&mut tx, &tenant.schema).await.map_err(|error| name_taken_error(error, tenant))?;
    migrate::run_within(tx.conn(), &Schema::Tenant(tenant.schema.clone()), progress).await?;
    let rows = metrics::install_fixed_rows(&mut tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// What was taken already, by the constraint that said so.
fn name_taken_error(error: StoreError, tenant: &Tenant) -> TenantOperationError {
    match error.constraint() {
        "tenant_name_key" => TenantOperationError::NameTaken(tenant.name.clone()),
        "tenant_schema_name_key" => TenantOperationError::SchemaTaken(tenant.schema.to_string()),
        "tenant_domain_url_key" => TenantOperationError::HostTaken(tenant.domain_url.clone().unwrap_or_default()),
        _ => match &error {
            // duplicate_schema: it is there but no tenant of ours
            StoreError::Other(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("42P06") => {
                TenantOperationError::SchemaForeign(tenant.schema.to_string())
            }
            _ => TenantOperationError::Store(error),
        },
    }
}

/// Lists the public tenant unless it is listed; says whether it did.
pub async fn ensure_public_tenant(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let mut tx = transaction::shared(conn).await?;
    let is_new = tenants::insert_public(&mut tx).await?;
    tx.commit().await?;
    Ok(is_new)
}

/// The rows that every tenant has; gives their number.
pub async fn install_fixed_rows(pool: &PgPool, schema: &SchemaName) -> Result<usize, StoreError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let rows = metrics::install_fixed_rows(tx.write_tx()).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Deletes the tenant with all its data, all of it or nothing.
pub async fn delete(conn: &mut PgConnection, schema: &SchemaName) -> Result<(), TenantOperationError> {
    let mut tx = transaction::shared(conn).await?;
    let known = tenants::list(tx.conn()).await?.into_iter().any(|state| state.tenant.schema == *schema);
    if !known {
        return Err(TenantOperationError::Unknown(schema.to_string()));
    }
    tenants::delete(&mut tx, schema).await?;
    drop_schema(&mut tx, schema).await?;
    tx.commit().await?;
    Ok(())
}
