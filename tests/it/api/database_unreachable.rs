//! The database is away, or not as this POEM needs it: the server says so, soon, and recovers by itself.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use poem::store::migrate::Schema;

use crate::support::installation::{EGI_TOKEN, egi};
use crate::support::{DisposableDatabase, HttpResponse, Installation, Server, block_on};

const PROFILES: &str = "/poem/api/v2/profiles/";
const OLD: &str = "/poem/api/0.2/json/profiles";

/// Nobody waits longer for an answer: the server's own 1.8 seconds, and the way there and back.
const SOON: Duration = Duration::from_secs(2);

/// How long it may take to recover: PostgreSQL has to start first.
const COMING: Duration = Duration::from_secs(20);

/// Asks with a key, and wants an answer soon.
#[track_caller]
fn ask(server: &Server, host: &str, target: &str) -> HttpResponse {
    let start = Instant::now();
    let answer = server.send("GET", target, &[("Host", host), ("X-API-KEY", EGI_TOKEN)], b"");
    assert!(start.elapsed() < SOON, "{target} took {:?}", start.elapsed());
    answer
}

/// Every address of the tenant answers 503, each in its form: at the latest a second from now, for nothing is served
/// that was not true within the last second.
#[track_caller]
fn assert_unavailable(server: &Server) {
    await_status(server, 503, Duration::from_millis(1300));
    for (target, form) in [
        (PROFILES, "application/json"),
        ("/poem/api/v2/metrics/production", "application/json"),
        ("/poem/api/v2/internal/users/", "application/json"),
        ("/poem/api/v2/openapi.json", "application/json"),
        (OLD, "text/plain; charset=utf-8"),
    ] {
        let answer = ask(server, "localhost", target);
        assert_eq!((answer.status, answer.header("Content-Type")), (503, Some(form)), "{target}");
        let wait: u32 = answer.header("Retry-After").and_then(|value| value.parse().ok()).expect("a number of seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        // Whoever asks learns nothing about the database.
        let words = "The service is not available at the moment, please try again shortly.";
        match form {
            "application/json" => assert_eq!(answer.json()["detail"], words),
            _ => assert_eq!(answer.text(), words),
        }
    }
}

#[track_caller]
fn assert_served(server: &Server) {
    await_status(server, 200, COMING);
    for target in [PROFILES, OLD] {
        assert_eq!(ask(server, "localhost", target).status, 200, "{target}");
    }
}

/// Asks until the status is this; the answers meanwhile are 200, 404 or 503.
#[track_caller]
fn await_status(server: &Server, wanted: u16, patience: Duration) {
    let end = Instant::now() + patience;
    loop {
        // What was asked before may be answered after.
        let is_in_time = Instant::now() < end;
        match ask(server, "localhost", PROFILES).status {
            status if status == wanted => return,
            status => {
                assert!(matches!(status, 200 | 404 | 503), "{status}");
                assert!(is_in_time, "{status} instead of {wanted}");
            }
        }
    }
}

#[test]
fn the_server_starts_without_a_database_and_serves_when_it_comes() {
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    database.stop();
    let server = Server::start(&installation);
    assert_unavailable(&server);
    assert!(installation.log().contains("WARNING starting anyway: the database is not available"));
    // The Host is looked at before.
    assert_eq!(ask(&server, "bad host!", PROFILES).status, 400);
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
    await_status(&server, 200, COMING);
    let before = ask(&server, "localhost", PROFILES).body;
    let away = Instant::now();
    database.stop();
    while away.elapsed() < Duration::from_secs(4) {
        let answer = ask(&server, "localhost", PROFILES);
        assert_eq!((answer.status, &answer.body), (200, &before), "after {:?}", away.elapsed());
    }
    assert_eq!(ask(&server, "localhost", "/poem/api/v2/metrics/").status, 503, "it was never made");
    await_status(&server, 503, Duration::from_secs(8));
    database.start();
    assert_served(&server);
}

#[test]
fn the_server_survives_the_database_going_and_coming() {
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
fn a_database_that_does_not_answer_is_not_waited_for() {
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
fn the_server_starts_also_where_the_database_does_not_answer() {
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
fn a_database_that_freezes_is_not_waited_for() {
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
    assert_eq!(ask(&server, "two.localhost", OLD).status, 200, "the other tenant does not suffer");

    let words = Server::refusal(&installation);
    let wanted = poem::store::migrate::schema_mismatch(&Schema::Tenant(egi()), Some(9999)).unwrap();
    assert!(words.contains(&wanted) && words.lines().count() == 1, "{words}");

    execute(&installation, "DELETE FROM public.migration WHERE version = 9999");
    assert_served(&server);
}

#[test]
fn a_shared_schema_newer_than_this_poem_is_not_served_and_a_reason_not_to_start() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_served(&server);
    execute(
        &installation,
        "INSERT INTO public.migration (schema_name, version, name, checksum) VALUES ('public', 9999, '9999_x', '')",
    );
    assert_unavailable(&server);
    assert_eq!(ask(&server, "two.localhost", OLD).status, 503, "nobody is served");
    let warning = format!("WARNING GET {PROFILES}: schema public is at migration 9999, newer than this POEM knows (");
    assert!(installation.log().contains(&warning), "{}", installation.log());
    let words = Server::refusal(&installation);
    assert!(words.contains("schema public is at migration 9999, newer than this POEM knows ("), "{words}");
    execute(&installation, "DELETE FROM public.migration WHERE version = 9999");
    assert_served(&server);
}

#[test]
fn a_schema_with_pending_migrations_is_not_served_and_doctor_says_so() {
    let installation = Installation::with_small_data();
    execute(&installation, "DELETE FROM public.migration WHERE schema_name = 'egi'");
    let server = Server::start(&installation);
    assert!(installation.log().contains("WARNING egi: migrations are pending, its requests get 503: run poem-db -a"));
    assert_unavailable(&server);
    assert!(installation.log().contains("schema egi has migrations pending: run poem-db -a"));
    assert_eq!(ask(&server, "two.localhost", OLD).status, 200, "the other tenant does not suffer");
    let doctor = installation.run("poem", &["doctor"]);
    assert_eq!(doctor.status, 1, "{doctor:?}");
    let wanted = "WRONG  schema egi: pending: 0001_initial";
    assert!(doctor.stdout.contains(wanted) && doctor.stdout.contains("run poem-db -a"), "{doctor:?}");
    // The schema is there: writing down that the migrations were applied is all it lacks.
    installation.run("poem-db", &["-a", "-f"]).done();
    assert_served(&server);
}

#[test]
fn a_database_without_tables_is_not_served_and_the_log_says_what_to_do() {
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
fn a_database_that_does_not_exist_is_like_one_without_tables() {
    let installation = Installation::bare();
    installation.configure(&format!("Name = {}", installation.database), "Name = no_such_database");
    let server = Server::start(&installation);
    assert_unavailable(&server);
    assert!(installation.log().contains("no_such_database"));
}
