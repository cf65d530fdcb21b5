//! The pool of connections that the server's requests share, as a Rocket fairing.

use rocket::Request;
use rocket::figment::Figment;
use rocket_db_pools::Database;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use crate::store::{PoolSettings, StoreError};

/// The pool as Rocket's database fairing wants it: `rocket_db_pools` brings an old sqlx, so this is ours over the new.
pub struct PgPoolFairing(PgPool);

#[rocket::async_trait]
impl rocket_db_pools::Pool for PgPoolFairing {
    type Connection = PoolConnection<Postgres>;
    type Error = rocket_db_pools::Error<StoreError>;

    async fn init(figment: &Figment) -> std::result::Result<Self, Self::Error> {
        let settings: PoolSettings = figment.extract()?;
        Ok(Self(settings.open_for_requests()))
    }

    async fn get(&self) -> std::result::Result<Self::Connection, Self::Error> {
        self.0.acquire().await.map_err(|error| rocket_db_pools::Error::Get(error.into()))
    }

    /// Nothing: Rocket calls it as soon as it is told to stop, and requests that run still need the pool. Whoever
    /// launched the server closes it.
    async fn close(&self) {}
}

/// The database of the server, by the name under which its settings stand in Rocket's configuration.
#[derive(Database)]
#[database("poem")]
pub struct Db(PgPoolFairing);

impl Db {
    /// The database that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        Self::fetch(request.rocket()).expect("app::build attaches the database")
    }

    pub fn pool(&self) -> &PgPool {
        &self.0.0
    }
}
