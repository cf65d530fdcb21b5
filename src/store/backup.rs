//! What a backup holds of a tenant besides its schema, and what brings it back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, StoreError};
use crate::domain::model::tenant::{SchemaName, Tenant};

/// For psql, which knows the tenant by `poem_schema`: begins the transaction that all of it happens in.
pub const RESTORE_BEGIN: &str = include_str!("restore_begin.sql");
/// Removes the tenant that is there.
pub const RESTORE_REPLACE: &str = include_str!("restore_replace.sql");
/// After the dump: lists the tenant by `poem_name`, `poem_host` ('': none), `poem_created` and `poem_migrations` (a JSON
/// list of {version, name, checksum, applied_at}), and commits.
pub const RESTORE_END: &str = include_str!("restore_end.sql");

/// A tenant as it is listed.
#[derive(Debug, Clone)]
pub struct Listed {
    pub tenant: Tenant,
    pub created_on: DateTime<Utc>,
}

/// A migration that was applied in a tenant's schema.
#[derive(Debug, Clone)]
pub struct Applied {
    pub version: i64,
    pub name: String,
    pub checksum: Vec<u8>,
    pub applied_at: DateTime<Utc>,
}

/// Begins a transaction that sees one moment's data, and gives the name under which pg_dump sees the same.
pub async fn begin(conn: &mut PgConnection) -> Result<String> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0";
    sqlx::raw_sql(begin).execute(&mut *conn).await?;
    Ok(sqlx::query_scalar!("SELECT pg_export_snapshot()").fetch_one(conn).await?.unwrap_or_default())
}

/// All tenants by name; not the public one.
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

/// What was applied in the tenant's schema, in order.
pub async fn applied(conn: &mut PgConnection, schema: &SchemaName) -> Result<Vec<Applied>> {
    Ok(sqlx::query_as!(
        Applied,
        "SELECT version, name, checksum, applied_at FROM public.migration WHERE schema_name = $1 ORDER BY version",
        schema.as_str()
    )
    .fetch_all(conn)
    .await?)
}
