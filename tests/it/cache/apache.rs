//! Servers behind an Apache with the packaged vhost: two of them as docs/operations.md says, and compressed responses.

use crate::support::apache::{Apache, Surroundings, VHOST};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::sql;
use crate::support::{Browser, Installation, Server};

const PROFILE: &str = "/poem/api/v2/profiles/ARGO_MON";
const AGGREGATIONS: &str = "/poem/api/v2/internal/aggregations/";
const CSRF: &str = "0123456789abcdef0123456789abcdef";

/// Starts an Apache that distributes requests as the example of the document does; `None` if Apache is not installed.
fn balancer(servers: [&Server; 2]) -> Option<Apache> {
    let document = include_str!("../../../docs/operations.md");
    let example = document.split("```\n").find(|block| block.starts_with("<Proxy \"balancer:"));
    let balancer = example
        .expect("the document has the example")
        .replace("10.0.0.11:8008", &servers[0].address.to_string())
        .replace("10.0.0.12:8008", &servers[1].address.to_string());
    let line = VHOST.lines().find(|line| line.trim_start().starts_with("ProxyPass ")).expect("POEM is behind a proxy");
    let edits = [(line, balancer.as_str())];
    Apache::start(servers[0].address, &Surroundings { mpm: "event", edits: &edits, ..Surroundings::AS_SHIPPED })
}

#[test]
fn two_servers_behind_an_apache_act_as_one() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    let Some(apache) = balancer(servers.each_ref()) else { return };
    // A session and a save are valid at either server.
    let mut browser = Browser::through(apache.https);
    let redirect = browser.get("/");
    assert!(redirect.status == 302 && redirect.header("Location").unwrap().ends_with("/poem/admin/"), "{redirect:?}");
    assert_eq!(browser.log_in("alice", "alice-secret-1").status, 303, "{}", apache.log());
    for _ in 0..10 {
        assert!(browser.is_logged_in());
    }
    assert_eq!(browser.get("/static/poem.css").status, 200);
    let mut root = Browser::through(apache.https);
    root.cookies.insert("__Host-sessionid".to_owned(), installation.log_in("poem"));
    root.cookies.insert("csrftoken".to_owned(), CSRF.to_owned());
    for number in 0..4 {
        let body = format!(r#"{{"name": "saved-{number}", "apiid": "saved-{number}", "groupname": "ARGO"}}"#);
        let headers = [("Content-Type", "application/json"), ("X-CSRFToken", CSRF)];
        assert_eq!(root.send("POST", AGGREGATIONS, &headers, body.as_bytes()).status, 201);
        for _ in 0..2 {
            assert!(root.get(AGGREGATIONS).text().contains(&format!("saved-{number}")), "both servers show it");
        }
    }
    for words in ["one", "two", "three"] {
        sql(&installation, &format!("UPDATE egi.profile SET description = '{words}' WHERE name = 'ARGO_MON'"));
        servers[0].catch_up();
        for _ in 0..6 {
            let answer = servers[0].knows(|_| apache.get(PROFILE, &[("X-API-KEY", EGI_TOKEN)]));
            assert_eq!((answer.status, answer.json()["description"].as_str()), (200, Some(words)));
        }
    }
    let log = installation.log();
    for server in &servers {
        let log_entry = format!("poem[{}]: INFO EGI GET {PROFILE} 200", server.pid());
        assert!(log.contains(&log_entry), "both servers got requests: {log}");
    }
    // One is killed: the other goes on, and sessions stay valid.
    let [one, other] = servers;
    drop(one);
    for _ in 0..10 {
        assert_eq!(other.knows(|_| apache.get(PROFILE, &[("X-API-KEY", EGI_TOKEN)])).status, 200, "{}", apache.log());
        assert!(browser.is_logged_in());
    }
}

#[test]
fn files_and_small_responses_that_apache_compresses_are_not_sent_twice() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let compress = "AddOutputFilterByType DEFLATE text/css application/json text/html\n";
    let surroundings = Surroundings { mpm: "event", last: compress, ..Surroundings::AS_SHIPPED };
    let Some(apache) = Apache::start(server.address, &surroundings) else { return };
    let get = |address: &str, more: &[(&str, &str)]| {
        let headers = [("X-API-KEY", EGI_TOKEN), ("Accept-Encoding", "gzip")];
        server.knows(|_| apache.get(address, &[&headers, more].concat()))
    };
    for address in ["/static/poem.css", "/poem/api/v2/metrics/Test", "/poem/api/v2/metrics/"] {
        let first = get(address, &[]);
        let etag = first.header("ETag").expect("it has a tag").to_owned();
        assert!(first.status == 200 && etag.ends_with("-gzip\""), "{address}: {first:?}");
        assert_eq!(get(address, &[("If-None-Match", &etag)]).status, 304, "{address}: {etag}");
        assert_eq!(get(address, &[("If-None-Match", "\"other-gzip\"")]).status, 200, "{address}");
    }
}
