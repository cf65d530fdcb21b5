//! The pool of database connections that all requests share, as a Rocket fairing.

use rocket::Request;
use rocket::figment::Figment;
use rocket_db_pools::Database;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use crate::store::{PoolSettings, StoreError};

/// The pool in the form that Rocket's database fairing needs. The implementation of `rocket_db_pools` is for an older
/// sqlx.
pub struct PgPoolFairing(PgPool);

#[rocket::async_trait]
impl rocket_db_pools::Pool for PgPoolFairing {
    type Connection = PoolConnection<Postgres>;
    type Error = rocket_db_pools::Error<StoreError>;

    async fn init(figment: &Figment) -> Result<Self, Self::Error> {
        let settings: PoolSettings = figment.extract()?;
        Ok(Self(settings.open_for_requests()))
    }

    async fn get(&self) -> Result<Self::Connection, Self::Error> {
        self.0.acquire().await.map_err(|error| rocket_db_pools::Error::Get(error.into()))
    }

    /// Does nothing: Rocket calls it when the shutdown begins, but running requests still need the pool. The code that
    /// launched the server closes the pool later.
    async fn close(&self) {}
}

/// The server's database. The attribute names the entry of Rocket's configuration that holds its settings.
#[derive(Database)]
#[database("poem")]
pub struct Db(PgPoolFairing);

impl Db {
    /// The database that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        Self::fetch(request.rocket()).expect("app::build attaches the database")
    }

    /// The pool of connections.
    pub fn pool(&self) -> &PgPool {
        &self.0.0
    }
}
