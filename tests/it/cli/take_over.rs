//! `poem-db --take-over`: tenants of POEM 2.3 become tenants of this POEM, in the same database. The database is that of
//! a real POEM 2.3.0 with the data of small.json in the tenant EGI.

mod data;
mod interrupted;
mod refused;
mod undo;

use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;
use std::sync::OnceLock;

use flate2::read::GzDecoder;

use super::{responses, said};
use crate::support::installation::{EGI_TOKEN, Ran};
use crate::support::sql::{everything, sql, tables, without_statistics};
use crate::support::{Browser, Installation, Server, fixture};

/// An installation whose database is the one of POEM 2.3.
fn installation() -> Installation {
    static DATABASE: OnceLock<String> = OnceLock::new();
    Installation::with_data_of(DATABASE.get_or_init(|| {
        let installation = Installation::bare();
        sql(&installation, &live());
        installation.database
    }))
}

/// The statements that restore the database of POEM 2.3.
fn live() -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(fixture("live-2.3.sql.gz")).unwrap()).read_to_string(&mut text).unwrap();
    // pg_dump 15 has written it; PostgreSQL 10 has one way of storing tables only.
    text.replace("SET default_table_access_method = heap;", "")
}

/// The same with a second tenant, TWO at two.localhost, which has the same data.
fn with_two_tenants() -> Installation {
    static DATABASE: OnceLock<String> = OnceLock::new();
    Installation::with_data_of(DATABASE.get_or_init(|| {
        let installation = installation();
        let shared = "public.tenants_tenant, public.django_content_type, public.django_migrations";
        sql(&installation, &format!("ALTER SCHEMA egi RENAME TO two; DROP TABLE {shared}"));
        sql(&installation, &live());
        sql(&installation, "INSERT INTO public.tenants_tenant VALUES (3, 'two.localhost', 'two', 'TWO', '2026-11-28')");
        installation.database
    }))
}

fn take_over(installation: &Installation, more: &[&str]) -> Ran {
    installation.run("poem-db", &[&["--take-over"], more].concat())
}

/// The relations of a schema, with their rows and the states of sequences. Sealed tokens never look the same twice.
fn schema(installation: &Installation, schema: &str) -> String {
    let is_poem = sql(installation, &format!("SELECT to_regclass('{schema}.api_key') IS NOT NULL"));
    if is_poem == ["t"] {
        sql(installation, &format!("UPDATE {schema}.api_key SET token_sealed = NULL"));
    }
    let schemas = sql(installation, "SELECT nspname FROM pg_namespace");
    let all = everything(installation);
    let own = all.split_inclusive('\n').scan(false, |is_own, line| {
        // A relation begins with a line of its name.
        let found = line.split_once('.').and_then(|(found, _)| schemas.iter().find(|name| *name == found));
        if let Some(found) = found {
            *is_own = found == schema;
        }
        Some(if *is_own { line.strip_prefix(schema).unwrap_or(line) } else { "" })
    });
    own.collect()
}

/// All rows, and the sequences of POEM 2.3. (The sequences of this POEM may go on where nothing was committed.)
fn state(installation: &Installation) -> String {
    tables(installation) + &schema(installation, "egi")
}

/// An installation without POEM 2.3, in which the tenant EGI has loaded small.json.
fn loaded() -> Installation {
    let installation = Installation::with_tenants();
    let file = fixture("small.json");
    installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]).done();
    installation
}

#[test]
fn taking_over_a_database_equals_loading_its_dump() {
    let (dump, live) = (loaded(), installation());
    let done = take_over(&live, &[]).done();
    assert_eq!(done.stderr, "");
    let file = fixture("small.json");
    let again = live.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]).done();
    assert!(again.stdout.starts_with("The tenant already holds exactly these data"), "{again:?}");
    let (taken, loaded) = (schema(&live, "egi"), schema(&dump, "egi"));
    assert!(taken.lines().count() > 200, "{taken}");
    let difference = taken.lines().zip(loaded.lines()).find(|(one, other)| one != other);
    assert_eq!(difference, None);
    assert_eq!(taken.len(), loaded.len());
    assert!(without_statistics(&live, "egi").is_empty());
    assert_eq!(live.run("poem-tenant", &["--list"]).done().stdout, "EGI  schema egi  host localhost\n");
}

#[test]
fn old_tokens_and_passwords_work_and_the_api_gives_the_same_answers() {
    let (dump, live) = (loaded(), installation());
    take_over(&live, &[]).done();
    let (old, new) = (Server::start(&dump), Server::start(&live));
    let answers = responses(&new, EGI_TOKEN);
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(answers, responses(&old, EGI_TOKEN));
    for (user, password) in [("poem", "poem-secret-1"), ("alice", "alice-secret-1")] {
        Browser::new(&new).log_in(user, password);
    }
}

#[test]
fn it_says_what_was_taken_over_and_how_to_remove_the_rest() {
    let installation = installation();
    let before = schema(&installation, "egi");
    let done = take_over(&installation, &[]).done();
    let mut lines = done.stdout.lines();
    assert_eq!(lines.next(), Some("Prepared the schema public"));
    assert!(lines.next().is_some_and(|line| line.starts_with("EGI: ") && line.ends_with(" objects")), "{done:?}");
    for (count, what) in [(5, "users"), (3, "API keys"), (3, "probes"), (8, "metrics"), (11, "metric instances")] {
        assert!(done.stdout.contains(&format!("{count:>8} {what}\n")), "{what}: {done:?}");
    }
    let last = "Took over EGI (schema egi, host localhost); its tables of POEM 2.3 are in the schema egi_poem23\n\
                To remove the tables of POEM 2.3, once nobody needs them, run in psql:\n\
                DROP SCHEMA egi_poem23 CASCADE;\n";
    assert!(done.stdout.ends_with(last), "{done:?}");
    assert_eq!(schema(&installation, "egi_poem23"), before);
    sql(&installation, "DROP SCHEMA egi_poem23 CASCADE");
    assert!(installation.log().contains("EGI: took over "), "{}", installation.log());
    installation.run("poem-backup", &["-n", "egi", "-o", installation.path("").to_str().unwrap()]).done();
}

#[test]
fn a_dry_run_changes_nothing() {
    let installation = with_two_tenants();
    sql(&installation, "INSERT INTO two.poem_tags VALUES (9, 'Devel')");
    let before = everything(&installation);
    let done = take_over(&installation, &["--dry-run"]).done();
    assert_eq!(everything(&installation), before);
    assert!(done.stdout.contains("       8 metrics\n"), "{done:?}");
    assert!(done.stdout.ends_with("TWO can be taken over; nothing was changed\n"), "{done:?}");
    let warning = "poem-db: warning: TWO: poem.tags 9: field \"name\": is that of poem.tags ";
    assert!(done.stderr.starts_with(warning) && done.stderr.lines().count() == 1, "{done:?}");
    let done = take_over(&installation, &["--dry-run", "-n", "egi"]).done();
    assert!(!done.stdout.contains("TWO") && done.stdout.contains("EGI can be taken over"), "{done:?}");
}

#[test]
fn a_second_call_finds_nothing_to_do() {
    let installation = installation();
    take_over(&installation, &[]).done();
    let before = everything(&installation);
    for more in [&[][..], &["-n", "egi"], &["--dry-run"]] {
        let again = take_over(&installation, more).done();
        assert_eq!(again.stdout, "EGI (schema egi) is a tenant of this POEM already: nothing to do\n");
        assert_eq!(everything(&installation), before);
    }
    sql(&installation, "DROP SCHEMA egi_poem23 CASCADE");
    assert!(take_over(&installation, &[]).done().stdout.ends_with("nothing to do\n"));
}

#[test]
fn several_tenants_are_taken_over_one_by_one() {
    let (dump, installation) = (loaded(), with_two_tenants());
    take_over(&installation, &["-n", "two"]).done();
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.poem_probe"), ["3"]);
    let done = take_over(&installation, &[]).done();
    assert!(done.stdout.starts_with("EGI: ") && done.stdout.contains("TWO (schema two) is a tenant"), "{done:?}");
    for name in ["egi", "two"] {
        assert_eq!(schema(&installation, name), schema(&dump, "egi"), "{name}");
    }
}

#[test]
fn the_failure_of_a_tenant_does_not_stop_the_others() {
    let installation = with_two_tenants();
    sql(&installation, "UPDATE egi.poem_probe SET datetime = 'infinity' WHERE id = 2");
    let before = schema(&installation, "egi");
    let ran = take_over(&installation, &[]);
    said(
        &ran,
        1,
        "poem-db: EGI: poem.probe 2: field \"datetime\": must be a time, is the text \"infinity\"; nothing of it",
    );
    said(&ran, 1, "poem-db: 1 of 2 tenant(s) cannot be taken over: EGI\n");
    assert!(ran.stdout.contains("Took over TWO (schema two, host two.localhost)"), "{ran:?}");
    assert_eq!(schema(&installation, "egi"), before);
    assert_eq!(sql(&installation, "SELECT count(*) FROM two.probe"), ["3"]);
    assert!(!ran.stdout.contains("egi_poem23"), "{ran:?}");
    said(&take_over(&installation, &["--dry-run"]), 1, "field \"datetime\"");
}

#[test]
fn a_running_server_of_this_poem_is_not_in_the_way_and_serves_the_tenant() {
    let installation = with_two_tenants();
    take_over(&installation, &["-n", "two"]).done();
    let server = Server::start(&installation);
    let headers = [("Host", "two.localhost"), ("x-api-key", EGI_TOKEN)];
    assert_eq!(server.send("GET", "/poem/api/v2/metrics/", &headers, b"").status, 200);
    take_over(&installation, &[]).done();
    super::await_status(&server, EGI_TOKEN, 200);
}

#[test]
fn it_is_finished_even_if_its_output_cannot_be_written() {
    let installation = installation();
    let mut command = installation.command("poem-db");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.arg("--take-over").stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.probe"), ["3"]);
}
