//! Where PostgreSQL's programs are. packaging/postgresql.sh looks in the same places.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::error::TrialError;
use crate::domain::model::version::compare_labels;

/// Directories of installed versions: before and after the name that differs.
const INSTALLED: [(&str, &str, &str); 3] =
    [("/usr/lib/postgresql", "", "bin"), ("/usr", "pgsql-", "bin"), ("/opt/rh", "rh-postgresql", "root/usr/bin")];

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
    pub fn newest() -> Result<Self, TrialError> {
        Self::all().find(Self::is_recent).ok_or(TrialError::NotInstalled)
    }

    /// Those that can run over data that are there.
    ///
    /// # Errors
    /// `NotInstalled`; `OtherVersion` where none is of the version that made the data.
    pub fn for_data(data: &Path) -> Result<Self, TrialError> {
        let made_by = fs::read_to_string(data.join("PG_VERSION"))
            .map_err(TrialError::file("read", &data.join("PG_VERSION")))?
            .trim()
            .to_owned();
        Self::newest()?;
        Self::all()
            .find(|programs| programs.is_version(&made_by))
            .ok_or_else(|| TrialError::OtherVersion { data: data.to_path_buf(), version: made_by })
    }

    pub fn initdb(&self, account: Account) -> Command {
        self.command("initdb", account)
    }

    pub fn postgres(&self, account: Account) -> Command {
        self.command("postgres", account)
    }

    fn all() -> impl Iterator<Item = Self> {
        candidates()
            .into_iter()
            .filter(|bin| ["initdb", "postgres"].iter().all(|name| bin.join(name).is_file()))
            .map(|bin| Self { bin })
    }

    fn command(&self, name: &str, account: Account) -> Command {
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

/// Gives a program of this directory the environment that it needs.
pub(super) fn run_from(bin: &Path, mut command: Command) -> Command {
    // Messages that we quote shall be in one language; the cluster's own locale is an argument of initdb.
    command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGOPTIONS");
    if bin.starts_with("/opt/rh") {
        // Software Collections keep their libraries beside their programs.
        command.env("LD_LIBRARY_PATH", bin.with_file_name("lib64"));
    }
    command
}

/// «postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)» -> «15.6».
pub(super) fn version_in(line: &str) -> Option<&str> {
    line.split_once("(PostgreSQL) ")?.1.split_whitespace().next()
}

pub(super) fn candidates() -> Vec<PathBuf> {
    let mut bins: Vec<PathBuf> = env::var_os("POEM_PG_BIN").map(PathBuf::from).into_iter().collect();
    // Where there is none, as for a service, the system's own.
    let path = env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    bins.extend(env::split_paths(&path));
    bins.extend(pg_config());
    for (parent, prefix, rest) in INSTALLED {
        bins.extend(versions(parent, prefix).into_iter().map(|name| Path::new(parent).join(name).join(rest)));
    }
    bins
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let bin = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(bin.trim())).filter(|bin| bin.is_absolute())
}

/// The names in `parent` that begin with `prefix`, the newest version first. Empty where there are none.
fn versions(parent: &str, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| {
        name.strip_prefix(prefix).is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    });
    names.sort_by(|a, b| compare_labels(&b[prefix.len()..], &a[prefix.len()..]));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_postgres_says_of_itself() {
        assert_eq!(version_in("postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)\n"), Some("15.6"));
        assert_eq!(version_in("postgres (PostgreSQL) 9.6.24\n"), Some("9.6.24"));
        assert_eq!(version_in("something else"), None);
    }

    #[test]
    fn newer_versions_come_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pgsql-9.6", "pgsql-10", "pgsql-13", "other", "pgsql-x"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        assert_eq!(versions(dir.path().to_str().unwrap(), "pgsql-"), ["pgsql-13", "pgsql-10", "pgsql-9.6"]);
        assert!(versions("/nonexistent", "").is_empty());
    }
}
