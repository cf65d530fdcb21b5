//! Commands that root starts give root's rights up.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::said;
use crate::support::{Installation, Server, skipped};

/// Somebody else, whom every system has.
const OTHER: &str = "nobody";

fn is_root() -> bool {
    let is_root = Uid::effective().is_root();
    if !is_root {
        skipped("root's rights are given up by root alone");
    }
    is_root
}

#[test]
fn a_server_of_root_is_the_configured_user_and_keeps_none_of_roots_groups() {
    if !is_root() {
        return;
    }
    // Where the sources stand may be closed to others, and so is the database's socket: it starts all the same.
    let installation = Installation::bare();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (key, name) in [("TemplatesPath", "templates"), ("StaticPath", "static")] {
        let (here, there) = (sources.join(name), installation.path(name));
        run(Command::new("cp").arg("-R").args([&here, &there]));
        installation.configure(&format!("{key} = {}", here.display()), &format!("{key} = {}", there.display()));
    }
    installation.configure("[SERVER]\nUser = root\n", &format!("[SERVER]\nUser = {OTHER}\n"));
    run(Command::new("chown").args(["-R", OTHER]).arg(installation.path("")));
    let server = Server::start(&installation);
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let other = User::from_name(OTHER).unwrap().unwrap();
    let ids = |name: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(|id| id.parse().unwrap()).collect()
    };
    assert_eq!(ids("Uid:"), [other.uid.as_raw(); 4]);
    assert_eq!(ids("Gid:"), [other.gid.as_raw(); 4]);
    assert_eq!(ids("Groups:"), [other.gid.as_raw()]);
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

#[test]
fn a_user_who_is_not_there_is_named() {
    if !is_root() {
        return;
    }
    let installation = Installation::with_tenants();
    installation.configure("[SERVER]\nUser = root\n", "[SERVER]\nUser = no_such_user\n");
    said(&installation.run("poem-db", &["-l"]), 1, "[SERVER] User: there is no user no_such_user on this machine");
}
