//! Finds the directories of PostgreSQL's programs: `pg_dump`, `psql`, `initdb`, `postgres`. `packaging/postgresql.sh` looks
//! in the same places.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::domain::model::version::compare_labels;

/// The directories of installed versions: the parent, the prefix of the version's directory, and the path below it.
const INSTALLED: [(&str, &str, &str); 3] =
    [("/usr/lib/postgresql", "", "bin"), ("/usr", "pgsql-", "bin"), ("/opt/rh", "rh-postgresql", "root/usr/bin")];

/// Sets the environment that a program in this directory needs.
pub fn run_from(bin: &Path, mut command: Command) -> Command {
    // POEM quotes messages, so they must be in one language. The cluster's own locale is an argument of initdb.
    command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGOPTIONS");
    if bin.starts_with("/opt/rh") {
        // Software Collections install their libraries next to their programs.
        command.env("LD_LIBRARY_PATH", bin.with_file_name("lib64"));
    }
    command
}

/// The version in the output of `--version`: `15.6` of `postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)`.
pub fn version_in(line: &str) -> Option<&str> {
    line.split_once("(PostgreSQL) ")?.1.split_whitespace().next()
}

/// The directories to search, in order: `POEM_PG_BIN`, `PATH`, `pg_config`, then installed versions, the newest first.
pub fn candidates() -> Vec<PathBuf> {
    let mut bins: Vec<PathBuf> = env::var_os("POEM_PG_BIN").map(PathBuf::from).into_iter().collect();
    // A service may have no PATH: then the system's usual directories.
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

/// The names in `parent` that are `prefix` and a version, the newest first. Empty if there are none.
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
    fn the_version_is_read_from_the_output_of_postgres() {
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
