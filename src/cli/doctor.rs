//! `poem doctor`: checks the whole installation and reports what is wrong.

use sqlx::{Connection, PgConnection};

use super::context::{CommonArgs, block_on};
use super::drop_privileges::drop_privileges;
use super::{CommandResult, Failure};
use crate::app::{self, pool_settings};
use crate::config::{Config, secret_key};
use crate::domain::model::tenant::Tenant;
use crate::domain::web::host::Host;
use crate::logging;
use crate::store::migrate::{self, MigrateError, Schema};
use crate::store::tenants;

/// The oldest PostgreSQL that POEM works with.
const OLDEST_POSTGRESQL: u32 = 10;

/// The placeholder for passwords in the poem.conf that is shipped.
const PLACEHOLDER: &str = "CHANGE_ME";

/// Check the configuration, the files, the database and the tenants
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

/// The findings. Each is printed at once; only the problems are counted.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    fn ok(&mut self, message: impl AsRef<str>) {
        println!("  ok     {}", message.as_ref());
    }

    /// Something that works, but that the administrator should know.
    fn note(&mut self, message: impl AsRef<str>) {
        println!("  note   {}", message.as_ref());
    }

    fn wrong(&mut self, message: impl AsRef<str>) {
        self.problems += 1;
        println!("  WRONG  {}", message.as_ref());
    }

    /// Reports the outcome of one check. Returns its value, or `None` if it failed.
    fn check<T>(&mut self, what: &str, outcome: Result<T, impl std::fmt::Display>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.ok(what);
                Some(value)
            }
            Err(error) => {
                self.wrong(format!("{what}: {error}"));
                None
            }
        }
    }
}

/// Runs all checks and prints a line for each.
///
/// # Errors
/// `Failed` if there is a problem.
pub fn run(args: Args) -> CommandResult {
    let mut findings = Findings::default();
    let path = args.common.path();
    if let Some(config) = findings.check(&format!("configuration {}", path.display()), Config::load(&path)) {
        if let Err(failure) = drop_privileges(config.server.user.as_deref()) {
            let (Failure::Failed(message) | Failure::Usage(message)) = failure;
            findings.wrong(message);
        }
        check_files(&mut findings, &config);
        block_on(async {
            check_database(&mut findings, &config).await;
            Ok(())
        })?;
    }
    match findings.problems {
        0 => {
            println!("All is well.");
            Ok(())
        }
        1 => Err(Failure::new("1 problem was found")),
        problems => Err(Failure::new(format!("{problems} problems were found"))),
    }
}

fn check_files(findings: &mut Findings, config: &Config) {
    let key = &config.security.secret_key_path;
    findings.check(&format!("secret key {}", key.display()), secret_key::read(key));
    if let Some(previous) = &config.security.previous_secret_key_path {
        findings.check(&format!("previous secret key {}", previous.display()), secret_key::read_previous(previous));
    }
    if let Some(management) = config.server.management.filter(|management| !management.ip().is_loopback()) {
        findings.note(format!("health and metrics are served at {management}, also to other machines"));
    }
    findings.check("logging", logging::check(config));
    for directory in app::directories(config) {
        findings.check(&format!("{} in {}", directory.what, directory.path.display()), directory.check());
    }
    let security = &config.security;
    let optional = [
        ("CAFile", &security.ca_file),
        ("CAPath", &security.ca_path),
        ("HostCert", &security.host_cert),
        ("HostKey", &security.host_key),
    ];
    for (key, path) in optional {
        if let Some(path) = path.as_deref().filter(|path| !path.exists()) {
            findings
                .note(format!("[SECURITY] {key}: {} does not exist; needed for fetching over https", path.display()));
        }
    }
}

async fn check_database(findings: &mut Findings, config: &Config) {
    let database = &config.database;
    let what = format!("database {} at {}:{}", database.name, database.host, database.port);
    let Some(mut conn) = findings.check(&what, pool_settings(config).connect().await) else { return };
    check_version(findings, &mut conn).await;
    if check_migrations(findings, &mut conn, &Schema::Public).await {
        check_tenants(findings, &mut conn, config).await;
    }
    if let Err(error) = conn.close().await {
        findings.wrong(format!("{what}: {error}"));
    }
}

async fn check_version(findings: &mut Findings, conn: &mut PgConnection) {
    match tenants::server_version(conn).await {
        Ok(version) => {
            let major =
                version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse::<u32>().ok());
            match major {
                Some(major) if major >= OLDEST_POSTGRESQL => findings.ok(format!("PostgreSQL {version}")),
                _ => findings.wrong(format!("PostgreSQL {version}: POEM needs {OLDEST_POSTGRESQL} or newer")),
            }
        }
        Err(error) => findings.wrong(format!("the version of PostgreSQL: {error}")),
    }
}

/// Checks the migrations of a schema. Returns true if all of them were applied, unchanged or not.
async fn check_migrations(findings: &mut Findings, conn: &mut PgConnection, schema: &Schema) -> bool {
    let name = schema.as_str();
    match migrate::state(conn, schema).await {
        Err(error) => findings.wrong(error.to_string()),
        Ok(steps) => {
            for step in steps.iter().filter(|step| step.changed) {
                let changed = MigrateError::Changed { schema: name.to_owned(), name: step.name.clone() };
                findings.wrong(changed.to_string());
            }
            let pending: Vec<_> = steps.iter().filter(|step| !step.applied).map(|step| step.name.as_str()).collect();
            if pending.is_empty() {
                findings.ok(format!("schema {name}: all migrations applied"));
                return true;
            }
            let remedy = if name == "public" { "poem-db -c" } else { "poem-db -a" };
            findings.wrong(format!("schema {name}: pending: {}; run {remedy}", pending.join(", ")));
        }
    }
    false
}

async fn check_tenants(findings: &mut Findings, conn: &mut PgConnection, config: &Config) {
    let Some(states) = findings.check("list of tenants", tenants::list(conn).await) else { return };
    if states.is_empty() {
        findings.note("there is no tenant yet: create one with poem-tenant -t NAME -d HOSTNAME");
    }
    for state in &states {
        check_migrations(findings, conn, &Schema::Tenant(state.tenant.schema.clone())).await;
        check_sections(findings, &state.tenant, config);
    }
    let known: Vec<_> = states.iter().map(|state| state.tenant.name.to_uppercase()).collect();
    for section in config.tenant_sections() {
        let tenant = section.split_once('_').map_or("", |(_, tenant)| tenant);
        if !known.iter().any(|name| name == tenant) {
            findings.note(format!("[{section}]: there is no tenant {tenant}"));
        }
    }
}

fn check_sections(findings: &mut Findings, tenant: &Tenant, config: &Config) {
    let upper = tenant.name.to_uppercase();
    match config.tenant_general(&tenant.name) {
        Ok(Some(_)) => {}
        Ok(None) => {
            findings.wrong(format!("[GENERAL_{upper}] is missing: profiles of {} have no namespace", tenant.name))
        }
        Err(error) => findings.wrong(error.to_string()),
    }
    for (section, outcome) in
        [("SUPERUSER", config.superuser(&tenant.name).err()), ("SYNC", config.sync(&tenant.name).err())]
    {
        if let Some(error) = outcome {
            findings.note(format!("[{section}_{upper}] cannot be used: {error}"));
        }
    }
    if config.superuser(&tenant.name).is_ok_and(|superuser| superuser.password.expose() == PLACEHOLDER) {
        findings.note(format!("[SUPERUSER_{upper}] Password is still {PLACEHOLDER}"));
    }
    let host = tenant.domain_url.as_deref().unwrap_or_default();
    if !Host::parse(host).is_ok_and(|host| config.security.allowed_hosts.allows(&host)) {
        findings.wrong(format!("[SECURITY] AllowedHosts does not allow {host}, the host of {}", tenant.name));
    }
}
