//! A form cannot replace the method of its request, although Rocket offers that.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::http::send;
use crate::support::installation::EGI_TOKEN;
use crate::support::server::free_address;
use crate::support::{Installation, Server};

const PROFILES: &str = "/poem/api/0.2/json/profiles";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn status(address: SocketAddr, method: &str, target: &str, body: &str) -> u16 {
    let headers = [("Host", "localhost"), ("X-API-KEY", EGI_TOKEN), FORM];
    send(address, method, target, &headers, body.as_bytes()).status
}

/// Waits until the log, which is written in batches, is as wanted; returns it.
#[track_caller]
fn await_log(installation: &Installation, wanted: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let log = installation.log();
        if wanted(&log) {
            return log;
        }
        assert!(Instant::now() < end, "{log}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_form_that_asks_for_another_method_is_refused() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let bodies = [
        "_method=GET&a=b",
        "_method=get&a=b",
        "_method=HEAD&a=b",
        "_method=head&a=b",
        "_method=PUT&a=b",
        "_method=Put&a=b",
        "_method=POST&a=b",
        "_method=DELETE&a=b",
        "_method=delete&a=b",
        "_method=PATCH&a=b",
        "_method=TRACE&a=b",
        "&_method=GET&a=b",
        "&&_method=HEAD&a=b",
        "&&&_method=PUT&a=b",
        "_method=GET",
        "_method=HEAD",
    ];
    for target in [PROFILES, "/poem/api/v2/profiles/", "/poem/admin/login/", "/nowhere"] {
        for body in bodies {
            assert_eq!(status(server.address, "POST", target, body), 400, "{target}: {body}");
        }
    }
    let log = await_log(&installation, |log| log.matches(" 400 ").count() == 4 * bodies.len());
    assert_eq!(log.matches("EGI POST ").count() + log.matches("- POST ").count(), 4 * bodies.len(), "{log}");
}

#[test]
fn a_form_that_only_looks_so_keeps_its_method() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for body in [
        "a=b&_method=GET",
        "_methods=GET&a",
        "_method=GETS&a=b",
        "_method",
        "x_method=GET&a",
        "_method=%",
        "_method=%47ET&a=b",
        "%5Fmethod=GET&a=b",
    ] {
        assert_eq!(status(server.address, "POST", PROFILES, body), 405, "{body}");
    }
    // Another method than POST is never replaced, whatever its body says.
    for (method, expected) in [("GET", 200), ("PUT", 405), ("DELETE", 405), ("PATCH", 405)] {
        assert_eq!(status(server.address, method, PROFILES, "_method=OPTIONS"), expected, "{method}");
        await_log(&installation, |log| log.contains(&format!(" {method} {PROFILES} {expected} ")));
    }
}

/// A response to HEAD has no body: one to a POST that became a HEAD broke the connection.
#[test]
fn every_method_gets_an_answer_whatever_the_form_says() {
    let installation = Installation::with_small_data();
    let management = free_address();
    installation.configure("Port = 8000\n", &format!("Port = 8000\nManagementPort = {}\n", management.port()));
    let server = Server::start(&installation);
    for body in ["_method=HEAD&a=b", "_method=head", "_method=GET&a=b", "a=b"] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            for target in [PROFILES, "/poem/admin/login/", "/nowhere"] {
                assert!((200..500).contains(&status(server.address, method, target, body)), "{method} {target} {body}");
            }
            assert!((200..500).contains(&status(management, method, "/metrics", body)), "{method} {body}");
        }
    }
}
