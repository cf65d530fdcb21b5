//! Faults while answers are served: locks, a server that is killed or stopped, a database that refuses to write.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{METRICS, SOON};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{connect, run, sql};
use crate::support::{Installation, Server, block_on};

/// Every connection of the pool is held by somebody: who needs one is told so soon, who needs none is served.
#[test]
fn an_exhausted_database_is_said_soon_and_ready_answers_go_on() {
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

/// The server is killed while it serves: what stood in the database stands there, and another starts at once.
#[test]
fn a_killed_server_leaves_nothing_half_done() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let before = server.get_with_key(METRICS, EGI_TOKEN).body;
    server.signal(Signal::SIGKILL);
    drop(server);
    let next = Server::start(&installation);
    assert_eq!(next.get_with_key(METRICS, EGI_TOKEN).body, before);
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
