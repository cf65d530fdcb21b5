//! Connections: how the database is reached, and the pool that the server's requests share.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row};
use tokio::time::timeout;

use super::Result;
use crate::domain::security::secret::Secret;

/// Longer than a healthy database ever takes; a database that is away shall cost a request no more.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// Longer idle, a connection may have ended without our knowing.
const SURELY_ALIVE: Duration = Duration::from_secs(1);

/// How long a connection may take to answer when it comes back; what it was told to undo comes before.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(6);

/// How long a request may wait for somebody else's lock, and how long one of its statements may run: what nobody waits
/// for any more shall not hold a connection that others need.
const REQUEST_LIMITS: [(&str, &str); 2] = [("lock_timeout", "1500ms"), ("statement_timeout", "5s")];

/// How the database is reached.
#[derive(Debug, Clone, Deserialize)]
pub struct PoolSettings {
    /// A host name, or the directory of a Unix socket where it starts with `/`.
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Secret,
    pub name: String,
    pub max_connections: u32,
}

impl PoolSettings {
    fn connect_options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass()
            .port(self.port)
            .username(&self.user)
            .password(self.password.expose())
            .database(&self.name)
            .application_name("poem")
            .statement_cache_capacity(512)
            .disable_statement_logging();
        match self.host.starts_with('/') {
            true => options.socket(&self.host),
            false => options.host(&self.host),
        }
    }

    /// A pool that connects when it is first used: the database may be away now.
    pub fn open(&self) -> PgPool {
        self.pool(self.connect_options())
    }

    /// The same for requests, of which none waits long.
    pub fn open_for_requests(&self) -> PgPool {
        self.pool(self.connect_options().options(REQUEST_LIMITS))
    }

    fn pool(&self, options: PgConnectOptions) -> PgPool {
        PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A connection that was used a moment ago need not be asked whether it lives: that costs a request as much
            // as its query.
            .test_before_acquire(false)
            .before_acquire(|conn, idle| {
                Box::pin(async move {
                    if idle.idle_for > SURELY_ALIVE {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_release(|conn, _| Box::pin(is_usable(conn)))
            .connect_lazy_with(options)
    }

    /// One connection of its own, for work that must not share: migrations. Close it afterwards.
    pub async fn connect(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.connect_options()).await?)
    }
}

/// Whether the next request may have the connection: it answers, and no transaction is open in it, as where a request
/// was cut off while it began one: outside of a transaction a statement that is sent in one message begins its own.
/// Without the limit a connection whose line is dead would be waited for as long as the system does, a quarter of an hour.
async fn is_usable(conn: &mut PgConnection) -> std::result::Result<bool, sqlx::Error> {
    let looking = sqlx::raw_sql("SELECT now() = statement_timestamp()").fetch_one(conn);
    match timeout(RELEASE_TIMEOUT, looking).await {
        Ok(found) => found?.try_get(0),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}
