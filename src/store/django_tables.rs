//! The tables of POEM 2.3 in POEM's own database, for taking them over.
//!
//! No migration of POEM creates these tables, so the compiler cannot check queries of them. That is why all of them are
//! in this file. They are static texts nevertheless: the search path selects the schema (`tenant_tx::enter`), and rows
//! are read as JSON, so that no query lists columns.

use serde_json::Value;
use sqlx::{PgConnection, Row};

use super::{Result, WriteTx};

/// Declares the tables with the queries that read them.
macro_rules! tables {
    ($($name:literal)*) => {
        /// The tables whose rows are taken over, each with its query. Sessions and permissions are not.
        const TABLES: &[(&str, &str)] = &[$(($name, concat!("SELECT row_to_json(t)::text FROM ", $name, " t"))),*];
    };
}

tables!(
    "django_admin_log" "django_content_type" "poem_aggregation" "poem_custuser" "poem_custuser_groupsofaggregations"
    "poem_custuser_groupsofmetrics" "poem_custuser_groupsofprobes" "poem_custuser_groupsofprofiles" "poem_extrevision"
    "poem_groupofaggregations" "poem_groupofaggregations_aggregations" "poem_groupofmetrics"
    "poem_groupofmetrics_metrics" "poem_groupofprobes" "poem_groupofprobes_probes" "poem_groupofprofiles"
    "poem_groupofprofiles_profiles" "poem_metric" "poem_metricattribute" "poem_metricconfig" "poem_metricdependancy"
    "poem_metricfileparameter" "poem_metricfiles" "poem_metricflags" "poem_metricinstance" "poem_metricparameter"
    "poem_metricparent" "poem_metricprobeexecutable" "poem_metrics" "poem_metrictype" "poem_probe" "poem_profile"
    "poem_service" "poem_serviceflavour" "poem_tags" "poem_userprofile" "poem_vo" "rest_framework_api_key_apikey"
    "reversion_revision" "reversion_version"
);

/// The names of the tables whose rows are taken over.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// A tenant as POEM 2.3 lists it. Nothing is checked.
#[derive(Debug, Clone)]
pub struct DjangoTenant {
    /// Its name: `EGI`.
    pub name: String,
    /// The name of its schema.
    pub schema_name: String,
    /// The host at which it was served.
    pub domain_url: String,
}

/// Returns the tenants of POEM 2.3 in the order of their ids, without the row of the schema public, which is none.
/// `None` if the database has no list of them.
pub async fn tenants(conn: &mut PgConnection) -> Result<Option<Vec<DjangoTenant>>> {
    let exists = sqlx::query_scalar!(r#"SELECT to_regclass('public.tenants_tenant') IS NOT NULL AS "exists!""#);
    if !exists.fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let list =
        "SELECT name, schema_name, domain_url FROM public.tenants_tenant WHERE schema_name <> 'public' ORDER BY id";
    let rows = sqlx::raw_sql(list).fetch_all(conn).await?;
    let tenant = |row: &sqlx::postgres::PgRow| {
        Ok(DjangoTenant { name: row.try_get(0)?, schema_name: row.try_get(1)?, domain_url: row.try_get(2)? })
    };
    Ok(Some(rows.iter().map(tenant).collect::<std::result::Result<_, sqlx::Error>>()?))
}

/// What is known of a schema without reading its tables.
#[derive(Debug, Clone, Copy)]
pub struct SchemaOrigin {
    /// The role of POEM owns the schema, or is a member of the role that does.
    pub is_owned: bool,
    /// Django has made tables in it.
    pub is_django: bool,
}

/// Returns what is known of a schema; `None` if there is none.
pub async fn origin(conn: &mut PgConnection, schema: &str) -> Result<Option<SchemaOrigin>> {
    Ok(sqlx::query_as!(
        SchemaOrigin,
        r#"SELECT pg_has_role(n.nspowner, 'USAGE') AS "is_owned!",
                  EXISTS (SELECT FROM pg_catalog.pg_class c
                          WHERE c.relnamespace = n.oid AND c.relname = 'django_migrations') AS "is_django!"
           FROM pg_catalog.pg_namespace n WHERE n.nspname = $1"#,
        schema
    )
    .fetch_optional(conn)
    .await?)
}

/// Returns application and name of the migrations that Django has applied in the schema that the search path names.
pub async fn migrations(conn: &mut PgConnection) -> Result<Vec<(String, String)>> {
    let rows = sqlx::raw_sql("SELECT app, name FROM django_migrations ORDER BY id").fetch_all(conn).await?;
    let pairs = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    Ok(pairs.collect::<std::result::Result<_, sqlx::Error>>()?)
}

/// Returns the rows of every table as JSON objects, from the schema that the search path names.
///
/// Times have an offset, because the session's `DateStyle` is ISO; so even those of the hour that autumn repeats are known.
pub async fn read(conn: &mut PgConnection) -> Result<Vec<(&'static str, Vec<Value>)>> {
    let mut tables = Vec::new();
    for (name, query) in TABLES {
        let rows = sqlx::raw_sql(*query).fetch_all(&mut *conn).await?;
        let json = |row: &sqlx::postgres::PgRow| {
            let text: String = row.try_get(0)?;
            serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
        };
        tables.push((*name, rows.iter().map(json).collect::<std::result::Result<_, _>>()?));
    }
    Ok(tables)
}

/// Locks the tables of the schema that the search path names against other writers, until the end of the transaction.
///
/// # Errors
/// `Unavailable` if another transaction that writes them does not end in time.
pub async fn lock(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::raw_sql(include_str!("django_tables_lock.sql")).execute(tx.conn()).await?;
    Ok(())
}

/// Limits the time that the statements of a transaction wait for locks.
pub async fn limit_waiting(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::raw_sql("SET LOCAL lock_timeout = '10s'").execute(tx.conn()).await?;
    Ok(())
}

/// Takes the lock that lets one session at a time take over tenants, until the session ends. Returns false if another
/// session has it.
pub async fn try_session_lock(conn: &mut PgConnection) -> Result<bool> {
    let lock = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtext('poem take-over')) AS "is_locked!""#);
    Ok(lock.fetch_one(conn).await?)
}

/// Returns the version of the server as a number: 100023 is 10.23, 90624 is 9.6.24.
pub async fn server_version_number(conn: &mut PgConnection) -> Result<i32> {
    let version = sqlx::query_scalar!(r#"SELECT current_setting('server_version_num')::int AS "version!""#);
    Ok(version.fetch_one(conn).await?)
}

/// A session of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSession {
    /// The process of PostgreSQL.
    pub pid: i32,
    /// The role that has logged in.
    pub role: String,
    /// The name that the program has given itself; '' for none, as POEM 2.3.
    pub application: String,
}

/// Returns the sessions that would be in the way of a take-over of these schemas: those that have used a table of them
/// in a transaction that is still open, and those that look like POEM 2.3, which has the role of poem.conf as well, and
/// gives itself no name.
pub async fn sessions(conn: &mut PgConnection, schemas: &[String]) -> Result<Vec<OtherSession>> {
    Ok(sqlx::query_as!(
        OtherSession,
        r#"SELECT a.pid AS "pid!", a.usename::text AS "role!", coalesce(a.application_name, '') AS "application!"
           FROM pg_catalog.pg_stat_activity a
           WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.usename IS NOT NULL
             AND ((a.usename = session_user AND a.application_name = '')
                  OR EXISTS (SELECT FROM pg_catalog.pg_locks l
                                  JOIN pg_catalog.pg_class c ON c.oid = l.relation
                                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                             WHERE l.pid = a.pid AND n.nspname = ANY($1)
                               AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                                 WHERE d.datname = current_database())))
           ORDER BY a.pid"#,
        schemas
    )
    .fetch_all(conn)
    .await?)
}
