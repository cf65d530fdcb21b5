//! Where PostgreSQL's programs are. packaging/postgresql.sh looks in the same places.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::domain::model::version::compare_labels;

/// Directories of installed versions: before and after the name that differs.
const INSTALLED: [(&str, &str, &str); 3] =
    [("/usr/lib/postgresql", "", "bin"), ("/usr", "pgsql-", "bin"), ("/opt/rh", "rh-postgresql", "root/usr/bin")];

/// Gives a program of this directory the environment that it needs.
pub fn run_from(bin: &Path, mut command: Command) -> Command {
    // Messages that we quote shall be in one language; the cluster's own locale is an argument of initdb.
    command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGOPTIONS");
    if bin.starts_with("/opt/rh") {
        // Software Collections keep their libraries beside their programs.
        command.env("LD_LIBRARY_PATH", bin.with_file_name("lib64"));
    }
    command
}

/// «postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)» -> «15.6».
pub fn version_in(line: &str) -> Option<&str> {
    line.split_once("(PostgreSQL) ")?.1.split_whitespace().next()
}

pub fn candidates() -> Vec<PathBuf> {
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
