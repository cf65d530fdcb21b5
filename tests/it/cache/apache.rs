//! Two servers behind an Apache that is configured as in docs/operations.md.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::support::http::{send, send_raw};
use crate::support::installation::EGI_TOKEN;
use crate::support::server::free_address;
use crate::support::sql::sql;
use crate::support::{Browser, HttpResponse, Installation, Server, missing};

const PROFILE: &str = "/poem/api/v2/profiles/ARGO_MON";
const AGGREGATIONS: &str = "/poem/api/v2/internal/aggregations/";
const CSRF: &str = "0123456789abcdef0123456789abcdef";
const PROGRAMS: [&str; 3] = ["/usr/sbin/apache2", "/usr/sbin/httpd", "/opt/rh/httpd24/root/usr/sbin/httpd"];
const MODULES: [&str; 4] = [
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib/httpd/modules",
    "/opt/rh/httpd24/root/usr/lib64/httpd/modules",
];
/// The modules that the document names, except those for TLS, and those that every Apache needs. Some distributions
/// build some of them in.
const LOADED: [&str; 14] = [
    "mpm_event",
    "unixd",
    "authz_core",
    "alias",
    "headers",
    "proxy",
    "proxy_http",
    "proxy_balancer",
    "lbmethod_byrequests",
    "slotmem_shm",
    "reqtimeout",
    "log_config",
    "filter",
    "deflate",
];

/// A running Apache. Ends when dropped.
struct Apache {
    process: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Apache {
    /// Starts an Apache in front of the servers; `None` if Apache is not installed, which is reported.
    fn in_front_of(servers: [&Server; 2]) -> Option<Self> {
        let started = Self::start(servers.map(|server| server.address));
        if started.is_none() {
            missing("servers behind an Apache: there is no apache2 or httpd here (./check installs it)");
        }
        started
    }

    fn start(servers: [SocketAddr; 2]) -> Option<Self> {
        let existing = |paths: &[&str]| paths.iter().map(PathBuf::from).find(|path| path.exists());
        let (program, modules) = (existing(&PROGRAMS)?, existing(&MODULES)?);
        let directory = tempfile::tempdir().unwrap();
        // If root starts it, its children run as another user.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
        let address = free_address();
        let file = directory.path().join("httpd.conf");
        fs::write(&file, configuration(directory.path(), &modules, address, servers)).unwrap();
        let process = Command::new(program)
            .arg("-d")
            .arg(directory.path())
            .arg("-f")
            .arg(file)
            .arg("-DFOREGROUND")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut apache = Self { process, address, directory };
        apache.await_listening();
        Some(apache)
    }

    fn await_listening(&mut self) {
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).is_err() {
            let has_ended = self.process.try_wait().unwrap().is_some();
            assert!(!has_ended && Instant::now() < end, "Apache does not listen: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("error.log")).unwrap_or_default()
    }

    fn profile(&self) -> HttpResponse {
        send(self.address, "GET", PROFILE, &[("Host", "localhost"), ("X-API-KEY", EGI_TOKEN)], b"")
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // It stops its children too.
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

/// Returns the examples of the document, with the addresses of this test and without TLS.
fn configuration(directory: &Path, modules: &Path, address: SocketAddr, servers: [SocketAddr; 2]) -> String {
    let document = include_str!("../../../docs/operations.md");
    let block = |holds: &str| {
        document.split("```\n").find(|block| block.starts_with(holds)).expect("the document has the example")
    };
    let balancer = block("<Proxy \"balancer:")
        .replace("10.0.0.11:8008", &servers[0].to_string())
        .replace("10.0.0.12:8008", &servers[1].to_string());
    let host = block("<VirtualHost").replace("*:443", &address.to_string());
    let own = |line: &&str| !line.trim_start().starts_with("SSL") && !line.trim_start().starts_with("ProxyPass ");
    let host: Vec<&str> = host.lines().filter(own).collect();
    let host = host.join("\n").replace("</VirtualHost>", &format!("{balancer}</VirtualHost>"));
    let loaded: Vec<_> = LOADED
        .iter()
        .map(|name| (name, modules.join(format!("mod_{name}.so"))))
        .filter(|(_, file)| file.exists())
        .map(|(name, file)| format!("LoadModule {name}_module {}\n", file.display()))
        .collect();
    let directory = directory.display();
    format!(
        "{}ServerName localhost\nListen {address}\nPidFile {directory}/pid\nErrorLog {directory}/error.log\n\
         DefaultRuntimeDir {directory}\nUser nobody\nGroup #65534\n\
         AddOutputFilterByType DEFLATE text/css application/json text/html\n{host}\n",
        loaded.concat()
    )
}

#[test]
fn two_servers_behind_an_apache_act_as_one() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    let Some(apache) = Apache::in_front_of(servers.each_ref()) else { return };
    // A session and a save are valid at either server.
    let mut browser = Browser::through(&apache.address);
    let redirect = browser.get("/");
    assert!(redirect.status == 302 && redirect.header("Location").unwrap().ends_with("/poem/admin/"), "{redirect:?}");
    assert_eq!(browser.log_in("alice", "alice-secret-1").status, 303, "{}", apache.log());
    for _ in 0..10 {
        assert!(browser.is_logged_in());
    }
    assert_eq!(browser.get("/static/poem.css").status, 200);
    let mut root = Browser::through(&apache.address);
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
            let answer = servers[0].knows(|_| apache.profile());
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
        assert_eq!(other.knows(|_| apache.profile()).status, 200, "{}", apache.log());
        assert!(browser.is_logged_in());
    }
}

#[test]
fn files_and_small_responses_that_apache_compresses_are_not_sent_twice() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let Some(apache) = Apache::in_front_of([&server, &server]) else { return };
    let get = |address: &str, more: &[(&str, &str)]| {
        let headers = [("Host", "localhost"), ("X-API-KEY", EGI_TOKEN), ("Accept-Encoding", "gzip")];
        server.knows(|_| send(apache.address, "GET", address, &[&headers, more].concat(), b""))
    };
    for address in ["/static/poem.css", "/poem/api/v2/metrics/Test", "/poem/api/v2/metrics/"] {
        let first = get(address, &[]);
        let etag = first.header("ETag").expect("it has a tag").to_owned();
        assert!(first.status == 200 && etag.ends_with("-gzip\""), "{address}: {first:?}");
        assert_eq!(get(address, &[("If-None-Match", &etag)]).status, 304, "{address}: {etag}");
        assert_eq!(get(address, &[("If-None-Match", "\"other-gzip\"")]).status, 200, "{address}");
    }
}

#[test]
fn a_name_with_a_slash_passes_through_apache() {
    let installation = Installation::with_small_data();
    sql(&installation, "UPDATE egi.profile SET name = 'A/B %2F' WHERE name = 'ARGO_MON'");
    let server = Server::start(&installation);
    let Some(apache) = Apache::in_front_of([&server, &server]) else { return };
    let headers = [("Host", "localhost"), ("X-API-KEY", EGI_TOKEN)];
    let profile = "/poem/api/v2/profiles/A%2FB%20%252F";
    let answer = server.knows(|_| send(apache.address, "GET", profile, &headers, b""));
    assert_eq!((answer.status, answer.json()["name"].as_str()), (200, Some("A/B %2F")), "{answer:?}");
}

#[test]
fn a_cookie_of_another_application_that_is_not_utf8_locks_nobody_out() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let Some(apache) = Apache::in_front_of([&server, &server]) else { return };
    let session = installation.log_in("alice");
    let mut request = b"GET /poem/api/v2/internal/users/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();
    request.extend_from_slice(b"Cookie: name=J\xf6rg \xff; other=\xc3\xa4; __Host-sessionid=");
    request.extend_from_slice(session.as_bytes());
    request.extend_from_slice(b"\r\n\r\n");
    let answer = server.knows(|_| send_raw(apache.address, &request));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_body_that_never_comes_ends_the_request() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let Some(apache) = Apache::in_front_of([&server, &server]) else { return };
    let mut stream = TcpStream::connect(apache.address).unwrap();
    // Longer than the ten seconds of the document, but not without end.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = "POST /poem/admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("Apache ends the request");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5"), "{answer}");
}
