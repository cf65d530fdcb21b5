//! The format of a backup file: gzip over one line of JSON, the manifest, followed by the SQL of `pg_dump`. The
//! checksum at the end of gzip detects a file that is truncated or damaged; the last line is the MAC (`mac`).

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::bufread;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::mac::{self, MacOutcome, MacWriter};
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::domain::security::keys::Keys;
use crate::store::backup::{Applied, Listed};

/// The version of the file format that this POEM writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// The longest first line, in bytes. A file with a longer one is not a backup.
const MANIFEST_LIMIT: u64 = 1024 * 1024;

/// A setting that `pg_dump` writes since version 17, whatever the server. It is the default, so it can be left out.
const NOT_KNOWN_BEFORE_17: &[u8] = b"SET transaction_timeout = 0;\n";
/// The longest settings line at the beginning of a dump, in bytes. A longer line is passed on in pieces.
const LONGEST_SETTING: u64 = 64 * 1024;

/// The first line of a backup file: the tenant, and the versions that wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the file format.
    pub format: u32,
    /// The version of the POEM that wrote it.
    pub poem: String,
    /// The start of the run.
    pub time: DateTime<Utc>,
    /// The version of the server.
    pub postgresql: String,
    /// The version of `pg_dump`.
    pub pg_dump: String,
    /// The ids of the secret keys in use (`Keys::ids`); empty if they could not be read.
    pub secret_keys: Vec<String>,
    /// The tenant in the backup.
    pub tenant: TenantEntry,
    /// The applied migrations of the tenant's schema.
    pub migrations: Vec<MigrationEntry>,
}

/// The tenant's row in the list of tenants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantEntry {
    /// The name, such as `EGI`.
    pub name: String,
    /// The name of the schema.
    pub schema: String,
    /// The host name; `None` if it is served at none.
    pub domain_url: Option<String>,
    /// The time when the tenant was created.
    pub created_on: DateTime<Utc>,
}

/// A migration that was applied to the tenant's schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MigrationEntry {
    /// The number of the migration.
    pub version: i64,
    /// The full name, such as `0001_initial`.
    pub name: String,
    /// The checksum, in hex.
    pub checksum: String,
    /// The time when it was applied.
    pub applied_at: DateTime<Utc>,
}

/// The part of the manifest that is the same for all files of a run.
pub struct Origin {
    /// The start of the run.
    pub time: DateTime<Utc>,
    /// The version of the server.
    pub postgresql: String,
    /// The version of `pg_dump`.
    pub pg_dump: String,
    /// The ids of the secret keys in use; empty if they could not be read.
    pub secret_keys: Vec<String>,
}

/// The reason why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is something else, or its first line is not a manifest.
    #[error("it was not written by poem-backup")]
    NotABackup,
    /// The file was unpacked.
    #[error("it was unpacked: pack it again with gzip")]
    Unpacked,
    /// The file has a newer format version, which is given.
    #[error("it is a backup in format {0}, newer than this POEM knows ({FORMAT}): upgrade POEM")]
    Newer(u32),
    /// The file goes on after the end of gzip's data.
    #[error("there are other bytes after its end")]
    Longer,
    /// gzip's data or checksum are wrong.
    #[error("it is truncated or damaged: {0}")]
    Damaged(io::Error),
    /// The output did not take the data.
    #[error("its SQL could not be sent to psql: {0}")]
    Refused(io::Error),
}

impl Manifest {
    /// The manifest for a backup of `listed`, whose schema has the migrations `applied`.
    pub fn new(origin: &Origin, listed: &Listed, applied: &[Applied]) -> Self {
        let Listed { tenant, created_on } = listed;
        let migrations = applied.iter().map(|one| MigrationEntry {
            version: one.version,
            name: one.name.clone(),
            checksum: one.checksum.iter().map(|byte| format!("{byte:02x}")).collect(),
            applied_at: one.applied_at,
        });
        Self {
            format: FORMAT,
            poem: env!("CARGO_PKG_VERSION").to_owned(),
            time: origin.time,
            postgresql: origin.postgresql.clone(),
            pg_dump: origin.pg_dump.clone(),
            secret_keys: origin.secret_keys.clone(),
            tenant: TenantEntry {
                name: tenant.name.clone(),
                schema: tenant.schema.to_string(),
                domain_url: tenant.domain_url.clone(),
                created_on: *created_on,
            },
            migrations: migrations.collect(),
        }
    }

    /// The tenant in the backup; `None` if the schema is not a valid name.
    pub fn tenant(&self) -> Option<Tenant> {
        let TenantEntry { name, schema, domain_url, .. } = &self.tenant;
        let schema = SchemaName::parse(schema).ok()?;
        Some(Tenant { name: name.clone(), schema, domain_url: domain_url.clone() })
    }

    /// The checksums of the migrations by version; `None` if one of them is not hex.
    pub fn applied(&self) -> Option<BTreeMap<i64, Vec<u8>>> {
        self.migrations.iter().map(|one| Some((one.version, from_hex(&one.checksum)?))).collect()
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// Writes a backup. `dump` is the output of `pg_dump`; without `keys`, the backup has no MAC.
///
/// # Errors
/// Any I/O error of `dump` or `out`.
pub fn write(out: impl Write, manifest: &Manifest, dump: &mut impl Read, keys: Option<&Keys>) -> io::Result<()> {
    let mut content = MacWriter::new(GzEncoder::new(out, Compression::default()), keys);
    serde_json::to_writer(&mut content, manifest)?;
    content.write_all(b"\n")?;
    io::copy(dump, &mut content)?;
    content.finish()?.finish()?.flush()
}

/// A backup that is being read.
pub struct Backup<R> {
    /// The first line of the file.
    pub manifest: Manifest,
    rest: BufReader<GzDecoder<BufReader<R>>>,
}

/// Checks the MAC of an open file, and returns to its beginning.
///
/// # Errors
/// `Damaged`; `Longer` if a part of the file is not covered by the MAC.
pub fn check_mac(file: &mut (impl Read + Seek), keys: Option<&Keys>) -> Result<MacOutcome, BackupError> {
    file.rewind().map_err(BackupError::Damaged)?;
    // This decoder leaves what follows in the reader; the other one may have buffered it.
    let mut unpacked = bufread::GzDecoder::new(BufReader::new(&mut *file));
    let outcome = mac::check(&mut unpacked, keys).map_err(BackupError::Damaged)?;
    if !unpacked.into_inner().fill_buf().map_err(BackupError::Damaged)?.is_empty() {
        return Err(BackupError::Longer);
    }
    file.rewind().map_err(BackupError::Damaged)?;
    Ok(outcome)
}

impl<R: Read> Backup<R> {
    /// Reads the manifest.
    ///
    /// # Errors
    /// `NotABackup`, `Unpacked`, `Newer`, `Damaged`.
    pub fn open(file: R) -> Result<Self, BackupError> {
        let mut file = BufReader::new(file);
        if file.fill_buf().map_err(BackupError::Damaged)?.starts_with(b"{") {
            return Err(BackupError::Unpacked);
        }
        let mut rest = BufReader::new(GzDecoder::new(file));
        let mut line = Vec::new();
        rest.by_ref().take(MANIFEST_LIMIT).read_until(b'\n', &mut line).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => BackupError::NotABackup,
            _ => BackupError::Damaged(error),
        })?;
        /// The part that a manifest of every format has.
        #[derive(Deserialize)]
        struct AnyManifest {
            format: u32,
        }
        let header: AnyManifest = serde_json::from_slice(&line).map_err(|_| BackupError::NotABackup)?;
        if header.format > FORMAT {
            return Err(BackupError::Newer(header.format));
        }
        let manifest = serde_json::from_slice(&line).map_err(|_| BackupError::NotABackup)?;
        Ok(Self { manifest, rest })
    }

    /// Copies the SQL of the dump to `out`. Succeeds only if the checksum at the end of the file is right.
    ///
    /// # Errors
    /// `Damaged`; `Refused` if `out` fails.
    pub fn copy_dump(mut self, out: &mut impl Write) -> Result<(), BackupError> {
        self.copy_settings(out)?;
        loop {
            let bytes = self.rest.fill_buf().map_err(BackupError::Damaged)?;
            if bytes.is_empty() {
                return Ok(());
            }
            out.write_all(bytes).map_err(BackupError::Refused)?;
            let length = bytes.len();
            self.rest.consume(length);
        }
    }

    /// Copies the lines before the first object, without the setting that older servers refuse.
    fn copy_settings(&mut self, out: &mut impl Write) -> Result<(), BackupError> {
        loop {
            let mut line = Vec::new();
            self.rest.by_ref().take(LONGEST_SETTING).read_until(b'\n', &mut line).map_err(BackupError::Damaged)?;
            if line != NOT_KNOWN_BEFORE_17 {
                out.write_all(&line).map_err(BackupError::Refused)?;
            }
            if !(line == b"\n" || line.starts_with(b"--") || line.starts_with(b"SET ")) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DUMP: &[u8] = b"CREATE SCHEMA egi;\nCOPY egi.tag FROM stdin;\n";

    fn backup(format: u32) -> (Manifest, Vec<u8>) {
        backup_of(format, DUMP)
    }

    fn backup_of(format: u32, mut dump: &[u8]) -> (Manifest, Vec<u8>) {
        let tenant = Tenant { name: "EGI".into(), schema: SchemaName::parse("egi").unwrap(), domain_url: None };
        let time = DateTime::UNIX_EPOCH;
        let origin = Origin { time, postgresql: "15.6".into(), pg_dump: "15.6".into(), secret_keys: Vec::new() };
        let applied = Applied { version: 1, name: "0001_initial".into(), checksum: vec![0, 255], applied_at: time };
        let manifest = Manifest { format, ..Manifest::new(&origin, &Listed { tenant, created_on: time }, &[applied]) };
        let mut bytes = Vec::new();
        write(&mut bytes, &manifest, &mut dump, None).unwrap();
        (manifest, bytes)
    }

    fn read(bytes: &[u8]) -> Result<(Manifest, Vec<u8>), BackupError> {
        let backup = Backup::open(bytes)?;
        let (manifest, mut dump) = (backup.manifest.clone(), Vec::new());
        backup.copy_dump(&mut dump)?;
        Ok((manifest, dump))
    }

    #[test]
    fn a_backup_is_read_as_it_was_written() {
        let (manifest, bytes) = backup(FORMAT);
        assert_eq!(read(&bytes).unwrap(), (manifest.clone(), DUMP.to_vec()));
        assert_eq!(manifest.applied().unwrap(), BTreeMap::from([(1, vec![0, 255])]));
        assert_eq!(manifest.tenant().unwrap().schema.as_str(), "egi");
    }

    #[test]
    fn a_setting_that_servers_before_17_refuse_is_left_out_and_nothing_else() {
        let setting = "SET transaction_timeout = 0;\n";
        let rest = format!(
            "SET lock_timeout = 0;\n\nCREATE TABLE egi.t (c text);\nCOPY egi.t (c) FROM stdin;\n{setting}\\.\n"
        );
        let (_, bytes) = backup_of(FORMAT, format!("--\n-- dump\n--\n\n{setting}{rest}").as_bytes());
        assert_eq!(read(&bytes).unwrap().1, format!("--\n-- dump\n--\n\n{rest}").into_bytes());
    }

    #[test]
    fn a_truncated_backup_is_detected() {
        let (_, bytes) = backup(FORMAT);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_newer_format_and_another_file_are_refused() {
        assert!(matches!(read(&backup(FORMAT + 1).1), Err(BackupError::Newer(_))));
        assert!(matches!(read(b"-- PostgreSQL database dump"), Err(BackupError::NotABackup)));
        assert!(matches!(read(b"{\"format\":1}\n"), Err(BackupError::Unpacked)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn reading_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), hex in ".{0,9}") {
            prop_assert!(read(&bytes).is_err());
            let _ = from_hex(&hex);
        }
    }
}
