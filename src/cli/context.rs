//! What every command needs: the configuration, the log, an unprivileged user, the database.

use std::future::Future;
use std::path::PathBuf;

use sqlx::{Connection, PgConnection, PgPool};

use super::drop_privileges::step_down;
use super::{CommandResult, Failure};
use crate::app::pool_settings;
use crate::config::{self, Config, secret_key};
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::domain::security::keys::Keys;
use crate::logging;
use crate::logging::Role;
use crate::store::{PoolSettings, tenants};

/// The options that all commands share.
#[derive(clap::Args, Debug, Clone)]
pub struct CommonArgs {
    /// The configuration file [default: $POEM_CONF or /home/pyvenv/poem/etc/poem/poem.conf]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl CommonArgs {
    pub fn path(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(config::default_path)
    }
}

/// A command with its configuration read, its log open and root's rights given up.
pub struct Context {
    pub config: Config,
}

impl Context {
    pub fn open(common: &CommonArgs, program: &'static str) -> Result<Self, Failure> {
        let config = Config::load(&common.path())?;
        step_down(config.server.user.as_deref())?;
        logging::init(program, Role::Command, &config)?;
        Ok(Self { config })
    }

    pub fn settings(&self) -> PoolSettings {
        pool_settings(&self.config)
    }

    pub fn pool(&self) -> PgPool {
        self.settings().open()
    }

    /// The keys derived from the secret key.
    pub fn keys(&self) -> Result<Keys, Failure> {
        Ok(secret_key::keys(&self.config.security)?)
    }

    /// A connection of its own, for migrations and what else must not share. To be closed afterwards.
    pub async fn connection(&self) -> Result<PgConnection, Failure> {
        Ok(self.settings().connect().await?)
    }

    /// The tenant with this schema.
    pub async fn tenant(&self, schema: &str) -> Result<Tenant, Failure> {
        let all = self.tenants().await?;
        let found = all.into_iter().find(|tenant| tenant.schema.as_str() == schema);
        found.ok_or_else(|| no_such_tenant(schema))
    }

    /// All tenants by name.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Failure> {
        let mut conn = self.connection().await?;
        let states = tenants::list(&mut conn).await?;
        conn.close().await?;
        Ok(states.into_iter().map(|state| state.tenant).collect())
    }

    /// The schema of one tenant, or of all where none is named.
    pub async fn schemas(&self, named: Option<&str>) -> Result<Vec<SchemaName>, Failure> {
        match named {
            Some(schema) => Ok(vec![self.tenant(schema).await?.schema]),
            None => Ok(self.tenants().await?.into_iter().map(|tenant| tenant.schema).collect()),
        }
    }
}

/// No tenant has the schema that was named.
pub fn no_such_tenant(schema: &str) -> Failure {
    Failure::new(format!("there is no tenant with the schema {schema}: poem-tenant --list shows them"))
}

/// Runs what a command does; its end is awaited here.
pub fn block_on(work: impl Future<Output = CommandResult>) -> CommandResult {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(work)
}
