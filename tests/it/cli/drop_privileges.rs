//! Commands that root starts drop root's privileges.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::said;
use crate::support::{Installation, Server, skipped};

/// Another user, which every system has.
const OTHER: &str = "nobody";

fn is_root() -> bool {
    let is_root = Uid::effective().is_root();
    if !is_root {
        skipped("only root can drop root's privileges");
    }
    is_root
}

#[test]
fn a_server_started_by_root_runs_as_the_configured_user_without_roots_groups() {
    if !is_root() {
        return;
    }
    // The user may not be able to enter the directory of the sources, nor that of the database's socket. The server
    // starts nevertheless.
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
fn a_missing_user_is_named() {
    if !is_root() {
        return;
    }
    let installation = Installation::with_tenants();
    installation.configure("[SERVER]\nUser = root\n", "[SERVER]\nUser = no_such_user\n");
    said(&installation.run("poem-db", &["-l"]), 1, "[SERVER] User: there is no user no_such_user on this machine");
}
