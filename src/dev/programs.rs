//! The server programs of PostgreSQL: `initdb` and `postgres`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::DevError;
use super::run_as_user::UserAccount;
use crate::backup::pg_programs::{candidates, run_from, version_in};

/// The oldest major version that POEM's SQL is for.
const OLDEST: u32 = 10;

/// A directory that holds `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    bin: PathBuf,
}

impl Programs {
    /// The first that is found and not too old: `POEM_PG_BIN`, `PATH`, `pg_config`, then the places of Debian, of PostgreSQL's own
    /// packages and of the Software Collections, the newest first.
    ///
    /// # Errors
    /// `NotInstalled`.
    pub fn newest() -> Result<Self, DevError> {
        Self::all().find(Self::is_recent).ok_or(DevError::NotInstalled)
    }

    /// Those that can run over data that are there.
    ///
    /// # Errors
    /// `NotInstalled`; `OtherVersion` where none is of the version that made the data.
    pub fn for_data(data: &Path) -> Result<Self, DevError> {
        let made_by = fs::read_to_string(data.join("PG_VERSION"))
            .map_err(DevError::file("read", &data.join("PG_VERSION")))?
            .trim()
            .to_owned();
        Self::newest()?;
        Self::all()
            .find(|programs| programs.is_version(&made_by))
            .ok_or_else(|| DevError::OtherVersion { data: data.to_path_buf(), version: made_by })
    }

    pub fn initdb(&self, account: UserAccount) -> Command {
        self.command("initdb", account)
    }

    pub fn postgres(&self, account: UserAccount) -> Command {
        self.command("postgres", account)
    }

    fn all() -> impl Iterator<Item = Self> {
        candidates()
            .into_iter()
            .filter(|bin| ["initdb", "postgres"].iter().all(|name| bin.join(name).is_file()))
            .map(|bin| Self { bin })
    }

    fn command(&self, name: &str, account: UserAccount) -> Command {
        run_from(&self.bin, account.command(&self.bin.join(name)))
    }

    /// `label` as in `PG_VERSION`: «15», «9.6».
    fn is_version(&self, label: &str) -> bool {
        let version = self.version();
        version.strip_prefix(label).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn is_recent(&self) -> bool {
        let digits: String = self.version().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().is_ok_and(|major: u32| major >= OLDEST)
    }

    /// «15.6»; '' where the program does not run.
    fn version(&self) -> String {
        let output = Command::new(self.bin.join("postgres")).arg("--version").output();
        let line = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        version_in(&line).unwrap_or_default().to_owned()
    }
}
