//! The part of a tenant's backup that is outside of its schema, and the SQL that restores it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, StoreError};
use crate::domain::model::tenant::{SchemaName, Tenant};

/// Begins the transaction of a restore. For psql, like the other ones; the variable `poem_schema` names the tenant.
pub const RESTORE_BEGIN: &str = include_str!("restore_begin.sql");
/// Removes the existing tenant, for a restore that replaces it.
pub const RESTORE_REPLACE: &str = include_str!("restore_replace.sql");
/// Analyzes the tables of the tenant after the dump was loaded.
pub const RESTORE_ANALYZE: &str = concat!(include_str!("restore_enter.sql"), include_str!("analyze.sql"));
/// Adds the tenant to the list after the dump was loaded, and commits.
///
/// Variables: `poem_name`, `poem_host` ('' for none), `poem_created`, and `poem_migrations`, a JSON list of
/// {version, name, checksum, applied_at}.
pub const RESTORE_END: &str = include_str!("restore_end.sql");

/// A row of the list of tenants.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name, schema and host.
    pub tenant: Tenant,
    /// The time when it was created.
    pub created_on: DateTime<Utc>,
}

/// A migration that was applied in a tenant's schema.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its number.
    pub version: i64,
    /// Its name with the number, like `0001_initial`.
    pub name: String,
    /// The checksum of its file at that time.
    pub checksum: Vec<u8>,
    /// The time when it was applied.
    pub applied_at: DateTime<Utc>,
}

/// Begins a transaction that sees one state of the data; returns the snapshot name with which pg_dump sees the same.
pub async fn begin(conn: &mut PgConnection) -> Result<String> {
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *conn).await?;
    Ok(sqlx::query_scalar!("SELECT pg_export_snapshot()").fetch_one(conn).await?.unwrap_or_default())
}

/// Returns all tenants by name, without the public one.
pub async fn tenants(conn: &mut PgConnection) -> Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"SELECT name, schema_name, domain_url, created_on FROM public.tenant
           WHERE schema_name <> 'public' ORDER BY name COLLATE "C""#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let schema = SchemaName::parse(&row.schema_name)
                .map_err(|error| StoreError::from(sqlx::Error::Decode(error.into())))?;
            let tenant = Tenant { name: row.name, schema, domain_url: row.domain_url };
            Ok(Listed { tenant, created_on: row.created_on })
        })
        .collect()
}

/// Returns the migrations applied in the tenant's schema, in order.
pub async fn applied(conn: &mut PgConnection, schema: &SchemaName) -> Result<Vec<Applied>> {
    Ok(sqlx::query_as!(
        Applied,
        "SELECT version, name, checksum, applied_at FROM public.migration WHERE schema_name = $1 ORDER BY version",
        schema.as_str()
    )
    .fetch_all(conn)
    .await?)
}
