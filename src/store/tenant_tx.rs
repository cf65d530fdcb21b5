//! A transaction in one tenant's schema. The only place where SQL is made of strings: the search path.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use tokio::time::timeout;

use super::{Result, StoreError};
use crate::domain::model::tenant::SchemaName;

/// How long a transaction that waits for nobody may take to begin.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Sees the tenant's schema and nothing else: with `public` behind it in the path, a table that is missing would
/// silently be read from there.
pub struct TenantTx(Transaction<'static, Postgres>);

impl TenantTx {
    /// For reading: one moment's data whatever is written meanwhile, and PostgreSQL itself refuses a write.
    ///
    /// Whoever puts another schema in the place of this one ([`super::backup::RESTORE_REPLACE`]) locks the same table
    /// first: from the first query on the tables stay those that they are. Without that a query that waits for the old
    /// table would find the new one empty: its rows are younger than the moment.
    pub async fn read(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        let path = search_path(schema);
        let door = "LOCK TABLE object_group IN ACCESS SHARE MODE";
        Self::begin(pool, format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {path}; {door}")).await
    }

    /// For writing: there is one writer a tenant, the others wait for their turn.
    pub async fn write(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        let mut tx = Self::bookkeeping(pool, schema).await?;
        let lock = format!("SELECT pg_advisory_xact_lock(hashtext('poem tenant'), hashtext('{schema}'))");
        // A statement of its own: where it fails, the transaction has begun and is rolled back.
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(tx.conn()).await?;
        Ok(tx)
    }

    /// For the bookkeeping of sessions, which need not wait for a writer.
    pub async fn bookkeeping(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Self::begin(pool, format!("BEGIN; {}", search_path(schema))).await
    }

    /// A database that hangs costs no request more than one that is gone. Broken off, the transaction may be open all the
    /// same: the pool takes no such connection back.
    async fn begin(pool: &PgPool, statements: String) -> Result<Self> {
        match timeout(PATIENCE, pool.begin_with(AssertSqlSafe(statements))).await {
            Ok(begun) => Ok(Self(begun?)),
            Err(_) => Err(StoreError::timeout()),
        }
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Without it everything is rolled back.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// Points a transaction that is open already at a tenant's schema.
pub async fn enter(conn: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(search_path(schema))).execute(conn).await?;
    Ok(())
}

/// Creates the schema; it must not exist.
pub async fn create_schema(conn: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(conn).await?;
    Ok(())
}

/// Drops the schema with all that is in it.
pub async fn drop_schema(conn: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA \"{schema}\" CASCADE"))).execute(conn).await?;
    Ok(())
}

/// A [`SchemaName`] needs no escaping: it is made of lower-case letters, digits and `_`.
fn search_path(schema: &SchemaName) -> String {
    format!("SET LOCAL search_path TO \"{schema}\"")
}
