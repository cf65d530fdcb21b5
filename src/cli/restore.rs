//! `poem-restore`: restores a tenant from a file of `poem-backup`.

use std::path::PathBuf;

use sqlx::Connection;

use super::context::{CommonArgs, Context, block_on};
use super::input_file::InputFile;
use super::prompt::confirm;
use super::{CommandResult, Failure, loss};
use crate::backup::file::{Backup, BackupError, Manifest, check_mac};
use crate::backup::mac::MacOutcome;
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
    /// The backup file; - means standard input
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
    /// Restore a backup whose MAC is missing or of another secret key. It can run shell commands and change the data of
    /// every tenant, so trust everyone who could write the file
    #[arg(long)]
    trust: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Checks the backup and the database, restores the tenant and reports it.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    let name = InputFile::new(&args.file);
    let unusable = |error: &dyn std::fmt::Display| Failure::new(format!("{name}: {error}; nothing was restored"));
    // A copy: what was checked is what is restored, even if the file is changed while a question waits for its answer.
    let mut file = name.open_copy().map_err(|error| unusable(&error))?;
    let manifest = Backup::open(&mut file).map_err(|error| unusable(&error))?.manifest;
    let mac = check_mac(&mut file, context.keys().ok().as_ref()).map_err(|error| unusable(&error))?;
    if mac != MacOutcome::Valid && !args.trust {
        return Err(unusable(&untrusted(&context, &manifest, mac)));
    }
    let backup = Backup::open(file).map_err(|error| unusable(&error))?;
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
        if replaces && !args.yes && !confirm_loss(&context, &tenant).await? {
            return Err(Failure::new("nothing was restored"));
        }
        restore(&tools, &context.settings(), backup, replaces).map_err(|error| unusable(&error))?;
        report(&context, &manifest, &name);
        report_next_steps(&context, &manifest, &schema).await
    })
}

/// The words about a backup that could do anything.
fn untrusted(context: &Context, manifest: &Manifest, mac: MacOutcome) -> String {
    let ours = context.keys().map(|keys| keys.ids()).unwrap_or_default();
    let problem = match mac {
        MacOutcome::Missing => "it has no MAC",
        _ if manifest.secret_keys.iter().any(|id| ours.contains(id)) => "it was changed since it was made",
        _ => "its MAC was made with another secret key",
    };
    format!(
        "{problem}. A backup can run shell commands and change every tenant's data. If it was made with an older secret \
         key, set that key as PreviousSecretKeyPath in [SECURITY]; if you trust everyone who could write the file, use \
         --trust"
    )
}

/// Asks whether the current data of the tenant may be lost.
async fn confirm_loss(context: &Context, tenant: &Tenant) -> Result<bool, Failure> {
    // A restore must also be possible if the current data cannot be read.
    let data = loss::of_tenant(context, tenant).await.map(|data| format!(" ({data})")).unwrap_or_default();
    let question = format!("All current data of the tenant {} will be lost{data}.", tenant.name);
    confirm(&question, tenant.schema.as_str())
}

/// Prints and logs what was restored.
fn report(context: &Context, manifest: &Manifest, file: &InputFile) {
    let tenant = &manifest.tenant;
    let host = tenant.domain_url.as_deref().unwrap_or("-");
    let time = manifest.time.with_timezone(&context.config.general.timezone).format("%Y-%m-%d %H:%M:%S");
    output::line(format!(
        "The tenant {} was restored as of {time}: schema {}, host {host}.",
        tenant.name, tenant.schema
    ));
    log::info!("{}: restored from {file}, as of {time}", tenant.name);
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
