//! `poem serve`: runs the server.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rocket::error::ErrorKind;
use rocket::{Build, Ignite, Rocket};
use sqlx::PgConnection;
use tokio::signal::unix::{SignalKind, signal};

use super::context::{CommonArgs, block_on};
use super::drop_privileges::drop_privileges;
use super::{CommandResult, Failure};
use crate::app;
use crate::config::reload::LiveConfig;
use crate::config::{Config, secret_key};
use crate::logging;
use crate::logging::Role;
use crate::store::migrate::{self, Schema};
use crate::store::{PoolSettings, StoreError, tenants};

/// The time limit of the start for a database that accepts connections but does not answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serve POEM over HTTP, at [SERVER] Address and Port
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

/// Serves until a signal stops the server.
pub fn run(args: Args) -> CommandResult {
    let live = LiveConfig::load(&args.common.path())?;
    let config = live.current();
    drop_privileges(config.server.user.as_deref())?;
    logging::init("poem", Role::Server, &config)?;
    for problem in config.mode_problems().into_iter().chain(config.unencrypted_tokens()) {
        log::warn!("{problem}");
    }
    for problem in config.branding_problems() {
        log::warn!("{problem}");
    }
    let keys = secret_key::keys(&config.security)?;
    block_on(async {
        tokio::spawn(survive_hangups());
        // The database is slow to answer, so the server is built at the same time.
        let check = tokio::spawn(check_schemas(app::pool_settings(&config)));
        let server = ignite(app::build(live, keys), &config).await;
        let connection = check.await??;
        let server = server?;
        if let Some(connection) = connection {
            app::poll_over(&server, connection).await;
        }
        log::info!("starting at {}", SocketAddr::from((config.server.address, config.server.port)));
        serve(server, &config).await?;
        log::info!("stopped");
        Ok(())
    })
}

/// Keeps SIGHUP, with which logrotate and the like ask to open the log again, from ending the server. There is nothing
/// more to do: each write opens a log file that was replaced, and poem.conf is read when it changes.
async fn survive_hangups() {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        log::info!("SIGHUP: the log file is open again if it was replaced; changes of poem.conf need no signal");
    }
}

/// Checks the installed directories and ignites the server.
///
/// # Errors
/// `Failed` if a directory is missing or Rocket cannot start.
pub async fn ignite(server: Rocket<Build>, config: &Config) -> Result<Rocket<Ignite>, Failure> {
    check_directories(config)?;
    let place = (config.server.address, config.server.port);
    server.ignite().await.map_err(|error| cannot_serve(place, error))
}

/// Refuses an incomplete installation: pages fail without templates and are unusable without static files.
fn check_directories(config: &Config) -> CommandResult {
    app::directories(config).iter().try_for_each(|directory| directory.check().map_err(Failure::new))
}

/// Serves until a shutdown. Running requests need the connection pool, so it is closed after them.
///
/// # Errors
/// `Failed` if the server cannot listen at its address.
pub async fn serve(server: Rocket<Ignite>, config: &Config) -> CommandResult {
    let pool = app::pool(&server);
    let outcome = serve_both(server, config).await;
    if let Some(pool) = pool {
        app::close_pool(pool).await;
    }
    outcome
}

/// Serves together with the management server, if one is configured. When one of them ends, the other is shut down too.
async fn serve_both(server: Rocket<Ignite>, config: &Config) -> CommandResult {
    let place = (config.server.address, config.server.port);
    let (Some(management), Some(listen)) = (app::build_management(config, &server), config.server.management) else {
        return launch(server, place).await;
    };
    let management_place = (listen.ip(), listen.port());
    let management = management.ignite().await.map_err(|error| cannot_serve(management_place, error))?;
    log::info!("health and metrics at {listen}");
    let (stop, stop_management) = (server.shutdown(), management.shutdown());
    let served = async {
        let outcome = launch(server, place).await;
        stop_management.notify();
        outcome
    };
    let managed = async {
        let outcome = launch(management, management_place).await;
        stop.notify();
        outcome
    };
    // `join!` polls in this order, so the management server listens first.
    let (managed, served) = tokio::join!(managed, served);
    served.and(managed)
}

/// Serves until a shutdown, and then until the running requests have ended or `SHUTDOWN_TIMEOUT` is over.
async fn launch(server: Rocket<Ignite>, place: (IpAddr, u16)) -> CommandResult {
    let shutdown = server.shutdown();
    let shutdown_timeout = tokio::spawn(async move {
        shutdown.await;
        tokio::time::sleep(app::SHUTDOWN_TIMEOUT).await;
    });
    let Err(error) = server.launch().await else { return Ok(()) };
    match error.kind() {
        // A regular shutdown. Rocket waits for running requests only if it notices the shutdown before its listener
        // does. Each running request holds a reference to the server, so the count tells when they have ended.
        ErrorKind::Shutdown(served, None) => {
            while Arc::strong_count(served) > 1 && !shutdown_timeout.is_finished() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        }
        _ => Err(cannot_serve(place, error)),
    }
}

fn cannot_serve(place: (IpAddr, u16), error: rocket::Error) -> Failure {
    // Reading the kind marks the error as handled: Rocket panics when an unhandled one is dropped.
    Failure::new(format!("cannot serve at {}: {}", SocketAddr::from(place), error.kind()))
}

/// Refuses schemas newer than this POEM. With pending migrations, or while the database is unreachable, the server
/// starts nevertheless: requests get 503 until that is fixed. Returns the connection that was used; `None` without a
/// database.
///
/// # Errors
/// `Newer` if the schema public or that of any tenant is newer: somebody has gone back to an old POEM. To serve the other
/// tenants would hide that.
async fn check_schemas(settings: PoolSettings) -> Result<Option<PgConnection>, Failure> {
    let checked = tokio::time::timeout(DATABASE_TIMEOUT, mismatches(&settings)).await;
    match checked.unwrap_or_else(|_| Err(StoreError::timeout())) {
        Ok((_, found)) if !found.newer.is_empty() => Err(Failure::Newer(found.newer.join("; "))),
        Ok((connection, found)) => {
            for schema in found.pending {
                log::warn!("{schema}: migrations are pending; its requests get 503 until you run poem-db -a");
            }
            Ok(Some(connection))
        }
        Err(error @ (StoreError::Unavailable(_) | StoreError::Unreachable(_) | StoreError::NotPrepared(_))) => {
            log::warn!("starting anyway: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The schemas whose migrations are not those of this POEM.
#[derive(Default)]
struct Mismatches {
    /// The names of the schemas with pending migrations.
    pending: Vec<String>,
    /// A sentence about each schema that is newer than this POEM.
    newer: Vec<String>,
}

impl Mismatches {
    /// Adds the schema if its migrations are not those of this POEM; `found` is the highest one applied.
    fn add(&mut self, schema: &Schema, found: Option<i64>) {
        match migrate::is_behind(schema, found) {
            Ok(false) => {}
            Ok(true) => self.pending.push(schema.as_str().to_owned()),
            Err(newer) => self.newer.push(newer.to_string()),
        }
    }
}

/// The schemas whose migrations are not those of this POEM, and the connection that read them. If the schema public is
/// newer, its list of tenants is not read: its tables may differ.
async fn mismatches(settings: &PoolSettings) -> Result<(PgConnection, Mismatches), StoreError> {
    let mut conn = settings.connect_to_session().await?;
    let mut mismatches = Mismatches::default();
    mismatches.add(&Schema::Public, tenants::shared_migration(&mut conn).await?);
    if mismatches.newer.is_empty() {
        for state in tenants::list(&mut conn).await? {
            mismatches.add(&Schema::Tenant(state.tenant.schema), state.migration);
        }
    }
    Ok((conn, mismatches))
}
