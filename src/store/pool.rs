//! Connections: the settings of the database, and the pool that the server's requests share.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row};
use tokio::time::timeout;

use super::{Result, StoreError, session_settings};
use crate::domain::security::secret::Secret;
use crate::domain::security::ssl_mode::SslMode;

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
    /// The protection of a TCP connection; `None`: TLS if the server offers it, or as `PGSSLMODE` says.
    pub ssl_mode: Option<SslMode>,
    /// The certificate of the authority that has signed the server's.
    pub ca_file: Option<PathBuf>,
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
            // TLS is for TCP only, as in libpq.
            true => options.socket(&self.host).ssl_mode(PgSslMode::Disable),
            false => self.protected(options.host(&self.host)),
        }
    }

    /// Sets the protection of a TCP connection.
    fn protected(&self, options: PgConnectOptions) -> PgConnectOptions {
        let options = match &self.ca_file {
            Some(file) => options.ssl_root_cert(file),
            None => options,
        };
        match self.ssl_mode {
            None => options,
            Some(SslMode::Disable) => options.ssl_mode(PgSslMode::Disable),
            Some(SslMode::Prefer) => options.ssl_mode(PgSslMode::Prefer),
            // As in libpq: an authority is given in order to be asked.
            Some(SslMode::Require) if self.ca_file.is_some() => options.ssl_mode(PgSslMode::VerifyCa),
            Some(SslMode::Require) => options.ssl_mode(PgSslMode::Require),
            Some(SslMode::VerifyCa) => options.ssl_mode(PgSslMode::VerifyCa),
            Some(SslMode::VerifyFull) => options.ssl_mode(PgSslMode::VerifyFull),
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

    /// Opens a separate connection as [`Self::connect`] does, after a check that it is a session.
    ///
    /// A pooler in transaction mode hands the processes of PostgreSQL around: what POEM sets for its session would apply
    /// to others, and not to itself.
    ///
    /// # Errors
    /// `SharedSession` behind such a pooler; `Unavailable`.
    pub async fn connect_to_session(&self) -> Result<PgConnection> {
        let options = self.connect_options();
        let mut conn = PgConnection::connect_with(&options).await?;
        let mut other = PgConnection::connect_with(&options).await?;
        let (first, second) = (backend(&mut conn).await?, backend(&mut other).await?);
        let (first_again, second_again) = (backend(&mut conn).await?, backend(&mut other).await?);
        other.close().await?;
        if first == second || first != first_again || second != second_again {
            return Err(StoreError::SharedSession);
        }
        session_settings::apply(&mut conn).await?;
        Ok(conn)
    }

    /// Opens a separate connection, for work that must not use the pool: migrations. The caller closes it.
    pub async fn connect(&self) -> Result<PgConnection> {
        let mut conn = PgConnection::connect_with(&self.connect_options()).await?;
        session_settings::apply(&mut conn).await?;
        Ok(conn)
    }
}

/// Returns the process of PostgreSQL that answers. Without a prepared statement, which a pooler may not know.
async fn backend(conn: &mut PgConnection) -> std::result::Result<i32, sqlx::Error> {
    sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(conn).await?.try_get(0)
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
