//! What stands in the way of a take-over is said before anything is changed.

use super::{installation, said, state, take_over};
use crate::support::Installation;
use crate::support::sql::{everything, sql};

/// A change of the database, and the words about it.
const CASES: [(&str, &str); 18] = [
    ("DROP TABLE public.tenants_tenant", "poem-db: there is no POEM 2.3 in this database: no table public.tenants_tenant; nothing"),
    ("DELETE FROM public.tenants_tenant WHERE id = 2", "poem-db: the POEM 2.3 in this database has no tenants; nothing"),
    (
        "DELETE FROM egi.django_migrations WHERE name = '0017_remove_probe_update_metric'",
        "EGI: it is of a POEM before 2.3.0, without the migration poem.0017_remove_probe_update_metric: upgrade to 2.3.0 first;",
    ),
    (
        "DELETE FROM egi.django_migrations WHERE app = 'rest_framework_api_key'",
        "without the migration rest_framework_api_key.0001_initial: upgrade to 2.3.0 first;",
    ),
    (
        "INSERT INTO egi.django_migrations VALUES (99, 'poem', '0018_next', now())",
        "EGI: it is not of POEM 2.3.0, which has no migration poem.0018_next: only 2.3.0 can be taken over;",
    ),
    ("UPDATE public.tenants_tenant SET domain_url = 'poem_x.org' WHERE id = 2", "EGI: \"poem_x.org\" is not a host name"),
    ("UPDATE public.tenants_tenant SET domain_url = 'localhost:80' WHERE id = 2", "EGI: \"localhost:80\" is not a host name"),
    ("UPDATE public.tenants_tenant SET name = 'E-GI' WHERE id = 2", "E-GI: \"e-gi\" is not the name of a schema"),
    ("UPDATE public.tenants_tenant SET name = 'all' WHERE id = 2", "all: \"all\" is reserved: correct it in public.tenants_tenant;"),
    (
        "UPDATE public.tenants_tenant SET name = 'EGI2' WHERE id = 2",
        "EGI2: its schema is egi, and POEM would name it egi2: correct the name in public.tenants_tenant;",
    ),
    ("ALTER SCHEMA egi RENAME TO other", "EGI: its schema egi does not exist;"),
    (
        "ALTER SCHEMA egi RENAME TO \"Egi\"; UPDATE public.tenants_tenant SET schema_name = 'Egi' WHERE id = 2",
        "EGI: \"Egi\" is not the name of a schema",
    ),
    (
        "ALTER SCHEMA egi RENAME TO egi_poem23",
        "EGI: its schema is egi_poem23 already: poem-db --take-over --undo -n egi renames it back;",
    ),
    ("CREATE SCHEMA egi_poem23", "EGI: the schema egi_poem23 exists already: rename or drop it;"),
    ("DROP SCHEMA egi CASCADE; CREATE SCHEMA egi", "EGI: its schema egi has no tables of POEM 2.3;"),
    ("DROP TABLE egi.poem_vo, egi.poem_profile CASCADE", "EGI: tables of POEM 2.3 are missing in egi: poem_profile, poem_vo;"),
    (
        "ALTER SCHEMA egi RENAME TO a23456789b123456789c123456789d123456789e123456789f1234567;
         UPDATE public.tenants_tenant SET name = schema, schema_name = schema
         FROM (VALUES ('a23456789b123456789c123456789d123456789e123456789f1234567')) AS long (schema) WHERE id = 2",
        "_poem23, the new name of its schema, would be longer than 63 characters: run ALTER SCHEMA a23456789b",
    ),
    (
        "UPDATE egi.poem_metric SET probekey_id = 3 WHERE id = 1;
         UPDATE egi.reversion_version SET serialized_data = '[{\"model\": \"poem.metric\", \"pk\": 1, \"fields\": {}}]', \
                                          object_id = '1' WHERE id = 3",
        "EGI: poem.metric 1: field \"probekey\": reversion.version 3 is not a version of a probe;",
    ),
];

#[test]
fn what_cannot_be_taken_over_is_named_and_nothing_is_changed() {
    for (change, words) in CASES {
        let installation = installation();
        sql(&installation, change);
        installation.run("poem-db", &["-c"]).done();
        let before = state(&installation);
        let ran = take_over(&installation, &[]);
        said(&ran, 1, words);
        assert!(ran.stderr.contains("; nothing "), "{ran:?}");
        assert_eq!(state(&installation), before, "{words}");
        assert!(installation.log().contains("ERROR"), "{words}");
    }
}

#[test]
fn the_schema_public_is_not_prepared_for_nothing() {
    let installation = installation();
    sql(&installation, "UPDATE public.tenants_tenant SET domain_url = 'poem_x.org' WHERE id = 2");
    let before = everything(&installation);
    said(&take_over(&installation, &[]), 1, "poem-db: 1 of 1 tenant(s) cannot be taken over: EGI\n");
    assert_eq!(everything(&installation), before);
    said(&take_over(&Installation::bare(), &[]), 1, "there is no POEM 2.3 in this database");
}

#[test]
fn a_schema_that_2_3_does_not_list_is_refused() {
    let ran = take_over(&installation(), &["-n", "public"]);
    said(&ran, 1, "poem-db: POEM 2.3 has no tenant with the schema public; it has egi; nothing was changed\n");
}

#[test]
fn names_and_hosts_of_this_poem_are_taken() {
    let installation = installation();
    installation.run("poem-db", &["-c"]).done();
    installation.run("poem-tenant", &["-t", "OTHER", "-d", "LOCALHOST"]).done();
    let before = everything(&installation);
    let words =
        "EGI: this POEM has a tenant OTHER (schema other) at the host localhost; names and hosts are unique; nothing";
    said(&take_over(&installation, &[]), 1, words);
    assert_eq!(everything(&installation), before);
}

#[test]
fn the_secret_key_must_be_there() {
    let installation = installation();
    std::fs::remove_file(installation.path("etc/poem/secret_key")).unwrap();
    let before = everything(&installation);
    said(&take_over(&installation, &[]), 1, "secret_key");
    assert_eq!(everything(&installation), before);
}

/// Each step gives the role of poem.conf one more of the rights that it needs.
#[test]
fn a_role_without_the_rights_is_told_what_it_lacks() {
    let installation = installation();
    let database = installation.database.clone();
    let role = format!("plain_{database}");
    sql(&installation, &format!("CREATE ROLE {role} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {role}"));
    installation.configure("User = poem\n", &format!("User = {role}\n"));
    let schema_is_foreign =
        "EGI: its schema egi belongs to another role: run, as a superuser, ALTER SCHEMA egi OWNER TO …";
    let steps = [
        (
            "SELECT 1".to_owned(),
            format!("the role {role} cannot create POEM's tables: run, as a superuser, GRANT CREATE ON DATABASE \"{database}\""),
        ),
        (format!("GRANT CREATE ON DATABASE {database} TO {role}"), "tenants_tenant; nothing was changed".to_owned()),
        (format!("GRANT SELECT ON public.tenants_tenant TO {role}"), schema_is_foreign.to_owned()),
        (
            format!("ALTER SCHEMA egi OWNER TO {role}"),
            "EGI: the role of [DATABASE] may not read and write its table auth_group: run, as its owner, GRANT ALL ON ALL \
             TABLES IN SCHEMA egi TO …"
                .to_owned(),
        ),
    ];
    for (grant, words) in steps {
        sql(&installation, &grant);
        let before = everything(&installation);
        said(&take_over(&installation, &[]), 1, &words);
        assert_eq!(everything(&installation), before);
    }
    sql(&installation, &format!("GRANT ALL ON ALL TABLES IN SCHEMA egi TO {role}"));
    take_over(&installation, &[]).done();
    take_over(&installation, &["--undo", "-n", "egi", "--yes"]).done();
}

#[test]
fn another_encoding_is_refused() {
    let installation = Installation::bare();
    let name = format!("{}_ascii", installation.database);
    let create = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    sql(&installation, &format!("CREATE DATABASE \"{name}\" {create}"));
    installation.configure(&format!("Name = {}\n", installation.database), &format!("Name = {name}\n"));
    said(&take_over(&installation, &[]), 1, "has the encoding SQL_ASCII, and POEM needs UTF8");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let installation = Installation::bare();
    for (arguments, words) in [
        (&["--take-over", "-c"][..], "--create"),
        (&["--take-over", "-u", "-n", "egi"], "--superuser"),
        (&["--dry-run"], "--take-over"),
        (&["--undo", "-n", "egi"], "--take-over"),
        (&["--take-over", "--undo"], "--schema"),
        (&["--take-over", "--undo", "-n", "egi", "--dry-run"], "--undo"),
        (&["--take-over", "--yes"], "--undo"),
    ] {
        said(&installation.run("poem-db", arguments), 2, words);
    }
    let help = installation.run("poem-db", &["--help"]).done().stdout;
    assert!(["--take-over", "--dry-run", "--undo"].iter().all(|flag| help.contains(flag)), "{help}");
}
