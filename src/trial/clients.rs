//! PostgreSQL's programs that speak to a server, wherever it runs: `pg_dump` and `psql`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{candidates, run_from, version_in};

/// A directory that holds both, and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clients {
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
pub struct NoClients {
    server: u32,
    found: String,
}

impl Clients {
    /// Those of the server's own major version, else the oldest that are newer: what a newer pg_dump writes an older
    /// server may not read. Where POEM_PG_BIN is set, those in it.
    ///
    /// # Errors
    /// `NoClients`: none, or only older ones, which refuse the server.
    pub fn for_server(major: u32) -> Result<Self, NoClients> {
        let bins = match env::var_os("POEM_PG_BIN") {
            Some(bin) => vec![PathBuf::from(bin)],
            None => candidates(),
        };
        choose(bins.into_iter().filter_map(Self::in_directory).collect(), major)
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
        self.version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}

fn choose(all: Vec<Clients>, server: u32) -> Result<Clients, NoClients> {
    let names: Vec<_> = all.iter().map(|one| format!("{} in {}", one.version, one.bin.display())).collect();
    let fitting = all.into_iter().filter(|one| one.major() >= server).min_by_key(Clients::major);
    fitting.ok_or_else(|| {
        let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        NoClients { server, found }
    })
}

fn version_of(bin: &Path) -> Option<String> {
    let output = run_from(bin, Command::new(bin.join("pg_dump"))).arg("--version").output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(version: &str) -> Clients {
        Clients { bin: format!("/{version}").into(), version: version.to_owned() }
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
}
