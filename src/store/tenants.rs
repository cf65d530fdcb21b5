//! The list of tenants, in the schema public.

use sqlx::PgConnection;

use super::{Result, StoreError, WriteTx};
use crate::domain::model::tenant::{PUBLIC_TENANT, SchemaName, Tenant};

/// A tenant, with the migration of its schema and the stamp of its data.
#[derive(Debug, Clone)]
pub struct TenantState {
    /// The id, never reused: a tenant that is deleted and created again has another.
    pub id: i64,
    /// Its name, schema and host.
    pub tenant: Tenant,
    /// The stamp, replaced by every change of the data that pages and API show; '' before the first change.
    pub stamp: String,
    /// The highest migration applied in its schema; `None` if none was.
    pub migration: Option<i64>,
}

struct Row {
    id: i64,
    name: String,
    schema_name: String,
    domain_url: Option<String>,
    migration: Option<i64>,
    stamp: String,
}

impl TryFrom<Row> for TenantState {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let schema = SchemaName::parse(&row.schema_name).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let tenant = Tenant { name: row.name, schema, domain_url: row.domain_url };
        Ok(Self { id: row.id, tenant, stamp: row.stamp, migration: row.migration })
    }
}

/// Returns all tenants by name, without the public one, which owns nothing.
///
/// This query runs four times a second. It joins the newest migrations instead of using a subquery per tenant, which
/// PostgreSQL may plan as a scan of the whole table for each.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<TenantState>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT t.id, t.name, t.schema_name, t.domain_url, coalesce(s.stamp, '') AS "stamp!",
                  m.newest AS "migration?"
           FROM public.tenant t
                LEFT JOIN public.tenant_stamp s ON s.schema_name = t.schema_name
                LEFT JOIN (SELECT schema_name, max(version) AS newest FROM public.migration GROUP BY schema_name) m
                       ON m.schema_name = t.schema_name
           WHERE t.schema_name <> 'public' ORDER BY t.name COLLATE "C""#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TenantState::try_from).collect()
}

/// Returns true if the table of tenants exists, whatever the recorded migrations are.
pub async fn are_listed(conn: &mut PgConnection) -> Result<bool> {
    let exists = sqlx::query_scalar!(r#"SELECT to_regclass('public.tenant') IS NOT NULL AS "exists!""#);
    Ok(exists.fetch_one(conn).await?)
}

/// Returns the highest migration applied in the schema public; `None` if none was.
pub async fn shared_migration(conn: &mut PgConnection) -> Result<Option<i64>> {
    let newest = sqlx::query_scalar!("SELECT max(version) FROM public.migration WHERE schema_name = 'public'");
    Ok(newest.fetch_one(conn).await?)
}

/// Returns the stamp of one tenant, '' before its first change. In a transaction, it is that of the visible data.
pub async fn stamp(conn: &mut PgConnection, schema: &SchemaName) -> Result<String> {
    let stamp = sqlx::query_scalar!("SELECT stamp FROM public.tenant_stamp WHERE schema_name = $1", schema.as_str());
    Ok(stamp.fetch_optional(conn).await?.unwrap_or_default())
}

/// Adds a tenant to the list.
///
/// # Errors
/// `Constraint` `tenant_name_key`, `tenant_schema_name_key` or `tenant_domain_url_key` if another tenant has the value.
pub async fn insert(tx: &mut WriteTx<'_>, tenant: &Tenant) -> Result<()> {
    sqlx::query!(
        "INSERT INTO public.tenant (name, schema_name, domain_url) VALUES ($1, $2, $3)",
        tenant.name,
        tenant.schema.as_str(),
        tenant.domain_url
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds the public tenant unless it is listed; returns true if it did.
pub async fn insert_public(tx: &mut WriteTx<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO public.tenant (name, schema_name) VALUES ($1, 'public') ON CONFLICT DO NOTHING",
        PUBLIC_TENANT
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes the tenant from the list, with the record of its migrations and its stamp.
pub async fn delete(tx: &mut WriteTx<'_>, schema: &SchemaName) -> Result<()> {
    sqlx::query!("DELETE FROM public.migration WHERE schema_name = $1", schema.as_str()).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM public.tenant_stamp WHERE schema_name = $1", schema.as_str()).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM public.tenant WHERE schema_name = $1", schema.as_str()).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the version of the PostgreSQL server as it reports it: `15.8 (Debian …)`.
pub async fn server_version(conn: &mut PgConnection) -> Result<String> {
    let version = sqlx::query_scalar!("SELECT current_setting('server_version')").fetch_one(conn).await?;
    Ok(version.unwrap_or_default())
}
