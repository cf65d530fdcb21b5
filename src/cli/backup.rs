//! `poem-backup`: writes each tenant to a file, for `poem-restore`.

use std::path::PathBuf;

use chrono::Utc;
use sqlx::{Connection, PgConnection};

use super::context::{CommonArgs, Context, block_on, no_such_tenant};
use super::{CommandResult, Failure};
use crate::backup::dump::BackupRun;
use crate::backup::file::Origin;
use crate::backup::pg_tools::PgTools;
use crate::domain::security::keys::Keys;
use crate::output;
use crate::store::backup::{self as store, Listed};
use crate::store::tenants::server_version;

const PROGRAM: &str = "poem-backup";

/// Back up each tenant to its own file
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// Back up only the tenant with this schema
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// The directory for the files SCHEMA-YYYYMMDD-HHMMSS.poem; the service user must be able to write to it
    #[arg(short, long, value_name = "DIRECTORY", default_value = ".")]
    output: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

/// Backs up the chosen tenants and prints the paths of the files.
///
/// # Errors
/// `Failed` if a tenant was not backed up; the other tenants have their files nevertheless.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let mut conn = context.connection().await?;
        let version = server_version(&mut conn).await?;
        let tools = PgTools::for_server(&version)?;
        let settings = context.settings();
        let keys = context.keys().inspect_err(|error| output::warn(no_mac(error))).ok();
        let run = BackupRun {
            settings: &settings,
            timezone: context.config.general.timezone,
            origin: Origin {
                time: Utc::now(),
                postgresql: version,
                pg_dump: tools.version.clone(),
                secret_keys: keys.as_ref().map(Keys::ids).unwrap_or_default(),
            },
            snapshot: store::begin(&mut conn).await?,
            tools,
            keys: keys.as_ref(),
            directory: &args.output,
        };
        let mut missing = 0;
        for listed in chosen(&mut conn, args.schema.as_deref()).await? {
            match run.write(&mut conn, &listed).await {
                Ok(path) => {
                    output::line(path.display());
                    log::info!("{}: backed up to {}", listed.tenant.name, path.display());
                }
                // The other tenants still get their backups.
                Err(failure) => {
                    Failure::from(failure).report(PROGRAM);
                    missing += 1;
                }
            }
        }
        conn.close().await?;
        let (key, config) = (&context.config.security.secret_key_path, args.common.path());
        output::line(format!(
            "The secret key {} and {} are not in the backup: keep copies of them as well.",
            key.display(),
            config.display()
        ));
        match missing {
            0 => Ok(()),
            1 => Err(Failure::new("1 tenant was not backed up")),
            missing => Err(Failure::new(format!("{missing} tenants were not backed up"))),
        }
    })
}

/// The warning about backups without a MAC.
fn no_mac(failure: &Failure) -> String {
    let message = failure.message();
    format!("{PROGRAM}: warning: {message}; without the secret key, the backup has no MAC: a restore needs --trust")
}

/// The tenants to back up: the one with `schema`, or all. Never empty.
async fn chosen(conn: &mut PgConnection, schema: Option<&str>) -> Result<Vec<Listed>, Failure> {
    let mut all = store::tenants(conn).await?;
    all.retain(|listed| schema.is_none_or(|schema| listed.tenant.schema.as_str() == schema));
    match (all.is_empty(), schema) {
        (false, _) => Ok(all),
        (true, Some(schema)) => Err(no_such_tenant(schema)),
        (true, None) => Err(Failure::new("there is no tenant to back up")),
    }
}
