//! Restores a tenant from a backup: `psql` runs the dump in one transaction that POEM's own SQL begins and ends.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use sqlx::PgConnection;

use super::file::{Backup, BackupError, Manifest};
use super::pg_tools::{PgTools, connect, error_line};
use crate::domain::model::tenant::Tenant;
use crate::store::backup::{RESTORE_ANALYZE, RESTORE_BEGIN, RESTORE_END, RESTORE_REPLACE};
use crate::store::migrate::{self, MigrateError, Schema};
use crate::store::session_settings::SESSION_SETTINGS;
use crate::store::{PoolSettings, StoreError, tenants};

/// The reason why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The schema public is not up to date.
    #[error("the schema public has pending migrations: run poem-db -c first")]
    PublicPending,
    /// A tenant with another schema has the same name or host.
    #[error(
        "the tenant {name} (schema {schema}) has the name or the host of the tenant in the backup; nothing was restored"
    )]
    NameOrHostTaken {
        /// The name of the other tenant.
        name: String,
        /// The schema of the other tenant.
        schema: String,
    },
    /// The tenant exists and is not to be replaced.
    #[error(
        "the tenant {name} (schema {schema}) already exists; nothing was restored (--replace replaces it with the \
         backup)"
    )]
    Exists {
        /// The name of the existing tenant.
        name: String,
        /// The schema of the existing tenant.
        schema: String,
    },
    /// The error of `psql`, or the reason why the backup could not be passed to it.
    #[error("{0}")]
    Failed(String),
    /// The migrations could not be read, or are newer than this POEM.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The tenants could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks the database before a restore. Returns true if the restore replaces a tenant with this schema.
///
/// # Errors
/// `PublicPending`; `NameOrHostTaken` by a tenant with another schema; `Exists` without `replace`.
pub async fn check_target(conn: &mut PgConnection, tenant: &Tenant, replace: bool) -> Result<bool, RestoreError> {
    if !migrate::state(conn, &Schema::Public).await?.iter().all(|step| step.applied) {
        return Err(RestoreError::PublicPending);
    }
    let known: Vec<_> = tenants::list(conn).await?.into_iter().map(|state| state.tenant).collect();
    let (own, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|other| other.schema == tenant.schema);
    for other in others {
        if other.name == tenant.name || (other.domain_url.is_some() && other.domain_url == tenant.domain_url) {
            return Err(RestoreError::NameOrHostTaken { name: other.name, schema: other.schema.to_string() });
        }
    }
    match own.first() {
        Some(own) if !replace => Err(RestoreError::Exists { name: own.name.clone(), schema: own.schema.to_string() }),
        own => Ok(own.is_some()),
    }
}

/// Restores the backup in one transaction. If anything fails, this process included, the COMMIT is never reached.
///
/// # Errors
/// `Failed`, with the cause.
pub fn restore(
    tools: &PgTools,
    settings: &PoolSettings,
    backup: Backup<File>,
    replaces: bool,
) -> Result<(), RestoreError> {
    let failed = |cause: String| RestoreError::Failed(cause);
    let pg_dump = backup.manifest.pg_dump.clone();
    let mut process = psql(connect(tools.psql(), settings), &backup.manifest)
        .and_then(|mut psql| psql.spawn().map_err(|error| format!("psql: {error}")))
        .map_err(failed)?;
    let mut stdin = process.stdin.take().ok_or_else(|| failed("psql takes no input".to_owned()))?;
    let feeder = thread::spawn(move || {
        let refused = BackupError::Refused;
        stdin.write_all(SESSION_SETTINGS.as_bytes()).map_err(refused)?;
        stdin.write_all(RESTORE_BEGIN.as_bytes()).map_err(refused)?;
        if replaces {
            stdin.write_all(RESTORE_REPLACE.as_bytes()).map_err(refused)?;
        }
        backup.copy_dump(&mut stdin)?;
        stdin.write_all(RESTORE_ANALYZE.as_bytes()).map_err(refused)?;
        stdin.write_all(RESTORE_END.as_bytes()).map_err(refused)
    });
    let output = process.wait_with_output().map_err(|error| failed(format!("psql: {error}")))?;
    let fed = feeder.join().map_err(|_| failed("it was not read completely".to_owned()))?;
    match (fed, output.status.success()) {
        // If psql ended early, its error is the cause; the failed write to its stdin is only a consequence.
        (Err(error @ BackupError::Damaged(_)), _) => Err(failed(error.to_string())),
        (_, false) => Err(failed(format!("{} (the backup was made with pg_dump {pg_dump})", error_line(&output)))),
        (fed, true) => fed.map_err(|error| failed(error.to_string())),
    }
}

/// `psql` with the tenant in its variables. `psql` quotes them itself where the SQL uses them.
fn psql(mut command: Command, manifest: &Manifest) -> Result<Command, String> {
    let entry = &manifest.tenant;
    let migrations = serde_json::to_string(&manifest.migrations).map_err(|error| error.to_string())?;
    let variables = [
        ("poem_schema", entry.schema.clone()),
        ("poem_name", entry.name.clone()),
        ("poem_host", entry.domain_url.clone().unwrap_or_default()),
        ("poem_created", entry.created_on.to_rfc3339()),
        ("poem_migrations", migrations),
        ("ON_ERROR_STOP", "1".to_owned()),
    ];
    command.args(["--no-psqlrc", "--quiet", "--file=-"]);
    for (name, value) in variables {
        command.arg(format!("--set={name}={value}"));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}
