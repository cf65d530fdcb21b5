//! What reaches the server through Apache, and what comes back.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use super::Site;
use crate::support::apache::Surroundings;
use crate::support::http::{self, Endpoint, send_raw};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::sql;
use crate::support::{Apache, Browser, Installation, Server};

const METRICS: &str = "/poem/api/v2/metrics/";
/// Values of the header Connection, which ends the connection and may name headers of it.
const CONNECTION: [&str; 3] =
    ["close", "close, X-Forwarded-For, X-Forwarded-Proto", "x-forwarded-proto,x-forwarded-for,close"];

/// Returns a request whose headers claim to be those of a proxy.
fn forged(request_line: &str, connection: &str) -> String {
    format!(
        "{request_line} HTTP/1.1\r\nHost: localhost:8443\r\nX-Forwarded-For: 192.0.2.66\r\nX-Forwarded-For: 192.0.2.67\r\n\
         X-Real-IP: 192.0.2.66\r\nForwarded: for=192.0.2.66;proto=http;host=two.localhost\r\n\
         X-Forwarded-Host: two.localhost\r\nX-Forwarded-Proto: http\r\nProxy: http://192.0.2.66/\r\n\
         Cookie: name=J\u{f6}rg\r\nConnection: {connection}\r\n\r\n"
    )
}

#[test]
fn a_login_over_tls_gets_cookies_for_tls_only() {
    let Some(site) = Site::start() else { return };
    let mut browser = Browser::through(site.apache.https);
    let answer = browser.log_in("alice", "alice-secret-1");
    let cookies: Vec<_> = answer.headers("Set-Cookie").collect();
    assert!(answer.status == 303 && !cookies.is_empty(), "{answer:?}");
    assert!(cookies.iter().all(|cookie| cookie.contains("; Secure")), "{cookies:?}");
    assert!(browser.session().is_some() && browser.cookies.contains_key("__Host-sessionid"));
    assert!(browser.is_logged_in());
    assert_eq!(browser.get("/poem/admin/poem/probe/").status, 200);
}

#[test]
fn a_client_cannot_forge_its_address_or_scheme() {
    let Some(site) = Site::start() else { return };
    let tls = site.apache.https;
    // Also one that is a trusted proxy itself.
    for client in [Endpoint { client: Some("127.0.0.7".parse().unwrap()), ..tls }, tls] {
        for connection in CONNECTION {
            let request = forged("GET /poem/admin/login/", connection);
            let answer = site.server.knows(|_| send_raw(client, request.as_bytes()));
            let cookie = answer.headers("Set-Cookie").next().expect("it sets the CSRF token");
            assert!(answer.status == 200 && cookie.contains("; Secure"), "{connection}: {answer:?}");
        }
    }
    let log = site.stopped();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("INFO EGI GET /poem/admin/login/ 200")).collect();
    let from = |address: &str| lines.iter().filter(|line| line.ends_with(&format!(" {address} -"))).count();
    assert_eq!((lines.len(), from("127.0.0.7"), from("127.0.0.1")), (6, 3, 3), "{log}");
}

#[test]
fn the_server_gets_no_header_about_the_client_but_those_of_apache() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let Some(apache) = Apache::start(listener.local_addr().unwrap(), &Surroundings::AS_SHIPPED) else { return };
    let stand_in = thread::spawn(move || {
        CONNECTION.map(|_| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
            String::from_utf8(request).unwrap()
        })
    });
    for connection in CONNECTION {
        assert_eq!(send_raw(apache.https, forged("GET /poem/x", connection).as_bytes()).status, 204);
    }
    for request in stand_in.join().unwrap() {
        let mut headers: Vec<_> = request.lines().skip(1).filter(|line| !line.is_empty()).collect();
        headers.sort_unstable();
        let passed_on = ["Connection: Keep-Alive", "Cookie: name=Jrg", "Host: localhost:8443"];
        let of_apache = [
            "X-Forwarded-For: 127.0.0.1",
            "X-Forwarded-Host: localhost:8443",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Server: host.example.org",
        ];
        assert_eq!(headers, [&passed_on[..], &of_apache[..]].concat());
    }
}

#[test]
fn the_host_selects_the_tenant() {
    let Some(site) = Site::start() else { return };
    let status = |host: &str, token: &str| {
        let headers = [("Host", host), ("X-API-KEY", token)];
        site.server.knows(|_| site.apache.send("GET", METRICS, &headers, b"")).status
    };
    let two = "2222222222222222bbbbbbbbbbbbbbbb";
    assert_eq!((status("localhost", EGI_TOKEN), status("two.localhost", EGI_TOKEN)), (200, 403));
    assert_eq!((status("localhost", two), status("two.localhost:8443", two)), (403, 200));
    assert_eq!(status("unknown.example.org", EGI_TOKEN), 404);
}

#[test]
fn requests_of_ncg_and_the_probe_are_answered_as_by_the_server() {
    let Some(site) = Site::start() else { return };
    for target in [
        METRICS,
        "/poem/api/v2/metrics/Production",
        "/poem/api/v2/profiles/",
        "/poem/api/v2/profiles/ARGO_MON",
        "/poem/api/0.2/json/profiles",
        "/poem/api/0.2/json/metrics_in_profiles?vo_name=ops",
        "/poem/api/0.2/json/metrics_in_profiles/?vo_name=ops&profile=ARGO%5FMON",
        "//poem/api/0.2/json/metrics_in_profiles?vo_name=ops",
        "///poem/api/0.2/json/metrics_in_group?group=ARGO",
        "//poem/api/v2/metrics/",
        "/poem/api/0.2/json//metrics_in_profiles?vo_name=ops",
        "/poem/api/v2/profiles/A%2FB",
        "/poem/api/v2/metrics/%20%25?a=%2F%20+",
    ] {
        let answer = site.get(target, &[("Accept", "application/json")]);
        let wanted = site.server.knows(|server| server.get_with_key(target, EGI_TOKEN));
        assert_eq!((answer.status, &answer.body), (wanted.status, &wanted.body), "{target}");
        assert_eq!(answer.header("Content-Type"), wanted.header("Content-Type"), "{target}");
        assert_eq!(answer.header("ETag"), wanted.header("ETag"), "{target}");
    }
    let tag = site.get(METRICS, &[]).header("ETag").expect("it has a tag").to_owned();
    assert_eq!(site.get(METRICS, &[("If-None-Match", &tag)]).status, 304);
    assert_eq!(site.apache.get(METRICS, &[]).status, 403, "without a key");
    let old = http::send(site.apache.https, "GET", METRICS, &[], b"");
    assert_eq!(old.status, 400, "without a host: {old:?}");
}

#[test]
fn a_name_with_a_slash_passes_through_apache() {
    let Some(site) = Site::start() else { return };
    sql(&site.installation, "UPDATE egi.profile SET name = 'A/B %2F' WHERE name = 'ARGO_MON'");
    let answer = site.get("/poem/api/v2/profiles/A%2FB%20%252F", &[]);
    assert_eq!((answer.status, answer.json()["name"].as_str()), (200, Some("A/B %2F")), "{answer:?}");
}

#[test]
fn a_cookie_of_another_application_that_is_not_utf8_locks_nobody_out() {
    let Some(site) = Site::start() else { return };
    let session = site.installation.log_in("alice");
    let mut request = b"GET /poem/api/v2/internal/users/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();
    request.extend_from_slice(b"Cookie: name=J\xf6rg \xff; other=\xc3\xa4; __Host-sessionid=");
    request.extend_from_slice(session.as_bytes());
    request.extend_from_slice(b"\r\n\r\n");
    let answer = site.server.knows(|_| send_raw(site.apache.https, &request));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_body_that_never_comes_ends_the_request() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let edits = [("body=20,", "body=1,")];
    let surroundings = Surroundings { edits: &edits, ..Surroundings::AS_SHIPPED };
    let Some(apache) = Apache::start(server.address, &surroundings) else { return };
    let mut stream = apache.https.connect_tls();
    stream.get_ref().set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = "POST /poem/admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("Apache ends the request");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5"), "{answer}");
}

#[test]
fn a_stopped_server_gets_the_page_of_apache_and_is_asked_again_at_once() {
    let Some(site) = Site::start() else { return };
    assert_eq!(site.get(METRICS, &[]).status, 200);
    let Site { apache, server, installation } = site;
    let address = server.address;
    drop(server);
    let get = || apache.get(METRICS, &[("X-API-KEY", EGI_TOKEN)]);
    // Each process of Apache meets the refusal.
    for _ in 0..20 {
        let answer = get();
        assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("10")), "{answer:?}");
        assert!(answer.text().contains("POEM is not running"), "{answer:?}");
    }
    let server = Server::start_at(&installation, address);
    for _ in 0..20 {
        let answer = server.knows(|_| {
            let answer = get();
            assert!(!answer.text().contains("POEM is not running"), "{answer:?}");
            answer
        });
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[test]
fn a_503_of_the_server_is_passed_on() {
    let Some(site) = Site::start() else { return };
    assert_eq!(site.get(METRICS, &[]).status, 200);
    sql(
        &site.installation,
        "INSERT INTO public.migration (schema_name, version, name, checksum) VALUES ('egi', 9999, '9999_future', '')",
    );
    site.server.catch_up();
    let wanted = site.server.get_with_key(METRICS, EGI_TOKEN);
    let answer = site.apache.get(METRICS, &[("X-API-KEY", EGI_TOKEN)]);
    assert_eq!((answer.status, wanted.status), (503, 503), "{answer:?}");
    assert_eq!(answer.text(), wanted.text());
    let times: Vec<_> = answer.headers("Retry-After").collect();
    assert_eq!(times, wanted.headers("Retry-After").collect::<Vec<_>>());
}
