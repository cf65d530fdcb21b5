//! The settings of every session, so that nothing it inherits from the server, the database or the role changes what
//! POEM does (`ALTER ROLE … SET`, `ALTER DATABASE … SET`, postgresql.conf).
//!
//! They are set by SQL and not by startup parameters, because PgBouncer refuses most of those.

use sqlx::PgConnection;

/// Sets every setting that could change a result, as far as this version of PostgreSQL has it. For psql too.
///
/// Settings of speed and storage are left to the administrator: `work_mem`, `default_tablespace`, …
pub const SESSION_SETTINGS: &str = include_str!("session_settings.sql");

/// The same with the time limits of requests for locks and statements.
///
/// A statement whose client no longer waits must not hold a connection that other requests need.
const REQUEST_SETTINGS: &str =
    concat!(include_str!("session_settings.sql"), "SET lock_timeout = '1500ms'; SET statement_timeout = '5s'");

/// Sets the settings of a new session.
pub async fn apply(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SESSION_SETTINGS).execute(conn).await?;
    Ok(())
}

/// Sets the settings of a new session that serves requests, with limits for locks and statements.
pub async fn apply_for_requests(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(REQUEST_SETTINGS).execute(conn).await?;
    Ok(())
}
