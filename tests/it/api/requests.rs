//! The request gate, over raw sockets: which hosts, addresses and methods are served, and the errors for the others.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server};

const PROFILES: &str = "/poem/api/v2/profiles/";
const OLD: &str = "/poem/api/0.2/json/profiles";

/// Starts a server with small.json.
fn start() -> (Installation, Server) {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    (installation, server)
}

/// Sends a request with exactly this request line, these hosts and the API key of EGI.
fn request(server: &Server, request_line: &str, hosts: &[&str]) -> HttpResponse {
    let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
    server.send_raw(format!("{request_line}\r\nConnection: close\r\nX-API-KEY: {EGI_TOKEN}\r\n{hosts}\r\n").as_bytes())
}

/// Returns the status of the list of profiles.
fn status(server: &Server, host: &str) -> u16 {
    request(server, &format!("GET {PROFILES} HTTP/1.1"), &[host]).status
}

#[test]
fn a_host_selects_its_tenant_regardless_of_case_port_and_www() {
    let (_installation, server) = start();
    for host in ["localhost", "LocalHost", "localhost:80", "LOCALHOST:65000", "www.localhost", "WWW.localhost:1"] {
        assert_eq!(status(&server, host), 200, "{host}");
    }
    // The key is EGI's.
    assert_eq!(status(&server, "two.localhost"), 403);
    let unknown =
        ["localhost.", "www.www.localhost", "unknown.example.org", "127.0.0.1", "[::1]", "[::1]:80", "all", "public"];
    for host in unknown {
        assert_eq!(status(&server, host), 404, "{host}");
    }
    let malformed = [
        "",
        ":80",
        "bad host!",
        "bad_host",
        "localhost:",
        "localhost:8a",
        "[::1",
        "[x]",
        "a:1:2",
        "localhost,two",
        "é",
        "localhost/",
        "user@localhost",
        "http://localhost",
    ];
    for host in malformed {
        assert_eq!(status(&server, host), 400, "{host}");
    }
}

#[test]
fn a_request_names_one_host() {
    let (_installation, server) = start();
    for version in ["1.0", "1.1"] {
        let line = format!("GET {PROFILES} HTTP/{version}");
        for (hosts, status) in [(&[][..], 404), (&["localhost"], 200), (&["localhost", "localhost"], 400)] {
            assert_eq!(request(&server, &line, hosts).status, status, "{version} {hosts:?}");
        }
    }
    // The Host header counts, even if the target contains a host.
    for (host, status) in [("localhost", 200), ("unknown.example.org", 404), ("bad host!", 400)] {
        let line = format!("GET http://localhost{PROFILES} HTTP/1.1");
        assert_eq!(request(&server, &line, &[host]).status, status, "{host}");
    }
}

#[test]
fn a_host_must_be_allowed_before_its_tenant_is_looked_up() {
    let installation = Installation::with_tenants();
    installation.configure("AllowedHosts = *", "AllowedHosts = poem.example.org, .localhost, [::1]");
    installation.run("poem-tenant", &["-t", "THREE", "-d", "poem.example.org"]).done();
    let server = Server::start(&installation);
    let status = |host: &str| request(&server, &format!("GET {OLD} HTTP/1.1"), &[host]).status;
    for host in ["poem.example.org", "POEM.example.org:443", "localhost", "two.localhost", "www.localhost"] {
        assert_eq!(status(host), 200, "{host}");
    }
    // Allowed, but not the host of a tenant.
    for host in ["deep.down.localhost", "[::1]", "[::1]:8000"] {
        assert_eq!(status(host), 404, "{host}");
    }
    for host in ["www.poem.example.org", "example.org", "notlocalhost", "localhost.", "[::2]", "127.0.0.1"] {
        assert_eq!(status(host), 400, "{host}");
    }
    let log = installation.log();
    assert!(log.contains(&format!("WARNING GET {OLD}: AllowedHosts does not allow [::2]\n")), "{log}");
    // Regardless of the rest of the request.
    for target in ["/", "//poem/", "/poem/api/v2/profiles?{}|^`\\", "/poem/api/v2/{a}|\"b\"", "//x/%zz?%"] {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "PATCH"] {
            let answer = request(&server, &format!("{method} {target} HTTP/1.1"), &["evil.example"]);
            assert_eq!(answer.status, 400, "{method} {target}");
        }
    }
}

#[test]
fn a_host_that_is_allowed_later_needs_no_restart() {
    let installation = Installation::with_tenants();
    installation.configure("AllowedHosts = *", "AllowedHosts = localhost");
    let server = Server::start(&installation);
    let status = |host: &str| request(&server, &format!("GET {OLD} HTTP/1.1"), &[host]).status;
    assert_eq!((status("localhost"), status("two.localhost")), (200, 400));
    installation.configure("AllowedHosts = localhost", "AllowedHosts = two.localhost");
    let end = Instant::now() + Duration::from_secs(10);
    while status("two.localhost") != 200 {
        assert!(Instant::now() < end, "{}", installation.log());
    }
    assert_eq!(status("localhost"), 400);
}

#[test]
fn lists_end_with_a_slash_and_the_redirect_keeps_the_query() {
    let (_installation, server) = start();
    let location = |target: &str, status: u16| {
        let answer = request(&server, &format!("GET {target} HTTP/1.1"), &["localhost"]);
        assert_eq!(answer.status, status, "{target}");
        answer.header("Location").map(str::to_owned)
    };
    for query in ["", "?", "?tag=production", "?a=%C4%8D&b=%2F%0d%0aX:1&c=+;,'()*!$", "?a=b?c=d/e//f", "?{}|^`[]\\"] {
        let kept_query = if query == "?" { "" } else { query };
        for (path, moved) in [
            ("/poem/api/v2/metrics", "/poem/api/v2/metrics/"),
            ("//poem/api/v2/metrics", "/poem/api/v2/metrics/"),
            ("/poem/api/v2/internal/users", "/poem/api/v2/internal/users/"),
            ("/poem/admin", "/poem/admin/"),
        ] {
            assert_eq!(location(&format!("{path}{query}"), 301), Some(format!("{moved}{kept_query}")));
        }
        assert_eq!(location(&format!("/{query}"), 302), Some(format!("/poem/admin/{kept_query}")));
    }
    for target in ["//poem/api/v2/profiles/", "///poem/api/0.2/json/profiles", "/poem/api/0.2/json/profiles/?x=//y/"] {
        assert_eq!(location(target, 200), None);
    }
    let unknown = [
        "/poem/api/v2/profiles//",
        "/poem//api/v2/profiles/",
        "/poem/api/v2/profiles/ARGO_MON/",
        "/poem/api/v2/profiles/./",
        "/poem/api/v2/metrics/../profiles/",
        "/-/verdict",
    ];
    for target in unknown {
        assert_eq!(location(target, 404), None, "{target}");
    }
}

#[test]
fn no_request_redirects_to_another_host() {
    let (_installation, server) = start();
    let targets = [
        "//evil.example/",
        "//evil.example/poem/admin",
        "///evil.example/%2e%2e",
        "/\\evil.example/poem/admin",
        "//evil.example//poem/api/v2/metrics",
        "/poem/admin//evil.example",
        "/poem/admin/%2f%2fevil.example",
        "/poem/admin\\evil.example",
        "http://evil.example/poem/api/v2/metrics",
        "http://evil.example",
        "http://evil.example?//x",
    ];
    for target in targets {
        let answer = request(&server, &format!("GET {target} HTTP/1.1"), &["localhost"]);
        assert!(answer.status < 500, "{target}: {answer:?}");
        if let Some(location) = answer.header("Location") {
            assert!(location.starts_with("/poem/"), "{target}: {location}");
        }
    }
}

#[test]
fn head_is_get_without_the_body() {
    let (_installation, server) = start();
    for (target, status) in
        [(PROFILES, 200), (OLD, 200), ("/poem/api/v2/metrics", 301), ("/poem/api/v2/profiles/X", 404), ("/x", 404)]
    {
        let [get, head] =
            ["GET", "HEAD"].map(|method| request(&server, &format!("{method} {target} HTTP/1.1"), &["localhost"]));
        assert_eq!((get.status, head.status), (status, status), "{target}");
        assert!(head.body.is_empty(), "{target}");
        for header in ["Content-Type", "Allow", "Cache-Control", "Location"] {
            assert_eq!(get.header(header), head.header(header), "{target} {header}");
        }
        if !get.body.is_empty() {
            assert_eq!(head.header("Content-Length"), get.header("Content-Length"), "{target}");
        }
    }
}

#[test]
fn other_methods_get_405_and_options_lists_the_allowed_ones() {
    let (_installation, server) = start();
    for target in [PROFILES, OLD, "/poem/api/v2/openapi.json"] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            let answer = request(&server, &format!("{method} {target} HTTP/1.1"), &["localhost"]);
            assert_eq!(answer.status, 405, "{method} {target}");
            assert_eq!(answer.header("Allow"), Some("GET, HEAD, OPTIONS"), "{method} {target}");
        }
        let answer = request(&server, &format!("OPTIONS {target} HTTP/1.1"), &["localhost"]);
        assert_eq!((answer.status, answer.header("Allow")), (200, Some("GET, HEAD, OPTIONS")));
    }
    let answer = request(&server, &format!("DELETE {PROFILES} HTTP/1.1"), &["localhost"]);
    assert_eq!(answer.json(), json!({"detail": "Method \"DELETE\" not allowed."}));
    // Unknown methods, and targets that are not paths.
    for line in [format!("BREW {PROFILES} HTTP/1.1"), format!("get {PROFILES} HTTP/1.1")] {
        assert_eq!(request(&server, &line, &["localhost"]).status, 400, "{line}");
    }
    for line in ["OPTIONS * HTTP/1.1", "CONNECT localhost:80 HTTP/1.1", "GET poem/ HTTP/1.1"] {
        let status = request(&server, line, &["localhost"]).status;
        assert!((400..500).contains(&status), "{line}: {status}");
    }
}

#[test]
fn an_error_has_the_format_of_its_address() {
    let (_installation, server) = start();
    for (target, form) in [
        ("/poem/api/v2/unknown", "application/json"),
        ("//poem/api/v2/unknown", "application/json"),
        ("/poem/api/v2/profiles/%FF", "application/json"),
        ("/poem/api/v2/profiles/a%00b", "application/json"),
        ("/poem/api/v2", "application/json"),
        ("/poem/api/0.2/json/unknown", "text/plain; charset=utf-8"),
        ("//poem/api/0.2/json/unknown", "text/plain; charset=utf-8"),
        ("/poem/unknown", "text/html; charset=utf-8"),
        ("/poem/api/v2x", "text/plain; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
    ] {
        for (host, status) in [("localhost", 404), ("bad host!", 400)] {
            if (target, host) == ("/", "localhost") {
                continue;
            }
            let answer = request(&server, &format!("GET {target} HTTP/1.1"), &[host]);
            assert_eq!((answer.status, answer.header("Content-Type")), (status, Some(form)), "{target}");
            assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{target}");
            if form.starts_with("text/html") {
                assert_eq!(answer.header("X-Frame-Options"), Some("SAMEORIGIN"), "{target}");
            }
            match form {
                "application/json" => assert!(answer.json()["detail"].is_string(), "{target}"),
                _ => assert!(!answer.body.is_empty(), "{target}"),
            }
        }
    }
}

/// Some clients put their token there, although it is not accepted.
#[test]
fn the_query_string_is_not_logged() {
    let (installation, mut server) = start();
    assert_eq!(server.get("/poem/api/v2/profiles/?token=0123456789abcdef").status, 403);
    assert_eq!(server.get("/poem/api/v2/profiles?token=0123456789abcdef").status, 301);
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(server.ends_within(std::time::Duration::from_secs(10)));
    let log = installation.log();
    assert!(
        log.contains(" GET /poem/api/v2/profiles/ 403 ")
            && !log.contains("0123456789abcdef")
            && !log.contains("WARNING"),
        "{log}"
    );
}
