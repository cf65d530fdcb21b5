//! How PostgreSQL's own programs are told where the database is.

use std::process::{Command, Output};

use crate::store::PoolSettings;

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
pub fn complaint(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    let error = words.lines().find(|line| line.contains("ERROR") || line.contains("error:"));
    match error.or(words.lines().next()) {
        Some(line) => line.trim().to_owned(),
        None => output.status.to_string(),
    }
}
