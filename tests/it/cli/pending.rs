//! `poem-db --pending`, which packages ask before they restart the server.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{migrations, said};
use crate::support::Installation;
use crate::support::installation::Ran;
use crate::support::sql::{everything, sql};

/// The time limit of the command and the time of its start, on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(15);

fn pending(installation: &Installation) -> Ran {
    let start = Instant::now();
    let ran = installation.run("poem-db", &["--pending"]);
    assert!(start.elapsed() < TIME_LIMIT, "{:?}: {ran:?}", start.elapsed());
    ran
}

#[test]
fn nothing_is_pending_and_nothing_is_printed() {
    let ran = pending(&Installation::with_tenants()).done();
    assert!(ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn the_schemas_with_pending_migrations_are_named() {
    let installation = Installation::with_tenants();
    let last = migrations("tenant").pop().unwrap();
    sql(&installation, &format!("DELETE FROM public.migration WHERE schema_name = 'two' AND name = '{last}'"));
    let ran = pending(&installation);
    assert_eq!((ran.status, ran.stdout, ran.stderr), (3, format!("schema two: pending: {last}\n"), String::new()));
    let shared = migrations("shared").pop().unwrap();
    sql(&installation, &format!("DELETE FROM public.migration WHERE schema_name = 'public' AND name = '{shared}'"));
    let ran = pending(&installation);
    let expected = format!("schema public: pending: {shared}\nschema two: pending: {last}\n");
    assert_eq!((ran.status, ran.stdout), (3, expected));
}

#[test]
fn in_an_empty_database_everything_is_pending_and_nothing_is_created() {
    let installation = Installation::bare();
    let before = everything(&installation);
    let ran = pending(&installation);
    let expected = format!("schema public: pending: {}\n", migrations("shared").join(", "));
    assert_eq!((ran.status, ran.stdout), (3, expected));
    assert_eq!(everything(&installation), before);
    let mut files: Vec<_> =
        fs::read_dir(installation.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["etc"], "no log was created");
}

#[test]
fn a_newer_schema_is_no_answer() {
    let installation = Installation::with_tenants();
    let last = migrations("tenant").pop().unwrap();
    sql(&installation, &format!("DELETE FROM public.migration WHERE schema_name = 'egi' AND name = '{last}'"));
    sql(&installation, "INSERT INTO public.migration VALUES ('two', 9999, '9999_future', '')");
    let ran = pending(&installation);
    said(&ran, 1, "poem-db: schema two is at migration 9999, newer than this POEM knows");
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_database_that_is_unreachable_or_silent_is_no_answer() {
    let installation = Installation::bare();
    let old = format!("Host = {}\nPort = {}\n", installation.host(), installation.port());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    installation.configure(&old, &format!("Host = 127.0.0.1\nPort = {port}\n"));
    said(&pending(&installation), 1, "poem-db: the database is not available: timeout");
    drop(silent);
    said(&pending(&installation), 1, "poem-db: the database is not available: ");
    fs::remove_file(installation.config_path()).unwrap();
    said(&pending(&installation), 1, "cannot be read");
}

#[test]
fn it_is_asked_alone() {
    let installation = Installation::bare();
    for other in [&["-a"][..], &["-c"], &["-f"], &["-n", "egi"], &["-u"], &["-l"], &["-s"], &["-x"], &["-d"]] {
        said(&installation.run("poem-db", &[&["--pending"], other].concat()), 2, "cannot be used with");
    }
}
