//! poem serve: the server.

use std::net::IpAddr;
use std::time::Duration;

use rocket::error::ErrorKind;
use rocket::{Build, Ignite, Rocket};
use sqlx::Connection;

use super::context::{CommonArgs, block_on};
use super::step_down::step_down;
use super::{Failure, Outcome};
use crate::app;
use crate::config::live::LiveConfig;
use crate::config::{Config, secret_key};
use crate::logging::{self, Role};
use crate::store::migrate::{self, MigrateError, Schema};
use crate::store::{StoreError, tenants};

/// How long the start waits for a database that accepts connections and does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serve POEM over HTTP, at [SERVER] Address and Port
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    common: CommonArgs,
}

pub fn run(args: Args) -> Outcome {
    let live = LiveConfig::load(&args.common.path())?;
    let config = live.current();
    step_down(config.server.user.as_deref())?;
    logging::init("poem", Role::Server, &config)?;
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    let keys = secret_key::keys(&config.security)?;
    block_on(async {
        check_schemas(&config).await?;
        let (address, port) = (config.server.address, config.server.port);
        log::info!("starting at {address}:{port}");
        serve(app::build(live, keys), &config).await?;
        log::info!("stopped");
        Ok(())
    })
}

/// Serves until it is told to stop, with the second server for whoever watches, where there is one: both end together.
pub async fn serve(server: Rocket<Build>, config: &Config) -> Outcome {
    let place = (config.server.address, config.server.port);
    let server = server.ignite().await.map_err(|error| cannot_serve(place, error))?;
    let (Some(second), Some(listen)) = (app::build_operations(config, &server), config.server.operations) else {
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
    let (served, watched) = tokio::join!(served, watched);
    served.and(watched)
}

/// Serves until it is told to stop.
async fn launch(server: Rocket<Ignite>, place: (IpAddr, u16)) -> Outcome {
    match server.launch().await {
        Ok(_) => Ok(()),
        // Told to stop, it stopped: only that clients who never finished their requests were not waited for.
        Err(error) if matches!(error.kind(), ErrorKind::Shutdown(_, None)) => Ok(()),
        Err(error) => Err(cannot_serve(place, error)),
    }
}

fn cannot_serve((address, port): (IpAddr, u16), error: rocket::Error) -> Failure {
    // Asked for its kind: Rocket complains aloud about an error that nobody looked at.
    Failure::new(format!("cannot serve at {address}:{port}: {}", error.kind()))
}

/// Refuses schemas newer than this POEM. What is pending, or a database that is away, is no reason not to start:
/// requests get 503 until that is mended.
async fn check_schemas(config: &Config) -> Outcome {
    let looked = tokio::time::timeout(PATIENCE, pending(config)).await;
    match looked.unwrap_or_else(|_| Err(StoreError::Away("no answer in time".to_owned()).into())) {
        Ok(pending) => {
            for schema in pending {
                log::warn!("{schema}: migrations are pending, its requests get 503: run poem-db -a");
            }
            Ok(())
        }
        Err(MigrateError::Store(
            error @ (StoreError::Unavailable(_) | StoreError::Away(_) | StoreError::NotPrepared(_)),
        )) => {
            log::warn!("starting all the same: {error}");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The schemas that are behind.
async fn pending(config: &Config) -> Result<Vec<String>, MigrateError> {
    let mut conn = app::pool_settings(config).connect().await?;
    let mut schemas = vec![Schema::Public];
    let states = tenants::list(&mut conn).await?;
    schemas.extend(states.into_iter().map(|state| Schema::Tenant(state.tenant.schema)));
    let mut pending = Vec::new();
    for schema in schemas {
        if migrate::state(&mut conn, &schema).await?.iter().any(|step| !step.applied) {
            pending.push(schema.as_str().to_owned());
        }
    }
    conn.close().await.map_err(StoreError::from)?;
    Ok(pending)
}
