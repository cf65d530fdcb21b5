//! `poem-db`.

use super::{listed, migrations, no_progress, progress, said};
use crate::support::sql::{everything, sql, tables};
use crate::support::{Installation, fixture};

/// Makes the schema `two` empty, as if it had never been migrated.
fn unmigrate_two(installation: &Installation) {
    sql(
        installation,
        "DROP SCHEMA two CASCADE; CREATE SCHEMA two; DELETE FROM public.migration WHERE schema_name = 'two'",
    );
}

fn tables_of_two(installation: &Installation) -> usize {
    sql(installation, "SELECT tablename FROM pg_tables WHERE schemaname = 'two'").len()
}

#[test]
fn the_public_schema_is_created_once() {
    let installation = Installation::bare();
    let first = installation.run("poem-db", &["-c"]).done();
    assert_eq!(first.stdout, format!("{}Created the public tenant\n", progress("public", "shared")));
    let before = tables(&installation);
    let second = installation.run("poem-db", &["-c"]).done();
    assert_eq!(second.stdout, no_progress("public"));
    assert_eq!(first.stderr + &second.stderr, "");
    assert_eq!(tables(&installation), before);
    let tenants = sql(&installation, "SELECT name, schema_name, domain_url FROM public.tenant");
    assert_eq!(tenants, ["all|public|"]);
}

#[test]
fn a_missing_public_tenant_is_created_again() {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    sql(&installation, "DELETE FROM public.tenant");
    assert!(installation.run("poem-db", &["-c"]).done().stdout.ends_with("Created the public tenant\n"));
}

#[test]
fn pending_migrations_are_applied_to_every_schema() {
    let installation = Installation::with_tenants();
    let all_there = format!("{}{}{}", no_progress("public"), no_progress("egi"), no_progress("two"));
    assert_eq!(installation.run("poem-db", &["-a"]).done().stdout, all_there);
    unmigrate_two(&installation);
    let only_egi = installation.run("poem-db", &["-a", "-n", "egi"]).done();
    assert_eq!(only_egi.stdout, format!("{}{}", no_progress("public"), no_progress("egi")));
    assert_eq!(tables_of_two(&installation), 0);
    let applied = installation.run("poem-db", &["-a"]).done();
    let expected = format!("{}{}{}", no_progress("public"), no_progress("egi"), progress("two", "tenant"));
    assert_eq!(applied.stdout, expected);
    assert_eq!(installation.run("poem-db", &["-a"]).done().stdout, all_there);
}

#[test]
fn migrations_are_listed_per_schema() {
    let installation = Installation::bare();
    assert_eq!(installation.run("poem-db", &["-l"]).done().stdout, listed("public", "shared", ' '));
    installation.run("poem-db", &["-c"]).done();
    assert_eq!(installation.run("poem-db", &["-l"]).done().stdout, listed("public", "shared", 'X'));
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    installation.run("poem-tenant", &["-t", "TWO", "-d", "two.localhost"]).done();
    unmigrate_two(&installation);
    let expected =
        [listed("public", "shared", 'X'), listed("egi", "tenant", 'X'), listed("two", "tenant", ' ')].concat();
    assert_eq!(installation.run("poem-db", &["-l"]).done().stdout, expected);
    assert_eq!(installation.run("poem-db", &["-l", "-n", "two"]).done().stdout, listed("two", "tenant", ' '));
    assert!(expected.contains("\n [X] 0001_initial\n"));
}

#[test]
fn fake_marks_as_run_and_runs_nothing() {
    for flags in [&["-f", "-n", "two"][..], &["-a", "-f"], &["-f", "-a"], &["-f"]] {
        let installation = Installation::with_tenants();
        unmigrate_two(&installation);
        let faked = installation.run("poem-db", flags).done();
        assert!(faked.stdout.contains("[standard:two] Applying poem.0001_initial...\n[standard:two] OK"), "{faked:?}");
        assert_eq!(tables_of_two(&installation), 0);
        let marked = sql(&installation, "SELECT name FROM public.migration WHERE schema_name = 'two' ORDER BY name");
        assert_eq!(marked, migrations("tenant"));
    }
}

/// Migrations whose tables do not exist cannot be marked as applied.
#[test]
fn fake_on_an_empty_database_is_refused_and_marks_nothing() {
    let installation = Installation::bare();
    for flags in [&["-c", "-f"][..], &["-f"], &["-a", "-f"]] {
        let ran = installation.run("poem-db", flags);
        said(&ran, 1, "poem-db: -f marks migrations whose tables already exist, but the schema public has none");
        assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 1), "{ran:?}");
        assert_eq!(tables(&installation), "");
    }
    installation.run("poem-db", &["-c"]).done();
    // Tables without records of their migrations.
    sql(&installation, "DROP TABLE public.migration");
    installation.run("poem-db", &["-c", "-f"]).done();
    assert_eq!(installation.run("poem-db", &["-c"]).done().stdout, no_progress("public"));
}

#[test]
fn flags_may_be_combined() {
    let installation = Installation::bare();
    let ran = installation.run("poem-db", &["-c", "-a", "-l"]).done();
    let expected =
        [progress("public", "shared"), "Created the public tenant\n".into(), listed("public", "shared", 'X')].concat();
    assert_eq!(ran.stdout, expected);
    assert_eq!(
        installation.run("poem-db", &["-lac"]).done().stdout,
        no_progress("public") + &listed("public", "shared", 'X')
    );
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    let ran = installation.run("poem-db", &["-s", "-u", "-x", "-n", "egi"]).done();
    assert_eq!(ran.stdout, "Installed 5 object(s) from 1 fixture(s)\nSuperuser created successfully.\n");
}

#[test]
fn wrong_usage_is_2_and_changes_nothing() {
    let installation = Installation::with_tenants();
    let before = everything(&installation);
    let cases: [(&[&str], &str); 13] = [
        (&[], "nothing to do: use -c, -a, -l, -u, -s, -x or -d"),
        (&["-n", "egi"], "nothing to do"),
        (&["-u"], "-u needs the schema of the tenant: -n SCHEMA"),
        (&["-x"], "-x needs the schema of the tenant: -n SCHEMA"),
        (&["-d", "-f", "dump.json"], "-d needs the schema of the tenant: -n SCHEMA"),
        (&["-f", "dump.json", "-d"], "-d needs the schema of the tenant: -n SCHEMA"),
        (&["-d", "-n", "egi"], "-d needs the file to load: -f FILE"),
        (&["-d", "-n", "egi", "-f"], "-d needs the file to load: -f FILE"),
        (&["-d", "-n", "egi", "-f", "a.json", "-f", "b.json"], "only one file can be loaded at a time"),
        (&["-n", "egi", "-f", "dump.json"], "a file can only be given with -d"),
        (&["-c", "--replace"], "--data"),
        (&["-m"], "have no meaning here: POEM ships with its migrations"),
        (&["-c", "-o", "file"], "have no meaning here: POEM ships with its migrations"),
    ];
    for (arguments, words) in cases {
        let ran = installation.run("poem-db", arguments);
        said(&ran, 2, words);
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
    assert_eq!(everything(&installation), before);
}

#[test]
fn an_unknown_schema_is_named() {
    let installation = Installation::with_tenants();
    let file = fixture("small.json");
    let load = ["-d", "-f", file.to_str().unwrap()];
    for action in [&["-u"][..], &["-x"], &["-s"], &["-l"], &["-a"], &load] {
        for schema in ["nowhere", "EGI", "public", ""] {
            let ran = installation.run("poem-db", &[action, &["-n", schema]].concat());
            said(
                &ran,
                1,
                &format!(
                    "poem-db: there is no tenant with the schema {schema}: poem-tenant --list shows all tenants\n"
                ),
            );
        }
    }
}

#[test]
fn the_superuser_is_created_once_and_keeps_the_password() {
    let installation = Installation::with_tenants();
    let first = installation.run("poem-db", &["-u", "-n", "egi"]).done();
    assert_eq!((first.stdout.as_str(), first.stderr.as_str()), ("Superuser created successfully.\n", ""));
    let user = "SELECT username, email, is_superuser, is_staff, is_active, password FROM egi.app_user";
    let before = sql(&installation, user);
    assert!(before[0].starts_with("poem|poem@example.org|t|t|t|$argon2id$") && before.len() == 1, "{before:?}");
    installation.configure("poem-secret-1", "another-secret");
    let second = installation.run("poem-db", &["-u", "-n", "egi"]).done();
    assert_eq!((second.stdout.as_str(), second.stderr.as_str()), ("", "Superuser already created.\n"));
    assert_eq!(sql(&installation, user), before);
    assert_eq!(sql(&installation, "SELECT username FROM two.app_user"), [""; 0]);
}

#[test]
fn a_superuser_may_have_a_weak_password() {
    let installation = Installation::with_tenants();
    installation.configure("poem-secret-1", "x");
    assert_eq!(installation.run("poem-db", &["-u", "-n", "egi"]).done().stdout, "Superuser created successfully.\n");
}

#[test]
fn a_superuser_needs_the_values_of_the_section() {
    for value in ["Name = poem\n", "Password = poem-secret-1\n", "Email = poem@example.org\n"] {
        let (key, _) = value.split_once(' ').unwrap();
        let installation = Installation::with_tenants();
        installation.configure(value, &format!("{key} =\n"));
        let ran = installation.run("poem-db", &["-u", "-n", "egi"]);
        said(&ran, 1, "SUPERUSER_EGI");
        said(&ran, 1, key);
        assert!(ran.stderr.lines().count() == 1 && !ran.stderr.contains("poem-secret-1"), "{ran:?}");
        assert_eq!(sql(&installation, "SELECT username FROM egi.app_user"), [""; 0]);
        // Other actions still work.
        installation.run("poem-db", &["-a", "-s", "-l"]).done();
    }
    let installation = Installation::with_tenants();
    said(&installation.run("poem-db", &["-u", "-n", "two"]), 1, "SUPERUSER_TWO");
}

#[test]
fn expired_sessions_are_cleared() {
    let installation = Installation::with_tenants();
    for schema in ["egi", "two"] {
        sql(&installation, &format!("INSERT INTO {schema}.app_user (username, password) VALUES ('poem', '!')"));
        for interval in ["-30 hours", "-25 hours", "-1 hour"] {
            installation.start_session(schema, "poem", interval);
        }
    }
    let left = || {
        let count = |schema| format!("(SELECT count(*) FROM {schema}.login_session)");
        sql(&installation, &format!("SELECT {}, {}", count("egi"), count("two"))).remove(0)
    };
    assert_eq!(left(), "3|3");
    let quiet = installation.run("poem-db", &["-s", "-n", "egi"]).done();
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
    assert_eq!(left(), "1|3");
    let quiet = installation.run("poem-db", &["-s"]).done();
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
    assert_eq!(left(), "1|1");
    installation.run("poem-db", &["-s"]).done();
    assert_eq!(left(), "1|1");
    assert!(installation.log().contains("INFO two: cleared 2 ended session(s)"), "{}", installation.log());
}

#[test]
fn the_fixed_rows_can_be_loaded_repeatedly() {
    let installation = Installation::with_tenants();
    let before = tables(&installation);
    let rows = "SELECT name FROM egi.tag UNION ALL SELECT name FROM egi.metric_type ORDER BY 1";
    assert_eq!(sql(&installation, rows), ["Active", "Devel", "Passive", "Production", "Test"]);
    for _ in 0..2 {
        let ran = installation.run("poem-db", &["-x", "-n", "egi"]).done();
        assert_eq!(ran.stdout, "Installed 5 object(s) from 1 fixture(s)\n");
    }
    assert_eq!(tables(&installation), before);
    sql(&installation, "DELETE FROM egi.tag WHERE name = 'Devel'");
    installation.run("poem-db", &["-x", "-n", "egi"]).done();
    assert_eq!(sql(&installation, rows).len(), 5);
}

#[test]
fn an_unreachable_database_is_reported_in_one_line() {
    let installation = Installation::bare();
    said(&installation.run("poem-db", &["-u", "-n", "egi"]), 1, "run poem-db -c");
    said(&installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]), 1, "run poem-db -c");
    said(&installation.run("poem-token", &["-t", "NCG", "-s", "egi"]), 1, "run poem-db -c");
    installation.configure("Name = poem_", "Name = nowhere_");
    said(&installation.run("poem-db", &["-c"]), 1, "poem-db: the database is not available: database \"nowhere_");
    installation.configure("Host = /", "Host = /nowhere/");
    for arguments in [&["-c"][..], &["-a"], &["-s"], &["-l"]] {
        let ran = installation.run("poem-db", arguments);
        said(&ran, 1, "poem-db: the database is not available: ");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
}

#[test]
fn secrets_are_never_printed_or_logged() {
    let installation = Installation::with_tenants();
    let file = fixture("small.json");
    let no_dump = installation.config_path();
    let mut output = String::new();
    let runs: [(&str, &[&str]); 8] = [
        ("poem-db", &["-u", "-n", "egi"]),
        ("poem-db", &["-u", "-n", "egi"]),
        ("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]),
        ("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]),
        ("poem-db", &["-d", "-n", "two", "-f", no_dump.to_str().unwrap()]),
        ("poem-token", &["-s", "egi", "--list"]),
        ("poem-token", &["-s", "egi", "--revoke", "EGI"]),
        ("poem", &["doctor"]),
    ];
    for (name, arguments) in runs {
        let ran = installation.run(name, arguments);
        output += &(ran.stdout + &ran.stderr);
    }
    let token = installation.run("poem-token", &["-t", "NCG", "-s", "egi"]).done().stdout;
    let token = token.trim();
    let given = installation.run("poem-token", &["-t", "NCG", "-s", "egi", "-o", "token-of-my-own"]).done();
    output += &given.stderr;
    installation.configure("Host = /", "Host = /nowhere/");
    let ran = installation.run("poem-db", &["-c"]);
    output += &(ran.stdout + &ran.stderr);
    let secret_key = std::fs::read_to_string(installation.path("etc/poem/secret_key")).unwrap();
    output += &installation.log();
    assert!(output.contains("ERROR"), "{output}");
    let tokens = [token, "token-of-my-own", crate::support::installation::EGI_TOKEN];
    for secret in
        tokens.into_iter().chain(["database-password", "poem-secret-1", secret_key.trim(), "pbkdf2", "argon2"])
    {
        assert!(!output.contains(secret), "{secret}: {output}");
    }
}
