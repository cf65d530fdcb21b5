//! `poem-syncaggregations`: the aggregation profiles of all tenants follow the ARGO WEB-API.

use std::time::Instant;

use sqlx::{Connection, PgPool};

use super::context::{CommonArgs, Context, block_on, no_such_tenant};
use super::sync::{Report, host_name, until_stopped};
use super::{CommandResult, Failure};
use crate::argo_webapi::client::WebApiClient;
use crate::domain::model::sync_status::{SyncAttempt, SyncResult};
use crate::domain::model::synced_list::SyncedList;
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::domain::security::api_token::MissingToken;
use crate::domain::security::keys::Keys;
use crate::output;
use crate::registry::aggregation_sync::Followed;
use crate::registry::sync as registry;
use crate::store::migrate::{Schema, schema_mismatch};
use crate::store::tenants::{self, TenantState};
use crate::sync::words::{limited, names};
use crate::webapi_sync::access::TenantAccess;
use crate::webapi_sync::metric_profiles::{NotSent, send_marked};
use crate::webapi_sync::sync::{SyncFailure, synchronize};

const LIST: SyncedList = SyncedList::AggregationProfiles;

/// Read the aggregation profiles of all tenants on the ARGO WEB-API; cron runs this every hour
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// Only the tenant with this schema [default: all tenants]
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    tenant: Option<String>,
    /// Print the results to standard output, also without a terminal
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Synchronizes the aggregation profiles of all tenants.
///
/// # Errors
/// `Reported` if a tenant failed or was refused; `Failed` if nothing could begin.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, LIST.command())?;
    block_on(until_stopped(all_tenants(&args, &context)))
}

async fn all_tenants(args: &Args, context: &Context) -> CommandResult {
    let run = Run {
        context,
        pool: context.pool(),
        client: WebApiClient::default(),
        keys: if context.config.webapi.is_some() { Some(context.keys()?) } else { None },
        report: Report { is_verbose: args.verbose || output::is_terminal(), is_dry: false },
    };
    let mut failed = 0;
    for state in states(args, context).await? {
        failed += usize::from(!run.tenant(&state).await);
    }
    run.pool.close().await;
    if failed == 0 { Ok(()) } else { Err(Failure::Reported) }
}

async fn states(args: &Args, context: &Context) -> Result<Vec<TenantState>, Failure> {
    let mut conn = context.connection().await?;
    let mut states = tenants::list(&mut conn).await?;
    conn.close().await?;
    if let Some(named) = &args.tenant {
        states.retain(|state| state.tenant.schema.as_str() == named);
        if states.is_empty() {
            return Err(no_such_tenant(named));
        }
    }
    Ok(states)
}

/// What all tenants of a run share.
struct Run<'a> {
    context: &'a Context,
    pool: PgPool,
    client: WebApiClient,
    /// `None` without `[WEBAPI]`.
    keys: Option<Keys>,
    report: Report,
}

impl Run<'_> {
    /// Synchronizes one tenant, reports and records it. Returns false if it failed or was refused.
    async fn tenant(&self, state: &TenantState) -> bool {
        let (began, schema) = (Instant::now(), &state.tenant.schema);
        let attempt = match schema_mismatch(&Schema::Tenant(schema.clone()), state.migration) {
            Some(mismatch) => self.failed(schema, SyncResult::Failed, mismatch),
            None => self.synchronize(&state.tenant).await,
        };
        let attempt = SyncAttempt { seconds: began.elapsed().as_secs_f64(), ..attempt };
        if let Err(error) = registry::record(&self.pool, schema, &attempt).await {
            self.failed(schema, SyncResult::Failed, format!("database operations failed - {error}"));
            return false;
        }
        !attempt.result.is_failure()
    }

    async fn synchronize(&self, tenant: &Tenant) -> SyncAttempt {
        let access = self
            .keys
            .as_ref()
            .and_then(|keys| TenantAccess::new((&self.pool, tenant), &self.context.config, &self.client, keys));
        let Some(access) = access else {
            return self.skipped(&tenant.schema, "the ARGO WEB-API is not configured", String::new());
        };
        match synchronize(&access).await {
            Ok(followed) => {
                let attempt = self.done(&tenant.schema, &followed);
                self.send_profiles(&access).await.unwrap_or(attempt)
            }
            Err(SyncFailure::NoToken(missing @ (MissingToken::Absent | MissingToken::Revoked))) => {
                self.skipped(&tenant.schema, "no token for the ARGO WEB-API", missing.to_string())
            }
            Err(SyncFailure::Store(error)) => {
                self.failed(&tenant.schema, SyncResult::Failed, format!("database operations failed - {error}"))
            }
            Err(failure) => {
                let result = if failure.is_refusal() { SyncResult::Refused } else { SyncResult::Failed };
                self.failed(&tenant.schema, result, format!("ARGO WEB-API - {}", limited(&failure.to_string())))
            }
        }
    }

    /// Sends the profiles that a save could not send. Returns the attempt if that failed, too.
    ///
    /// What a user has to decide is a warning only: it stays the same every hour.
    async fn send_profiles(&self, access: &TenantAccess<'_>) -> Option<SyncAttempt> {
        let schema = &access.tenant.schema;
        let namespace = self.context.config.general_of(&access.tenant.name).namespace;
        let not_sent = match send_marked(access, &namespace, (None, "poem-syncaggregations")).await {
            Ok(not_sent) => not_sent,
            Err(error) => {
                let words = format!("database operations failed - {error}");
                return Some(self.failed(schema, SyncResult::Failed, words));
            }
        };
        let words = |not_sent: &NotSent| {
            let failure = limited(&not_sent.failure.to_string());
            format!("the profile {} was not sent to the ARGO WEB-API: {failure}", not_sent.name)
        };
        let (open, failed): (Vec<_>, Vec<_>) = not_sent.iter().partition(|not_sent| not_sent.failure.needs_a_user());
        for not_sent in open {
            self.report.warning(&format!("{}: {}", name(schema), words(not_sent)));
        }
        Some(self.failed(schema, SyncResult::Failed, words(failed.first()?)))
    }

    fn done(&self, schema: &SchemaName, followed: &Followed) -> SyncAttempt {
        for (verb, changed) in [("Added", &followed.added), ("Changed", &followed.changed)] {
            if !changed.is_empty() {
                self.info(schema, &format!("{verb} {} aggregation profiles", changed.len()));
                self.info(schema, &format!("{verb} aggregation profiles: {}", names(changed.iter())));
            }
        }
        let mut message = String::new();
        if !followed.missing.is_empty() {
            message = format!("Not on the ARGO WEB-API: {}", names(followed.missing.iter()));
            self.report.warning(&format!("{}: {message}", name(schema)));
        }
        let result = if followed.is_nothing() {
            self.info(schema, "Aggregation profiles are up to date");
            SyncResult::UpToDate
        } else {
            SyncResult::Changed
        };
        SyncAttempt {
            added: followed.added.len(),
            changed: followed.changed.len(),
            in_feed: followed.found,
            listed: followed.listed,
            ..attempt(result, message)
        }
    }

    fn skipped(&self, schema: &SchemaName, why: &str, message: String) -> SyncAttempt {
        self.info(schema, &format!("{why}, skipped"));
        attempt(SyncResult::NotConfigured, message)
    }

    fn failed(&self, schema: &SchemaName, result: SyncResult, line: String) -> SyncAttempt {
        self.report.failure(&format!("{}: {line}", name(schema)));
        attempt(result, line)
    }

    fn info(&self, schema: &SchemaName, line: &str) {
        self.report.info(&format!("{}: {line}", name(schema)));
    }
}

/// The schema in upper case, before each line.
fn name(schema: &SchemaName) -> String {
    schema.as_str().to_uppercase()
}

fn attempt(result: SyncResult, message: String) -> SyncAttempt {
    SyncAttempt::new(LIST, result, message, host_name())
}
