//! poem serve: the server.

use std::net::IpAddr;

use rocket::{Build, Rocket};
use sqlx::Connection;

use super::context::{CommonArgs, block_on};
use super::step_down::step_down;
use super::{Failure, Outcome};
use crate::app;
use crate::config::live::LiveConfig;
use crate::config::{Config, secret_key};
use crate::domain::keys::Keys;
use crate::logging::{self, Role};
use crate::store::migrate::{self, MigrateError, Schema};
use crate::store::{StoreError, tenants};

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
    let keys = Keys::derive(&secret_key::read(&config.security.secret_key_path)?);
    block_on(async {
        check_schemas(&config).await?;
        let (address, port) = (config.server.address, config.server.port);
        log::info!("starting at {address}:{port}");
        launch(app::build(live, keys), (address, port)).await?;
        log::info!("stopped");
        Ok(())
    })
}

/// Serves until it is told to stop.
pub async fn launch(server: Rocket<Build>, (address, port): (IpAddr, u16)) -> Outcome {
    match server.launch().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let words = format!("cannot serve at {address}:{port}: {}", error.kind());
            // Rocket complains aloud about an error that nobody looked at.
            drop(error);
            Err(Failure::new(words))
        }
    }
}

/// Refuses schemas newer than this POEM. What is pending, or a database that is away, is no reason not to start:
/// requests get 503 until that is mended.
async fn check_schemas(config: &Config) -> Outcome {
    match pending(config).await {
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
