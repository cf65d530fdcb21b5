//! `poem-syncservtype`, `poem-syncvo`, `poem-syncservices`: fill the lists of all tenants from feeds.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, PgPool};
use tokio::signal::unix::{SignalKind, signal};

use super::context::{CommonArgs, Context, block_on, no_such_tenant};
use super::{CommandResult, Failure};
use crate::config::Config;
use crate::domain::model::sync_feed::{FeedContent, SyncFeed};
use crate::domain::model::sync_status::{SyncAttempt, SyncResult};
use crate::domain::model::tenant::SchemaName;
use crate::http_client::client::{Fetched, Limits};
use crate::http_client::client_certificate::ClientCertificate;
use crate::output;
use crate::registry::sync::{self as registry, RemovalGuard};
use crate::store::migrate::{Schema, schema_mismatch};
use crate::store::{StoreError, sync_status, tenants};
use crate::sync::fetch::{Fetcher, Source, fetch_all};
use crate::sync::xml_feed::FeedError;
use crate::sync::{services, vos, words, xml_feed};

/// The time after which a database that went away is not tried for the next tenants.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most warnings about one feed in the log.
const MOST_WARNINGS: usize = 20;

/// Fill a list of all tenants from their feed; cron runs this every hour
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// Only the tenant with this schema [default: all tenants]
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    tenant: Option<String>,
    /// Print what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// This once, delete also what is refused because it is too much
    #[arg(long)]
    force: bool,
    /// Print the results to standard output, also without a terminal
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// The one thing that can be said about the arguments of these commands, as in POEM 2.3.
pub const USAGE: &str = "Script does not take any argument and should be called without any";

/// Fetches a feed for all tenants and makes their lists equal to it.
///
/// # Errors
/// `Reported` if a tenant failed or was refused; `Failed` if nothing could begin.
pub fn run(feed: SyncFeed, args: Args) -> CommandResult {
    // Read before root's privileges are dropped: the key is usually readable by root only.
    let (context, certificate) = Context::open_with(&args.common, feed.command(), |config| certificate(feed, config))?;
    if args.dry_run {
        log::set_max_level(log::LevelFilter::Off);
    }
    block_on(until_stopped(synchronize(feed, &args, &context, certificate)))
}

/// Does the work of all tenants, unless a signal stops it.
pub(super) async fn until_stopped(work: impl Future<Output = CommandResult>) -> CommandResult {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = work => outcome,
        _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted; nothing of the current tenant was changed")),
        _ = terminate.recv() => Err(Failure::new("terminated; nothing of the current tenant was changed")),
    }
}

/// Reads the client certificate if a tenant's feed needs it. `None`: there is none, or no feed needs it.
pub(super) fn certificate(feed: SyncFeed, config: &Config) -> Option<Result<ClientCertificate, String>> {
    let certificate = config.security.host_cert.as_deref().filter(|_| feed == SyncFeed::ServiceTypes)?;
    any_https(config, &[feed]).then(|| {
        let key = config.security.host_key.as_deref().unwrap_or(Path::new(""));
        ClientCertificate::read(certificate, key).map_err(|error| error.to_string())
    })
}

/// Returns true if a feed of any tenant is fetched over https.
pub(super) fn uses_https(config: &Config) -> bool {
    any_https(config, &SyncFeed::ALL)
}

fn any_https(config: &Config, feeds: &[SyncFeed]) -> bool {
    let sections: Vec<String> = config.tenant_sections().collect();
    let tenants = sections.iter().filter_map(|section| section.strip_prefix("SYNC_"));
    let mut settings = tenants.filter_map(|tenant| config.sync(tenant).ok().flatten());
    settings.any(|sync| feeds.iter().any(|feed| sync.address(*feed).trim().to_ascii_lowercase().starts_with("https:")))
}

/// The work for one tenant.
struct Job {
    schema: SchemaName,
    /// The number of its source; `None` if it has no such feed; `Err`: the section is wrong, or the schema unusable.
    source: Result<Option<usize>, String>,
    max_percent: u8,
}

impl Job {
    /// The schema in upper case, before each line.
    fn name(&self) -> String {
        self.schema.as_str().to_uppercase()
    }
}

async fn synchronize(
    feed: SyncFeed,
    args: &Args,
    context: &Context,
    certificate: Option<Result<ClientCertificate, String>>,
) -> CommandResult {
    let report = Report { is_verbose: args.verbose || output::is_terminal(), is_dry: args.dry_run };
    let mut conn = context.connection().await?;
    let mut sources = Vec::new();
    let has_certificate = context.config.security.host_cert.is_some();
    let jobs = jobs(feed, args, context, &mut conn, &mut sources, has_certificate, &report).await?;
    if let Some(Ok(certificate)) = &certificate
        && certificate.days_left() < 0
    {
        report.warning(&format!("the certificate [SECURITY] HostCert expired on {}", certificate.not_after()));
    }
    let fetcher = Fetcher {
        trust: context.trusted_certificates(),
        certificate: certificate.unwrap_or_else(|| Err("[SECURITY] HostCert is not set".to_owned())),
        limits: Limits::THREE_ATTEMPTS,
    };
    let began = Instant::now();
    let fetched = fetch_all(Arc::new(fetcher), &sources, on_retry(&jobs, report)).await;
    let run = Run { feed, args, pool: context.pool(), report, began, host: host_name() };
    let mut failed = 0;
    let mut database_failed_at: Option<Instant> = None;
    for job in &jobs {
        if database_failed_at.is_some_and(|failed_at| failed_at.elapsed() > DATABASE_TIMEOUT) {
            report.failure(&format!("{}: not synchronized, because the database failed", job.name()));
            failed += 1;
            continue;
        }
        match run.tenant(job, &sources, &fetched).await {
            Ok(is_done) => {
                failed += usize::from(!is_done);
                database_failed_at = None;
            }
            Err(error) => {
                report.failure(&format!("{}: database operations failed - {error}", job.name()));
                failed += 1;
                database_failed_at.get_or_insert_with(Instant::now);
            }
        }
    }
    conn.close().await?;
    if failed == 0 { Ok(()) } else { Err(Failure::Reported) }
}

/// Finds the work of all tenants, and takes their locks. A tenant whose lock is taken has none.
async fn jobs(
    feed: SyncFeed,
    args: &Args,
    context: &Context,
    conn: &mut PgConnection,
    sources: &mut Vec<Source>,
    has_certificate: bool,
    report: &Report,
) -> Result<Vec<Job>, Failure> {
    let mut states = tenants::list(conn).await?;
    if let Some(named) = &args.tenant {
        states.retain(|state| state.tenant.schema.as_str() == named);
        if states.is_empty() {
            return Err(no_such_tenant(named));
        }
    }
    let mut jobs = Vec::new();
    for state in states {
        let schema = state.tenant.schema;
        let mut job = Job { schema: schema.clone(), source: Ok(None), max_percent: 0 };
        if !args.dry_run && !sync_status::try_lock(conn, &schema, feed.into()).await? {
            report.info(&format!("{}: another {} is at work, skipped", job.name(), feed.command()));
            continue;
        }
        job.source = match schema_mismatch(&Schema::Tenant(schema), state.migration) {
            Some(mismatch) => Err(mismatch),
            None => context.config.sync(&state.tenant.name).map_err(|error| error.to_string()).and_then(|sync| {
                let Some(sync) = sync else { return Ok(None) };
                job.max_percent = sync.max_removed_percent;
                let place = |problem| format!("[SYNC_{}] {problem}", state.tenant.name.to_uppercase());
                let source = Source::of(feed, &sync, has_certificate).map_err(place)?;
                Ok(source.map(|source| number_of(source, sources)))
            }),
        };
        jobs.push(job);
    }
    Ok(jobs)
}

/// Returns the number of a source; equal sources have one number.
fn number_of(source: Source, sources: &mut Vec<Source>) -> usize {
    sources.iter().position(|known| *known == source).unwrap_or_else(|| {
        sources.push(source);
        sources.len() - 1
    })
}

/// Returns the function that logs another attempt, for every tenant that shares the source.
fn on_retry(jobs: &[Job], report: Report) -> Arc<crate::sync::fetch::OnRetry> {
    let names: Vec<(Option<usize>, String)> =
        jobs.iter().map(|job| (job.source.clone().ok().flatten(), job.name())).collect();
    Arc::new(move |number, error, wait| {
        for (_, name) in names.iter().filter(|(source, _)| *source == Some(number)) {
            report.info(&format!("{name}: {error}; trying again in {} s", wait.as_secs()));
        }
    })
}

/// Where the lines of a run go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    /// Results go to standard output, too.
    pub(super) is_verbose: bool,
    /// Nothing is written, so that the log has no results.
    pub(super) is_dry: bool,
}

impl Report {
    pub(super) fn info(self, line: &str) {
        log::info!("{line}");
        if self.is_verbose && !self.is_dry {
            output::line(line);
        }
    }

    pub(super) fn warning(self, line: &str) {
        log::warn!("{line}");
        if self.is_dry {
            output::warn(line);
        } else if self.is_verbose {
            output::line(line);
        }
    }

    pub(super) fn failure(self, line: &str) {
        log::error!("{line}");
        output::warn(line);
    }
}

/// What all tenants of a run share.
struct Run<'a> {
    feed: SyncFeed,
    args: &'a Args,
    pool: PgPool,
    report: Report,
    began: Instant,
    host: String,
}

impl Run<'_> {
    /// Synchronizes one tenant. Returns false if it failed or was refused, which is reported.
    ///
    /// # Errors
    /// The database fails.
    async fn tenant(
        &self,
        job: &Job,
        sources: &[Source],
        fetched: &[Result<Arc<Fetched>, String>],
    ) -> Result<bool, StoreError> {
        let number = match &job.source {
            Ok(Some(number)) => *number,
            Ok(None) => {
                let noun = self.feed.noun();
                self.report.info(&format!("{}: no {noun} feed configured, skipped", job.name()));
                self.record(job, SyncResult::NotConfigured, "").await?;
                return Ok(true);
            }
            Err(problem) => return self.failed(job, problem).await,
        };
        let source = &sources[number];
        if source.exposes_password() {
            let address = source.shown();
            self.report.warning(&format!("{}: the password for {address} is readable on the way", job.name()));
        }
        let fetched = match &fetched[number] {
            Ok(fetched) => fetched,
            Err(error) => return self.failed(job, &words::not_fetched(self.feed, &words::limited(error))).await,
        };
        let content = match self.content(fetched) {
            Ok(content) => content,
            Err(error) => return self.failed(job, &words::not_read(self.feed, &source.shown(), &error)).await,
        };
        for warning in content.warnings.iter().take(MOST_WARNINGS) {
            self.report.warning(&format!("{}: {warning}", job.name()));
        }
        if let Some(more) = content.warnings.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
            self.report.warning(&format!("{}: {more} more warnings about this feed", job.name()));
        }
        self.compare_and_write(job, &content).await
    }

    fn content(&self, fetched: &Fetched) -> Result<FeedContent, FeedError> {
        let charset = fetched.charset.as_deref();
        match self.feed {
            SyncFeed::ServiceTypes => xml_feed::service_types(&fetched.body, charset),
            SyncFeed::Vos => vos::read(&fetched.body, charset),
            SyncFeed::Services => services::read(&fetched.body, self.args.force),
        }
    }

    async fn compare_and_write(&self, job: &Job, content: &FeedContent) -> Result<bool, StoreError> {
        let guard = RemovalGuard { max_percent: job.max_percent, is_off: self.args.force };
        if self.args.dry_run {
            let compared = registry::compare(&self.pool, &job.schema, self.feed, content, guard).await?;
            output::line(format!("{}: {}", job.name(), self.feed.noun()));
            words::dry_run(self.feed, &compared, job.max_percent).iter().for_each(output::line);
            return Ok(!compared.is_refused);
        }
        let attempt = self.attempt(SyncResult::Failed, "");
        let (compared, attempt) =
            registry::apply(&self.pool, &job.schema, self.feed, content, (guard, &attempt)).await?;
        if compared.is_refused {
            let refused = words::refused(&job.schema, self.feed, &compared.changes, job.max_percent);
            self.report.failure(&format!("{}: {refused}", job.name()));
            return Ok(false);
        }
        for line in words::written(self.feed, &compared, &attempt) {
            self.report.info(&format!("{}: {line}", job.name()));
        }
        for line in words::orphaned(&compared.owners) {
            self.report.warning(&format!("{}: {line}", job.name()));
        }
        Ok(true)
    }

    /// Reports and records a failure. Returns false.
    async fn failed(&self, job: &Job, line: &str) -> Result<bool, StoreError> {
        self.report.failure(&format!("{}: {line}", job.name()));
        self.record(job, SyncResult::Failed, line).await?;
        Ok(false)
    }

    async fn record(&self, job: &Job, result: SyncResult, message: &str) -> Result<(), StoreError> {
        match self.args.dry_run {
            true => Ok(()),
            false => registry::record(&self.pool, &job.schema, &self.attempt(result, message)).await,
        }
    }

    fn attempt(&self, result: SyncResult, message: &str) -> SyncAttempt {
        let attempt = SyncAttempt::new(self.feed.into(), result, message, &self.host);
        SyncAttempt { seconds: self.began.elapsed().as_secs_f64(), ..attempt }
    }
}

/// The name of this machine.
pub(super) fn host_name() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
