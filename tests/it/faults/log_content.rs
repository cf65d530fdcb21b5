//! The log of requests: it never contains secrets, keeps to one short line per request, and tells who asked.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::metrics;
use crate::support::installation::EGI_TOKEN;
use crate::support::{Installation, Server};

/// The last line of the log with these words. Waits for it: lines are buffered for a moment.
#[track_caller]
fn line_with(installation: &Installation, words: &str) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(line) = installation.log().lines().rev().find(|line| line.contains(words)) {
            return line.to_owned();
        }
        assert!(Instant::now() < end, "no line with {words:?}: {}", installation.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn no_logging_file_makes_it_log_secrets() {
    let installation = Installation::with_small_data();
    let path = installation.path("etc/poem/poem_logging.conf");
    let text = fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("loggers:").unwrap();
    fs::write(&path, head.replace("level: info", "level: trace")).unwrap();
    let server = Server::start(&installation);
    let session = installation.log_in("alice");
    let cookie = format!("sessionid={session}; csrftoken=csrf-secret-of-alice");
    for target in
        ["/poem/api/v2/profiles/", "/nowhere", "/poem/api/v2/profiles/?token=query-secret", "/x?t=query-secret"]
    {
        let headers =
            [("X-API-KEY", EGI_TOKEN), ("Cookie", cookie.as_str()), ("Authorization", "Bearer bearer-secret")];
        server.get_as(target, &headers);
        server.send("POST", target, &[&[("Host", "localhost")], &headers[..]].concat(), b"password=body-secret");
    }
    line_with(&installation, "POST /x ");
    let log = installation.log();
    for secret in [EGI_TOKEN, session.as_str(), "csrf-secret", "query-secret", "bearer-secret", "body-secret"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    assert!(log.contains("DEBUG "), "POEM's own details are logged: {log}");
}

#[test]
fn a_request_has_one_short_line_with_its_path_its_user_and_its_address() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    server.get(&format!("/poem/{}", "a".repeat(6_000)));
    let cut = line_with(&installation, "/poem/aaa");
    assert!(cut.len() < 300 && cut.contains("aaa… 404 "), "{cut}");
    server.send_raw(b"GET /poem/without-host HTTP/1.0\r\n\r\n");
    line_with(&installation, "- GET /poem/without-host 404 ");
    server.send_raw(b"GET /poem/two-hosts HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n");
    line_with(&installation, "- GET /poem/two-hosts 400 ");
    let session = format!("sessionid={}", installation.log_in("carol"));
    let headers = [("Cookie", session.as_str()), ("X-Forwarded-For", "192.0.2.7")];
    assert_eq!(server.get_as("/poem/api/v2/profiles/", &headers).status, 403);
    let refused = line_with(&installation, "/poem/api/v2/profiles/ 403 ");
    assert!(refused.contains("EGI GET ") && refused.ends_with(" ms 192.0.2.7 carol"), "{refused}");
    assert_eq!(server.get_as("/poem/api/v2/metrics/", &[("X-Forwarded-For", "192.0.2.8")]).status, 403);
    assert!(line_with(&installation, "/poem/api/v2/metrics/ 403 ").ends_with(" ms 192.0.2.8 -"));
}

#[test]
fn sighup_ends_nothing_and_logs_to_the_new_file() {
    let installation = Installation::with_small_data();
    let mut server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    line_with(&installation, "/poem/api/v2/metrics/ 200");
    let log = installation.path("var/log/poem/poem.log");
    fs::rename(&log, log.with_extension("old")).unwrap();
    server.signal(Signal::SIGHUP);
    line_with(&installation, "INFO SIGHUP: ");
    assert!(!installation.log().contains("starting at"), "it is a new file");
    assert!(!server.ends_within(Duration::from_millis(200)));
    assert_eq!(metrics(&server).status, 200);
    server.signal(Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(30)));
    assert!(installation.log().trim_end().ends_with("INFO stopped"), "{}", installation.log());
}
