//! The database: everything that the server does with it, without writing.

use std::net::IpAddr;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use super::schema::{check_migrations, check_tables};
use super::{Check, Findings, tenants};
use crate::app::pool_settings;
use crate::config::{Config, Database};
use crate::domain::security::ssl_mode::SslMode;
use crate::store::access::DatabaseAccess;
use crate::store::migrate::{self, Schema};
use crate::store::{PoolSettings, StoreError};

/// The oldest PostgreSQL that POEM works with.
const OLDEST_POSTGRESQL: u32 = 10;

/// The time limit for connecting to a host that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) async fn check(findings: &mut Findings, config: &Config) {
    let database = &config.database;
    check_ssl_mode(findings, database);
    let what = format!("database {} at {}:{}", database.name, database.host, database.port);
    let Some(mut conn) = connect(findings, &what, &pool_settings(config)).await else { return };
    check_version(findings, &mut conn).await;
    if check_access(findings, &mut conn).await && check_migrations(findings, &mut conn, &Schema::Public).await {
        check_tables(findings, &mut conn, &Schema::Public).await;
        tenants::check(findings, &mut conn, config).await;
    }
    if let Err(error) = conn.close().await {
        findings.wrong(Check::Connection, format!("{what}: {error}"));
    }
}

fn check_ssl_mode(findings: &mut Findings, database: &Database) {
    let is_here = database.host.starts_with('/')
        || database.host == "localhost"
        || database.host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if !is_here && !database.ssl_mode.is_some_and(SslMode::verifies) {
        let host = &database.host;
        let message = format!(
            "[DATABASE] SslMode: nothing proves that {host} is the database, and passwords may be sent to it \
             unencrypted; set SslMode = verify-full and CAFile"
        );
        findings.note(Check::SslMode, message);
    }
}

/// Connects as a command does, and as the server does for requests.
async fn connect(findings: &mut Findings, what: &str, settings: &PoolSettings) -> Option<PgConnection> {
    let connected = async {
        let conn = settings.connect_to_session().await?;
        let pool = settings.open_for_requests();
        let acquired = pool.acquire().await.map(drop);
        pool.close().await;
        acquired.map(|()| conn).map_err(StoreError::from)
    };
    match timeout(CONNECT_TIMEOUT, connected).await.unwrap_or_else(|_| Err(StoreError::timeout())) {
        Err(error @ StoreError::SharedSession) => {
            findings.wrong(Check::Pooler, format!("{what}: {error}"));
            None
        }
        outcome => findings.check(Check::Connection, what, outcome.map_err(|error| with_advice(&error))),
    }
}

/// Adds what to set in a pooler that refuses the parameters of a connection.
fn with_advice(error: &StoreError) -> String {
    let message = error.to_string();
    match message.split_once("unsupported startup parameter") {
        Some((_, rest)) => {
            let name = rest.split([':', ' ', '=']).find(|word| !word.is_empty()).unwrap_or("options");
            format!("{message}; set ignore_startup_parameters = {name} in pgbouncer.ini, or unset PGOPTIONS")
        }
        None => message,
    }
}

async fn check_version(findings: &mut Findings, conn: &mut PgConnection) {
    match crate::store::tenants::server_version(conn).await {
        Ok(version) => match judge_version(&version) {
            Ok(message) => findings.ok(message),
            Err(message) => findings.wrong(Check::Version, message),
        },
        Err(error) => findings.wrong(Check::Version, format!("the version of PostgreSQL: {error}")),
    }
}

/// Returns a sentence about the version; an error if it is too old.
fn judge_version(version: &str) -> Result<String, String> {
    let major = version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_POSTGRESQL => Ok(format!("PostgreSQL {version}")),
        _ => Err(format!("PostgreSQL {version}: POEM needs {OLDEST_POSTGRESQL} or newer")),
    }
}

/// Checks the properties of the database and the rights of the role. Returns false if nothing else can be checked.
async fn check_access(findings: &mut Findings, conn: &mut PgConnection) -> bool {
    let access = match DatabaseAccess::read(conn).await {
        Ok(access) => access,
        Err(error) => {
            findings.wrong(Check::Grants, error.to_string());
            return false;
        }
    };
    let role = &access.role;
    match access.unusable() {
        Some(problem) => findings.wrong(Check::Encoding, problem),
        None => findings.ok(format!("encoding {}", access.encoding)),
    }
    if access.is_standby || access.is_read_only {
        let what = if access.is_standby { "is a standby server" } else { "is read-only" };
        let message = format!("PostgreSQL {what}: logins and saving get 503; let [DATABASE] name the primary server");
        findings.wrong(Check::Writable, message);
    }
    if !access.has_triggers {
        let message = format!(
            "triggers do not run, so changes are not seen: run ALTER ROLE \"{role}\" RESET \
                               session_replication_role, likewise for the database"
        );
        findings.wrong(Check::Triggers, message);
    }
    check_grants(findings, conn, &access).await
}

/// Checks the rights to create tables. They are needed now if migrations are pending, otherwise by later commands.
async fn check_grants(findings: &mut Findings, conn: &mut PgConnection, access: &DatabaseAccess) -> bool {
    let grants = access.missing_grants();
    let is_pending =
        migrate::state(conn, &Schema::Public).await.is_ok_and(|steps| steps.iter().any(|step| !step.applied));
    let message =
        format!("the role {} cannot create POEM's tables: run, as a superuser, {}", access.role, grants.join("; "));
    if !access.may_use_public || (is_pending && !grants.is_empty()) {
        findings.wrong(Check::Grants, message);
    } else if !grants.is_empty() {
        findings.note(Check::Grants, format!("poem-db and poem-tenant need more rights: {message}"));
    }
    access.may_use_public
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_before_10_are_too_old() {
        assert_eq!(judge_version("15.8 (Debian 15.8-0+deb12u1)"), Ok("PostgreSQL 15.8 (Debian 15.8-0+deb12u1)".into()));
        assert_eq!(judge_version("9.6.24"), Err("PostgreSQL 9.6.24: POEM needs 10 or newer".into()));
    }
}
