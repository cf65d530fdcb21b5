//! `poem-db --pending`: finds out if migrations are pending. Packages ask it after an upgrade, before they restart the
//! server. It writes nothing, not even to the log.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use super::context::CommonArgs;
use super::drop_privileges::drop_privileges;
use super::{CommandResult, Failure};
use crate::app::pool_settings;
use crate::config::Config;
use crate::output;
use crate::store::migrate::{self, MigrateError, Schema};
use crate::store::{PoolSettings, StoreError, tenants};

/// The time limit for all schemas: an upgrade waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Prints the pending migrations of each schema, nothing if there are none.
///
/// # Errors
/// `Pending` if there are some. `Failed` if that cannot be found out: the database is unreachable, or a schema is newer
/// than this POEM.
pub fn run(common: &CommonArgs) -> CommandResult {
    let config = Config::load(&common.path())?;
    drop_privileges(config.server.user.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let settings = pool_settings(&config);
    let found = runtime.block_on(async { timeout(TIMEOUT, pending(&settings)).await });
    // Dropping it would wait for the lookup of a host name, which no time limit ends.
    runtime.shutdown_background();
    let lines = found.unwrap_or_else(|_| Err(StoreError::timeout().into()))?;
    lines.iter().for_each(output::line);
    match lines.is_empty() {
        true => Ok(()),
        false => Err(Failure::Pending),
    }
}

/// A line for each schema with pending migrations.
async fn pending(settings: &PoolSettings) -> Result<Vec<String>, MigrateError> {
    let mut conn = settings.connect_to_session().await?;
    let mut lines = Vec::new();
    lines.extend(pending_of(&mut conn, &Schema::Public).await?);
    let states = match tenants::list(&mut conn).await {
        // The tables that list the tenants are among the pending ones.
        Err(_) if !lines.is_empty() => Vec::new(),
        states => states?,
    };
    for state in states {
        lines.extend(pending_of(&mut conn, &Schema::Tenant(state.tenant.schema)).await?);
    }
    conn.close().await.map_err(StoreError::from)?;
    Ok(lines)
}

/// A line with the pending migrations of a schema; `None` if there are none.
async fn pending_of(conn: &mut PgConnection, schema: &Schema) -> Result<Option<String>, MigrateError> {
    let steps = migrate::state(conn, schema).await?;
    let pending: Vec<_> = steps.iter().filter(|step| !step.applied).map(|step| step.name.as_str()).collect();
    Ok((!pending.is_empty()).then(|| format!("schema {}: pending: {}", schema.as_str(), pending.join(", "))))
}
