//! Two servers with one database serve the same state, whichever way the data change.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::installation::EGI_TOKEN;
use crate::support::sql::sql;
use crate::support::{HttpResponse, Installation, Server, Set};

const PROFILE: &str = "/poem/api/v2/profiles/ARGO_MON";

/// Requests the profile; repeats a request that gets 503.
fn asked(server: &Server) -> HttpResponse {
    server.knows(|server| server.get_with_key(PROFILE, EGI_TOKEN))
}

/// Returns the description that a server shows.
fn description(server: &Server) -> Value {
    let answer = asked(server);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["description"].clone()
}

/// Sets the description by plain SQL.
fn describe(installation: &Installation, words: &str) {
    sql(installation, &format!("UPDATE egi.profile SET description = '{words}' WHERE name = 'ARGO_MON'"));
}

#[test]
fn plain_sql_is_seen_by_both_within_a_second() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    for words in ["one", "two", "three"] {
        servers.iter().for_each(|server| drop(description(server)));
        describe(&installation, words);
        servers[0].catch_up();
        assert_eq!(servers.each_ref().map(description), [words, words]);
    }
}

/// If the connection that polls for changes is killed, the server still notices the change.
#[test]
fn a_killed_connection_hides_no_change() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for words in ["one", "two", "three"] {
        drop(description(&server));
        describe(&installation, words);
        sql(
            &installation,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        server.catch_up();
        assert_eq!(description(&server), words);
    }
}

#[test]
fn a_revoked_key_is_refused_by_both_within_a_second() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    let status = |server: &Server| asked(server).status;
    assert_eq!(servers.each_ref().map(status), [200, 200]);
    installation.run("poem-token", &["-s", "egi", "--revoke", "EGI"]).done();
    servers[0].catch_up();
    assert_eq!(servers.each_ref().map(status), [403, 403]);
}

/// A server sees its own write in its very next request; sessions are valid at both.
#[test]
fn a_write_of_one_server_is_seen_by_both_at_once() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    let session = installation.log_in("poem");
    let cookie = format!("sessionid={session}; csrftoken=0123456789abcdef0123456789abcdef");
    let headers = [
        ("Host", "localhost"),
        ("Cookie", cookie.as_str()),
        ("X-CSRFToken", "0123456789abcdef0123456789abcdef"),
        ("Content-Type", "application/json"),
    ];
    let list = "/poem/api/v2/internal/aggregations/";
    let body = br#"{"name": "NEW", "apiid": "new-1", "groupname": "ARGO"}"#;
    assert_eq!(servers[0].send("POST", list, &headers, body).status, 201);
    for server in &servers {
        assert!(server.send("GET", list, &headers, b"").text().contains("new-1"));
    }
}

/// Under load no response is more than a second stale, and no server returns to an older state.
#[test]
fn both_stay_in_step_under_load() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    describe(&installation, "0");
    servers[0].catch_up();
    let written = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for server in [&servers[0], &servers[0], &servers[1], &servers[1]] {
            let (written, done) = (&written, &done);
            scope.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let asked = Instant::now();
                    let floor = written.load(Ordering::Acquire);
                    let seen: usize = description(server).as_str().unwrap().parse().unwrap();
                    assert!(seen >= last, "{seen} after {last}");
                    // A number is written every half a second: the one two before was written a second ago, or earlier.
                    let slack = 2 + asked.elapsed().as_millis() as usize / 500;
                    assert!(seen + slack >= floor, "{seen} when {floor} was written");
                    last = seen;
                }
            });
        }
        let end = Set(&done);
        for number in 1..=10 {
            describe(&installation, &number.to_string());
            written.store(number, Ordering::Release);
            std::thread::sleep(Duration::from_millis(500));
        }
        servers[0].catch_up();
        assert_eq!(servers.each_ref().map(description), ["10", "10"]);
        drop(end);
    });
}
