//! The commands, as administrators call them.

mod db;
mod doctor;
mod genseckey;
mod load;
mod names;
mod profiles;
mod step_down;
mod tenant;
mod token;

use std::path::Path;

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
