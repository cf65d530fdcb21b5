//! Writes backups: one file per tenant, with the output of `pg_dump`.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono_tz::Tz;
use sqlx::PgConnection;

use super::file::{Manifest, Origin, write};
use super::pg_tools::{PgTools, connect, error_line};
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::keys::Keys;
use crate::store::backup::{Listed, applied};
use crate::store::{PoolSettings, StoreError};

/// The tables whose rows are not in backups.
const WITHOUT_DATA: [&str; 8] = [
    "login_session",
    "login_failure",
    "login_address",
    "saml_request",
    "saml_used",
    "saml_session",
    "saml_pending",
    "web_api_save",
];

/// One run of `poem-backup`: the values that all its files have in common.
pub struct BackupRun<'a> {
    /// The programs that fit the server.
    pub tools: PgTools,
    /// The database connection that `pg_dump` uses.
    pub settings: &'a PoolSettings,
    /// The part of the manifest that all files share.
    pub origin: Origin,
    /// The exported snapshot of the transaction that the run holds open. All files show that moment.
    pub snapshot: String,
    /// The keys of the MACs of the files; `None` if the secret key cannot be read.
    pub keys: Option<&'a Keys>,
    /// The directory of the files. Must exist.
    pub directory: &'a Path,
    /// The time zone of the time in the file names.
    pub timezone: Tz,
}

/// The reason why a tenant was not backed up.
#[derive(Debug, thiserror::Error)]
pub enum DumpFailure {
    /// The file of this tenant and second already exists.
    #[error("{} already exists", .0.display())]
    Exists(PathBuf),
    /// `pg_dump` or the disk failed.
    #[error("{tenant}: not backed up to {}: {cause}", .path.display())]
    Failed {
        /// The name of the tenant.
        tenant: String,
        /// The file that was to be written.
        path: PathBuf,
        /// The message of `pg_dump` or of the operating system.
        cause: String,
    },
    /// The migrations of the tenant could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupRun<'_> {
    /// Writes the file of a tenant and returns its path. The file ends in `.poem.partial` until it is complete.
    ///
    /// # Errors
    /// `Exists`; `Failed`, which leaves no file behind; `Store`.
    pub async fn write(&self, conn: &mut PgConnection, listed: &Listed) -> Result<PathBuf, DumpFailure> {
        let schema = &listed.tenant.schema;
        let manifest = Manifest::new(&self.origin, listed, &applied(conn, schema).await?);
        let time = self.origin.time.with_timezone(&self.timezone).format("%Y%m%d-%H%M%S");
        let path = self.directory.join(format!("{schema}-{time}.poem"));
        let partial = path.with_extension("poem.partial");
        if path.symlink_metadata().is_ok() {
            return Err(DumpFailure::Exists(path));
        }
        match self.dump_to(&partial, &manifest, schema).and_then(|()| fs::rename(&partial, &path)) {
            Ok(()) => Ok(path),
            Err(cause) => {
                let _ = fs::remove_file(&partial);
                let tenant = listed.tenant.name.clone();
                Err(DumpFailure::Failed { tenant, path, cause: cause.to_string() })
            }
        }
    }

    fn dump_to(&self, path: &Path, manifest: &Manifest, schema: &SchemaName) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut process = self.pg_dump(schema).spawn()?;
        // Taken out of the process, so that the pipe is closed and pg_dump ends if writing fails.
        let written = match process.stdout.take() {
            Some(mut dump) => write(BufWriter::new(&file), manifest, &mut dump, self.keys),
            None => Ok(()),
        };
        let output = process.wait_with_output()?;
        written?;
        if !output.status.success() {
            return Err(io::Error::other(error_line(&output)));
        }
        file.sync_all()
    }

    /// Dumps the schema as SQL, as of the snapshot. Sessions and what leads to them are left out: one that has ended since
    /// must not come back.
    fn pg_dump(&self, schema: &SchemaName) -> Command {
        let mut command = connect(self.tools.pg_dump(), self.settings);
        command
            .args(["--format=plain", "--encoding=UTF8", "--no-owner", "--no-privileges", "--strict-names"])
            .arg(format!("--schema={schema}"))
            .args(WITHOUT_DATA.map(|table| format!("--exclude-table-data={schema}.{table}")))
            .arg(format!("--snapshot={}", self.snapshot))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}
