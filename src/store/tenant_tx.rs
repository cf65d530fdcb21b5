//! Transactions in one tenant's schema. Only this module builds SQL from strings, for the search path.
//!
//! A [`ReadTx`] cannot write: PostgreSQL refuses it. Functions of `store` that write take a [`WriteTx`], which only
//! `registry` begins, so nothing is written without its rules, its log entry and its version.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction};
use tokio::time::timeout;

use super::{Result, StoreError};
use crate::domain::model::tenant::SchemaName;

/// The time limit for beginning a transaction, without waiting for another writer.
const BEGIN_TIMEOUT: Duration = Duration::from_millis(1500);

/// The statement that begins a transaction that writes. It says what it needs: the defaults may be others.
pub(super) const BEGIN_WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// A transaction that reads one tenant.
///
/// Its search path is only the tenant's schema: with `public` behind it, a missing table would silently be read from
/// there.
pub struct ReadTx(Transaction<'static, Postgres>);

impl ReadTx {
    /// Begins a transaction whose queries all see the same state of the data.
    ///
    /// A restore that replaces the schema ([`super::backup::RESTORE_REPLACE`]) locks the same table first, so the
    /// tables stay the same from the first query on. Without the lock, a query that waits for the old table would find
    /// the new one empty, because its rows are newer than the state that the transaction sees.
    ///
    /// # Errors
    /// `Unreachable` if the database does not respond in time.
    pub async fn begin(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        let path = search_path(schema);
        let lock = "LOCK TABLE object_group IN ACCESS SHARE MODE";
        Ok(Self(begin(pool, format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {path}; {lock}")).await?))
    }

    /// Returns the connection, for queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Ends the transaction. If it is dropped instead, the rollback costs another round trip.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// A transaction that may write. Only `registry` begins one: `clippy.toml` bans these functions everywhere else.
pub struct WriteTx<'c> {
    tx: Transaction<'c, Postgres>,
    /// See [`WriteTx::set_change_reason`].
    change_reason: Option<String>,
}

impl WriteTx<'static> {
    /// Begins in a tenant's schema. A tenant has one writer at a time; other writers wait for the lock.
    ///
    /// # Errors
    /// `Unreachable` if the database does not respond in time; `Unavailable` if the lock is not free in time.
    pub async fn begin(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        let mut tx = Self::without_lock(pool, schema).await?;
        let lock = format!("SELECT pg_advisory_xact_lock(hashtext('poem tenant'), hashtext('{schema}'))");
        // A separate statement: if it fails, the transaction has begun and is rolled back.
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(tx.conn()).await?;
        Ok(tx)
    }

    /// Begins in a tenant's schema without waiting for its writer: for sessions and failed logins.
    ///
    /// # Errors
    /// `Unreachable` if the database does not respond in time.
    pub async fn bookkeeping(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Self::without_lock(pool, schema).await
    }

    async fn without_lock(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Ok(Self::of(begin(pool, format!("{BEGIN_WRITING}; {}", search_path(schema))).await?))
    }
}

impl<'c> WriteTx<'c> {
    fn of(tx: Transaction<'c, Postgres>) -> Self {
        Self { tx, change_reason: None }
    }

    /// Begins on a connection, in no tenant's schema: for the list of tenants in the schema public.
    pub async fn shared(conn: &'c mut PgConnection) -> Result<Self> {
        Ok(Self::of(conn.begin_with(BEGIN_WRITING).await.map_err(StoreError::of_begin)?))
    }

    /// Returns the connection, for queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Sets why the user makes the changes of this transaction. Its log entries and versions store it.
    pub fn set_change_reason(&mut self, reason: Option<String>) {
        self.change_reason = reason;
    }

    /// Returns why the user makes the changes of this transaction; `None` if the user did not say it.
    pub fn change_reason(&self) -> Option<String> {
        self.change_reason.clone()
    }

    /// Commits the transaction; without this call, everything is rolled back.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

/// Begins a transaction within the time limit: a database that hangs costs a request no more than one that is gone.
///
/// After a timeout, the transaction may have begun nevertheless: the pool accepts no such connection back.
async fn begin(pool: &PgPool, statements: String) -> Result<Transaction<'static, Postgres>> {
    match timeout(BEGIN_TIMEOUT, pool.begin_with(AssertSqlSafe(statements))).await {
        Ok(begun) => begun.map_err(StoreError::of_begin),
        Err(_) => Err(StoreError::timeout()),
    }
}

/// Begins a transaction that reads one tenant, on a connection of one's own.
pub async fn begin_reading<'c>(conn: &'c mut PgConnection, schema: &SchemaName) -> Result<Transaction<'c, Postgres>> {
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    enter(&mut tx, schema).await?;
    Ok(tx)
}

/// Sets the search path of an open transaction to a tenant's schema.
pub async fn enter(conn: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(search_path(schema))).execute(conn).await?;
    Ok(())
}

/// Creates the schema; it must not exist.
pub async fn create_schema(tx: &mut WriteTx<'_>, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(tx.conn()).await?;
    Ok(())
}

/// Drops the schema with everything in it.
pub async fn drop_schema(tx: &mut WriteTx<'_>, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA \"{schema}\" CASCADE"))).execute(tx.conn()).await?;
    Ok(())
}

/// Renames a schema with everything in it; no other schema must have the new name.
pub async fn rename_schema(tx: &mut WriteTx<'_>, schema: &SchemaName, new: &SchemaName) -> Result<()> {
    let rename = format!("ALTER SCHEMA \"{schema}\" RENAME TO \"{new}\"");
    sqlx::raw_sql(AssertSqlSafe(rename)).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the statement that sets the search path.
///
/// A [`SchemaName`] needs no escaping: it consists of lower-case letters, digits and `_`.
fn search_path(schema: &SchemaName) -> String {
    format!("SET LOCAL search_path TO \"{schema}\"")
}
