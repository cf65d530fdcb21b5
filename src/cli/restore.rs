//! `poem-restore`: restores a tenant from a file of `poem-backup`.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::Connection;

use super::context::{CommonArgs, Context, block_on};
use super::prompt::confirm;
use super::{CommandResult, Failure};
use crate::backup::file::{Backup, BackupError, Manifest};
use crate::backup::pg_tools::PgTools;
use crate::backup::restore::{check_target, restore};
use crate::config::secret_key;
use crate::domain::model::tenant::Tenant;
use crate::output;
use crate::store::migrate::{self, Schema};
use crate::store::tenants;

const PROGRAM: &str = "poem-restore";

/// Restore a tenant from a file of poem-backup, completely or not at all
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The backup file
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Restore only if the backup is of the tenant with this schema
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// Replace the existing tenant; its current data are lost
    #[arg(long)]
    replace: bool,
    /// Replace without asking
    #[arg(long, requires = "replace")]
    yes: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Checks the backup and the database, restores the tenant and reports it.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    let name = args.file.display();
    let unusable = |error: &dyn std::fmt::Display| Failure::new(format!("{name}: {error}; nothing was restored"));
    let file = File::open(&args.file).map_err(|error| unusable(&error))?;
    let backup = Backup::open(file).map_err(|error| unusable(&error))?;
    let manifest = backup.manifest.clone();
    let tenant = manifest.tenant().ok_or_else(|| unusable(&BackupError::NotABackup))?;
    if let Some(schema) = args.schema.as_deref().filter(|schema| *schema != tenant.schema.as_str()) {
        return Err(unusable(&format!("it is a backup of the schema {}, not {schema}", tenant.schema)));
    }
    let applied = manifest.applied().ok_or_else(|| unusable(&BackupError::NotABackup))?;
    let schema = Schema::Tenant(tenant.schema.clone());
    migrate::check_known(&schema, &applied).map_err(|error| unusable(&error))?;
    block_on(async {
        let mut conn = context.connection().await?;
        let replaces = check_target(&mut conn, &tenant, args.replace).await?;
        let tools = PgTools::for_server(&tenants::server_version(&mut conn).await?)?;
        conn.close().await?;
        if replaces && !args.yes && !confirm_loss(&tenant)? {
            return Err(Failure::new("nothing was restored"));
        }
        restore(&tools, &context.settings(), backup, replaces).map_err(|error| unusable(&error))?;
        report(&context, &manifest, &args.file);
        report_next_steps(&context, &manifest, &schema).await
    })
}

/// Asks whether the current data of the tenant may be lost.
fn confirm_loss(tenant: &Tenant) -> Result<bool, Failure> {
    let question = format!("All current data of the tenant {} will be lost.", tenant.name);
    confirm(&question, tenant.schema.as_str())
}

/// Prints and logs what was restored.
fn report(context: &Context, manifest: &Manifest, file: &Path) {
    let tenant = &manifest.tenant;
    let host = tenant.domain_url.as_deref().unwrap_or("-");
    let time = manifest.time.with_timezone(&context.config.general.timezone).format("%Y-%m-%d %H:%M:%S");
    output::line(format!(
        "The tenant {} was restored as of {time}: schema {}, host {host}.",
        tenant.name, tenant.schema
    ));
    log::info!("{}: restored from {}, as of {time}", tenant.name, file.display());
}

/// Prints what the administrator still has to do: run migrations, put the old secret key back.
async fn report_next_steps(context: &Context, manifest: &Manifest, schema: &Schema) -> CommandResult {
    let mut conn = context.connection().await?;
    let steps = migrate::state(&mut conn, schema).await?;
    conn.close().await?;
    if steps.iter().any(|step| !step.applied) {
        output::line("The tenant has pending migrations: run poem-db -a.");
    }
    let ours = secret_key::keys(&context.config.security).map(|keys| keys.ids()).unwrap_or_default();
    if !manifest.secret_keys.iter().any(|id| ours.contains(id)) {
        output::warn(format!(
            "{PROGRAM}: the backup was made with another secret key; its API tokens work only with that key"
        ));
    }
    Ok(())
}
