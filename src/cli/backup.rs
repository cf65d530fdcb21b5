//! poem-backup: each tenant in a file, from which poem-restore brings it back.

use std::fs::{self, File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::Utc;
use sqlx::{Connection, PgConnection};

use super::context::{CommonArgs, Context, block_on, no_such_tenant};
use super::{Failure, Outcome, pg_client};
use crate::config::secret_key;
use crate::domain::model::tenant::SchemaName;
use crate::store::backup::{self as store, Listed};
use crate::store::tenants::server_version;
use crate::transfer::backup::{Manifest, Origin, write};
use crate::trial::clients::Clients;

const PROGRAM: &str = "poem-backup";

/// Write a backup of each tenant to a file of its own
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// Only the tenant with this schema
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// The directory of the files SCHEMA-YYYYMMDD-HHMMSS.poem; the service user must be allowed to write there
    #[arg(short, long, value_name = "DIRECTORY", default_value = ".")]
    output: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

pub fn run(args: Args) -> Outcome {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let mut conn = context.connection().await?;
        let version = server_version(&mut conn).await?;
        let clients = Clients::for_server(major(&version))?;
        let backup = Backup {
            context: &context,
            origin: Origin {
                time: Utc::now(),
                postgresql: version,
                pg_dump: clients.version.clone(),
                secret_keys: secret_key::keys(&context.config.security).map(|keys| keys.ids()).unwrap_or_default(),
            },
            snapshot: store::begin(&mut conn).await?,
            clients,
            directory: &args.output,
        };
        let mut missing = 0;
        for listed in chosen(&mut conn, args.schema.as_deref()).await? {
            match backup.of(&mut conn, &listed).await {
                Ok(path) => {
                    println!("{}", path.display());
                    log::info!("{}: backed up to {}", listed.tenant.name, path.display());
                }
                // What goes wrong with one is no reason to have no backup of the others.
                Err(failure) => {
                    failure.report(PROGRAM);
                    missing += 1;
                }
            }
        }
        conn.close().await?;
        let (key, config) = (&context.config.security.secret_key_path, args.common.path());
        println!(
            "The secret key {} and {} are not in the backup: keep copies of them as well.",
            key.display(),
            config.display()
        );
        match missing {
            0 => Ok(()),
            1 => Err(Failure::new("1 tenant was not backed up")),
            missing => Err(Failure::new(format!("{missing} tenants were not backed up"))),
        }
    })
}

/// «15» of «15.8 (Debian …)»; 0 where it is no version, which every program fits.
pub fn major(version: &str) -> u32 {
    version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

async fn chosen(conn: &mut PgConnection, schema: Option<&str>) -> Result<Vec<Listed>, Failure> {
    let mut all = store::tenants(conn).await?;
    all.retain(|listed| schema.is_none_or(|schema| listed.tenant.schema.as_str() == schema));
    match (all.is_empty(), schema) {
        (false, _) => Ok(all),
        (true, Some(schema)) => Err(no_such_tenant(schema)),
        (true, None) => Err(Failure::new("there is no tenant to back up")),
    }
}

/// What all files of a run have in common.
struct Backup<'a> {
    context: &'a Context,
    clients: Clients,
    origin: Origin,
    /// The moment whose data all of them hold.
    snapshot: String,
    directory: &'a Path,
}

impl Backup<'_> {
    /// Writes the tenant's file under another name first: what bears the right name is complete.
    async fn of(&self, conn: &mut PgConnection, listed: &Listed) -> Result<PathBuf, Failure> {
        let schema = &listed.tenant.schema;
        let manifest = Manifest::new(&self.origin, listed, &store::applied(conn, schema).await?);
        let time = self.origin.time.with_timezone(&self.context.config.general.timezone).format("%Y%m%d-%H%M%S");
        let path = self.directory.join(format!("{schema}-{time}.poem"));
        let partial = path.with_extension("poem.partial");
        if path.symlink_metadata().is_ok() {
            return Err(Failure::new(format!("{} exists already", path.display())));
        }
        let done = self.dump_to(&partial, &manifest, schema).and_then(|()| Ok(fs::rename(&partial, &path)?));
        done.map_err(|failure| {
            let _ = fs::remove_file(&partial);
            let (Failure::Failed(words) | Failure::Usage(words)) = failure;
            Failure::new(format!("{}: not backed up to {}: {words}", listed.tenant.name, path.display()))
        })?;
        Ok(path)
    }

    fn dump_to(&self, path: &Path, manifest: &Manifest, schema: &SchemaName) -> Outcome {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut process = self.pg_dump(schema).spawn()?;
        // Taken, so that it is closed where writing fails, and pg_dump ends.
        let written = match process.stdout.take() {
            Some(mut dump) => write(BufWriter::new(&file), manifest, &mut dump),
            None => Ok(()),
        };
        let output = process.wait_with_output()?;
        written?;
        if !output.status.success() {
            return Err(Failure::new(pg_client::complaint(&output)));
        }
        Ok(File::sync_all(&file)?)
    }

    /// As SQL, of the moment of the snapshot. Logins are left out: what was logged out since shall not come back.
    fn pg_dump(&self, schema: &SchemaName) -> Command {
        let mut command = pg_client::connect(self.clients.pg_dump(), &self.context.settings());
        command
            .args(["--format=plain", "--encoding=UTF8", "--no-owner", "--no-privileges", "--strict-names"])
            .arg(format!("--schema={schema}"))
            .args(["login_session", "login_failure"].map(|table| format!("--exclude-table-data={schema}.{table}")))
            .arg(format!("--snapshot={}", self.snapshot))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_a_server() {
        for (version, expected) in [("15.8 (Debian 15.8-0+deb12u1)", 15), ("18beta1", 18), ("", 0)] {
            assert_eq!(major(version), expected);
        }
    }
}
