//! Thousands of clients that connect and say nothing, or half of something.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{COMING, await_status, metrics, soon};
use crate::support::installation::EGI_TOKEN;
use crate::support::{Installation, Server, skipped};

const CROWD: usize = 3000;
/// What the tests beside this one may have open.
const OTHERS: u64 = 600;
/// What a connection may cost the server, in KiB. About 10 were measured.
const COST: usize = 40;

/// As many connections as this process and its children may have open: 3000 where that is allowed.
fn crowd() -> usize {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let allowed = usize::try_from(most.saturating_sub(OTHERS)).unwrap_or(CROWD);
    assert!(allowed > 100, "{most} open files (ulimit -Hn) are too few for the tests");
    if allowed < CROWD {
        skipped(&format!("{CROWD} connections at once: only {allowed} may be open here (ulimit -Hn)"));
    }
    allowed.min(CROWD)
}

/// Nothing, or the beginning of a request.
fn unfinished(server: &Server, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    if number.is_multiple_of(2) {
        stream.write_all(b"GET /poem/api/v2/metrics/ HTTP/1.1\r\nHost: localhost\r\nX-API-").unwrap();
    }
    stream
}

/// The memory of the server, in KiB.
fn resident(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn thousands_of_unfinished_requests_keep_nobody_waiting() {
    let count = crowd();
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    let before = resident(&server);
    let mut crowd: Vec<TcpStream> = (0..count).map(|number| unfinished(&server, number)).collect();
    for target in ["/poem/api/v2/metrics/", "/poem/api/v2/metrics/Devel", "/poem/api/v2/profiles/"].repeat(10) {
        assert_eq!(soon(|| server.get_with_key(target, EGI_TOKEN)).status, 200, "{target}");
    }
    let cost = resident(&server).saturating_sub(before);
    println!("{count} connections cost {cost} KiB, {} bytes each", cost * 1024 / count);
    assert!(cost < count * COST + 20_000, "{count} connections cost {cost} KiB");
    // They are still welcome to finish.
    let mut late = crowd.swap_remove(0);
    late.write_all(format!("KEY: {EGI_TOKEN}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// More than it may have open: the rest waits, and is served when some have gone.
#[test]
fn at_its_limit_of_open_files_the_server_stays_and_comes_back() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    server.limit_open_files(100);
    // As many as the queue of the system takes besides: 128 where it is short.
    let crowd: Vec<TcpStream> = (0..200).map(|number| unfinished(&server, number)).collect();
    let open = || fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    let end = Instant::now() + COMING;
    while open() < 100 {
        assert!(Instant::now() < end, "it has {} of 100 files open", open());
    }
    drop(crowd);
    await_status(200, || metrics(&server));
    assert!(!installation.log().contains("panicked"), "{}", installation.log());
}
