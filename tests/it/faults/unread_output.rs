//! The server's own output: stderr is a pipe whose reader has ended, and the disk of the log is full.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

use super::{in_time, metrics};
use crate::support::{Installation, Server, skipped};

/// Makes a poem.log that takes nothing, and returns its path. Root follows no link there, but may make a device; `None`
/// if it may not.
fn full_log(installation: &Installation) -> Option<PathBuf> {
    let log = installation.path("var/log/poem/poem.log");
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    let made = match nix::unistd::geteuid().is_root() {
        true => mknod(&log, SFlag::S_IFCHR, Mode::S_IRUSR | Mode::S_IWUSR, makedev(1, 7)).is_ok(),
        false => symlink("/dev/full", &log).is_ok(),
    };
    if !made {
        skipped("a full disk under the log: root may not make a device here");
    }
    made.then_some(log)
}

/// Requests over one connection, until their lines are more than the log keeps while it cannot be written (1 MiB).
fn fill_the_buffer(server: &Server) {
    let path = format!("/poem/api/0.2/json/{}", "x".repeat(190));
    for _ in 0..10 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut requests = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(999);
        requests += &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answers = Vec::new();
        std::thread::scope(|scope| {
            let mut reader = stream.try_clone().unwrap();
            scope.spawn(|| stream.write_all(requests.as_bytes()).unwrap());
            reader.read_to_end(&mut answers).unwrap();
        });
        assert_eq!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 404").count(), 1000);
    }
}

#[test]
fn a_server_without_stderr_and_with_a_full_log_goes_on_and_recovers() {
    let installation = Installation::with_small_data();
    let Some(log) = full_log(&installation) else { return };
    let mut server = Server::start_with_stderr(&installation, io::pipe().unwrap().1.into());
    fill_the_buffer(&server);
    assert_eq!(in_time(|| metrics(&server)).status, 200);
    fs::remove_file(&log).unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while !installation.log().contains("/poem/api/v2/metrics/ 200") {
        assert_eq!(in_time(|| metrics(&server)).status, 200);
        assert!(Instant::now() < end, "nothing is logged");
    }
    server.signal(Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(30)));
    assert!(installation.log().trim_end().ends_with("INFO stopped"), "the last lines are written too");
}

/// A reader of stderr that stops to read, such as a journal that hangs, must not stop requests.
#[test]
fn a_server_whose_stderr_is_not_read_goes_on() {
    let installation = Installation::with_small_data();
    if full_log(&installation).is_none() {
        return;
    }
    let (reader, writer) = io::pipe().unwrap();
    let mut full = writer.try_clone().unwrap();
    nix::fcntl::fcntl(&full, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK)).unwrap();
    while full.write(&[b'x'; 4096]).is_ok() {}
    nix::fcntl::fcntl(&full, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::empty())).unwrap();
    let mut server = Server::start_with_stderr(&installation, writer.into());
    fill_the_buffer(&server);
    assert_eq!(in_time(|| metrics(&server)).status, 200);
    server.signal(Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(30)));
    drop(reader);
}
