//! `--undo`: POEM 2.3 gets its schema back, row for row.

use super::{installation, said, schema, take_over, with_two_tenants};
use crate::support::sql::{everything, sql};

const UNDO: [&str; 4] = ["--undo", "-n", "egi", "--yes"];

#[test]
fn the_tables_of_2_3_are_row_for_row_as_before() {
    let installation = with_two_tenants();
    let before = ["egi", "two"].map(|name| schema(&installation, name));
    let tables = |schemas: &str| {
        let shared =
            "n.nspname = 'public' AND c.relname IN ('tenants_tenant', 'django_content_type', 'django_migrations')";
        sql(
            &installation,
            &format!(
                "SELECT n.nspname, c.relname, c.relkind, c.relowner, c.relacl, c.oid
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname IN ({schemas}) OR ({shared}) ORDER BY 1, 2"
            ),
        )
    };
    let catalog = tables("'egi', 'two'");
    let listed = sql(&installation, "SELECT t::text FROM public.tenants_tenant t ORDER BY 1");
    take_over(&installation, &[]).done();
    sql(&installation, "UPDATE egi.probe SET description = 'changed since'");
    let done = take_over(&installation, &UNDO).done();
    assert!(
        done.stdout.starts_with(
            "Undoing the take-over of EGI permanently deletes all its data in this POEM (3 probes, 8 metrics, "
        ),
        "{done:?}"
    );
    assert!(
        done.stdout.ends_with("The schema egi holds the tables of POEM 2.3 again, and is no tenant of this POEM\n"),
        "{done:?}"
    );
    assert_eq!(schema(&installation, "egi"), before[0]);
    assert_eq!(installation.run("poem-tenant", &["--list"]).done().stdout, "TWO  schema two  host two.localhost\n");
    take_over(&installation, &["--undo", "-n", "two", "--yes"]).done();
    assert_eq!(schema(&installation, "two"), before[1]);
    assert_eq!(tables("'egi', 'two'"), catalog);
    assert_eq!(sql(&installation, "SELECT t::text FROM public.tenants_tenant t ORDER BY 1"), listed);
    let left = "SELECT count(*) FROM public.migration m WHERE m.schema_name <> 'public'";
    assert_eq!(sql(&installation, left), ["0"]);
    take_over(&installation, &[]).done();
}

#[test]
fn undoing_asks_first() {
    let installation = installation();
    take_over(&installation, &[]).done();
    let before = everything(&installation);
    let asked = take_over(&installation, &UNDO[..3]);
    said(
        &asked,
        2,
        "and what was changed since is not in egi_poem23. Undo it? There is no terminal to ask on: use --yes",
    );
    assert_eq!(everything(&installation), before);
}

#[test]
fn a_tenant_that_was_deleted_since_is_given_back_as_well() {
    let installation = installation();
    let before = schema(&installation, "egi");
    take_over(&installation, &[]).done();
    installation.run("poem-tenant", &["--delete", "egi", "--yes"]).done();
    take_over(&installation, &UNDO).done();
    assert_eq!(schema(&installation, "egi"), before);
}

#[test]
fn what_cannot_be_undone_is_refused() {
    let installation = installation();
    let refused = |words: &str| {
        let before = everything(&installation);
        said(&take_over(&installation, &UNDO), 1, words);
        assert_eq!(everything(&installation), before);
    };
    refused("poem-db: the schema egi has the tables of POEM 2.3: nothing to undo; nothing was changed\n");
    take_over(&installation, &[]).done();
    sql(&installation, "ALTER SCHEMA egi_poem23 RENAME TO kept");
    refused("poem-db: there is no schema egi_poem23 with tables of POEM 2.3; nothing was changed\n");
    sql(&installation, "ALTER SCHEMA kept RENAME TO egi_poem23; DELETE FROM public.tenant WHERE schema_name = 'egi'");
    refused(
        "poem-db: the schema egi belongs to no tenant of this POEM: rename or drop it first; nothing was changed\n",
    );
    said(&take_over(&installation, &["--undo", "-n", "no-schema", "--yes"]), 1, "is not the name of a schema");
}
