//! The management server: it reports the state of the main server.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::federation::{good, write_metadata};
use crate::support::http::send;
use crate::support::installation::EGI_TOKEN;
use crate::support::server::free_address;
use crate::support::{HttpResponse, Installation, Server, block_on};

/// Configures the management server; returns its address.
fn with_management(installation: &Installation) -> SocketAddr {
    let address = free_address();
    let keys = format!("Port = 8000\nManagementPort = {}\n", address.port());
    installation.configure("Port = 8000\n", &keys);
    address
}

fn get(address: SocketAddr, path: &str) -> HttpResponse {
    send(address, "GET", path, &[("Host", "127.0.0.1")], b"")
}

/// Sends requests until the response is as wanted.
#[track_caller]
fn await_answer(address: SocketAddr, path: &str, wanted: impl Fn(&HttpResponse) -> bool) -> HttpResponse {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = get(address, path);
        if wanted(&answer) {
            return answer;
        }
        assert!(Instant::now() < end, "{answer:?}");
        sleep(Duration::from_millis(20));
    }
}

fn write(installation: &Installation, sql: &'static str) {
    block_on(async { sqlx::raw_sql(sql).execute(&installation.pool()).await.map(drop) }).unwrap();
}

#[test]
fn a_server_is_ready_while_its_schemas_are_current() {
    let installation = Installation::with_tenants();
    let address = with_management(&installation);
    let _server = Server::start(&installation);
    let ready = await_answer(address, "/poem/readyz", |answer| answer.status == 200);
    assert_eq!(ready.text(), "ok\n");
    assert_eq!((get(address, "/poem/healthz").status, get(address, "/poem/healthz").text()), (200, "ok\n".to_owned()));
    write(
        &installation,
        "INSERT INTO public.migration (schema_name, version, name, checksum) VALUES ('two', 9999, 'later', '')",
    );
    let newer = await_answer(address, "/poem/readyz", |answer| answer.status == 503);
    assert!(newer.text().starts_with("schema two is at migration 9999, newer than this POEM knows"), "{newer:?}");
    write(&installation, "DELETE FROM public.migration WHERE schema_name IN ('two', 'public')");
    let pending = await_answer(address, "/poem/readyz", |answer| answer.text().contains("public"));
    let lines = ["public", "two"].map(|schema| format!("schema {schema} has migrations pending: run poem-db -a\n"));
    assert_eq!((pending.status, pending.text()), (503, lines.concat()));
}

#[test]
fn a_silent_database_is_reported_at_once() {
    let installation = Installation::with_tenants();
    let address = with_management(&installation);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = std::fs::read_to_string(installation.config_path()).unwrap();
    let lines = text.lines().map(|line| match line.split_once(" = ") {
        Some(("Host", _)) => "Host = 127.0.0.1".to_owned(),
        Some(("Port", port)) if port != "8000" => format!("Port = {}", silent.local_addr().unwrap().port()),
        _ => line.to_owned(),
    });
    std::fs::write(installation.config_path(), lines.collect::<Vec<_>>().join("\n")).unwrap();
    let _server = Server::start(&installation);
    for _ in 0..3 {
        let started = Instant::now();
        let answer = get(address, "/poem/readyz");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        assert_eq!(answer.status, 503);
        assert!(answer.text().starts_with("the database is unreachable (never answered)"), "{answer:?}");
        assert_eq!(get(address, "/poem/healthz").status, 200);
    }
    let why = await_answer(address, "/poem/readyz", |answer| answer.text().contains(": "));
    assert!(why.text().contains("timeout"), "{why:?}");
}

#[test]
fn requests_are_counted_by_route_tenant_and_status() {
    let installation = Installation::with_small_data();
    let address = with_management(&installation);
    let server = Server::start(&installation);
    for _ in 0..3 {
        assert_eq!(server.get_with_key("/poem/api/v2/metrics/Production", EGI_TOKEN).status, 200);
    }
    server.get_with_key("/poem/api/v2/metrics/Nothing", EGI_TOKEN);
    server.get("/nothing/here");
    let answer = get(address, "/metrics");
    assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    for line in [
        "# TYPE poem_http_requests_total counter",
        r#"poem_http_requests_total{route="/poem/api/v2/metrics/<tag>",status="200",tenant="EGI"} 3"#,
        r#"poem_http_requests_total{route="/poem/api/v2/metrics/<tag>",status="404",tenant="EGI"} 1"#,
        r#"poem_http_requests_total{route="other",status="404",tenant="-"} 1"#,
        "# TYPE poem_http_request_duration_seconds histogram",
        r#"poem_http_request_duration_seconds_count{route="/poem/api/v2/metrics/<tag>"} 4"#,
        r#"poem_http_request_duration_seconds_bucket{route="/poem/api/v2/metrics/<tag>",le="+Inf"} 4"#,
        r#"poem_response_cache_requests_total{result="miss"} 1"#,
        r#"poem_response_cache_requests_total{result="hit"} 2"#,
        "poem_response_cache_entries 1",
        concat!(r#"poem_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
    for name in [
        "poem_http_request_duration_seconds_sum{",
        r#"poem_database_pool_connections{state="idle"} "#,
        r#"poem_database_pool_connections{state="used"} "#,
        "poem_response_cache_bytes ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}\nis not in\n{text}");
    }
    // Below a second, unless the machine was stalled just now.
    let is_fresh =
        |answer: &HttpResponse| answer.text().lines().any(|line| line.starts_with("poem_tenant_state_age_seconds 0."));
    await_answer(address, "/metrics", is_fresh);
}

#[test]
fn health_and_metrics_are_not_public() {
    let installation = Installation::with_tenants();
    let address = with_management(&installation);
    let server = Server::start(&installation);
    for path in ["/poem/healthz", "/poem/readyz", "/metrics", "/poem/metrics"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(get(address, "/poem/api/0.2/json/profiles").status, 404);
}

/// Starts a server without waiting for it.
fn serve(installation: &Installation, port: u16) -> Child {
    let mut command = installation.command("poem");
    command.arg("serve").env("POEM__SERVER__PORT", port.to_string()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits for the end of a process; returns its status and its stderr.
#[track_caller]
fn status_of(mut process: Child) -> (Option<i32>, String) {
    let end = Instant::now() + Duration::from_secs(20);
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            process.kill().unwrap();
            panic!("the process does not end");
        }
        sleep(Duration::from_millis(20));
    }
    let mut stderr = String::new();
    process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (process.wait().unwrap().code(), stderr)
}

#[test]
fn both_servers_end_together() {
    let installation = Installation::with_tenants();
    let address = with_management(&installation);
    let process = serve(&installation, free_address().port());
    let end = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "the management server does not listen");
        sleep(Duration::from_millis(20));
    }
    await_answer(address, "/poem/readyz", |answer| answer.status == 200);
    kill(Pid::from_raw(process.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(status_of(process), (Some(0), String::new()));
    assert!(installation.log().contains("stopped"));
}

#[test]
fn the_error_for_a_used_port_names_the_address() {
    let installation = Installation::with_tenants();
    let address = with_management(&installation);
    let taken = TcpListener::bind(address).unwrap();
    let (status, stderr) = status_of(serve(&installation, free_address().port()));
    assert_eq!(status, Some(1));
    assert!(stderr.contains(&format!("cannot serve at {address}: ")), "{stderr}");
    drop(taken);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (status, stderr) = status_of(serve(&installation, taken.local_addr().unwrap().port()));
    assert_eq!(status, Some(1));
    assert!(stderr.contains(&format!("cannot serve at {}: ", taken.local_addr().unwrap())), "{stderr}");
}

#[test]
fn federated_logins_are_counted_by_tenant_and_result() {
    let installation = Installation::with_tenants();
    write_metadata(&installation, &good());
    let address = with_management(&installation);
    let server = Server::start(&installation);
    let form = [("Host", "localhost"), ("Content-Type", "application/x-www-form-urlencoded")];
    for body in ["SAMLResponse=%21", "SAMLResponse=eA=="] {
        let page = server.knows(|server| server.send("POST", "/poem/saml2/acs/", &form, body.as_bytes()));
        assert_eq!(page.status, 400);
    }
    let text = get(address, "/metrics").text();
    let line = r#"poem_federated_logins_total{result="malformed",tenant="EGI"} 2"#;
    assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
}
