//! Tenants: creating, preparing and deleting them.

use sqlx::{PgConnection, PgPool};

use super::{Transaction, transaction};
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::store::migrate::{self, MigrateError, Progress, Schema};
use crate::store::tenant_tx::{create_schema, drop_schema};
use crate::store::{StoreError, WriteTx, metrics, tenants};

/// The reason why an operation on a tenant changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum TenantOperationError {
    /// Another tenant has this name.
    #[error("a tenant named {0} already exists")]
    NameTaken(String),
    /// Another tenant has this schema.
    #[error("the schema {0} already exists")]
    SchemaTaken(String),
    /// The schema exists but belongs to no tenant: perhaps one of POEM 2.3, which named them in the same way.
    #[error(
        "the schema {0} already exists and belongs to no tenant of this POEM; if this is the database of POEM 2.3, take its tenants over (poem-db --take-over), or name an empty one in [DATABASE]"
    )]
    SchemaForeign(String),
    /// Another tenant has this host name.
    #[error("the host {0} already belongs to another tenant")]
    HostTaken(String),
    /// No tenant has this schema.
    #[error("there is no tenant with the schema {0}")]
    Unknown(String),
    /// A migration of the tenant's schema failed.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a tenant, all or nothing: its schema with all migrations, its row in the list, and the fixed rows.
///
/// Returns the number of fixed rows.
pub async fn create(
    conn: &mut PgConnection,
    tenant: &Tenant,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<usize, TenantOperationError> {
    let mut tx = transaction::shared(conn).await?;
    let rows = create_within(&mut tx, tenant, progress).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Does what [`create`] does, in an open transaction, whose search path is the new schema afterwards.
pub(super) async fn create_within(
    tx: &mut WriteTx<'_>,
    tenant: &Tenant,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<usize, TenantOperationError> {
    tenants::insert(tx, tenant).await.map_err(|error| name_taken_error(error, tenant))?;
    create_schema(tx, &tenant.schema).await.map_err(|error| name_taken_error(error, tenant))?;
    migrate::run_within(tx.conn(), &Schema::Tenant(tenant.schema.clone()), progress).await?;
    Ok(metrics::install_fixed_rows(tx).await?)
}

/// Converts the error of a violated constraint, or of a schema that exists.
fn name_taken_error(error: StoreError, tenant: &Tenant) -> TenantOperationError {
    match error.constraint() {
        "tenant_name_key" => TenantOperationError::NameTaken(tenant.name.clone()),
        "tenant_schema_name_key" => TenantOperationError::SchemaTaken(tenant.schema.to_string()),
        "tenant_domain_url_key" => TenantOperationError::HostTaken(tenant.domain_url.clone().unwrap_or_default()),
        _ => match &error {
            // duplicate_schema (PostgreSQL's appendix A): it exists, but no tenant has it
            StoreError::Other(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("42P06") => {
                TenantOperationError::SchemaForeign(tenant.schema.to_string())
            }
            _ => TenantOperationError::Store(error),
        },
    }
}

/// Adds the public tenant to the list unless it is listed; returns true if it did.
pub async fn ensure_public_tenant(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let mut tx = transaction::shared(conn).await?;
    let is_new = tenants::insert_public(&mut tx).await?;
    tx.commit().await?;
    Ok(is_new)
}

/// Adds the rows that every tenant has, unless they exist; returns their number.
pub async fn install_fixed_rows(pool: &PgPool, schema: &SchemaName) -> Result<usize, StoreError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let rows = metrics::install_fixed_rows(tx.write_tx()).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Deletes a tenant with all its data, all or nothing.
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
