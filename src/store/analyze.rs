//! The statistics with which PostgreSQL plans queries.

use super::{Result, WriteTx};

/// Analyzes the tables of a tenant.
///
/// After many rows were written, PostgreSQL plans without statistics, or with those of other data, until its autovacuum
/// has seen the tables: up to a minute, and never if it is switched off. Without statistics some lists are ten times as
/// slow. The new statistics are committed with the rows.
pub async fn tenant(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::raw_sql(include_str!("analyze.sql")).execute(tx.conn()).await?;
    Ok(())
}
