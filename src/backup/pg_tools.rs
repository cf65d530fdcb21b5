//! PostgreSQL's programs that speak to a server, wherever it runs: `pg_dump` and `psql`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::pg_programs::{candidates, run_from, version_in};
use crate::store::PoolSettings;

/// A directory that holds both, and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgTools {
    bin: PathBuf,
    /// Like «15.6».
    pub version: String,
}

/// That there are none that fit the server.
#[derive(Debug, thiserror::Error)]
#[error(
    "pg_dump and psql of PostgreSQL {server}, as the server is, or newer are needed; found: {found}. Install the client \
     programs of PostgreSQL {server}, or name their directory in POEM_PG_BIN"
)]
pub struct NoPgTools {
    server: u32,
    found: String,
}

impl PgTools {
    /// Those of the server's own major version, else the oldest that are newer: what a newer pg_dump writes an older
    /// server may not read. Where POEM_PG_BIN is set, those in it.
    ///
    /// # Errors
    /// `NoPgTools`: none, or only older ones, which refuse the server.
    pub fn for_server(version: &str) -> Result<Self, NoPgTools> {
        let bins = match env::var_os("POEM_PG_BIN") {
            Some(bin) => vec![PathBuf::from(bin)],
            None => candidates(),
        };
        choose(bins.into_iter().filter_map(Self::in_directory).collect(), major(version))
    }

    pub fn pg_dump(&self) -> Command {
        run_from(&self.bin, Command::new(self.bin.join("pg_dump")))
    }

    pub fn psql(&self) -> Command {
        run_from(&self.bin, Command::new(self.bin.join("psql")))
    }

    fn in_directory(bin: PathBuf) -> Option<Self> {
        let complete = ["pg_dump", "psql"].iter().all(|name| bin.join(name).is_file());
        let version = complete.then(|| version_of(&bin)).flatten()?;
        Some(Self { bin, version })
    }

    fn major(&self) -> u32 {
        major(&self.version)
    }
}

/// «15» of «15.8 (Debian …)»; 0 where it is no version, which every program fits.
fn major(version: &str) -> u32 {
    version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn choose(all: Vec<PgTools>, server: u32) -> Result<PgTools, NoPgTools> {
    let names: Vec<_> = all.iter().map(|one| format!("{} in {}", one.version, one.bin.display())).collect();
    let fitting = all.into_iter().filter(|one| one.major() >= server).min_by_key(PgTools::major);
    fitting.ok_or_else(|| {
        let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        NoPgTools { server, found }
    })
}

fn version_of(bin: &Path) -> Option<String> {
    let output = run_from(bin, Command::new(bin.join("pg_dump"))).arg("--version").output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout)).map(str::to_owned)
}

/// The password goes through the environment: a command line can be read by everybody.
pub fn connect(mut command: Command, settings: &PoolSettings) -> Command {
    command
        .env("PGHOST", &settings.host)
        .env("PGPORT", settings.port.to_string())
        .env("PGUSER", &settings.user)
        .env("PGDATABASE", &settings.name)
        .env("PGAPPNAME", "poem")
        .env("PGCLIENTENCODING", "UTF8")
        .env("PGCONNECT_TIMEOUT", "10")
        // Nobody is there to be asked, and no file of passwords has a say.
        .arg("--no-password")
        .env("PGPASSFILE", "/dev/null")
        .env_remove("PGSERVICE")
        .env_remove("PGHOSTADDR");
    match settings.password.is_empty() {
        true => command.env_remove("PGPASSWORD"),
        false => command.env("PGPASSWORD", settings.password.expose()),
    };
    command
}

/// What the program said was wrong, in a line; its status where it said nothing.
pub fn error_line(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    let error = words.lines().find(|line| line.contains("ERROR") || line.contains("error:"));
    match error.or(words.lines().next()) {
        Some(line) => line.trim().to_owned(),
        None => output.status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(version: &str) -> PgTools {
        PgTools { bin: format!("/{version}").into(), version: version.to_owned() }
    }

    #[test]
    fn the_servers_own_version_comes_first_and_an_older_one_is_refused_by_name() {
        let all = || vec![clients("13.2"), clients("17.1"), clients("15.6")];
        assert_eq!(choose(all(), 15).unwrap().version, "15.6");
        assert_eq!(choose(all(), 16).unwrap().version, "17.1");
        let words = choose(vec![clients("13.2")], 15).unwrap_err().to_string();
        assert!(words.contains("PostgreSQL 15") && words.contains("found: 13.2 in /13.2"), "{words}");
        assert!(choose(Vec::new(), 15).unwrap_err().to_string().contains("found: none"));
    }

    #[test]
    fn the_major_version_of_a_server() {
        for (version, expected) in [("15.8 (Debian 15.8-0+deb12u1)", 15), ("18beta1", 18), ("", 0)] {
            assert_eq!(major(version), expected);
        }
    }
}
