//! poem-restore: brings a tenant back from a file of poem-backup.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use sqlx::{Connection, PgConnection};

use super::backup::major;
use super::context::{CommonArgs, Context, block_on};
use super::prompt::confirm;
use super::{Failure, Outcome, pg_client};
use crate::config::secret_key;
use crate::domain::model::tenant::Tenant;
use crate::store::backup::{RESTORE_BEGIN, RESTORE_END, RESTORE_REPLACE};
use crate::store::migrate::{self, Schema};
use crate::store::tenants;
use crate::transfer::backup::{Backup, BackupError, Manifest};
use crate::trial::clients::Clients;

const PROGRAM: &str = "poem-restore";

/// Bring a tenant back from a file of poem-backup: all of it or nothing
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The backup
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Go on only where the backup is of the tenant with this schema
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// Put the backup in the place of the tenant that is there, whose data are lost
    #[arg(long)]
    replace: bool,
    /// Replace without asking
    #[arg(long, requires = "replace")]
    yes: bool,
    #[command(flatten)]
    common: CommonArgs,
}

pub fn run(args: Args) -> Outcome {
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
        check_public(&mut conn).await?;
        let replaces = find_place(&mut conn, &tenant, args.replace).await?;
        let clients = Clients::for_server(major(&tenants::server_version(&mut conn).await?))?;
        conn.close().await?;
        if replaces && !args.yes && !agreed(&tenant)? {
            return Err(Failure::new("nothing was restored"));
        }
        let psql = psql(pg_client::connect(clients.psql(), &context.settings()), &manifest)?;
        restore(psql, backup, replaces).map_err(|words| unusable(&words))?;
        tell(&context, &manifest, &args.file);
        tell_what_is_left(&context, &manifest, &schema).await
    })
}

/// The tenants' list must be as this POEM knows it.
async fn check_public(conn: &mut PgConnection) -> Outcome {
    match migrate::state(conn, &Schema::Public).await?.iter().all(|step| step.applied) {
        true => Ok(()),
        false => Err(Failure::new("the schema public has migrations pending: run poem-db -c first")),
    }
}

/// Whether a tenant with this schema is there, and to be replaced.
async fn find_place(conn: &mut PgConnection, tenant: &Tenant, replace: bool) -> Result<bool, Failure> {
    let known: Vec<_> = tenants::list(conn).await?.into_iter().map(|state| state.tenant).collect();
    let (own, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|other| other.schema == tenant.schema);
    for other in others {
        if other.name == tenant.name || (other.domain_url.is_some() && other.domain_url == tenant.domain_url) {
            return Err(Failure::new(format!(
                "the tenant {} (schema {}) has the name or the host of the tenant in the backup; nothing was restored",
                other.name, other.schema
            )));
        }
    }
    match own.first() {
        Some(own) if !replace => Err(Failure::new(format!(
            "the tenant {} (schema {}) is there; nothing was restored (--replace puts the backup in its place)",
            own.name, own.schema
        ))),
        own => Ok(own.is_some()),
    }
}

fn agreed(tenant: &Tenant) -> Result<bool, Failure> {
    let question = format!("All that the tenant {} holds now will be lost.", tenant.name);
    confirm(&question, tenant.schema.as_str())
}

/// Knows the tenant by psql's variables; it quotes them itself.
fn psql(mut command: Command, manifest: &Manifest) -> Result<Command, Failure> {
    let entry = &manifest.tenant;
    let variables = [
        ("poem_schema", entry.schema.clone()),
        ("poem_name", entry.name.clone()),
        ("poem_host", entry.domain_url.clone().unwrap_or_default()),
        ("poem_created", entry.created_on.to_rfc3339()),
        ("poem_migrations", serde_json::to_string(&manifest.migrations)?),
        ("ON_ERROR_STOP", "1".to_owned()),
    ];
    command.args(["--no-psqlrc", "--quiet", "--file=-"]).env("PGOPTIONS", "-c client_min_messages=warning");
    for (name, value) in variables {
        command.arg(format!("--set={name}={value}"));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

/// One transaction: where anything fails, even this process, it never gets to the COMMIT.
fn restore(mut psql: Command, backup: Backup<File>, replaces: bool) -> Result<(), String> {
    let pg_dump = backup.manifest.pg_dump.clone();
    let mut process = psql.spawn().map_err(|error| format!("psql: {error}"))?;
    let mut stdin = process.stdin.take().ok_or("psql takes no input")?;
    let feeding = thread::spawn(move || {
        let refused = BackupError::Refused;
        stdin.write_all(RESTORE_BEGIN.as_bytes()).map_err(refused)?;
        if replaces {
            stdin.write_all(RESTORE_REPLACE.as_bytes()).map_err(refused)?;
        }
        backup.copy_dump(&mut stdin)?;
        stdin.write_all(RESTORE_END.as_bytes()).map_err(refused)
    });
    let output = process.wait_with_output().map_err(|error| format!("psql: {error}"))?;
    let fed = feeding.join().map_err(|_| "it was not read to its end".to_owned())?;
    match (fed, output.status.success()) {
        // A psql that ended early is the cause of what could not be passed on.
        (Err(error @ BackupError::Damaged(_)), _) => Err(error.to_string()),
        (_, false) => Err(format!("{} (the backup was made with pg_dump {pg_dump})", pg_client::complaint(&output))),
        (fed, true) => fed.map_err(|error| error.to_string()),
    }
}

fn tell(context: &Context, manifest: &Manifest, file: &Path) {
    let tenant = &manifest.tenant;
    let host = tenant.domain_url.as_deref().unwrap_or("-");
    let time = manifest.time.with_timezone(&context.config.general.timezone).format("%Y-%m-%d %H:%M:%S");
    println!("The tenant {} is back as it was at {time}: schema {}, host {host}.", tenant.name, tenant.schema);
    log::info!("{}: restored from {}, as of {time}", tenant.name, file.display());
}

/// What the administrator has to do still.
async fn tell_what_is_left(context: &Context, manifest: &Manifest, schema: &Schema) -> Outcome {
    let mut conn = context.connection().await?;
    let steps = migrate::state(&mut conn, schema).await?;
    conn.close().await?;
    if steps.iter().any(|step| !step.applied) {
        println!("It has migrations pending: run poem-db -a.");
    }
    let ours = secret_key::keys(&context.config.security).map(|keys| keys.ids()).unwrap_or_default();
    if !manifest.secret_keys.iter().any(|id| ours.contains(id)) {
        eprintln!("{PROGRAM}: the backup was made with another secret key: API tokens work only with that one");
    }
    Ok(())
}
