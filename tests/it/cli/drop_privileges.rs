//! Commands that root starts drop root's privileges.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::said;
use crate::support::sql::everything;
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

/// An installation whose poem.conf names no user, on a machine without the default one. `None` if that cannot be tried.
fn without_service_user() -> Option<Installation> {
    if !is_root() {
        return None;
    }
    if User::from_name("apache").unwrap().is_some() {
        skipped("there is a user apache here, to which root switches");
        return None;
    }
    let installation = Installation::with_tenants();
    installation.configure("[SERVER]\nUser = root\n", "[SERVER]\n");
    Some(installation)
}

/// A new command needs its arguments here.
#[test]
fn root_without_a_service_user_is_refused_by_each_command_that_reads_the_configuration() {
    let Some(installation) = without_service_user() else { return };
    let before = everything(&installation);
    for subcommand in super::output::subcommands() {
        let arguments: &[&str] = match subcommand.as_str() {
            "serve" | "syncservtype" | "syncvo" | "syncservices" | "syncaggregations" => &[],
            "db" => &["-l"],
            "tenant" | "token" => &["--list"],
            "exportprofiles" => &["-", "egi"],
            "importprofiles" => &["-t", "egi", "-f", "x"],
            "backup" => &["-n", "egi"],
            "restore" => &["-f", "x"],
            "saml" => &["key"],
            "doctor" | "genseckey" | "completions" | "man" | "help" | "try" => continue,
            other => panic!("poem {other}: may root run it without a service user?"),
        };
        let schema: &[&str] = if subcommand == "token" { &["-s", "egi"] } else { &[] };
        let ran = installation.run("poem", &[&[subcommand.as_str()], arguments, schema].concat());
        said(&ran, 1, "root runs this command, and there is no user apache to switch to: set User in [SERVER]");
        assert!(ran.stderr.contains("User = root if you mean root") && ran.stdout.is_empty(), "{ran:?}");
    }
    assert_eq!(everything(&installation), before);
    assert!(!installation.path("var/log/poem/poem.log").exists(), "nothing was written as root");
    installation.configure("[SERVER]\n", "[SERVER]\nUser = root\n");
    installation.run("poem-db", &["-l"]).done();
}

#[test]
fn root_without_a_service_user_may_run_the_doctor_and_what_reads_no_configuration() {
    let Some(installation) = without_service_user() else { return };
    let doctor = installation.run("poem", &["doctor"]);
    assert!(doctor.status == 1 && doctor.stdout.contains("  WRONG  root runs this command, and there"), "{doctor:?}");
    assert!(doctor.stdout.contains("  ok     schema egi: all migrations applied"), "it goes on: {doctor:?}");
    let (key, man) = (installation.path("new_key"), installation.path("man"));
    installation.run("poem-genseckey", &["-f", key.to_str().unwrap()]).done();
    for arguments in [&["completions", "bash"][..], &["help"], &["db", "-h"], &["man", man.to_str().unwrap()]] {
        installation.run("poem", arguments).done();
    }
}

#[test]
fn root_does_not_write_through_a_link_of_the_service_user() {
    if !is_root() {
        return;
    }
    let installation = Installation::with_tenants();
    let (log, target) = (installation.path("var/log/poem/poem.log"), installation.path("target"));
    let _ = fs::remove_file(&log);
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&target, &log).unwrap();
    let ran = installation.run("poem-token", &["-t", "x", "-s", "egi"]).done();
    assert!(
        ran.stderr.contains("it is a symbolic link, which root does not follow: logging to standard error"),
        "{ran:?}"
    );
    assert!(Server::refusal(&installation).contains("it is a symbolic link, which root does not follow"));
    assert!(!target.exists());
}
