//! The context that commands share: the configuration, the log, an unprivileged user, the database.

use std::future::Future;
use std::path::PathBuf;

use sqlx::{Connection, PgConnection, PgPool};

use super::drop_privileges::drop_privileges;
use super::{CommandResult, Failure};
use crate::app::pool_settings;
use crate::config::{self, Config, secret_key};
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::domain::security::keys::Keys;
use crate::http_client::ca_certificates::{CaCertificates, TrustedCertificates};
use crate::logging;
use crate::logging::Role;
use crate::store::{PoolSettings, tenants};

/// The environment variable with the number of threads that serve requests; 2 without it.
const WORKER_THREADS: &str = "TOKIO_WORKER_THREADS";

/// The options that all commands share.
#[derive(clap::Args, Debug, Clone)]
pub struct CommonArgs {
    /// The configuration file [default: $POEM_CONF or /home/pyvenv/poem/etc/poem/poem.conf]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl CommonArgs {
    /// The path of poem.conf: the option, else `POEM_CONF`, else the default.
    pub fn path(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(config::default_path)
    }
}

/// The state of a running command: its configuration is read, its log is open, root's privileges are dropped.
pub struct Context {
    /// poem.conf, as it was read at the start.
    pub config: Config,
}

impl Context {
    /// Reads the configuration, drops root's privileges and opens the log as `program`.
    ///
    /// # Errors
    /// `Failed` if the configuration, the service user or the logging file cannot be used.
    pub fn open(common: &CommonArgs, program: &'static str) -> Result<Self, Failure> {
        Ok(Self::open_with(common, program, |_| ())?.0)
    }

    /// Does the same, and reads something while the process still has root's privileges.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_with<T>(
        common: &CommonArgs,
        program: &'static str,
        read: impl FnOnce(&Config) -> T,
    ) -> Result<(Self, T), Failure> {
        let config = Config::load(&common.path())?;
        let was_read = read(&config);
        drop_privileges(config.server.user.as_deref())?;
        logging::init(program, Role::Command, &config)?;
        Ok((Self { config }, was_read))
    }

    /// The settings of database connections.
    pub fn settings(&self) -> PoolSettings {
        pool_settings(&self.config)
    }

    /// A connection pool, which connects when it is first used.
    pub fn pool(&self) -> PgPool {
        self.settings().open()
    }

    /// The keys derived from the secret key, and from the previous one if it is configured.
    pub fn keys(&self) -> Result<Keys, Failure> {
        Ok(secret_key::keys(&self.config.security)?)
    }

    /// The CA certificates of CAFile and CAPath. A place that cannot be used is a warning in the log.
    pub fn trusted_certificates(&self) -> TrustedCertificates {
        let security = &self.config.security;
        let places = CaCertificates { ca_file: security.ca_file.clone(), ca_path: security.ca_path.clone() };
        let read = places.read();
        read.problems.iter().for_each(|problem| log::warn!("{problem}"));
        read
    }

    /// A separate connection, for migrations and other work that must not share one. The caller closes it.
    pub async fn connection(&self) -> Result<PgConnection, Failure> {
        Ok(self.settings().connect_to_session().await?)
    }

    /// The tenant with this schema.
    ///
    /// # Errors
    /// `Failed` if there is none, or if the database cannot be used.
    pub async fn tenant(&self, schema: &str) -> Result<Tenant, Failure> {
        let all = self.tenants().await?;
        let found = all.into_iter().find(|tenant| tenant.schema.as_str() == schema);
        found.ok_or_else(|| no_such_tenant(schema))
    }

    /// All tenants, in the order of their names.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Failure> {
        let mut conn = self.connection().await?;
        let states = tenants::list(&mut conn).await?;
        conn.close().await?;
        Ok(states.into_iter().map(|state| state.tenant).collect())
    }

    /// The schema of the named tenant, or the schemas of all tenants if none is named.
    pub async fn schemas(&self, named: Option<&str>) -> Result<Vec<SchemaName>, Failure> {
        match named {
            Some(schema) => Ok(vec![self.tenant(schema).await?.schema]),
            None => Ok(self.tenants().await?.into_iter().map(|tenant| tenant.schema).collect()),
        }
    }
}

/// The failure of a command that names a schema which no tenant has.
pub fn no_such_tenant(schema: &str) -> Failure {
    Failure::new(format!("there is no tenant with the schema {schema}: poem-tenant --list shows all tenants"))
}

/// Runs the asynchronous part of a command to its end.
pub fn block_on(work: impl Future<Output = CommandResult>) -> CommandResult {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os(WORKER_THREADS).is_none() {
        runtime.worker_threads(2);
    }
    runtime.enable_all().build()?.block_on(work)
}
