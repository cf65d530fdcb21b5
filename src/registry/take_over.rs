//! Taking over a tenant of POEM 2.3 from the same database, and undoing that: each is one transaction.

use serde_json::Value;
use sqlx::PgConnection;

use super::tenants::{TenantOperationError, create_within};
use super::transaction;
use crate::domain::model::snapshot::Snapshot;
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::store::tenant_tx::{drop_schema, enter, rename_schema};
use crate::store::{StoreError, WriteTx, analyze, django_tables, snapshot_write, tenants};

/// A take-over that has begun: the tables of POEM 2.3 are locked against writers until it ends.
///
/// They are read and replaced in the same transaction, so nothing can be written to them in between. Without
/// [`TakeOver::finish`], nothing changes.
pub struct TakeOver<'c> {
    tx: WriteTx<'c>,
}

impl<'c> TakeOver<'c> {
    /// Locks the tables of POEM 2.3 in the schema.
    ///
    /// # Errors
    /// `Unavailable` if another transaction that writes them does not end in time.
    pub async fn begin(conn: &'c mut PgConnection, schema: &SchemaName) -> Result<Self, StoreError> {
        let mut tx = transaction::shared(conn).await?;
        enter(tx.conn(), schema).await?;
        django_tables::lock(&mut tx).await?;
        Ok(Self { tx })
    }

    /// Returns the rows of the tables, as [`django_tables::read`] does.
    pub async fn read(&mut self) -> Result<Vec<(&'static str, Vec<Value>)>, StoreError> {
        django_tables::read(self.tx.conn()).await
    }

    /// Renames the schema of POEM 2.3 to `aside`, creates the tenant in its place with the data, and commits.
    pub async fn finish(
        mut self,
        tenant: &Tenant,
        aside: &SchemaName,
        data: &Snapshot,
    ) -> Result<(), TenantOperationError> {
        rename_schema(&mut self.tx, &tenant.schema, aside).await?;
        create_within(&mut self.tx, tenant, &mut |_| ()).await?;
        snapshot_write::write(&mut self.tx, data).await?;
        analyze::tenant(&mut self.tx).await?;
        Ok(self.tx.commit().await?)
    }
}

/// Deletes the tenant with this schema, if there is one, and renames `aside`, the schema of POEM 2.3, back to it.
///
/// # Errors
/// `Unavailable` if another transaction uses the tables of the tenant for long.
pub async fn undo(conn: &mut PgConnection, schema: &SchemaName, aside: &SchemaName) -> Result<(), StoreError> {
    let mut tx = transaction::shared(conn).await?;
    django_tables::limit_waiting(&mut tx).await?;
    tenants::delete(&mut tx, schema).await?;
    if django_tables::origin(tx.conn(), schema.as_str()).await?.is_some() {
        drop_schema(&mut tx, schema).await?;
    }
    rename_schema(&mut tx, aside, schema).await?;
    tx.commit().await
}
