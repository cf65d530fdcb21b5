//! `poem-tenant`.

use super::{progress, said};
use crate::support::sql::{everything, sql, tables};
use crate::support::{Installation, Server};

#[test]
fn a_tenant_is_created_with_all_it_needs() {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    let ran = installation.run("poem-tenant", &["-t", "EUDAT", "-d", "WWW.Poem.EUDAT.eu"]).done();
    let expected = progress("eudat", "tenant") + "Installed 5 object(s) from 1 fixture(s)\n";
    assert_eq!((ran.stdout, ran.stderr), (expected, String::new()));
    let tenants = sql(&installation, "SELECT name, schema_name, domain_url FROM public.tenant ORDER BY id");
    assert_eq!(tenants, ["all|public|", "EUDAT|eudat|poem.eudat.eu"]);
    let list = installation.run("poem-tenant", &["--list"]).done();
    assert_eq!(list.stdout, "EUDAT  schema eudat  host poem.eudat.eu\n");
    assert!(installation.log().contains("INFO EUDAT: tenant created"), "{}", installation.log());
}

#[test]
fn a_new_tenant_is_served_without_a_restart() {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    let server = Server::start(&installation);
    let status = || server.knows(|server| server.get("/poem/api/0.2/json/profiles")).status;
    assert_eq!(status(), 404);
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    server.catch_up();
    assert_eq!(status(), 200);
    installation.run("poem-tenant", &["--delete", "egi", "--yes"]).done();
    server.catch_up();
    assert_eq!(status(), 404);
}

#[test]
fn a_taken_name_or_host_is_named_and_nothing_is_created() {
    let installation = Installation::with_tenants();
    sql(&installation, "CREATE SCHEMA foreigner; CREATE TABLE foreigner.precious (id int)");
    let before = tables(&installation);
    let cases = [
        ("EGI", "new.localhost", "a tenant named EGI already exists"),
        ("Egi", "new.localhost", "the schema egi already exists"),
        ("NEW", "localhost", "the host localhost already belongs to another tenant"),
        ("NEW", "www.LOCALHOST", "the host localhost already belongs to another tenant"),
        (
            "FOREIGNER",
            "new.localhost",
            "the schema foreigner already exists and belongs to no tenant of this POEM; \
             if this is the database of POEM 2.3, take its tenants over (poem-db --take-over), or name an empty one in [DATABASE]",
        ),
    ];
    for (name, host, words) in cases {
        let ran = installation.run("poem-tenant", &["-t", name, "-d", host]);
        said(&ran, 1, &format!("poem-tenant: {words}\n"));
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert_eq!(tables(&installation), before);
    }
    assert_eq!(sql(&installation, "SELECT nspname FROM pg_namespace WHERE nspname = 'new'"), [""; 0]);
}

#[test]
fn an_invalid_name_or_host_is_wrong_usage() {
    let installation = Installation::with_tenants();
    let before = everything(&installation);
    let long = "a".repeat(64);
    let cases = [
        ("", "h", "needs 1 to 100 characters"),
        ("a-b", "h", "\"a-b\" is not the name of a schema"),
        ("a b", "h", "is not the name of a schema"),
        ("1a", "h", "is not the name of a schema"),
        ("a\";DROP SCHEMA egi", "h", "is not the name of a schema"),
        ("ÄGI", "h", "is not the name of a schema"),
        (&long, "h", "is not the name of a schema"),
        ("ALL", "h", "\"ALL\" is reserved"),
        ("Public", "h", "\"public\" is reserved"),
        ("PG_TEMP", "h", "\"pg_temp\" is reserved"),
        ("A", "", "is not a host name"),
        ("A", "h:80", "is not a host name"),
        ("A", "http://h", "is not a host name"),
        ("A", "h/poem", "is not a host name"),
    ];
    for (name, host, words) in cases {
        said(&installation.run("poem-tenant", &["-t", name, "-d", host]), 2, words);
    }
    let wrong: [&[&str]; 9] = [
        &[],
        &["-t", "A"],
        &["-d", "h"],
        &["-t", "A", "-d", "h", "--list"],
        &["--yes"],
        &["--list", "--yes"],
        &["--list", "-d", "h"],
        &["--delete", "egi", "-d", "h"],
        &["-t", "A", "-d", "h", "--yes"],
    ];
    for arguments in wrong {
        said(&installation.run("poem-tenant", arguments), 2, "Usage: poem-tenant");
    }
    assert_eq!(everything(&installation), before);
}

#[test]
fn a_tenant_is_deleted_only_after_a_confirmation_that_lists_its_data() {
    let installation = Installation::with_small_data();
    let before = everything(&installation);
    let asked = installation.run("poem-tenant", &["--delete", "egi"]);
    said(&asked, 2, "use --yes");
    let loss = "Deleting tenant EGI (schema egi) permanently deletes 3 probes, 8 metrics, 3 profiles, 2 aggregations, ";
    assert!(asked.stderr.starts_with(&format!("poem-tenant: {loss}")), "{asked:?}");
    assert_eq!(everything(&installation), before);
    let two = || everything(&installation).split("two.").skip(1).collect::<String>();
    let two_before = two();
    let done = installation.run("poem-tenant", &["--delete", "egi", "--yes"]).done();
    assert!(done.stdout.starts_with(loss) && done.stdout.ends_with("Tenant EGI was deleted.\n"), "{done:?}");
    assert_eq!(sql(&installation, "SELECT nspname FROM pg_namespace WHERE nspname = 'egi'"), [""; 0]);
    assert!(!everything(&installation).contains("egi"));
    assert_eq!(two(), two_before);
    said(&installation.run("poem-tenant", &["--delete", "egi", "--yes"]), 1, "there is no tenant with the schema egi");
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
}

#[test]
fn the_public_tenant_is_not_deleted() {
    let installation = Installation::with_tenants();
    for schema in ["public", "all", "nowhere"] {
        said(&installation.run("poem-tenant", &["--delete", schema, "--yes"]), 1, "there is no tenant with the schema");
    }
}
