//! Thousands of clients that connect and send nothing, or half a request.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{RECOVERY_TIMEOUT, await_status, in_time, metrics};
use crate::support::installation::EGI_TOKEN;
use crate::support::{Installation, Server, skipped};

/// The number of connections.
const CONNECTIONS: usize = 3000;
/// The number of files that the tests running at the same time may have open.
const RESERVED_FILES: u64 = 600;
/// The memory that a connection may cost the server, in KiB. About 10 were measured.
const MAX_COST: usize = 40;

/// Returns how many connections this process and its children may have open, at most [`CONNECTIONS`].
fn crowd() -> usize {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let allowed = usize::try_from(most.saturating_sub(RESERVED_FILES)).unwrap_or(CONNECTIONS);
    assert!(allowed > 100, "{most} open files (ulimit -Hn) are too few for the tests");
    if allowed < CONNECTIONS {
        skipped(&format!("{CONNECTIONS} connections at once: only {allowed} may be open here (ulimit -Hn)"));
    }
    allowed.min(CONNECTIONS)
}

/// Connects and sends nothing, or the beginning of a request.
fn unfinished(server: &Server, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    if number.is_multiple_of(2) {
        stream.write_all(b"GET /poem/api/v2/metrics/ HTTP/1.1\r\nHost: localhost\r\nX-API-").unwrap();
    }
    stream
}

/// Returns the resident memory of the server, in KiB.
fn resident(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn thousands_of_unfinished_requests_do_not_delay_others() {
    let count = crowd();
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    let before = resident(&server);
    let mut crowd: Vec<TcpStream> = (0..count).map(|number| unfinished(&server, number)).collect();
    for target in ["/poem/api/v2/metrics/", "/poem/api/v2/metrics/Devel", "/poem/api/v2/profiles/"].repeat(10) {
        assert_eq!(in_time(|| server.get_with_key(target, EGI_TOKEN)).status, 200, "{target}");
    }
    let cost = resident(&server).saturating_sub(before);
    println!("{count} connections cost {cost} KiB, {} bytes each", cost * 1024 / count);
    assert!(cost < count * MAX_COST + 20_000, "{count} connections cost {cost} KiB");
    // An unfinished request can still be completed.
    let mut late = crowd.swap_remove(0);
    late.write_all(format!("KEY: {EGI_TOKEN}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// More connections than the server may have open: the rest waits, and is served when some have closed.
#[test]
fn the_server_survives_its_limit_of_open_files() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    server.limit_open_files(100);
    // More than the limit and the listen queue of the kernel together, if that is as short as 128.
    let crowd: Vec<TcpStream> = (0..200).map(|number| unfinished(&server, number)).collect();
    let open = || fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    let end = Instant::now() + RECOVERY_TIMEOUT;
    while open() < 100 {
        assert!(Instant::now() < end, "the server has {} of 100 files open", open());
    }
    drop(crowd);
    await_status(200, || metrics(&server));
    assert!(!installation.log().contains("panicked"), "{}", installation.log());
}
