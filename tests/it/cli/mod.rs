//! The commands as administrators run them.

mod aggregations;
mod backup;
mod backup_mac;
mod database_tls;
mod db;
mod doctor;
mod drop_privileges;
mod genseckey;
mod load;
mod names;
mod output;
mod pending;
mod pooler;
mod profiles;
mod replacing;
mod rotation;
mod saml_accounts;
mod session_settings;
mod take_over;
mod tenant;
mod token;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::Server;
use crate::support::installation::Ran;

/// The commands with a name of their own, and the subcommand of `poem` that does the same.
const NAMES: [(&str, &str); 9] = [
    ("poem-db", "db"),
    ("poem-tenant", "tenant"),
    ("poem-token", "token"),
    ("poem-genseckey", "genseckey"),
    ("poem-exportprofiles", "exportprofiles"),
    ("poem-importprofiles", "importprofiles"),
    ("poem-backup", "backup"),
    ("poem-restore", "restore"),
    ("poem-saml", "saml"),
];

/// Asserts that the command ended with this status and that its stderr contains these words.
#[track_caller]
fn said(ran: &Ran, status: i32, words: &str) {
    assert!(ran.status == status && ran.stderr.contains(words), "{words:?} (status {status}): {ran:?}");
}

/// The names of this POEM's migrations, such as `0001_initial`. `set` is `shared` or `tenant`.
pub fn migrations(set: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(set);
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The output of applying all migrations of a schema.
fn progress(schema: &str, set: &str) -> String {
    let mut text = format!("[standard:{schema}] === Running migrate for schema {schema}\n");
    for name in migrations(set) {
        text += &format!("[standard:{schema}] Applying poem.{name}...\n[standard:{schema}] OK\n");
    }
    text
}

/// The output for a schema that is up to date.
fn no_progress(schema: &str) -> String {
    let name = format!("[standard:{schema}]");
    format!("{name} === Running migrate for schema {schema}\n{name} No migrations to apply.\n")
}

/// The output of `-l` for a schema.
fn listed(schema: &str, set: &str, mark: char) -> String {
    let steps: String = migrations(set).iter().map(|name| format!(" [{mark}] {name}\n")).collect();
    format!("{schema}\n{steps}")
}

const ADDRESSES: [&str; 3] = ["/poem/api/v2/metrics/", "/poem/api/v2/profiles/", "/poem/api/0.2/json/profiles"];

/// The responses of the API of the tenant EGI to a client, with their statuses.
fn responses(server: &Server, token: &str) -> Vec<(u16, String)> {
    let get = |address: &&str| server.get_with_key(address, token);
    ADDRESSES.iter().map(get).map(|response| (response.status, response.text())).collect()
}

/// Repeats a request with the key until it has this status. A server sees the writes of commands within a second.
#[track_caller]
fn await_status(server: &Server, token: &str, status: u16) {
    let end = Instant::now() + Duration::from_secs(10);
    while server.get_with_key(ADDRESSES[0], token).status != status {
        assert!(Instant::now() < end, "the status for {token} does not become {status}");
        sleep(Duration::from_millis(20));
    }
}
