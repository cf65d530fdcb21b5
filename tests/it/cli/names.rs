//! The names of the commands, their help, completions and man pages.

use std::fs;

use super::{NAMES, said};
use crate::support::Installation;

/// The subcommands of `poem` that have no name of their own.
const ONLY_SUBCOMMANDS: [&str; 4] = ["serve", "doctor", "completions", "man"];

#[test]
fn a_command_is_the_same_under_its_name_and_as_a_subcommand() {
    let installation = Installation::with_tenants();
    for (name, subcommand) in NAMES {
        let own = installation.run(name, &["-h"]).done();
        let sub = installation.run("poem", &[subcommand, "-h"]).done();
        let options = |text: &str| text.split_once("Options:").unwrap().1.to_owned();
        assert_eq!(options(&own.stdout), options(&sub.stdout), "{name}");
    }
    let own = installation.run("poem-db", &["-l"]).done();
    assert_eq!(own.stdout, installation.run("poem", &["db", "-l"]).done().stdout);
    let own = installation.run("poem-tenant", &["--list"]).done();
    assert_eq!(own.stdout, installation.run("poem", &["tenant", "--list"]).done().stdout);
    said(&installation.run("poem", &["db", "-u"]), 2, "poem-db: -u needs the schema of the tenant");
}

#[test]
fn only_the_last_part_of_a_path_is_the_name() {
    let installation = Installation::bare();
    assert!(installation.run("/usr/bin/poem-db", &["-h"]).done().stdout.contains("Usage: poem-db"));
}

#[test]
fn help_is_0_and_wrong_usage_is_2() {
    let installation = Installation::bare();
    for (name, subcommand) in NAMES {
        for arguments in [vec!["-h"], vec!["--help"]] {
            let help = installation.run(name, &arguments).done();
            assert!(help.stdout.contains(&format!("Usage: {name} ")) && help.stderr.is_empty(), "{help:?}");
        }
        assert!(installation.run("poem", &["help", subcommand]).done().stdout.contains("Usage: poem"));
        said(&installation.run(name, &["--no-such-option"]), 2, "unexpected argument '--no-such-option'");
    }
    for subcommand in ONLY_SUBCOMMANDS {
        assert!(installation.run("poem", &[subcommand, "-h"]).done().stdout.contains("Usage: poem"));
    }
    let help = installation.run("poem", &["help"]).done();
    assert_eq!(help.stdout, installation.run("poem", &["-h"]).done().stdout);
    for subcommand in NAMES.map(|(_, subcommand)| subcommand).iter().chain(&ONLY_SUBCOMMANDS) {
        assert!(help.stdout.contains(&format!("\n  {subcommand} ")), "{subcommand}: {}", help.stdout);
    }
    said(&installation.run("poem", &[]), 2, "Usage: poem <COMMAND>");
    said(&installation.run("poem", &["no-such-command"]), 2, "unrecognized subcommand 'no-such-command'");
    said(&installation.run("no-such-name", &[]), 2, "unrecognized subcommand 'no-such-name'");
}

#[test]
fn the_version_is_printed() {
    let installation = Installation::bare();
    let expected = format!("poem {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(installation.run("poem", &["--version"]).done().stdout, expected);
    assert_eq!(installation.run("poem", &["-V"]).done().stdout, expected);
}

#[test]
fn every_flag_has_a_long_name() {
    let installation = Installation::bare();
    let long = [
        ("poem-db", "--create --apply --list --fake --file --superuser --schema --clear-sessions --fixture --data"),
        ("poem-tenant", "--name --host"),
        ("poem-token", "--client --schema --token"),
        ("poem-genseckey", "--file --force"),
    ];
    for (name, options) in long {
        let help = installation.run(name, &["-h"]).done().stdout;
        for option in options.split(' ') {
            assert!(help.contains(option), "{name} {option}");
        }
    }
    installation.run("poem-db", &["--create", "--list"]).done();
    installation.run("poem-tenant", &["--name", "EGI", "--host", "localhost"]).done();
    installation.run("poem-db", &["--fake", "--schema", "egi"]).done();
    installation.run("poem-db", &["--superuser", "--fixture", "--clear-sessions", "--schema=egi"]).done();
    installation.run("poem-token", &["--client", "NCG", "--schema", "egi", "--token", "t"]).done();
}

#[test]
fn an_option_names_the_configuration() {
    let installation = Installation::with_tenants();
    let moved = installation.path("other.conf");
    fs::rename(installation.config_path(), &moved).unwrap();
    let path = installation.config_path().display().to_string();
    said(&installation.run("poem-db", &["-l"]), 1, &format!("poem-db: {path}: cannot be read"));
    installation.run("poem-db", &["-l", "--config", moved.to_str().unwrap()]).done();
    installation.run("poem", &["db", "--config", moved.to_str().unwrap(), "-l"]).done();
}

#[test]
fn there_are_completions_for_every_shell_and_command() {
    let installation = Installation::bare();
    let commands = NAMES.map(|(name, _)| name).into_iter().chain(["poem"]);
    for command in commands {
        for shell in ["bash", "zsh", "fish"] {
            let made = installation.run("poem", &["completions", shell, command]).done();
            assert!(made.stdout.contains(command) && made.stderr.is_empty(), "{shell} {command}: {made:?}");
        }
    }
    let bash = installation.run("poem", &["completions", "bash"]).done().stdout;
    assert!(bash.contains("doctor") && bash.contains("--clear-sessions"));
    said(&installation.run("poem", &["completions", "bash", "ls"]), 2, "there is no command ls");
    said(&installation.run("poem", &["completions", "csh"]), 2, "invalid value 'csh'");
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let installation = Installation::bare();
    let directory = installation.path("share/man/man1");
    installation.run("poem", &["man", directory.to_str().unwrap()]).done();
    let subcommands = NAMES.map(|(_, sub)| sub).into_iter().chain(ONLY_SUBCOMMANDS).filter(|sub| *sub != "help");
    let pages = NAMES.map(|(name, _)| name.to_owned()).into_iter().chain(["poem".to_owned()]);
    for page in pages.chain(subcommands.map(|sub| format!("poem-{sub}"))) {
        let text = fs::read_to_string(directory.join(format!("{page}.1"))).unwrap_or_default();
        assert!(text.contains(".SH SYNOPSIS") && text.contains(".SH OPTIONS"), "{page}: {text}");
    }
    let page = fs::read_to_string(directory.join("poem-db.1")).unwrap();
    assert!(page.contains("Create and migrate the database"), "{page}");
}

#[test]
fn the_names_of_the_executable_are_listed_for_packages() {
    let installation = Installation::bare();
    let listed = installation.run("poem", &["commands"]).done().stdout;
    let names: Vec<_> = listed.lines().collect();
    for (name, _) in NAMES.iter().chain(&[("poem", ""), ("poem-syncservtype", ""), ("poem-syncvo", "")]) {
        assert!(names.contains(name), "{name}: {listed}");
    }
    for name in names {
        let help = installation.run(name, &["-h"]).done();
        assert!(help.stdout.contains(&format!("Usage: {name} ")), "{name}: {help:?}");
        installation.run("poem", &["completions", "bash", name]).done();
    }
    assert!(!installation.run("poem", &["help"]).done().stdout.contains("\n  commands "), "only packages need it");
}
