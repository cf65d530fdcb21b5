//! poem serve: the server.

use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rocket::error::ErrorKind;
use rocket::{Build, Ignite, Rocket};
use sqlx::PgConnection;

use super::context::{CommonArgs, block_on};
use super::drop_privileges::step_down;
use super::{CommandResult, Failure};
use crate::app;
use crate::config::reload::LiveConfig;
use crate::config::{Config, secret_key};
use crate::logging;
use crate::logging::Role;
use crate::store::migrate::{self, MigrateError, Schema};
use crate::store::{PoolSettings, StoreError, tenants};

/// How long the start waits for a database that accepts connections and does not answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serve POEM over HTTP, at [SERVER] Address and Port
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

pub fn run(args: Args) -> CommandResult {
    let live = LiveConfig::load(&args.common.path())?;
    let config = live.current();
    step_down(config.server.user.as_deref())?;
    logging::init("poem", Role::Server, &config)?;
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    let keys = secret_key::keys(&config.security)?;
    block_on(async {
        // The database takes its time to answer; the server is made ready meanwhile.
        let looking = tokio::spawn(check_schemas(app::pool_settings(&config)));
        let server = ignite(app::build(live, keys), &config).await;
        let connection = looking.await??;
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

/// The server, ready to be launched.
pub async fn ignite(server: Rocket<Build>, config: &Config) -> Result<Rocket<Ignite>, Failure> {
    check_directories(config)?;
    let place = (config.server.address, config.server.port);
    server.ignite().await.map_err(|error| cannot_serve(place, error))
}

/// Half an installation is not served: pages without templates fail, and without static files nobody can use them.
fn check_directories(config: &Config) -> CommandResult {
    app::directories(config).iter().try_for_each(|directory| directory.check().map_err(Failure::new))
}

/// Serves until it is shutdown to stop. Running requests need the pool to their end, so it is closed after that.
pub async fn serve(server: Rocket<Ignite>, config: &Config) -> CommandResult {
    let pool = app::pool(&server);
    let outcome = serve_both(server, config).await;
    if let Some(pool) = pool {
        app::close_pool(pool).await;
    }
    outcome
}

/// With the second server for whoever watches, where there is one: both end together.
async fn serve_both(server: Rocket<Ignite>, config: &Config) -> CommandResult {
    let place = (config.server.address, config.server.port);
    let (Some(second), Some(listen)) = (app::build_management(config, &server), config.server.management) else {
        return launch(server, place).await;
    };
    let second_place = (listen.ip(), listen.port());
    let second = second.ignite().await.map_err(|error| cannot_serve(second_place, error))?;
    log::info!("health and metrics at {listen}");
    let (stop, stop_second) = (server.shutdown(), second.shutdown());
    let served = async {
        let outcome = launch(server, place).await;
        stop_second.notify();
        outcome
    };
    let watched = async {
        let outcome = launch(second, second_place).await;
        stop.notify();
        outcome
    };
    // Who watches is answered before anybody else is.
    let (watched, served) = tokio::join!(watched, served);
    served.and(watched)
}

/// Serves until it is shutdown to stop, and those who are served by then have been.
async fn launch(server: Rocket<Ignite>, place: (IpAddr, u16)) -> CommandResult {
    let shutdown = server.shutdown();
    let shutdown_timeout = tokio::spawn(async move {
        shutdown.await;
        tokio::time::sleep(app::SHUTDOWN_TIMEOUT).await;
    });
    let Err(error) = server.launch().await else { return Ok(()) };
    match error.kind() {
        // Told to stop, it stopped. Rocket waits for those who are served only where it hears of the end before its
        // listener does; each of them has a share in it.
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
    // Asked for its kind: Rocket complains aloud about an error that nobody looked at.
    Failure::new(format!("cannot serve at {}: {}", SocketAddr::from(place), error.kind()))
}

/// Refuses schemas newer than this POEM. What is pending, or a database that is away, is no reason not to start:
/// requests get 503 until that is mended. Gives the connection over which it asked, where there is one.
async fn check_schemas(settings: PoolSettings) -> Result<Option<PgConnection>, Failure> {
    let looked = tokio::time::timeout(DATABASE_TIMEOUT, pending(&settings)).await;
    match looked.unwrap_or_else(|_| Err(StoreError::timeout().into())) {
        Ok((connection, pending)) => {
            for schema in pending {
                log::warn!("{schema}: migrations are pending, its requests get 503: run poem-db -a");
            }
            Ok(Some(connection))
        }
        Err(MigrateError::Store(
            error @ (StoreError::Unavailable(_) | StoreError::Unreachable(_) | StoreError::NotPrepared(_)),
        )) => {
            log::warn!("starting all the same: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The schemas that are behind, and the connection over which they were asked for.
async fn pending(settings: &PoolSettings) -> Result<(PgConnection, Vec<String>), MigrateError> {
    let mut conn = settings.connect().await?;
    let shared = tenants::shared_migration(&mut conn).await?;
    let tenants =
        tenants::list(&mut conn).await?.into_iter().map(|state| (Schema::Tenant(state.tenant.schema), state.migration));
    let mut pending = Vec::new();
    for (schema, found) in iter::once((Schema::Public, shared)).chain(tenants) {
        if migrate::is_behind(&schema, found)? {
            pending.push(schema.as_str().to_owned());
        }
    }
    Ok((conn, pending))
}
