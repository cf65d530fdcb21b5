//! Faults while requests are served: locks, a server that is killed or stopped, a database that refuses to write.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{AGGREGATIONS, METRICS, RESPONSE_TIMEOUT, Writer, await_status};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{Holder, connect, run, sql, wait_until};
use crate::support::{DisposableDatabase, Installation, Server, block_on};

/// A request that waits for an endless writer gets 503 in time; one that need not wait is served.
#[test]
fn a_lock_causes_503_in_time_and_cached_responses_are_served() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200);
    block_on(async {
        // An endless writer holds a lock that cached responses do not need.
        let mut writer = connect(&installation).await;
        run(&mut writer, "BEGIN; LOCK TABLE egi.metric IN ACCESS EXCLUSIVE MODE").await;
        let start = Instant::now();
        assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200, "it is cached");
        let uncached = server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN);
        assert_eq!(uncached.status, 503);
        assert!(uncached.header("Retry-After").is_some());
        assert!(start.elapsed() < RESPONSE_TIMEOUT, "{:?}", start.elapsed());
        run(&mut writer, "ROLLBACK").await;
    });
    let end = Instant::now() + Duration::from_secs(10);
    while server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN).status != 200 {
        assert!(Instant::now() < end, "the server does not recover");
    }
}

/// The server is killed in the middle of a save: nothing of it is saved, and another server starts at once.
#[test]
fn a_killed_server_leaves_nothing_half_done() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    let before = server.get_with_key(METRICS, EGI_TOKEN).body;
    // A save writes its log entry last.
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

/// After SIGTERM the server finishes its requests, accepts no new ones, and ends within a few seconds.
#[test]
fn a_server_that_is_told_to_stop_stops_within_seconds() {
    let installation = Installation::with_small_data();
    let mut server = Server::start(&installation);
    assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).status, 200);
    // Clients that never finish their requests must not delay the end.
    let unfinished = || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
        stream
    };
    let _unfinished: Vec<TcpStream> = (0..20).map(|_| unfinished()).collect();
    server.signal(Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(8)), "the server is still running");
    assert!(TcpStream::connect(server.address).is_err());
    assert!(installation.log().contains("stopped"), "{}", installation.log());
}

/// A request that has begun is finished, even if it still needs the database; new connections are refused.
#[test]
fn a_running_request_is_finished_when_the_server_is_told_to_stop() {
    let installation = Installation::with_small_data();
    let writer = Writer::new(&installation);
    let headers: String = writer.headers().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // Several rounds: the parts of the server get the signal in any order.
    for round in 0..4 {
        let mut server = Server::start(&installation);
        let body = format!(r#"{{"name": "late-{round}", "apiid": "late-{round}", "groupname": "ARGO"}}"#);
        let (first, rest) = body.split_at(20);
        let length = body.len();
        let mut stream = TcpStream::connect(server.address).unwrap();
        let begun = format!(
            "POST {AGGREGATIONS} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(begun.as_bytes()).unwrap();
        // The server asks for the body when it begins to read it.
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n", "round {round}");
        stream.write_all(first.as_bytes()).unwrap();
        server.signal(Signal::SIGTERM);
        let end = Instant::now() + RESPONSE_TIMEOUT;
        while TcpStream::connect(server.address).is_ok() {
            assert!(Instant::now() < end, "new connections are accepted");
            sleep(Duration::from_millis(20));
        }
        stream.write_all(rest.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 201", "round {round}");
        assert!(server.ends_within(Duration::from_secs(8)), "the server is still running");
    }
}

/// A database that hangs does not prevent the server from ending.
#[test]
fn a_server_that_is_told_to_stop_stops_even_if_the_database_hangs() {
    let database = DisposableDatabase::new();
    let installation = database.installation();
    let mut server = Server::start(&installation);
    let writer = Writer::new(&installation);
    await_status(200, || writer.get(&server, AGGREGATIONS));
    database.signal(Signal::SIGSTOP);
    let refused = writer.get(&server, AGGREGATIONS).status;
    server.signal(Signal::SIGTERM);
    let has_ended = server.ends_within(Duration::from_secs(8));
    database.signal(Signal::SIGCONT);
    assert!(has_ended && refused == 503, "{refused}");
}

/// The database refuses to write because its disk is full (simulated by a trigger): the load fails with that message,
/// nothing of it is saved, and reading goes on.
#[test]
fn a_load_that_the_database_cannot_store_changes_nothing() {
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
    let ran = installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"]);
    // The data are the same, so there is nothing to write. After a change there is, and it fails.
    assert_eq!(ran.status, 0, "{ran:?}");
    sql(&installation, "UPDATE egi.profile SET description = 'changed'");
    let ran = installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("No space left on device"), "{ran:?}");
    assert_eq!(sql(&installation, "SELECT DISTINCT description FROM egi.profile"), ["changed"]);
    server.catch_up();
    assert_eq!(server.get_with_key(METRICS, EGI_TOKEN).body, before);
}
