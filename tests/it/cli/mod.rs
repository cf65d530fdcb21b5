//! The commands, as administrators call them.

mod backup;
mod db;
mod doctor;
mod drop_privileges;
mod genseckey;
mod load;
mod names;
mod profiles;
mod rotation;
mod tenant;
mod token;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::Server;
use crate::support::installation::Ran;

/// The names under which the executable is a command of its own, and what follows `poem` for the same.
const NAMES: [(&str, &str); 8] = [
    ("poem-db", "db"),
    ("poem-tenant", "tenant"),
    ("poem-token", "token"),
    ("poem-genseckey", "genseckey"),
    ("poem-exportprofiles", "exportprofiles"),
    ("poem-importprofiles", "importprofiles"),
    ("poem-backup", "backup"),
    ("poem-restore", "restore"),
];

/// It ended with this status and said these words on stderr.
#[track_caller]
fn said(ran: &Ran, status: i32, words: &str) {
    assert!(ran.status == status && ran.stderr.contains(words), "{words:?} (status {status}): {ran:?}");
}

/// The migrations of this POEM: `shared` or `tenant`; like `0001_initial`.
pub fn migrations(set: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(set);
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// What running the migrations of a schema prints.
fn progress(schema: &str, set: &str) -> String {
    let mut text = format!("[standard:{schema}] === Running migrate for schema {schema}\n");
    for name in migrations(set) {
        text += &format!("[standard:{schema}] Applying poem.{name}...\n[standard:{schema}] OK\n");
    }
    text
}

/// What is printed of a schema that is up to date.
fn no_progress(schema: &str) -> String {
    let name = format!("[standard:{schema}]");
    format!("{name} === Running migrate for schema {schema}\n{name} No migrations to apply.\n")
}

/// What `-l` prints of a schema.
fn listed(schema: &str, set: &str, mark: char) -> String {
    let steps: String = migrations(set).iter().map(|name| format!(" [{mark}] {name}\n")).collect();
    format!("{schema}\n{steps}")
}

const ADDRESSES: [&str; 3] = ["/poem/api/v2/metrics/", "/poem/api/v2/profiles/", "/poem/api/0.2/json/profiles"];

/// What the API of the tenant EGI answers to a client, and with which status.
fn answers(server: &Server, token: &str) -> Vec<(u16, String)> {
    let answer = |address: &&str| server.get_with_key(address, token);
    ADDRESSES.iter().map(answer).map(|answer| (answer.status, answer.text())).collect()
}

/// Asks until the key is answered with this status: a server sees what others wrote within a second.
#[track_caller]
fn await_status(server: &Server, token: &str, status: u16) {
    let end = Instant::now() + Duration::from_secs(10);
    while server.get_with_key(ADDRESSES[0], token).status != status {
        assert!(Instant::now() < end, "the answer to {token} does not become {status}");
        sleep(Duration::from_millis(20));
    }
}
