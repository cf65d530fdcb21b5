//! Faults while answers are served: locks, a server that is killed or stopped, a database that refuses to write.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{AGGREGATIONS, METRICS, SOON, Writer, await_status};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{Holder, connect, run, sql, wait_until};
use crate::support::{DisposableDatabase, Installation, Server, block_on};

/// Who waits for a writer that does not end is told so soon, who need not wait is served.
#[test]
fn a_lock_is_said_soon_and_ready_answers_go_on() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200);
    block_on(async {
        // A writer that does not end holds what readers do not need.
        let mut writer = connect(&installation).await;
        run(&mut writer, "BEGIN; LOCK TABLE egi.metric IN ACCESS EXCLUSIVE MODE").await;
        let start = Instant::now();
        assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200, "it is ready in memory");
        let unready = server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN);
        assert_eq!(unready.status, 503);
        assert!(unready.header("Retry-After").is_some());
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        run(&mut writer, "ROLLBACK").await;
    });
    let end = Instant::now() + Duration::from_secs(10);
    while server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN).status != 200 {
        assert!(Instant::now() < end, "it does not recover");
    }
}

/// The server is killed in the middle of a save: nothing of it is there, and another starts at once.
#[test]
fn a_killed_server_leaves_nothing_half_done() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    let before = server.get_with_key(METRICS, EGI_TOKEN).body;
    // The entry in the log is the last thing that a save writes.
    let mut holder = Holder::of(&installation, "BEGIN; LOCK TABLE egi.log_entry IN ACCESS EXCLUSIVE MODE");
    std::thread::scope(|scope| {
        scope.spawn(|| catch_unwind(AssertUnwindSafe(|| writer.add_aggregation(&server, "half"))));
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        wait_until(&installation, waiting, "1");
        server.signal(Signal::SIGKILL);
    });
    drop(server);
    holder.run("ROLLBACK");
    let next = Server::start(&installation);
    assert_eq!(next.get_with_key(METRICS, EGI_TOKEN).body, before);
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.aggregation WHERE name = 'half'"), ["0"]);
    assert_eq!(writer.add_aggregation(&next, "whole").status, 201);
}

/// Told to stop, it ends what is asked, takes nothing new, and is gone within a few seconds.
#[test]
fn a_server_that_is_told_to_stop_stops_within_seconds() {
    let installation = Installation::with_small_data();
    let mut server = Server::start(&installation);
    assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200);
    // Those who never end their requests shall not keep it.
    let unfinished = || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
        stream
    };
    let _unfinished: Vec<TcpStream> = (0..20).map(|_| unfinished()).collect();
    server.signal(Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(8)), "it is still there");
    assert!(TcpStream::connect(server.address).is_err());
    assert!(installation.log().contains("stopped"), "{}", installation.log());
}

/// What was begun is ended, also where it still needs the database; who comes now is refused.
#[test]
fn a_request_that_runs_when_the_server_is_told_to_stop_is_answered() {
    let installation = Installation::with_small_data();
    let writer = Writer::new(&installation);
    let headers: String = writer.headers().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // Whoever hears of the end first, of those who make up a server.
    for round in 0..4 {
        let mut server = Server::start(&installation);
        let body = format!(r#"{{"name": "late-{round}", "apiid": "late-{round}", "groupname": "ARGO"}}"#);
        let (first, rest) = body.split_at(20);
        let length = body.len();
        let mut stream = TcpStream::connect(server.address).unwrap();
        let begun = format!("POST {AGGREGATIONS} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{first}");
        stream.write_all(begun.as_bytes()).unwrap();
        // It is at work by then.
        assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200);
        sleep(Duration::from_millis(200));
        server.signal(Signal::SIGTERM);
        let end = Instant::now() + SOON;
        while TcpStream::connect(server.address).is_ok() {
            assert!(Instant::now() < end, "new connections are taken");
        }
        stream.write_all(rest.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 201", "round {round}");
        assert!(server.ends_within(Duration::from_secs(8)), "it is still there");
    }
}

/// A database that hangs keeps no server from ending.
#[test]
fn a_server_that_is_told_to_stop_stops_also_where_the_database_hangs() {
    let database = DisposableDatabase::new();
    let installation = database.installation();
    let mut server = Server::start(&installation);
    let writer = Writer::new(&installation);
    await_status(200, || writer.get(&server, AGGREGATIONS));
    database.signal(Signal::SIGSTOP);
    let refused = writer.get(&server, AGGREGATIONS).status;
    server.signal(Signal::SIGTERM);
    let is_gone = server.ends_within(Duration::from_secs(8));
    database.signal(Signal::SIGCONT);
    assert!(is_gone && refused == 503, "{refused}");
}

/// The database refuses to write because its disk is full (a quota stands in for it): the load says so, nothing of it
/// is there, and reading goes on.
#[test]
fn a_load_that_the_database_cannot_keep_leaves_nothing() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let before = server.get_with_key(METRICS, EGI_TOKEN).body;
    sql(
        &installation,
        "CREATE FUNCTION egi.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file: No space left on device'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON egi.log_entry FOR EACH ROW EXECUTE PROCEDURE egi.full_disk()",
    );
    let file = crate::support::fixture("small-natural.json");
    let ran = installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace"]);
    // The same data: nothing to do. Others have to be written, and cannot.
    assert_eq!(ran.status, 0, "{ran:?}");
    sql(&installation, "UPDATE egi.profile SET description = 'changed'");
    let ran = installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("No space left on device"), "{ran:?}");
    assert_eq!(sql(&installation, "SELECT DISTINCT description FROM egi.profile"), ["changed"]);
    server.catch_up();
    assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).body, before);
}
