//! Connections: the settings of the database, and the pool that the server's requests share.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row};
use tokio::time::timeout;

use super::{Result, session_settings};
use crate::domain::security::secret::Secret;

/// The time limit for getting a connection: longer than a healthy database takes, short for one that is unreachable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// The idle time after which a connection is tested before use, because it may have been closed.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);

/// The time limit for the check of a returned connection, which includes a pending rollback.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(6);

/// The settings of the connection to the database.
#[derive(Debug, Clone, Deserialize)]
pub struct PoolSettings {
    /// A host name, or the directory of a Unix socket if it starts with `/`.
    pub host: String,
    /// The TCP port, or the number in the socket's name.
    pub port: u16,
    /// The role to log in as.
    pub user: String,
    /// The password of the role.
    pub password: Secret,
    /// The name of the database.
    pub name: String,
    /// The most connections that a pool opens.
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
            // PgBouncer refuses it; `session_settings` sets it.
            .extra_float_digits(None)
            .statement_cache_capacity(512)
            .disable_statement_logging();
        match self.host.starts_with('/') {
            true => options.socket(&self.host),
            false => options.host(&self.host),
        }
    }

    /// Returns a pool that connects on first use: the database may be unreachable now.
    pub fn open(&self) -> PgPool {
        self.pool()
            .after_connect(|conn, _| Box::pin(session_settings::apply(conn)))
            .connect_lazy_with(self.connect_options())
    }

    /// Returns a pool for requests, with limits for locks and statements; otherwise like [`Self::open`].
    pub fn open_for_requests(&self) -> PgPool {
        self.pool()
            .after_connect(|conn, _| Box::pin(session_settings::apply_for_requests(conn)))
            .connect_lazy_with(self.connect_options())
    }

    fn pool(&self) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // The test would cost a request as much as its query, so only idle connections are tested.
            .test_before_acquire(false)
            .before_acquire(|conn, idle| {
                Box::pin(async move {
                    if idle.idle_for > PING_AFTER_IDLE {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_release(|conn, _| Box::pin(is_usable(conn)))
    }

    /// Opens a separate connection, for work that must not use the pool: migrations. The caller closes it.
    pub async fn connect(&self) -> Result<PgConnection> {
        let mut conn = PgConnection::connect_with(&self.connect_options()).await?;
        session_settings::apply(&mut conn).await?;
        Ok(conn)
    }
}

/// Checks a returned connection: it responds, and no transaction is open in it.
///
/// A transaction may be open if a request was cancelled while it began one. Outside of a transaction, `now()` is the
/// time of the statement itself; inside, it is the time of the statement that began the transaction.
///
/// Without the time limit, a dead network connection would block until the system gives up, after a quarter of an hour.
async fn is_usable(conn: &mut PgConnection) -> std::result::Result<bool, sqlx::Error> {
    let check = sqlx::raw_sql("SELECT now() = statement_timestamp()").fetch_one(conn);
    match timeout(RELEASE_TIMEOUT, check).await {
        Ok(found) => found?.try_get(0),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}
