//! PostgreSQL is killed (`kill -9`) in the middle of its work: nothing is half done, requests get an error in time, and
//! the server recovers by itself when the database runs again.

use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use nix::sys::signal::Signal;

use super::{RECOVERY_TIMEOUT, Writer, await_status, in_time, metrics};
use crate::support::disposable_database::send;
use crate::support::sql::{Holder, sql, tables, wait_until};
use crate::support::{DisposableDatabase, Installation, Server, block_on, fixture};

/// A trigger that makes every insert into the audit log wait for advisory lock 1.
const BLOCK_INSERTS: &str = "
    CREATE FUNCTION egi.wait() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
    CREATE TRIGGER wait BEFORE INSERT ON egi.log_entry FOR EACH STATEMENT EXECUTE PROCEDURE egi.wait()";
const UNBLOCK_INSERTS: &str = "DROP FUNCTION egi.wait() CASCADE";

/// Starts `poem-db` without waiting for it.
fn start(installation: &Installation, arguments: &[&str]) -> Child {
    let mut command = installation.command("poem-db");
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the executable runs")
}

/// Fails unless the process ends in time with status 1 and a one-line message.
#[track_caller]
fn assert_failed(process: Child) {
    let start = Instant::now();
    let output = process.wait_with_output().expect("the process can be awaited");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && message.lines().count() == 1, "{output:?}");
    assert!(message.starts_with("poem-db: ") && start.elapsed() < RECOVERY_TIMEOUT, "{message}");
}

/// Waits until PostgreSQL accepts connections again.
fn await_database(installation: &Installation) {
    let end = Instant::now() + RECOVERY_TIMEOUT;
    let accepts_connections = || {
        block_on(async {
            <sqlx::PgConnection as sqlx::Connection>::connect(&installation.database_url()).await.is_ok()
        })
    };
    while !accepts_connections() {
        assert!(Instant::now() < end, "PostgreSQL does not recover");
    }
}

/// Starts a command and waits until a statement of it that begins with `waiting` is blocked by the lock. Returns the
/// holder of the lock, the process of the command, and the process id of the waiting PostgreSQL backend.
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

/// Kills PostgreSQL while the command waits: the command fails.
fn kill_in_the_middle(
    installation: &Installation,
    lock: &str,
    arguments: &[&str],
    waiting: &str,
    kill: impl FnOnce(u32),
) {
    let (holder, process, backend) = hold_in_the_middle(installation, lock, arguments, waiting);
    kill(backend);
    assert_failed(process);
    // PostgreSQL takes a moment to notice that a backend was killed. Until then it accepts connections that it ends soon.
    holder.await_end();
}

/// Kills the command while it waits, releases the lock, and waits until PostgreSQL has noticed.
fn kill_the_command(installation: &Installation, lock: &str, arguments: &[&str], waiting: &str) {
    let (mut holder, mut process, backend) = hold_in_the_middle(installation, lock, arguments, waiting);
    process.kill().unwrap();
    process.wait().unwrap();
    holder.run("SELECT pg_advisory_unlock_all(); ROLLBACK");
    wait_until(installation, &format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}"), "0");
}

#[test]
fn a_killed_command_changes_nothing() {
    let installation = Installation::with_small_data();
    let file = fixture("small.json");
    let load = ["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"];
    sql(&installation, "UPDATE egi.profile SET description = 'as it was'");
    sql(&installation, BLOCK_INSERTS);
    let before = tables(&installation);
    kill_the_command(&installation, "SELECT pg_advisory_lock(1)", &load, "INSERT INTO log_entry");
    assert!(tables(&installation) == before, "the load left changes behind");

    sql(
        &installation,
        "DROP SCHEMA egi CASCADE; CREATE SCHEMA egi; DELETE FROM public.migration WHERE schema_name = 'egi'",
    );
    let before = tables(&installation);
    let lock = "BEGIN; LOCK TABLE public.migration IN SHARE MODE";
    kill_the_command(&installation, lock, &["-a"], "INSERT INTO public.migration");
    assert!(tables(&installation) == before, "the migration left changes behind");
    installation.run("poem-db", &["-a"]).done();
    installation.run("poem-db", &load).done();
}

#[test]
fn a_load_in_which_postgresql_is_killed_changes_nothing() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    let file = fixture("small.json");
    let load = ["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"];
    sql(&installation, "UPDATE egi.profile SET description = 'as it was'");
    sql(&installation, BLOCK_INSERTS);
    let before = tables(&installation);
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    for all in [true, false] {
        kill_in_the_middle(&installation, "SELECT pg_advisory_lock(1)", &load, "INSERT INTO log_entry", |backend| {
            // If one backend is killed, PostgreSQL ends all others and recovers by itself.
            if all { database.kill() } else { send(backend, Signal::SIGKILL) }
        });
        if all {
            database.start();
        }
        await_database(&installation);
        assert!(tables(&installation) == before, "the load left changes behind");
        await_status(200, || metrics(&server));
    }
    sql(&installation, UNBLOCK_INSERTS);
    installation.run("poem-db", &load).done();
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.profile WHERE description = 'as it was'"), ["0"]);
}

#[test]
fn a_migration_in_which_postgresql_is_killed_changes_nothing() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    sql(
        &installation,
        "DROP SCHEMA egi CASCADE; CREATE SCHEMA egi; DELETE FROM public.migration WHERE schema_name = 'egi'",
    );
    // At that moment all tables exist; only the record of the migration is missing.
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
fn under_load_a_killed_postgresql_loses_no_confirmed_save() {
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
                    match in_time(|| writer.add_aggregation(server, &name)).status {
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
                    let status = in_time(|| metrics(server)).status;
                    assert!([200, 503].contains(&status), "{status}");
                    refused[1].fetch_add(usize::from(status == 503), Ordering::AcqRel);
                }
            });
        }
        let check = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..2 {
                let before = done.lock().unwrap().len();
                await_condition(|| done.lock().unwrap().len() >= before + 20);
                let earlier = [0, 1].map(|who: usize| refused[who].load(Ordering::Acquire));
                database.kill();
                await_condition(|| (0..2).all(|who| refused[who].load(Ordering::Acquire) > earlier[who]));
                database.start();
            }
            let before = done.lock().unwrap().len();
            await_condition(|| done.lock().unwrap().len() >= before + 20);
        }));
        is_over.store(true, Ordering::Release);
        check.unwrap();
    });
    await_status(200, || metrics(&server));
    let rows = |select: &str| sql(&installation, &format!("{select} LIKE 'load-%' ORDER BY 1"));
    let kept = rows("SELECT name FROM egi.aggregation WHERE name");
    let lost: Vec<_> = done.into_inner().unwrap().into_iter().filter(|name| !kept.contains(name)).collect();
    assert_eq!(lost, [""; 0], "every confirmed save is in the database");
    assert_eq!(kept, rows("SELECT object_name FROM egi.log_entry WHERE object_name"), "every save has its log entry");
}

/// Waits until the condition holds.
#[track_caller]
fn await_condition(holds: impl Fn() -> bool) {
    let end = Instant::now() + RECOVERY_TIMEOUT;
    while !holds() {
        assert!(Instant::now() < end, "the condition does not become true");
        std::thread::yield_now();
    }
}
