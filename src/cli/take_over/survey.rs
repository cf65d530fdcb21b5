//! Looks at the database before a take-over: what POEM 2.3 has in it, and what stands in the way. Changes nothing.

use std::time::Duration;

use sqlx::PgConnection;

use crate::cli::{CommandResult, Failure};
use crate::domain::model::tenant::{SchemaName, Tenant, new_tenant};
use crate::import_export::django::check_release;
use crate::store::access::{self, DatabaseAccess};
use crate::store::django_tables::{self, DjangoTenant, OtherSession};
use crate::store::migrate::{self, Schema};
use crate::store::tenant_tx::begin_reading;
use crate::store::tenants;

/// The oldest PostgreSQL that POEM works with, as a number: 10.0.
const OLDEST_SERVER: i32 = 100_000;

/// The time that sessions have for ending after they were seen. One that was closed a moment ago may still be listed.
const GRACE: Duration = Duration::from_millis(300);

/// A tenant that can be taken over.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The tenant that it becomes. Its schema is the one that it has in POEM 2.3.
    pub(super) tenant: Tenant,
    /// The new name of the schema of POEM 2.3.
    pub(super) aside: SchemaName,
}

/// What is to be done with a tenant of POEM 2.3.
#[derive(Debug)]
pub(super) enum Finding {
    /// It can be taken over.
    Ready(Candidate),
    /// It is a tenant of this POEM already, in these words.
    Done(String),
    /// It cannot be taken over.
    Refused {
        /// Its name in POEM 2.3.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Returns the name that the schema of POEM 2.3 gets.
///
/// # Errors
/// It would be longer than PostgreSQL allows.
pub(super) fn aside_of(schema: &SchemaName) -> Result<SchemaName, Failure> {
    SchemaName::parse(&format!("{schema}_poem23")).map_err(|_| {
        let message = format!("{schema}_poem23, the new name of its schema, would be longer than 63 characters");
        Failure::new(format!(
            "{message}: run ALTER SCHEMA {schema} RENAME TO …, and change public.tenants_tenant likewise"
        ))
    })
}

/// Checks the server, the database and the rights of the role.
///
/// # Errors
/// The first of them that is in the way of any take-over.
pub(super) async fn check_database(conn: &mut PgConnection) -> CommandResult {
    if let Some(problem) = unsupported_server(django_tables::server_version_number(conn).await?) {
        return Err(unchanged(&problem));
    }
    let access = DatabaseAccess::read(conn).await?;
    if let Some(problem) = access.unusable() {
        return Err(unchanged(&problem));
    }
    if access.is_standby || access.is_read_only {
        return Err(unchanged("the database takes no changes: it is a standby server or read-only"));
    }
    let is_pending = migrate::state(conn, &Schema::Public).await?.iter().any(|step| !step.applied);
    let grants = access.missing_grants();
    if !access.may_create_schemas || (is_pending && !grants.is_empty()) {
        let (role, grants) = (&access.role, grants.join("; "));
        return Err(unchanged(&format!("the role {role} cannot create POEM's tables: run, as a superuser, {grants}")));
    }
    match django_tables::try_session_lock(conn).await? {
        true => Ok(()),
        false => Err(unchanged("another poem-db --take-over is at work")),
    }
}

fn unchanged(problem: &str) -> Failure {
    Failure::new(format!("{problem}; nothing was changed"))
}

fn unsupported_server(version: i32) -> Option<String> {
    (version < OLDEST_SERVER).then(|| {
        let (major, minor) = (version / 10_000, version / 100 % 100);
        format!(
            "this is PostgreSQL {major}.{minor}, and POEM needs PostgreSQL 10: upgrade it, or load a dump of POEM 2.3 \
             (poem-db -d) into a database of a newer one"
        )
    })
}

/// Looks at the tenants of POEM 2.3, or at the one with the schema `only`.
///
/// # Errors
/// The database has no POEM 2.3, or no such tenant in it.
pub(super) async fn findings(conn: &mut PgConnection, only: Option<&str>) -> Result<Vec<Finding>, Failure> {
    let listed = django_tables::tenants(conn).await.map_err(|error| unchanged(&error.to_string()))?;
    let listed =
        listed.ok_or_else(|| unchanged("there is no POEM 2.3 in this database: no table public.tenants_tenant"))?;
    let schemas: Vec<_> = listed.iter().map(|tenant| tenant.schema_name.as_str()).collect();
    if listed.is_empty() {
        return Err(unchanged("the POEM 2.3 in this database has no tenants"));
    }
    if let Some(only) = only.filter(|only| !schemas.contains(only)) {
        let schemas = schemas.join(", ");
        return Err(unchanged(&format!("POEM 2.3 has no tenant with the schema {only}; it has {schemas}")));
    }
    let ours = match tenants::are_listed(conn).await? {
        true => tenants::list(conn).await?.into_iter().map(|state| state.tenant).collect(),
        false => Vec::new(),
    };
    let mut findings = Vec::new();
    for tenant in listed.iter().filter(|tenant| only.is_none_or(|only| only == tenant.schema_name)) {
        findings.push(match examine(conn, tenant, &ours).await {
            Ok(finding) => finding,
            Err(failure) => Finding::Refused { name: tenant.name.clone(), reason: failure.message().to_owned() },
        });
    }
    Ok(findings)
}

/// Looks at one tenant; `ours` are the tenants of this POEM.
///
/// # Errors
/// The reason why it cannot be taken over.
async fn examine(conn: &mut PgConnection, listed: &DjangoTenant, ours: &[Tenant]) -> Result<Finding, Failure> {
    let schema = SchemaName::parse(&listed.schema_name)?;
    let is_ours = ours.iter().any(|tenant| tenant.schema == schema);
    let origin = django_tables::origin(conn, schema.as_str()).await?;
    if is_ours && !origin.is_some_and(|origin| origin.is_django) {
        return Ok(Finding::Done(format!("{} (schema {schema}) is a tenant of this POEM already", listed.name)));
    }
    let aside = aside_of(&schema)?;
    let is_aside = django_tables::origin(conn, aside.as_str()).await?.is_some();
    let problem = match origin {
        None if is_aside => {
            format!("its schema is {aside} already: poem-db --take-over --undo -n {schema} renames it back")
        }
        None => format!("its schema {schema} does not exist"),
        Some(origin) if !origin.is_django => format!("its schema {schema} has no tables of POEM 2.3"),
        Some(_) if is_ours => {
            format!("this POEM lists a tenant with its schema {schema}, which has tables of POEM 2.3")
        }
        Some(_) if is_aside => format!("the schema {aside} exists already: rename or drop it"),
        Some(origin) if !origin.is_owned => format!(
            "its schema {schema} belongs to another role: run, as a superuser, ALTER SCHEMA {schema} OWNER TO …, \
             with the role of [DATABASE]"
        ),
        Some(_) => return ready(conn, listed, ours, (schema, aside)).await,
    };
    Err(Failure::new(problem))
}

/// Checks names and tables of a tenant whose schemas are as they should be.
async fn ready(
    conn: &mut PgConnection,
    listed: &DjangoTenant,
    ours: &[Tenant],
    (schema, aside): (SchemaName, SchemaName),
) -> Result<Finding, Failure> {
    let tenant = new_tenant(&listed.name, &listed.domain_url)
        .map_err(|error| Failure::new(format!("{error}: correct it in public.tenants_tenant")))?;
    if tenant.schema != schema {
        let message = format!("its schema is {schema}, and POEM would name it {}", tenant.schema);
        return Err(Failure::new(format!("{message}: correct the name in public.tenants_tenant")));
    }
    let is_other = |other: &&Tenant| other.name == tenant.name || other.domain_url == tenant.domain_url;
    if let Some(other) = ours.iter().find(is_other) {
        let host = other.domain_url.as_deref().unwrap_or("-");
        let message = format!("this POEM has a tenant {} (schema {}) at the host {host}", other.name, other.schema);
        return Err(Failure::new(format!("{message}; names and hosts are unique")));
    }
    check_tables(conn, &schema).await?;
    Ok(Finding::Ready(Candidate { tenant, aside }))
}

/// Checks that the tables are those of POEM 2.3.0, and that the role may read and lock them.
async fn check_tables(conn: &mut PgConnection, schema: &SchemaName) -> CommandResult {
    let tables = access::relations(conn, schema.as_str()).await?;
    let mut real = tables.iter().filter(|table| !table.is_sequence);
    if let Some(table) = real.find(|table| !table.may_read || !table.may_write) {
        let name = &table.name;
        let message = format!("the role of [DATABASE] may not read and write its table {name}");
        return Err(Failure::new(format!(
            "{message}: run, as its owner, GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO …"
        )));
    }
    let mut tx = begin_reading(conn, schema).await?;
    let migrations = django_tables::migrations(&mut tx).await?;
    tx.rollback().await?;
    check_release(&migrations)?;
    let missing: Vec<_> =
        django_tables::names().filter(|name| !tables.iter().any(|table| table.name == *name)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!("tables of POEM 2.3 are missing in {schema}: {}", missing.join(", ")))),
    }
}

/// Checks that no session is in the way of the take-overs.
///
/// # Errors
/// Names the sessions.
pub(super) async fn check_sessions(conn: &mut PgConnection, findings: &[Finding]) -> CommandResult {
    let schemas: Vec<String> = findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Ready(candidate) => Some(candidate.tenant.schema.to_string()),
            _ => None,
        })
        .collect();
    if django_tables::sessions(conn, &schemas).await?.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(GRACE).await;
    let sessions: Vec<_> = django_tables::sessions(conn, &schemas).await?.iter().map(in_words).collect();
    match sessions.is_empty() {
        true => Ok(()),
        false => Err(unchanged(&format!(
            "POEM 2.3 or another program uses the database: {}. Stop POEM 2.3 (systemctl stop httpd24-httpd), and close \
             other sessions",
            sessions.join(", ")
        ))),
    }
}

fn in_words(session: &OtherSession) -> String {
    let OtherSession { pid, role, application } = session;
    let application = if application.is_empty() { String::new() } else { format!(", {application}") };
    format!("process {pid} (role {role}{application})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_before_10_is_refused() {
        let refused = unsupported_server(90_624).unwrap();
        assert!(refused.starts_with("this is PostgreSQL 9.6, and POEM needs PostgreSQL 10: "), "{refused}");
        assert_eq!(unsupported_server(100_000), None);
        assert_eq!(unsupported_server(150_018), None);
    }

    #[test]
    fn a_schema_name_without_room_is_refused() {
        let aside = |length| aside_of(&SchemaName::parse(&"a".repeat(length)).unwrap());
        assert_eq!(aside(56).unwrap().as_str().len(), 63);
        assert!(aside(57).unwrap_err().message().contains("would be longer than 63 characters"));
    }
}
