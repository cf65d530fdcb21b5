//! Hostile and malformed requests: each gets a response, none a server error, and the log stays readable.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server};

const AGGREGATIONS: &str = "/poem/api/v2/internal/aggregations/";
const CSRF: &str = "0123456789abcdef0123456789abcdef";
const MIB: usize = 1024 * 1024;

/// A server under attack, with a valid session. When it is dropped, it checks the log.
struct AttackedServer {
    installation: Installation,
    server: Server,
    session: String,
}

impl AttackedServer {
    fn start() -> Self {
        let installation = Installation::with_small_data();
        let server = Server::start(&installation);
        let session = installation.log_in("poem");
        Self { installation, server, session }
    }

    /// Sends a GET with an API key and a session.
    #[track_caller]
    fn get(&self, target: &str) -> HttpResponse {
        let cookie = format!("sessionid={}", self.session);
        self.server.get_as(target, &[("X-API-KEY", EGI_TOKEN), ("Cookie", &cookie)])
    }

    /// Posts to the aggregations as a superuser.
    #[track_caller]
    fn post(&self, content_type: &str, body: &[u8]) -> HttpResponse {
        let cookie = format!("sessionid={}; csrftoken={CSRF}", self.session);
        let headers =
            [("Host", "localhost"), ("Cookie", &cookie), ("X-CSRFToken", CSRF), ("Content-Type", content_type)];
        self.server.send("POST", AGGREGATIONS, &headers, body)
    }
}

impl Drop for AttackedServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let log = self.installation.log();
        assert!(!log.contains("panicked") && !log.contains(": ERROR "), "{log}");
        for line in log.lines() {
            // Each event is one line, with the time, the program and the level.
            let (time, event) = line.split_once(" - ").unwrap_or_default();
            assert!(time.len() == 19 && event.starts_with("poem"), "{line}");
            assert!(event.contains("]: INFO ") || event.contains("]: WARNING "), "{line}");
            assert!(!line.chars().any(char::is_control), "{line}");
        }
    }
}

#[test]
fn any_name_in_an_address_is_at_worst_unknown() {
    let attacked = AttackedServer::start();
    let names =
        ["%FF", "%00", "a%00b", "%2F", "..%2f..%2fetc", "%", "%z", "%2500", "%F0%9F%A6%80", "%C0%80", "%0d%0aX", "'--"];
    let long = "n".repeat(60_000);
    for name in names.into_iter().chain([long.as_str()]) {
        for list in
            ["profiles", "metrics", "internal/metrics", "internal/groups", "internal/tokens", "internal/aggregations"]
        {
            let answer = attacked.get(&format!("/poem/api/v2/{list}/{name}"));
            assert_eq!(answer.status, 404, "{list} {name:.20}");
            assert!(answer.json()["detail"].is_string(), "{list} {name:.20}");
        }
        for target in [format!("/{name}"), format!("/poem/{name}/"), format!("/poem/api/0.2/json/{name}")] {
            assert_eq!(attacked.get(&target).status, 404, "{target:.40}");
        }
        let probe = attacked.get(&format!("/poem/api/v2/internal/probes/{name}"));
        assert!(probe.status == 404 || probe.json() == json!({}), "{name:.20}");
    }
    assert_eq!(attacked.get(&format!("/poem/{}", "n".repeat(70_000))).status, 414);
}

#[test]
fn any_query_string_is_handled() {
    let attacked = AttackedServer::start();
    for query in ["%FF", "%00", "%", "%zz", "&&&=&=", "a%FFb", "%C0%80", "%0a2026-01-01 - poem[1]: ERROR x", "[]", "🦀"]
    {
        let query = query.replace(' ', "+").replace('🦀', "%F0%9F%A6%80");
        for (target, words) in [
            ("metrics?tag=", "Not a valid tag."),
            ("metrics_in_group?group=", "Not a valid group."),
            ("metrics_in_profiles?vo_name=", "Not valid VO"),
        ] {
            let answer = attacked.get(&format!("/poem/api/0.2/json/{target}{query}"));
            let is_empty = query.starts_with('&');
            assert_eq!(answer.status, 200, "{target}{query}");
            assert!(answer.text() == words || (is_empty && answer.text().starts_with("Need ")), "{target}{query}");
        }
        assert_eq!(attacked.get(&format!("/poem/api/v2/metrics/?{query}")).status, 200, "{query}");
        assert_eq!(attacked.get(&format!("/poem/api/v2/metrics?{query}")).status, 301, "{query}");
    }
}

#[test]
fn any_byte_in_a_request_line_or_header_is_handled() {
    let attacked = AttackedServer::start();
    for byte in 0..=255 {
        let (target, at_host) =
            (b"GET /poem/api/v2/profiles/a".as_slice(), b" HTTP/1.1\r\nHost: localhost\r\n".as_slice());
        let end = b"Connection: close\r\n\r\n".as_slice();
        for request in [
            [target, &[byte], at_host, end].concat(),
            [target, b"?a=", &[byte], b"&b", at_host, end].concat(),
            [target, at_host, b"X-API-KEY: a", &[byte], b"b\r\n", end].concat(),
            [target, at_host, b"Cookie: sessionid=a", &[byte], b"b\r\n", end].concat(),
            [target, b" HTTP/1.1\r\nHost: local", &[byte], b"host\r\n", end].concat(),
            [b"G", [byte].as_slice(), b"T /poem/", at_host, end].concat(),
        ] {
            let answer = attacked.server.send_raw(&request);
            let is_handled = (400..500).contains(&answer.status) || (byte == b'E' && answer.status == 302);
            assert!(is_handled, "{:?}: {}", String::from_utf8_lossy(&request), answer.status);
        }
    }
}

#[test]
fn long_and_many_headers_are_handled() {
    let attacked = AttackedServer::start();
    let with_headers = |headers: &str| {
        let request = format!(
            "GET /poem/api/0.2/json/profiles HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
        );
        attacked.server.send_raw(request.as_bytes()).status
    };
    let many = |count: usize| (0..count).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    for (headers, status) in [
        (many(90), 200),
        (many(1000), 431),
        (format!("X: {}\r\n", "y".repeat(100_000)), 200),
        (format!("X: {}\r\n", "y".repeat(2_000_000)), 431),
        (format!("Cookie: {}\r\n", "a=b; ".repeat(10_000)), 200),
        (format!("X-API-KEY: {}\r\nX-API-KEY: two\r\n", "k".repeat(10_000)), 200),
        ("no colon\r\n".to_owned(), 400),
        (": no name\r\n".to_owned(), 400),
        (" folded\r\n".to_owned(), 400),
        ("Accept: \0\r\n".to_owned(), 400),
        ("Content-Type: /;;=\r\nAccept: ////,;q=9\r\nAccept-Encoding: \t\r\n".to_owned(), 200),
        ("Range: bytes=9-1\r\nIf-None-Match: ,\"\r\nIf-Modified-Since: never\r\n".to_owned(), 200),
        ("Expect: 100-continue\r\n".to_owned(), 200),
        ("Upgrade: websocket\r\nConnection: upgrade\r\n".to_owned(), 200),
    ] {
        assert_eq!(with_headers(&headers), status, "{headers:.40}");
    }
}

#[test]
fn a_body_that_is_too_large_gets_413() {
    let attacked = AttackedServer::start();
    for size in [MIB + 1, 16 * MIB] {
        let long = "x".repeat(size);
        let multipart = format!("--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n{long}\r\n--b--\r\n");
        for (content_type, body) in [
            ("application/json", format!("{{\"name\": \"{long}\"}}")),
            ("application/x-www-form-urlencoded", format!("name={long}")),
            ("multipart/form-data; boundary=b", multipart),
        ] {
            let answer = attacked.post(content_type, body.as_bytes());
            assert_eq!(answer.status, 413, "{content_type} {size}: {}", answer.text());
            assert!(answer.json()["detail"].is_string(), "{content_type}");
        }
        // The server does not read the body, and the response still arrives.
        let headers = [("Host", "localhost"), ("X-API-KEY", EGI_TOKEN)];
        let answer = attacked.server.send("POST", "/poem/api/v2/profiles/", &headers, long.as_bytes());
        assert_eq!(answer.status, 405, "{size}");
        let answer = attacked.server.send("GET", "/poem/api/v2/profiles/", &headers, long.as_bytes());
        assert_eq!(answer.status, 200, "{size}");
        let answer = attacked.server.send("POST", "/x", &[("Host", "evil host!")], long.as_bytes());
        assert_eq!(answer.status, 400, "{size}");
    }
}

#[test]
fn a_body_whose_length_is_unclear_gets_400() {
    let attacked = AttackedServer::start();
    for headers in [
        "Content-Length: -1\r\n",
        "Content-Length: two\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: 1, 2\r\n",
        "Transfer-Encoding: magic\r\n",
    ] {
        let request = format!("POST {AGGREGATIONS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
        let answer = attacked.server.send_raw(request.as_bytes());
        assert_eq!(answer.status, 400, "{headers}");
    }
    let cookie = format!("Cookie: sessionid={}; csrftoken={CSRF}\r\nX-CSRFToken: {CSRF}", attacked.session);
    let head = format!("POST {AGGREGATIONS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{cookie}");
    for chunks in ["zz\r\n{}\r\n0\r\n\r\n", "fffffffffffffffff\r\n", "2\r\n{}garbage"] {
        let request = format!("{head}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        assert_eq!(attacked.server.send_raw(request.as_bytes()).status, 400, "{chunks}");
    }
}

/// Returns the parts of a valid multipart form.
fn valid_parts(part: &impl Fn(&str) -> String) -> String {
    ["name", "apiid"].map(part).concat() + &part("groupname").replace("v\r\n", "ARGO\r\n")
}

#[test]
fn a_broken_body_gets_400() {
    let attacked = AttackedServer::start();
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nv\r\n");
    let form = "application/x-www-form-urlencoded";
    let multipart = "multipart/form-data; boundary=b";
    let deep = |open: &str| open.repeat(100_000);
    for (content_type, body) in [
        ("application/json", String::new()),
        ("application/json", "\u{0}".to_owned()),
        ("application/json", "nul".to_owned()),
        ("application/json", "{\"name\": \"\\ud800\"}".to_owned()),
        ("application/json", deep("[")),
        ("application/json", deep("{\"a\":")),
        ("application/json", "1e999".to_owned()),
        ("application/json", "{\"name\": {}, \"apiid\": [1], \"groupname\": true}".to_owned()),
        ("application/json; charset=utf-16", "{}".to_owned()),
        (form, String::new()),
        (form, "%FF%FE=%00&&&==".to_owned()),
        (form, "name[a][b].c=1&name=2".to_owned()),
        (form, "name=a%00b&apiid=1&groupname=ARGO".to_owned()),
        (multipart, String::new()),
        (multipart, part("name")),
        (multipart, format!("{}--c--", part("name"))),
        (multipart, "--b\r\nno header\r\n\r\n--b--\r\n".to_owned()),
        (multipart, format!("{}--b--\r\n", part("name").repeat(2000))),
        ("multipart/form-data", part("name")),
        (multipart, format!("{}--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\ncut", valid_parts(&part))),
        (
            multipart,
            format!("{}--b--\r\n", valid_parts(&part).replace("name=\"name\"", "name=\"name\"; filename=\"f\"")),
        ),
        (
            multipart,
            format!(
                "{}--b--\r\n",
                valid_parts(&part)
                    .replace("name=\"name\"", "name=\"name\"; filename=\"f\"\r\nContent-Type: text/plain")
            ),
        ),
    ] {
        let answer = attacked.post(content_type, body.as_bytes());
        assert_eq!(answer.status, 400, "{content_type} {body:.60}: {}", answer.text());
        assert!(answer.json().is_object(), "{content_type} {body:.60}");
    }
    // A byte order mark is passed over, as in files: the object is incomplete, not unreadable.
    let marked = attacked.post("application/json", b"\xef\xbb\xbf{}");
    assert!(marked.status == 400 && marked.json().get("name").is_some(), "{}", marked.text());
    for invalid in [b"{\"name\": \"\xff\"}".as_slice(), b"\xff\xfe{\0}\0"] {
        assert_eq!(attacked.post("application/json", invalid).status, 400);
    }
    for content_type in [
        "",
        "/",
        "text/plain",
        "application/xml",
        "json",
        "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=",
    ] {
        assert_eq!(attacked.post(content_type, b"{}").status, 415, "{content_type}");
    }
    assert_eq!(attacked.get(AGGREGATIONS).json().as_array().map(Vec::len), Some(2), "nothing was saved");
}

#[test]
fn the_last_value_of_a_duplicate_field_counts() {
    let attacked = AttackedServer::start();
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let multipart = [("name", "A"), ("apiid", "3"), ("name", "B3"), ("groupname", "ARGO")];
    let multipart = multipart.map(|(name, value)| part(name, value)).concat() + "--b--\r\n";
    for (content_type, body, name) in [
        (
            "application/json",
            r#"{"name": "A", "apiid": "1", "name": "B1", "groupname": "ARGO", "x": {"name": "C"}}"#,
            "B1",
        ),
        ("application/x-www-form-urlencoded", "name=A&apiid=2&name=B2&groupname=ARGO&name.x=C&x", "B2"),
        ("multipart/form-data; boundary=b", &multipart, "B3"),
        (
            "multipart/form-data; boundary=b",
            &multipart.replace("\"\r\n", "\"\r\nContent-Type: text/plain\r\n").replace('3', "4"),
            "B4",
        ),
    ] {
        let answer = attacked.post(content_type, body.as_bytes());
        assert_eq!(answer.status, 201, "{content_type}: {}", answer.text());
        assert_eq!(answer.json()["name"], name, "{content_type}");
    }
}

#[test]
fn garbage_in_cookies_gives_no_access() {
    let attacked = AttackedServer::start();
    let session = &attacked.session;
    let garbage = [
        "",
        ";;;=;",
        "sessionid",
        "sessionid=",
        "sessionid=%00",
        "sessionid=%FF%FE",
        "sessionid=' OR 1=1 --",
        "sessionid=\"quoted",
        &format!("SESSIONID={session}"),
        &format!("sessionid={}", session.to_uppercase()),
        &format!("sessionid={session}x"),
        &format!("sessionid={}", "a".repeat(50_000)),
    ];
    for cookie in garbage {
        let answer = attacked.server.get_as("/poem/api/v2/internal/users/", &[("Cookie", cookie)]);
        assert_eq!(answer.status, 403, "{cookie:.40}");
        let answer = attacked.server.get_as("/poem/api/v2/profiles/", &[("Cookie", cookie), ("X-API-KEY", EGI_TOKEN)]);
        assert_eq!(answer.status, 200, "{cookie:.40}");
    }
}

#[test]
fn no_request_causes_a_server_error() {
    let attacked = AttackedServer::start();
    let piece = prop_oneof![
        "[ -~]{0,8}",
        "%[0-9A-Fa-f]{2}",
        "[/.?&=%;\\\\]{1,4}",
        Just("/poem/api/v2/".to_owned()),
        Just("/poem/api/0.2/json/".to_owned()),
        Just("internal/aggregations/".to_owned()),
        Just("profiles/".to_owned()),
        Just("/poem/admin".to_owned()),
    ];
    let target = proptest::collection::vec(piece, 0..6).prop_map(|pieces| format!("/{}", pieces.concat()));
    let host = prop_oneof![Just("localhost".to_owned()), "[a-z0-9.:\\[\\]_-]{0,12}", "\\PC{0,8}"];
    let method = proptest::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]);
    let mut runner = TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(method, target, host), |(method, target, host)| {
        let cookie = format!("sessionid={}; csrftoken={CSRF}", attacked.session);
        let headers = [("Host", host.as_str()), ("Cookie", &cookie), ("X-CSRFToken", CSRF), ("X-API-KEY", EGI_TOKEN)];
        let answer = attacked.server.send(method, &target, &headers, b"");
        prop_assert!(answer.status < 500, "{}", answer.status);
        if let Some(location) = answer.header("Location") {
            prop_assert!(location.starts_with("/poem/"), "{location}");
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
