//! PostgreSQL's server programs: `initdb` and `postgres`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::DevError;
use super::run_as_user::UserAccount;
use crate::backup::pg_programs::{candidates, run_from, version_in};

/// The oldest major version that POEM supports.
const OLDEST: u32 = 10;

/// A directory that has `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    bin: PathBuf,
}

impl Programs {
    /// The first programs that are not too old.
    ///
    /// Searched are `POEM_PG_BIN`, `PATH`, `pg_config`, then the directories of Debian, of PostgreSQL's own packages
    /// and of the Software Collections, the newest version first.
    ///
    /// # Errors
    /// `NotInstalled`.
    pub fn newest() -> Result<Self, DevError> {
        Self::all().find(Self::is_recent).ok_or(DevError::NotInstalled)
    }

    /// The programs of the version that made the data in `data`.
    ///
    /// # Errors
    /// `NotInstalled`; `OtherVersion` if that version is not installed; `File` if the data cannot be read.
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

    /// A command that runs `initdb` as this account.
    pub fn initdb(&self, account: UserAccount) -> Command {
        self.command("initdb", account)
    }

    /// A command that runs the server as this account.
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

    /// Compares with a label as in `PG_VERSION`: `15`, `9.6`.
    fn is_version(&self, label: &str) -> bool {
        let version = self.version();
        version.strip_prefix(label).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn is_recent(&self) -> bool {
        let digits: String = self.version().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().is_ok_and(|major: u32| major >= OLDEST)
    }

    /// The full version, such as `15.6`; `""` if the program does not run.
    fn version(&self) -> String {
        let output = Command::new(self.bin.join("postgres")).arg("--version").output();
        let line = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        version_in(&line).unwrap_or_default().to_owned()
    }
}
