//! PostgreSQL's client programs, for local and remote servers: `pg_dump` and `psql`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::pg_programs::{candidates, run_from, version_in};
use crate::store::PoolSettings;

/// A directory that has both programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgTools {
    bin: PathBuf,
    /// The version of `pg_dump`, such as `15.6`.
    pub version: String,
}

/// No installed programs fit the server.
#[derive(Debug, thiserror::Error)]
#[error(
    "pg_dump and psql of PostgreSQL {server} (the server's version) or newer are needed; found: {found}. Install the \
     client programs of PostgreSQL {server}, or set POEM_PG_BIN to their directory"
)]
pub struct NoPgTools {
    server: u32,
    found: String,
}

impl PgTools {
    /// The programs of the server's own major version, else the oldest newer ones. If `POEM_PG_BIN` is set, only that
    /// directory is considered.
    ///
    /// A newer `pg_dump` may write SQL that an older server does not understand; an older one refuses the server.
    ///
    /// # Errors
    /// `NoPgTools` if there are none, or only older ones.
    pub fn for_server(version: &str) -> Result<Self, NoPgTools> {
        let bins = match env::var_os("POEM_PG_BIN") {
            Some(bin) => vec![PathBuf::from(bin)],
            None => candidates(),
        };
        choose(bins.into_iter().filter_map(Self::in_directory).collect(), major(version))
    }

    /// A command that runs `pg_dump`, without arguments.
    pub fn pg_dump(&self) -> Command {
        run_from(&self.bin, Command::new(self.bin.join("pg_dump")))
    }

    /// A command that runs `psql`, without arguments.
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

/// The major version: `15` of `15.8 (Debian …)`. 0 if `version` is no version, so that every program fits.
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

/// Adds the database connection to a command. The password goes through the environment: all users can read a command
/// line.
pub fn connect(mut command: Command, settings: &PoolSettings) -> Command {
    command
        .env("PGHOST", &settings.host)
        .env("PGPORT", settings.port.to_string())
        .env("PGUSER", &settings.user)
        .env("PGDATABASE", &settings.name)
        .env("PGAPPNAME", "poem")
        .env("PGCLIENTENCODING", "UTF8")
        .env("PGCONNECT_TIMEOUT", "10")
        // Never prompt for a password, and never take one from ~/.pgpass.
        .arg("--no-password")
        .env("PGPASSFILE", "/dev/null")
        .env_remove("PGSERVICE")
        .env_remove("PGOPTIONS")
        .env_remove("PGHOSTADDR");
    if let Some(mode) = settings.ssl_mode {
        command.env("PGSSLMODE", mode.name());
    }
    if let Some(file) = &settings.ca_file {
        command.env("PGSSLROOTCERT", file);
    }
    match settings.password.is_empty() {
        true => command.env_remove("PGPASSWORD"),
        false => command.env("PGPASSWORD", settings.password.expose()),
    };
    command
}

/// The first error line that the program wrote to stderr; its exit status if it wrote nothing.
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
    use crate::domain::security::secret::Secret;
    use crate::domain::security::ssl_mode::SslMode;

    fn tools(version: &str) -> PgTools {
        PgTools { bin: format!("/{version}").into(), version: version.to_owned() }
    }

    #[test]
    fn the_servers_own_version_comes_first_and_an_older_one_is_refused_by_name() {
        let all = || vec![tools("13.2"), tools("17.1"), tools("15.6")];
        assert_eq!(choose(all(), 15).unwrap().version, "15.6");
        assert_eq!(choose(all(), 16).unwrap().version, "17.1");
        let words = choose(vec![tools("13.2")], 15).unwrap_err().to_string();
        assert!(words.contains("PostgreSQL 15") && words.contains("found: 13.2 in /13.2"), "{words}");
        assert!(choose(Vec::new(), 15).unwrap_err().to_string().contains("found: none"));
    }

    #[test]
    fn the_programs_protect_the_connection_as_the_server_does() {
        let settings = PoolSettings {
            host: "db.example.org".into(),
            port: 5432,
            user: "poem".into(),
            password: Secret::new("secret"),
            name: "poem".into(),
            ssl_mode: Some(SslMode::VerifyFull),
            ca_file: Some("/ca.crt".into()),
            max_connections: 1,
        };
        let command = connect(Command::new("psql"), &settings);
        let of = |name: &str| command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
        assert_eq!(of("PGSSLMODE"), Some("verify-full".as_ref()));
        assert_eq!(of("PGSSLROOTCERT"), Some("/ca.crt".as_ref()));
        assert!(!command.get_args().any(|argument| argument == "secret"));
    }

    #[test]
    fn the_major_version_of_a_server() {
        for (version, expected) in [("15.8 (Debian 15.8-0+deb12u1)", 15), ("18beta1", 18), ("", 0)] {
            assert_eq!(major(version), expected);
        }
    }
}
