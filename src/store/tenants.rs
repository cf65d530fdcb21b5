//! The tenants, in the schema public.

use sqlx::PgConnection;

use super::{Result, StoreError};
use crate::domain::tenant::{PUBLIC_TENANT, SchemaName, Tenant};

/// A tenant and how far its schema is migrated.
#[derive(Debug, Clone)]
pub struct TenantState {
    pub tenant: Tenant,
    /// The highest migration applied in its schema; `None` where none was.
    pub migration: Option<i64>,
}

struct Row {
    name: String,
    schema_name: String,
    domain_url: Option<String>,
    migration: Option<i64>,
}

impl TryFrom<Row> for TenantState {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let schema = SchemaName::parse(&row.schema_name).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let tenant = Tenant { name: row.name, schema, domain_url: row.domain_url };
        Ok(Self { tenant, migration: row.migration })
    }
}

/// The tenant that a host leads to; `host` as [`crate::domain::host::Host::tenant_name`] gives it.
pub async fn by_host(conn: &mut PgConnection, host: &str) -> Result<Option<TenantState>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT t.name, t.schema_name, t.domain_url,
                (SELECT max(m.version) FROM public.migration m WHERE m.schema_name = t.schema_name) AS migration
         FROM public.tenant t WHERE t.domain_url = $1",
        host
    )
    .fetch_optional(conn)
    .await?;
    row.map(TenantState::try_from).transpose()
}

/// All tenants by name; not the public one, which owns nothing.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<TenantState>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT t.name, t.schema_name, t.domain_url,
                  (SELECT max(m.version) FROM public.migration m WHERE m.schema_name = t.schema_name) AS migration
           FROM public.tenant t WHERE t.schema_name <> 'public' ORDER BY t.name COLLATE "C""#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TenantState::try_from).collect()
}

/// Fails on the constraints `tenant_name_key`, `tenant_schema_name_key` and `tenant_domain_url_key` where one is taken.
pub async fn insert(conn: &mut PgConnection, tenant: &Tenant) -> Result<()> {
    sqlx::query!(
        "INSERT INTO public.tenant (name, schema_name, domain_url) VALUES ($1, $2, $3)",
        tenant.name,
        tenant.schema.as_str(),
        tenant.domain_url
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds the public tenant unless it is listed; says whether it did.
pub async fn insert_public(conn: &mut PgConnection) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO public.tenant (name, schema_name) VALUES ($1, 'public') ON CONFLICT DO NOTHING",
        PUBLIC_TENANT
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes the tenant from the list, with the record of its migrations.
pub async fn delete(conn: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    sqlx::query!("DELETE FROM public.migration WHERE schema_name = $1", schema.as_str()).execute(&mut *conn).await?;
    sqlx::query!("DELETE FROM public.tenant WHERE schema_name = $1", schema.as_str()).execute(conn).await?;
    Ok(())
}

/// The version of the PostgreSQL server, as it says it: "15.8 (Debian …)".
pub async fn server_version(conn: &mut PgConnection) -> Result<String> {
    let version = sqlx::query_scalar!("SELECT current_setting('server_version')").fetch_one(conn).await?;
    Ok(version.unwrap_or_default())
}
