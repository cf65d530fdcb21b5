//! PostgreSQL is killed (`kill -9`) in the middle of something: nothing is half-done, whoever asks is told soon, and
//! all goes on by itself once it runs again.

use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use nix::sys::signal::Signal;

use super::{COMING, Writer, await_status, metrics, soon};
use crate::support::disposable_database::send;
use crate::support::sql::{Holder, sql, tables, wait_until};
use crate::support::{DisposableDatabase, Installation, Server, block_on, fixture};

/// Who inserts into the table waits for whoever holds the lock 1.
const STOP_IN_THE_MIDDLE: &str = "
    CREATE FUNCTION egi.wait() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
    CREATE TRIGGER wait BEFORE INSERT ON egi.log_entry FOR EACH STATEMENT EXECUTE PROCEDURE egi.wait()";
const GO_ON: &str = "DROP FUNCTION egi.wait() CASCADE";

fn start(installation: &Installation, arguments: &[&str]) -> Child {
    let mut command = installation.command("poem-db");
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the executable runs")
}

/// It failed, soon, in one line.
#[track_caller]
fn assert_failed(process: Child) {
    let start = Instant::now();
    let output = process.wait_with_output().expect("the process can be awaited");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && words.lines().count() == 1, "{output:?}");
    assert!(words.starts_with("poem-db: ") && start.elapsed() < COMING, "{words}");
}

/// Waits until PostgreSQL takes connections again.
fn await_database(installation: &Installation) {
    let end = Instant::now() + COMING;
    let answers = || {
        block_on(async {
            <sqlx::PgConnection as sqlx::Connection>::connect(&installation.database_url()).await.is_ok()
        })
    };
    while !answers() {
        assert!(Instant::now() < end, "PostgreSQL does not come back");
    }
}

/// Begins a command, and holds it where it waits for the lock with a statement that begins so. Gives who holds the
/// lock, the command, and the id of the process in PostgreSQL that waits.
fn hold_in_the_middle(
    installation: &Installation,
    lock: &str,
    arguments: &[&str],
    waiting: &str,
) -> (Holder, Child, u32) {
    let holder = Holder::of(installation, lock);
    let process = start(installation, arguments);
    let who = format!(
        "datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'poem' AND query LIKE '{waiting}%'"
    );
    wait_until(installation, &format!("SELECT count(*) FROM pg_stat_activity WHERE {who}"), "1");
    let pid = sql(installation, &format!("SELECT pid FROM pg_stat_activity WHERE {who}")).remove(0);
    (holder, process, pid.parse().unwrap())
}

/// Kills PostgreSQL in that moment: the command fails.
fn kill_in_the_middle(
    installation: &Installation,
    lock: &str,
    arguments: &[&str],
    waiting: &str,
    kill: impl FnOnce(u32),
) {
    let (_holder, process, backend) = hold_in_the_middle(installation, lock, arguments, waiting);
    kill(backend);
    assert_failed(process);
}

/// Kills the command in that moment, lets go of the lock, and waits until PostgreSQL has noticed.
fn kill_the_command(installation: &Installation, lock: &str, arguments: &[&str], waiting: &str) {
    let (mut holder, mut process, backend) = hold_in_the_middle(installation, lock, arguments, waiting);
    process.kill().unwrap();
    process.wait().unwrap();
    holder.run("SELECT pg_advisory_unlock_all(); ROLLBACK");
    wait_until(installation, &format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}"), "0");
}

#[test]
fn a_command_that_is_killed_has_done_nothing() {
    let installation = Installation::with_small_data();
    let file = fixture("small.json");
    let load = ["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace"];
    sql(&installation, "UPDATE egi.profile SET description = 'as it was'");
    sql(&installation, STOP_IN_THE_MIDDLE);
    let before = tables(&installation);
    kill_the_command(&installation, "SELECT pg_advisory_lock(1)", &load, "INSERT INTO log_entry");
    assert!(tables(&installation) == before, "the load left something");

    sql(
        &installation,
        "DROP SCHEMA egi CASCADE; CREATE SCHEMA egi; DELETE FROM public.migration WHERE schema_name = 'egi'",
    );
    let before = tables(&installation);
    let lock = "BEGIN; LOCK TABLE public.migration IN SHARE MODE";
    kill_the_command(&installation, lock, &["-a"], "INSERT INTO public.migration");
    assert!(tables(&installation) == before, "the migration left something");
    installation.run("poem-db", &["-a"]).done();
    installation.run("poem-db", &load).done();
}

#[test]
fn a_load_in_which_postgresql_is_killed_leaves_what_was() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    let file = fixture("small.json");
    let load = ["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace"];
    sql(&installation, "UPDATE egi.profile SET description = 'as it was'");
    sql(&installation, STOP_IN_THE_MIDDLE);
    let before = tables(&installation);
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    for all in [true, false] {
        kill_in_the_middle(&installation, "SELECT pg_advisory_lock(1)", &load, "INSERT INTO log_entry", |backend| {
            // One backend: PostgreSQL ends all others, and recovers by itself.
            if all { database.kill() } else { send(backend, Signal::SIGKILL) }
        });
        if all {
            database.start();
        }
        await_database(&installation);
        assert!(tables(&installation) == before, "the load left something");
        await_status(200, || metrics(&server));
    }
    sql(&installation, GO_ON);
    installation.run("poem-db", &load).done();
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.profile WHERE description = 'as it was'"), ["0"]);
}

#[test]
fn a_migration_in_which_postgresql_is_killed_never_happened() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    sql(
        &installation,
        "DROP SCHEMA egi CASCADE; CREATE SCHEMA egi; DELETE FROM public.migration WHERE schema_name = 'egi'",
    );
    // All tables are made by then, and what is left is to write down that they are.
    let lock = "BEGIN; LOCK TABLE public.migration IN SHARE MODE";
    kill_in_the_middle(&installation, lock, &["-a"], "INSERT INTO public.migration", |_| database.kill());
    database.start();
    let made = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'egi'";
    assert_eq!(sql(&installation, made), ["0"]);
    assert_eq!(sql(&installation, "SELECT name FROM public.migration WHERE schema_name = 'egi'"), [""; 0]);
    installation.run("poem-db", &["-a"]).done();
    installation.load("small.json");
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
}

#[test]
fn under_load_a_killed_postgresql_costs_no_answer_that_was_given() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    let writer = Writer::new(&installation);
    let (done, refused, is_over) = (Mutex::new(Vec::new()), [const { AtomicUsize::new(0) }; 2], AtomicBool::new(false));
    std::thread::scope(|scope| {
        for number in 0..2 {
            let (server, writer, done, refused, is_over) = (&server, &writer, &done, &refused, &is_over);
            scope.spawn(move || {
                for name in (0..).map(|count| format!("load-{number}-{count}")) {
                    match soon(|| writer.add_aggregation(server, &name)).status {
                        201 => done.lock().unwrap().push(name),
                        status => {
                            assert_eq!(status, 503, "{name}");
                            refused[0].fetch_add(1, Ordering::AcqRel);
                        }
                    }
                    if is_over.load(Ordering::Acquire) {
                        return;
                    }
                }
            });
            scope.spawn(move || {
                while !is_over.load(Ordering::Acquire) {
                    let status = soon(|| metrics(server)).status;
                    assert!([200, 503].contains(&status), "{status}");
                    refused[1].fetch_add(usize::from(status == 503), Ordering::AcqRel);
                }
            });
        }
        let check = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..2 {
                let before = done.lock().unwrap().len();
                await_that(|| done.lock().unwrap().len() >= before + 20);
                let earlier = [0, 1].map(|who: usize| refused[who].load(Ordering::Acquire));
                database.kill();
                await_that(|| (0..2).all(|who| refused[who].load(Ordering::Acquire) > earlier[who]));
                database.start();
            }
            let before = done.lock().unwrap().len();
            await_that(|| done.lock().unwrap().len() >= before + 20);
        }));
        is_over.store(true, Ordering::Release);
        check.unwrap();
    });
    await_status(200, || metrics(&server));
    let rows = |select: &str| sql(&installation, &format!("{select} LIKE 'load-%' ORDER BY 1"));
    let kept = rows("SELECT name FROM egi.aggregation WHERE name");
    let lost: Vec<_> = done.into_inner().unwrap().into_iter().filter(|name| !kept.contains(name)).collect();
    assert_eq!(lost, [""; 0], "what was said to be done is there");
    assert_eq!(kept, rows("SELECT object_name FROM egi.log_entry WHERE object_name"), "and so is its log entry");
}

#[track_caller]
fn await_that(holds: impl Fn() -> bool) {
    let end = Instant::now() + COMING;
    while !holds() {
        assert!(Instant::now() < end, "it does not come about");
        std::thread::yield_now();
    }
}
