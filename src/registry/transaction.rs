//! The transaction that routes and commands hold while they write.

use sqlx::{PgConnection, PgPool};

use crate::domain::model::tenant::SchemaName;
use crate::store::{Result, WriteTx};

/// A transaction of one tenant, which a route or command begins and ends.
///
/// It can run any query that reads. It can write only through the operations of `registry`, because the functions of
/// `store` that write take the `WriteTx` inside.
///
/// ```no_run
/// # async fn route(mut tx: poem::registry::Transaction) {
/// let probe = poem::store::probes::content(tx.conn(), 7).await;
/// # }
/// ```
///
/// ```compile_fail,E0308
/// # async fn route(mut tx: poem::registry::Transaction) {
/// let deleted = poem::store::probes::delete(&mut tx, 7).await;
/// # }
/// ```
///
/// ```compile_fail,E0308
/// # async fn route(mut tx: poem::registry::Transaction) {
/// let deleted = poem::store::probes::delete(tx.conn(), 7).await;
/// # }
/// ```
///
/// ```compile_fail,E0624
/// # async fn route(mut tx: poem::registry::Transaction) {
/// let deleted = poem::store::probes::delete(tx.write_tx(), 7).await;
/// # }
/// ```
pub struct Transaction(WriteTx<'static>);

#[expect(clippy::disallowed_methods, reason = "the one place that begins transactions that write")]
impl Transaction {
    /// Begins a transaction that writes. A tenant has one writer at a time; other writers wait for the lock.
    ///
    /// # Errors
    /// `Unreachable` if the database does not respond in time; `Unavailable` if the lock is not free in time.
    pub async fn begin(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Ok(Self(WriteTx::begin(pool, schema).await?))
    }

    /// Begins a transaction that does not wait for the tenant's writer: for sessions and failed logins.
    pub(super) async fn bookkeeping(pool: &PgPool, schema: &SchemaName) -> Result<Self> {
        Ok(Self(WriteTx::bookkeeping(pool, schema).await?))
    }
}

impl Transaction {
    /// Returns the connection, for queries that read.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.0.conn()
    }

    /// Returns the transaction that the writing functions of `store` take.
    pub(super) fn write_tx(&mut self) -> &mut WriteTx<'static> {
        &mut self.0
    }

    /// Sets why the user makes the changes of this transaction: a ticket, or the reason in words. Its log entries and
    /// versions store it.
    pub fn set_change_reason(&mut self, reason: Option<String>) {
        self.0.set_change_reason(reason);
    }

    /// Commits the transaction; without this call, everything is rolled back.
    ///
    /// # Errors
    /// The database refuses, or is gone: in that case it is unknown whether the transaction was committed.
    pub async fn commit(self) -> Result<()> {
        self.0.commit().await
    }
}

/// Begins a transaction on the list of tenants, in the schema public.
#[expect(clippy::disallowed_methods, reason = "see above")]
pub(super) async fn shared(conn: &mut PgConnection) -> Result<WriteTx<'_>> {
    WriteTx::shared(conn).await
}
