//! Transactions in one tenant's schema. The only place where SQL is made of strings: the search path.
//!
//! A [`ReadTx`] cannot write: PostgreSQL refuses it. Functions of `store` that write take a [`WriteTx`], which only
//! `registry` begins: nothing is written without its rules, its audit log entry and its version.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction};
use tokio::time::timeout;

use super::{Result, StoreError};
use crate::domain::model::tenant::SchemaName;

/// The time limit for beginning a transaction that does not wait for another.
const BEGIN_TIMEOUT: Duration = Duration::from_millis(1500);

/// A transaction that reads one tenant. It sees the tenant's schema and nothing else: with `public` behind it in the
/// search path, a table that is missing would silently be read from there.
pub struct ReadTx(Transaction<'static, Postgres>);

impl ReadTx {
    /// Begins at one moment's data, whatever is written meanwhile.
    ///
    /// A restore that replaces the schema ([`super::backup::RESTORE_REPLACE`]) locks the same table first, so the tables
    /// stay the same from the first query on. Without the lock, a query that waits for the old table would find the new
    /// one empty: its rows are younger than the moment.
    ///
    /// # Errors
    /// `Unreachable` if the database does not answer in time.
    pub async fn begin(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        let path = search_path(schema);
        let lock = "LOCK TABLE object_group IN ACCESS SHARE MODE";
        Ok(Self(begin(pool, format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {path}; {lock}")).await?))
    }

    /// The connection, for queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Ends the transaction in order. Dropped, it is rolled back, which costs the connection another round trip.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// A transaction that may write. Only `registry` begins one; `clippy.toml` bans the functions that do elsewhere.
pub struct WriteTx<'c>(Transaction<'c, Postgres>);

impl WriteTx<'static> {
    /// In a tenant's schema. A tenant has one writer at a time; the others wait for their turn.
    ///
    /// # Errors
    /// `Unreachable` if the database does not answer in time, or the turn does not come.
    pub async fn begin(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        let mut tx = Self::without_turn(pool, schema).await?;
        let lock = format!("SELECT pg_advisory_xact_lock(hashtext('poem tenant'), hashtext('{schema}'))");
        // A statement of its own: if it fails, the transaction has begun and is rolled back.
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(tx.conn()).await?;
        Ok(tx)
    }

    /// In a tenant's schema, without waiting for its writer: for sessions and failed logins.
    ///
    /// # Errors
    /// `Unreachable` if the database does not answer in time.
    pub async fn bookkeeping(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Self::without_turn(pool, schema).await
    }

    async fn without_turn(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Ok(Self(begin(pool, format!("BEGIN; {}", search_path(schema))).await?))
    }
}

impl<'c> WriteTx<'c> {
    /// On a connection, in no tenant's schema: for the list of tenants in the schema public.
    pub async fn shared(conn: &'c mut PgConnection) -> Result<Self> {
        Ok(Self(conn.begin().await?))
    }

    /// The connection, for queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Without it everything is rolled back.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// With a time limit: a database that hangs costs a request no more than one that is gone. If it is exceeded, the
/// transaction may be open all the same: the pool takes no such connection back.
async fn begin(pool: &PgPool, statements: String) -> Result<Transaction<'static, Postgres>> {
    match timeout(BEGIN_TIMEOUT, pool.begin_with(AssertSqlSafe(statements))).await {
        Ok(begun) => Ok(begun?),
        Err(_) => Err(StoreError::timeout()),
    }
}

/// Points a transaction that is open already at a tenant's schema.
pub async fn enter(conn: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(search_path(schema))).execute(conn).await?;
    Ok(())
}

/// Creates the schema; it must not exist.
pub async fn create_schema(tx: &mut WriteTx<'_>, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(tx.conn()).await?;
    Ok(())
}

/// Drops the schema with all that is in it.
pub async fn drop_schema(tx: &mut WriteTx<'_>, schema: &SchemaName) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA \"{schema}\" CASCADE"))).execute(tx.conn()).await?;
    Ok(())
}

/// A [`SchemaName`] needs no escaping: it is made of lower-case letters, digits and `_`.
fn search_path(schema: &SchemaName) -> String {
    format!("SET LOCAL search_path TO \"{schema}\"")
}
