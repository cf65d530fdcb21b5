//! The file of a backup: gzip over a line of JSON that says what it is, and the SQL of pg_dump after it. gzip's checksum
//! at the end tells a file that is cut off or damaged.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::store::backup::{Applied, Listed};

/// The form of the file that this POEM writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// Of the first line, in bytes: one that goes on is something else.
const MANIFEST_LIMIT: u64 = 1024 * 1024;

/// What pg_dump says since 17, of whatever server: the value that all have.
const NOT_KNOWN_BEFORE_17: &[u8] = b"SET transaction_timeout = 0;\n";
/// Of a line at the beginning of a dump, in bytes. A longer one is passed on in pieces.
const LONGEST_SETTING: u64 = 64 * 1024;

/// What a backup is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of the POEM that made it.
    pub poem: String,
    pub time: DateTime<Utc>,
    /// The versions of the server and of pg_dump.
    pub postgresql: String,
    pub pg_dump: String,
    /// Which secret keys were in force (`Keys::ids`); empty where they could not be read.
    pub secret_keys: Vec<String>,
    pub tenant: TenantEntry,
    pub migrations: Vec<MigrationEntry>,
}

/// The tenant as it was listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantEntry {
    pub name: String,
    pub schema: String,
    pub domain_url: Option<String>,
    pub created_on: DateTime<Utc>,
}

/// A migration that was applied; the checksum in hex.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MigrationEntry {
    pub version: i64,
    pub name: String,
    pub checksum: String,
    pub applied_at: DateTime<Utc>,
}

/// The circumstances under which backups are made.
pub struct Origin {
    pub time: DateTime<Utc>,
    pub postgresql: String,
    pub pg_dump: String,
    pub secret_keys: Vec<String>,
}

/// Why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("it is not a backup of poem-backup")]
    NotABackup,
    #[error("it is a backup of form {0}, newer than this POEM knows ({FORMAT}): upgrade POEM")]
    Newer(u32),
    #[error("it is cut off or damaged: {0}")]
    Damaged(io::Error),
    #[error("it cannot be passed on: {0}")]
    Refused(io::Error),
}

impl Manifest {
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

    /// The tenant; `None` where what stands there is no schema's name.
    pub fn tenant(&self) -> Option<Tenant> {
        let TenantEntry { name, schema, domain_url, .. } = &self.tenant;
        let schema = SchemaName::parse(schema).ok()?;
        Some(Tenant { name: name.clone(), schema, domain_url: domain_url.clone() })
    }

    /// Checksums by version; `None` where one is not hex.
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

/// Writes a backup; `dump` is what pg_dump says.
pub fn write(out: impl Write, manifest: &Manifest, dump: &mut impl Read) -> io::Result<()> {
    let mut gzip = GzEncoder::new(out, Compression::default());
    serde_json::to_writer(&mut gzip, manifest)?;
    gzip.write_all(b"\n")?;
    io::copy(dump, &mut gzip)?;
    gzip.finish()?.flush()
}

/// A backup that is being read.
pub struct Backup<R> {
    pub manifest: Manifest,
    rest: BufReader<GzDecoder<R>>,
}

impl<R: Read> Backup<R> {
    /// Reads what it is of.
    ///
    /// # Errors
    /// `NotABackup`, `Newer`, `Damaged`.
    pub fn open(file: R) -> Result<Self, BackupError> {
        let mut rest = BufReader::new(GzDecoder::new(file));
        let mut line = Vec::new();
        rest.by_ref().take(MANIFEST_LIMIT).read_until(b'\n', &mut line).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => BackupError::NotABackup,
            _ => BackupError::Damaged(error),
        })?;
        /// What stands in a manifest of any form.
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let form: Form = serde_json::from_slice(&line).map_err(|_| BackupError::NotABackup)?;
        if form.format > FORMAT {
            return Err(BackupError::Newer(form.format));
        }
        let manifest = serde_json::from_slice(&line).map_err(|_| BackupError::NotABackup)?;
        Ok(Self { manifest, rest })
    }

    /// Passes the dump on. Done only where the checksum at the end was right.
    ///
    /// # Errors
    /// `Damaged`; `Refused` by `out`.
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

    /// What stands before the first object, but for what older servers refuse.
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
        write(&mut bytes, &manifest, &mut dump).unwrap();
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
    fn a_backup_that_is_cut_off_anywhere_is_noticed() {
        let (_, bytes) = backup(FORMAT);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_newer_form_and_another_file_are_refused_in_words() {
        assert!(matches!(read(&backup(FORMAT + 1).1), Err(BackupError::Newer(_))));
        assert!(matches!(read(b"-- PostgreSQL database dump"), Err(BackupError::NotABackup)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn anything_may_stand_in_a_file(bytes in proptest::collection::vec(any::<u8>(), 0..200), hex in ".{0,9}") {
            prop_assert!(read(&bytes).is_err());
            let _ = from_hex(&hex);
        }
    }
}
