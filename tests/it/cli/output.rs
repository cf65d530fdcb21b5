//! Standard output and standard error that cannot be written: a pipe whose reader has ended, a full disk. Every command
//! finishes what it began, and tells by its status that its output is incomplete.

use std::fs::File;
use std::io;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poem::dev::demo::FEEDS;

use crate::support::installation::Ran;
use crate::support::server::free_address;
use crate::support::sql::{everything, sql, tables};
use crate::support::{Installation, fixture, http};

/// A call of a command, and a check that it did its work. `{…}` in the arguments are paths of [`argument`].
type Call = (&'static [&'static str], fn(&Installation) -> bool);

/// Calls of a subcommand that show all that it prints. A new command needs its calls here.
fn calls(subcommand: &str) -> &'static [Call] {
    match subcommand {
        "db" => &[
            (&["-c", "-l"], always),
            (&["-d", "-n", "two", "-f", "{dump}"], |of| count(of, "two.probe") == 3),
            (&["-u", "-x", "-s", "-n", "two"], |of| count(of, "two.app_user") == 1),
        ],
        "tenant" => &[
            (&["--list"], always),
            (&["-t", "NEW", "-d", "new.localhost"], |of| count(of, "new.tag") == 3),
            (&["--delete", "egi", "--yes"], |of| !everything(of).contains("egi.")),
        ],
        "token" => &[
            (&["--list", "-s", "egi"], always),
            (&["--revoke", "EGI", "-s", "egi"], |of| count(of, "egi.api_key WHERE client = 'EGI' AND revoked") == 1),
        ],
        "genseckey" => &[(&["--rotate", "-f", "{key}"], |of| of.path("etc/poem/secret_key.previous").exists())],
        "exportprofiles" => &[
            (&["-", "egi"], always),
            (&["{profiles}", "egi"], |of| std::fs::read(argument(of, "{profiles}")).is_ok_and(|text| text.len() > 99)),
        ],
        "importprofiles" => &[(&["-t", "two", "-f", "{exported}"], |of| count(of, "two.profile") == 3)],
        "syncservtype" => &[(&["-v", "--force"], |of| is_synchronized(of, "service_types")), (&["--dry-run"], always)],
        "syncvo" => &[(&["-v", "--force"], |of| is_synchronized(of, "vos")), (&["--dry-run"], always)],
        "syncservices" => &[(&["-v", "--force"], |of| is_synchronized(of, "services")), (&["--dry-run"], always)],
        "syncaggregations" => {
            &[(&["-v"], |of| count(of, "public.sync_status WHERE feed = 'aggregation_profiles'") == 2)]
        }
        "backup" => &[(&["-o", "{backups}"], |of| std::fs::read_dir(of.path("backups")).unwrap().count() == 2)],
        "restore" => &[(&["--replace", "--yes", "-f", "{backup}"], |of| of.log().contains("EGI: restored from "))],
        "saml" => &[
            (&["key"], |of| of.path("etc/poem/saml.key").exists()),
            (&["metadata", "-n", "egi"], always),
            (&["check"], always),
        ],
        "doctor" => &[(&[], always)],
        "completions" => &[(&["bash"], always)],
        "man" => &[(&["{man}"], |of| of.path("man/poem-db.1").exists())],
        "help" => &[(&[], always), (&["db"], always)],
        // They run until they are stopped: see the last test, and `faults::unread_output`.
        "serve" | "try" => &[],
        other => panic!("poem {other}: add a call of it, with a check that it did its work"),
    }
}

fn always(_: &Installation) -> bool {
    true
}

fn count(installation: &Installation, table: &str) -> i64 {
    sql(installation, &format!("SELECT count(*) FROM {table}"))[0].parse().unwrap()
}

fn is_synchronized(installation: &Installation, feed: &str) -> bool {
    count(installation, &format!("public.sync_status WHERE feed = '{feed}' AND result = 'changed'")) == 1
}

/// The argument with its path. The files that commands read are in place.
fn argument(installation: &Installation, argument: &str) -> String {
    let path = match argument {
        "{dump}" => fixture("small.json"),
        "{key}" => installation.path("etc/poem/secret_key"),
        "{profiles}" => installation.path("profiles.json"),
        "{exported}" => installation.path("exported.json"),
        "{backups}" => installation.path("backups"),
        "{backup}" => std::fs::read_dir(installation.path("backups")).unwrap().next().unwrap().unwrap().path(),
        "{man}" => installation.path("man"),
        other => return other.to_owned(),
    };
    path.to_str().unwrap().to_owned()
}

/// An installation with the files that the arguments name: profiles to import, a backup of the tenant EGI.
fn prepared(arguments: &[&str]) -> Installation {
    let installation = Installation::with_small_data();
    let first = "[SUPERUSER_EGI]\n";
    installation.configure(first, &format!("[SUPERUSER_TWO]\nName = two\nPassword = two\nEmail = two@x\n{first}"));
    let feeds =
        FEEDS.map(|(key, name, _)| format!("{key} = file://{}/demo/feeds/{name}\n", env!("CARGO_MANIFEST_DIR")));
    installation.configure(first, &format!("[SYNC_EGI]\n{}{first}", feeds.concat()));
    // A dump is loaded into this tenant, which must be empty.
    sql(&installation, "DELETE FROM two.api_key; DELETE FROM two.log_entry");
    std::fs::create_dir(installation.path("backups")).unwrap();
    if arguments.contains(&"{exported}") {
        let exported = argument(&installation, "{exported}");
        installation.run("poem-exportprofiles", &[&exported, "egi"]).done();
    }
    if arguments.contains(&"{backup}") {
        installation.run("poem-backup", &["-n", "egi", "-o", &argument(&installation, "{backups}")]).done();
    }
    installation
}

/// An output that takes nothing.
#[derive(Clone, Copy, Debug)]
enum Unwritable {
    ClosedPipe,
    FullDisk,
}

impl Unwritable {
    fn open(self) -> Stdio {
        match self {
            Self::ClosedPipe => io::pipe().unwrap().1.into(),
            Self::FullDisk => File::options().write(true).open("/dev/full").unwrap().into(),
        }
    }
}

/// Runs a command with one or both outputs replaced.
fn run(of: &Installation, arguments: &[String], stdout: Option<Unwritable>, stderr: Option<Unwritable>) -> Ran {
    let open = |output: Option<Unwritable>| output.map_or_else(Stdio::piped, Unwritable::open);
    let mut command = of.command("poem");
    let child = command.args(arguments).stdout(open(stdout)).stderr(open(stderr)).spawn().expect("the executable runs");
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The subcommands of `poem`, as its help lists them.
pub fn subcommands() -> Vec<String> {
    let help = Installation::bare().run("poem", &["help"]).done().stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Runs every call of every command with these outputs. `judge` gets the usual outcome and this one.
#[track_caller]
fn each_call(stdout: Option<Unwritable>, stderr: Option<Unwritable>, judge: impl Fn(&Ran, &Ran, &str)) {
    let names = subcommands();
    assert!(names.len() >= 14 && names.contains(&"db".to_owned()), "{names:?}");
    for name in names {
        for (arguments, is_done) in calls(&name) {
            let ran = [(None, None), (stdout, stderr)].map(|(stdout, stderr)| {
                let installation = prepared(arguments);
                let mut all = vec![name.clone()];
                all.extend(arguments.iter().map(|one| argument(&installation, one)));
                let ran = run(&installation, &all, stdout, stderr);
                assert!(is_done(&installation), "{all:?} did not finish: {ran:?}");
                ran
            });
            assert!(!ran[1].stderr.contains("panic"), "{name} {arguments:?}: {ran:?}");
            judge(&ran[0], &ran[1], &format!("{name} {arguments:?}"));
        }
    }
}

#[test]
fn the_end_of_a_reader_is_no_failure() {
    each_call(Some(Unwritable::ClosedPipe), None, |usual, ran, call| {
        assert_eq!(ran.status, usual.status, "{call}: {ran:?}");
        assert!(!ran.stderr.to_lowercase().contains("pipe"), "{call} is not quiet: {ran:?}");
    });
}

#[test]
fn a_full_disk_under_stdout_is_told_by_the_status() {
    each_call(Some(Unwritable::FullDisk), None, |usual, ran, call| {
        let expected = if usual.stdout.is_empty() { usual.status } else { 1 };
        assert_eq!(ran.status, expected, "{call}: {ran:?}");
    });
}

#[test]
fn an_unwritable_stderr_changes_nothing() {
    for stderr in [Unwritable::ClosedPipe, Unwritable::FullDisk] {
        each_call(None, Some(stderr), |usual, ran, call| assert_eq!(ran.status, usual.status, "{call}: {ran:?}"));
    }
}

/// Of a token that was replaced without being shown, nobody would have the new one, and the old one would be gone.
#[test]
fn a_token_that_cannot_be_shown_is_not_made() {
    let installation = Installation::with_small_data();
    let before = tables(&installation);
    for stdout in [Unwritable::ClosedPipe, Unwritable::FullDisk] {
        for client in ["EGI", "NEW"] {
            let arguments = ["token", "-t", client, "-s", "egi"].map(str::to_owned);
            let ran = run(&installation, &arguments, Some(stdout), None);
            assert!(ran.status == 1 && ran.stderr.contains("so nothing was changed"), "{ran:?}");
            assert_eq!(tables(&installation), before);
        }
    }
    let arguments = ["token", "-t", "EGI", "-s", "egi"].map(str::to_owned);
    let ran = run(&installation, &arguments, None, Some(Unwritable::ClosedPipe)).done();
    assert_eq!(ran.stdout.trim().len(), 32, "{ran:?}");
}

#[test]
fn trying_poem_out_needs_no_output() {
    let installation = Installation::bare();
    let address = free_address();
    let mut command = installation.command("poem");
    command.args(["try", "--port", &address.port().to_string(), "--dir"]).arg(installation.path("try"));
    command.stdout(Unwritable::FullDisk.open()).stderr(Unwritable::ClosedPipe.open());
    let mut process = command.spawn().expect("the executable runs");
    let end = Instant::now() + Duration::from_secs(120);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(process.try_wait().unwrap().is_none() && Instant::now() < end, "it does not serve");
        sleep(Duration::from_millis(50));
    }
    // With this file, commands of the same user run, also of root.
    let text = std::fs::read_to_string(installation.path("try/etc/poem/poem.conf")).unwrap();
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    assert!(text.contains(&format!("\nUser = {user}\n")), "{text}");
    let answer = http::send(address, "GET", "/poem/admin/login/", &[("Host", "localhost")], b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(1), "the banner was not printed");
}
