//! The database is unreachable, or its schema does not fit: the server soon answers 503, and recovers by itself.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use poem::store::migrate::Schema;

use crate::support::installation::{EGI_TOKEN, egi};
use crate::support::{DisposableDatabase, HttpResponse, Installation, Server, block_on};

const PROFILES: &str = "/poem/api/v2/profiles/";
const OLD: &str = "/poem/api/0.2/json/profiles";

/// The longest time that a response may take: the server's own limit of 1.8 seconds, and the transport.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest time that the server may take to recover: PostgreSQL has to start first.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(20);

/// Sends a GET with an API key; fails if the response takes too long.
#[track_caller]
fn get(server: &Server, host: &str, target: &str) -> HttpResponse {
    let start = Instant::now();
    let answer = server.send("GET", target, &[("Host", host), ("X-API-KEY", EGI_TOKEN)], b"");
    assert!(start.elapsed() < RESPONSE_TIMEOUT, "{target} took {:?}", start.elapsed());
    answer
}

/// Fails unless every address of the tenant answers 503 in its own format, at the latest a second from now: a response
/// is at most one second stale.
#[track_caller]
fn assert_unavailable(server: &Server) {
    await_status(server, 503, Duration::from_millis(1300));
    for (target, content_type) in [
        (PROFILES, "application/json"),
        ("/poem/api/v2/metrics/production", "application/json"),
        ("/poem/api/v2/internal/users/", "application/json"),
        ("/poem/api/v2/openapi.json", "application/json"),
        (OLD, "text/plain; charset=utf-8"),
    ] {
        let answer = get(server, "localhost", target);
        assert_eq!((answer.status, answer.header("Content-Type")), (503, Some(content_type)), "{target}");
        let wait: u32 = answer.header("Retry-After").and_then(|value| value.parse().ok()).expect("a number of seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        // The response reveals nothing about the database.
        let message = "The service is not available at the moment, please try again shortly.";
        match content_type {
            "application/json" => assert_eq!(answer.json()["detail"], message),
            _ => assert_eq!(answer.text(), message),
        }
    }
}

/// Fails unless the server recovers.
#[track_caller]
fn assert_served(server: &Server) {
    await_status(server, 200, RECOVERY_TIMEOUT);
    for target in [PROFILES, OLD] {
        assert_eq!(get(server, "localhost", target).status, 200, "{target}");
    }
}

/// Sends requests until the status is as wanted; until then it must be 200, 404 or 503.
#[track_caller]
fn await_status(server: &Server, wanted: u16, timeout: Duration) {
    let end = Instant::now() + timeout;
    loop {
        // A request that was sent in time may be answered after the end.
        let is_in_time = Instant::now() < end;
        match get(server, "localhost", PROFILES).status {
            status if status == wanted => return,
            status => {
                assert!(matches!(status, 200 | 404 | 503), "{status}");
                assert!(is_in_time, "{status} instead of {wanted}");
            }
        }
    }
}

#[test]
fn the_server_starts_without_a_database_and_serves_when_there_is_one() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    database.stop();
    let server = Server::start(&installation);
    assert_unavailable(&server);
    assert!(installation.log().contains("WARNING starting anyway: the database is not available"));
    // The Host is checked first.
    assert_eq!(get(&server, "bad host!", PROFILES).status, 400);
    database.start();
    assert_served(&server);
    assert!(!installation.log().contains(": ERROR "), "{}", installation.log());
}

#[test]
fn stale_data_are_served_as_long_as_stale_if_error_allows() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    installation.configure("Port = 8000\n", "Port = 8000\nStaleIfError = 8\n");
    let server = Server::start(&installation);
    await_status(&server, 200, RECOVERY_TIMEOUT);
    let before = get(&server, "localhost", PROFILES).body;
    let stopped_at = Instant::now();
    database.stop();
    while stopped_at.elapsed() < Duration::from_secs(4) {
        let answer = get(&server, "localhost", PROFILES);
        assert_eq!((answer.status, &answer.body), (200, &before), "after {:?}", stopped_at.elapsed());
    }
    assert_eq!(get(&server, "localhost", "/poem/api/v2/metrics/").status, 503, "it was never cached");
    await_status(&server, 503, Duration::from_secs(8));
    database.start();
    assert_served(&server);
}

#[test]
fn the_server_survives_restarts_of_the_database() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    let server = Server::start(&installation);
    for _ in 0..2 {
        assert_served(&server);
        database.stop();
        assert_unavailable(&server);
        database.start();
    }
    let log = installation.log();
    assert!(!log.contains(": ERROR ") && !log.contains("panicked"), "{log}");
    assert!(log.contains(&format!("WARNING GET {PROFILES}: the database is not available: ")), "{log}");
}

#[test]
fn the_server_does_not_wait_for_a_silent_database() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    let server = Server::start(&installation);
    database.stop();
    let _silent = database.fall_silent();
    assert_unavailable(&server);
    database.start();
    assert_served(&server);
}

#[test]
fn the_server_starts_even_if_the_database_does_not_answer() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    database.stop();
    let silent = database.fall_silent();
    let server = Server::start(&installation);
    assert_unavailable(&server);
    drop(silent);
    database.start();
    assert_served(&server);
}

#[test]
fn the_server_does_not_wait_for_a_frozen_database() {
    let database = DisposableDatabase::new();
    let installation = database.installation();
    let server = Server::start(&installation);
    assert_served(&server);
    database.signal(Signal::SIGSTOP);
    let outcome = std::panic::catch_unwind(|| assert_unavailable(&server));
    database.signal(Signal::SIGCONT);
    outcome.unwrap();
    assert_served(&server);
}

fn execute(installation: &Installation, statement: &'static str) {
    block_on(async { sqlx::raw_sql(statement).execute(&installation.pool()).await.unwrap() });
}

const FUTURE: &str = "INSERT INTO public.migration (schema_name, version, name, checksum)
                      VALUES ('egi', 9999, '9999_future', '')";

#[test]
fn a_schema_newer_than_this_poem_is_not_served() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_served(&server);
    execute(&installation, FUTURE);
    assert_unavailable(&server);
    assert!(installation.log().contains("schema egi is at migration 9999, newer than this POEM knows ("));
    assert_eq!(get(&server, "two.localhost", OLD).status, 200, "the other tenant is not affected");

    let message = Server::refusal_with(&installation, 78);
    let wanted = poem::store::migrate::schema_mismatch(&Schema::Tenant(egi()), Some(9999)).unwrap();
    assert!(message.contains(&wanted) && message.lines().count() == 1, "{message}");
    execute(&installation, "INSERT INTO public.migration VALUES ('two', 9999, '9999_future', '')");
    let message = Server::refusal_with(&installation, 78);
    assert!(message.contains("schema egi is at") && message.contains("; schema two is at"), "{message}");

    execute(&installation, "DELETE FROM public.migration WHERE version = 9999");
    assert_served(&server);
}

#[test]
fn a_newer_shared_schema_stops_all_tenants_and_the_start() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_served(&server);
    execute(
        &installation,
        "INSERT INTO public.migration (schema_name, version, name, checksum) VALUES ('public', 9999, '9999_x', '')",
    );
    assert_unavailable(&server);
    assert_eq!(get(&server, "two.localhost", OLD).status, 503, "no tenant is served");
    let warning = format!("WARNING GET {PROFILES}: schema public is at migration 9999, newer than this POEM knows (");
    assert!(installation.log().contains(&warning), "{}", installation.log());
    let message = Server::refusal_with(&installation, 78);
    assert!(message.starts_with("poem: schema public is at migration 9999, newer than this POEM knows ("), "{message}");
    let logged = format!("ERROR {}", message.trim_start_matches("poem: "));
    assert!(installation.log().contains(&logged), "{}", installation.log());
    execute(&installation, "DELETE FROM public.migration WHERE version = 9999");
    assert_served(&server);
}

#[test]
fn a_schema_with_pending_migrations_is_not_served_and_doctor_reports_it() {
    let installation = Installation::with_small_data();
    execute(&installation, "DELETE FROM public.migration WHERE schema_name = 'egi'");
    let server = Server::start(&installation);
    assert!(
        installation
            .log()
            .contains("WARNING egi: migrations are pending; its requests get 503 until you run poem-db -a")
    );
    assert_unavailable(&server);
    assert!(installation.log().contains("schema egi has migrations pending: run poem-db -a"));
    assert_eq!(get(&server, "two.localhost", OLD).status, 200, "the other tenant is not affected");
    let doctor = installation.run("poem", &["doctor"]);
    assert_eq!(doctor.status, 1, "{doctor:?}");
    let wanted = "WRONG  schema egi: pending: 0001_initial";
    assert!(doctor.stdout.contains(wanted) && doctor.stdout.contains("run poem-db -a"), "{doctor:?}");
    // The schema exists: only the record of its migrations is missing.
    installation.run("poem-db", &["-a", "-f"]).done();
    assert_served(&server);
}

#[test]
fn a_database_without_tables_is_not_served_and_the_log_has_advice() {
    let installation = Installation::bare();
    let server = Server::start(&installation);
    assert_unavailable(&server);
    let log = installation.log();
    let wanted = format!("WARNING GET {PROFILES}: the database is not prepared (run poem-db -c, then poem-tenant): ");
    assert!(log.contains(&wanted) && !log.contains(": ERROR "), "{log}");
    installation.run("poem-db", &["-c"]).done();
    await_status(&server, 404, Duration::from_millis(1300));
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    installation.load("small.json");
    assert_served(&server);
}

#[test]
fn a_missing_database_is_not_served() {
    let installation = Installation::bare();
    installation.configure(&format!("Name = {}", installation.database), "Name = no_such_database");
    let server = Server::start(&installation);
    assert_unavailable(&server);
    assert!(installation.log().contains("no_such_database"));
}
