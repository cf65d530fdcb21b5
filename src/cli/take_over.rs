//! `poem-db --take-over`: makes tenants of POEM 2.3 tenants of this POEM, in the same database.
//!
//! A tenant is taken over completely or not at all. Its tables of POEM 2.3 stay in a schema with another name.

mod survey;
mod undo;

use serde_json::Value;
use sqlx::{Connection, PgConnection};

use super::context::Context;
use super::{CommandResult, Failure};
use crate::domain::model::tenant::Tenant;
use crate::import_export::django::{self, ParsedDump};
use crate::output;
use crate::registry::take_over::TakeOver;
use crate::registry::tenants::ensure_public_tenant;
use crate::store::migrate::{self, Schema};
use crate::store::tenant_tx::begin_reading;
use crate::store::{StoreError, django_tables};
use survey::{Candidate, Finding};

const PROGRAM: &str = "poem-db";

/// The options of a take-over.
#[derive(clap::Args, Debug)]
pub struct TakeOverArgs {
    /// Take over the tenants of POEM 2.3 in this database, all unless -n is given
    #[arg(long, conflicts_with_all = ["create", "apply", "list", "file", "superuser", "clear_sessions", "fixture", "data"])]
    take_over: bool,
    /// With --take-over: change nothing, and say what would be taken over
    #[arg(long, requires = "take_over", conflicts_with = "undo")]
    dry_run: bool,
    /// With --take-over and -n: delete the tenant, after a question, and give POEM 2.3 its schema back
    #[arg(long, requires_all = ["take_over", "schema"])]
    undo: bool,
}

/// What a take-over is asked to do.
#[derive(Debug)]
pub enum TakeOverAction {
    /// Take over the tenant with this schema, or all.
    TakeOver {
        /// The schema; `None` for all.
        only: Option<String>,
        /// Change nothing.
        dry_run: bool,
    },
    /// Undo the take-over of the tenant with this schema.
    Undo {
        /// The schema.
        schema: String,
        /// Do not ask.
        yes: bool,
    },
}

impl TakeOverArgs {
    /// Returns what is asked for; `None` without `--take-over`.
    pub fn action(&self, schema: Option<&str>, yes: bool) -> Option<TakeOverAction> {
        let only = schema.map(str::to_owned);
        match (self.take_over, self.undo, only) {
            (false, ..) => None,
            (true, true, Some(schema)) => Some(TakeOverAction::Undo { schema, yes }),
            (true, _, only) => Some(TakeOverAction::TakeOver { only, dry_run: self.dry_run }),
        }
    }
}

/// Takes over, or undoes it.
pub async fn run(context: &Context, action: TakeOverAction) -> CommandResult {
    match action {
        TakeOverAction::Undo { schema, yes } => undo::undo(context, &schema, yes).await,
        TakeOverAction::TakeOver { only, dry_run } => take_over(context, only.as_deref(), dry_run).await,
    }
}

async fn take_over(context: &Context, only: Option<&str>, dry_run: bool) -> CommandResult {
    let mut conn = context.connection().await?;
    survey::check_database(&mut conn).await?;
    context.keys()?;
    let findings = survey::findings(&mut conn, only).await?;
    let is_ready = findings.iter().any(|finding| matches!(finding, Finding::Ready(_)));
    if is_ready && !dry_run {
        survey::check_sessions(&mut conn, &findings).await?;
        prepare_public(&mut conn).await?;
    }
    let mut failed = Vec::new();
    let mut old_schemas = Vec::new();
    for finding in &findings {
        match finding {
            Finding::Done(words) => output::line(format!("{words}: nothing to do")),
            Finding::Refused { name, reason } => failed.push(report_failure(name, reason)),
            Finding::Ready(candidate) => {
                let name = &candidate.tenant.name;
                match take_over_one(context, &mut conn, candidate, dry_run).await {
                    Ok(()) => old_schemas.push(candidate.aside.as_str()),
                    Err(failure) => failed.push(report_failure(name, failure.message())),
                }
            }
        }
    }
    conn.close().await?;
    if !dry_run {
        report_next_steps(&old_schemas);
    }
    match failed.len() {
        0 => Ok(()),
        count => {
            let all = findings.len();
            Err(Failure::new(format!("{count} of {all} tenant(s) cannot be taken over: {}", failed.join(", "))))
        }
    }
}

/// Prints and logs why a tenant is left as it is; returns its name.
fn report_failure<'a>(name: &'a str, reason: &str) -> &'a str {
    let message = format!("{name}: {reason}; nothing of it was changed");
    output::warn(format!("{PROGRAM}: {message}"));
    log::error!("{message}");
    name
}

/// Creates or migrates the schema public, as `poem-db -c` does. POEM and POEM 2.3 have no table of the same name there.
async fn prepare_public(conn: &mut PgConnection) -> CommandResult {
    let applied = migrate::run(conn, &Schema::Public, false, &mut |_| ()).await?;
    let is_new = ensure_public_tenant(conn).await?;
    if applied > 0 || is_new {
        output::line("Prepared the schema public");
    }
    Ok(())
}

/// Takes over a tenant, or only reads it if `dry_run` is set, and prints what its tables hold.
async fn take_over_one(
    context: &Context,
    conn: &mut PgConnection,
    candidate: &Candidate,
    dry_run: bool,
) -> CommandResult {
    let Candidate { tenant, aside } = candidate;
    if dry_run {
        let mut tx = begin_reading(conn, &tenant.schema).await?;
        let tables = django_tables::read(&mut tx).await?;
        tx.rollback().await?;
        report(tenant, &parse(context, tables)?);
        output::line(format!("{} can be taken over; nothing was changed", tenant.name));
        return Ok(());
    }
    let in_use = |error: StoreError| format!("{error}: stop POEM 2.3 (systemctl stop httpd24-httpd), and try again");
    let mut work = TakeOver::begin(conn, &tenant.schema).await.map_err(|error| Failure::new(in_use(error)))?;
    let parsed = parse(context, work.read().await?)?;
    work.finish(tenant, aside, &parsed.snapshot).await?;
    report(tenant, &parsed);
    let host = tenant.domain_url.as_deref().unwrap_or("-");
    output::line(format!(
        "Took over {} (schema {}, host {host}); its tables of POEM 2.3 are in the schema {aside}",
        tenant.name, tenant.schema
    ));
    log::info!("{}: took over {} objects; POEM 2.3 is in {aside}", tenant.name, parsed.objects);
    Ok(())
}

fn parse(context: &Context, tables: Vec<(&'static str, Vec<Value>)>) -> Result<ParsedDump, Failure> {
    Ok(django::parse_tables(tables, &context.keys()?, context.config.general.timezone)?)
}

/// Prints the warnings about a tenant, and what it has.
fn report(tenant: &Tenant, parsed: &ParsedDump) {
    for warning in &parsed.warnings {
        output::warn(format!("{PROGRAM}: warning: {}: {warning}", tenant.name));
    }
    output::line(format!("{}: {} objects", tenant.name, parsed.objects));
    for (what, count) in &parsed.counts {
        output::line(format!("{count:>8} {what}"));
    }
}

/// Prints how to remove the tables of POEM 2.3, which no command does.
fn report_next_steps(old_schemas: &[&str]) {
    if old_schemas.is_empty() {
        return;
    }
    output::line("To remove the tables of POEM 2.3, once nobody needs them, run in psql:");
    for schema in old_schemas {
        output::line(format!("DROP SCHEMA {schema} CASCADE;"));
    }
}
