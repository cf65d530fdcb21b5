//! The migrations, their conventions, and the described queries in .sqlx.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde::Deserialize;
use sqlx::{AssertSqlSafe, Column, Either, Executor, SqlSafeStr, Statement, TypeInfo};

use crate::cli::migrations;
use crate::support::sql::{connect, run, sql, tables};
use crate::support::{Installation, block_on};

/// Foreign keys that need no index, because the referenced rows are never deleted.
const WITHOUT_INDEX: [&str; 1] = ["metric_metric_type_fkey"];

/// Syntax that PostgreSQL 10 does not have, in upper case, with the version that introduced it.
const TOO_NEW: [(&str, u32); 24] = [
    (") STORED", 12),
    ("NULLS NOT DISTINCT", 15),
    (" INCLUDE (", 11),
    ("EXECUTE FUNCTION", 11),
    ("CREATE PROCEDURE", 11),
    ("CREATE OR REPLACE PROCEDURE", 11),
    ("CREATE OR REPLACE TRIGGER", 14),
    ("MERGE INTO", 15),
    ("AS MATERIALIZED", 12),
    ("AS NOT MATERIALIZED", 12),
    ("PARTITION BY HASH", 11),
    ("SECURITY_INVOKER", 15),
    ("GEN_RANDOM_UUID", 13),
    ("JSONB_PATH", 12),
    ("JSON_TABLE", 17),
    ("JSON_OBJECT(", 16),
    ("JSON_ARRAYAGG", 16),
    ("IS JSON", 16),
    ("ANY_VALUE", 16),
    ("STRING_TO_TABLE", 14),
    ("DATE_BIN", 14),
    ("WITH TIES", 13),
    ("COMPRESSION ", 14),
    ("GROUPS BETWEEN", 11),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the files of a set as (name, text), without comments, with single spaces between words.
fn files(set: &str) -> Vec<(String, String)> {
    let read = |name: String| {
        let text = fs::read_to_string(root().join("migrations").join(set).join(format!("{name}.sql"))).unwrap();
        (name, words(&text))
    };
    migrations(set).into_iter().map(read).collect()
}

fn words(sql: &str) -> String {
    let lines: Vec<_> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text after each occurrence of `phrase`.
fn after<'a>(text: &'a str, phrase: &str) -> Vec<&'a str> {
    text.match_indices(phrase).map(|(place, _)| text[place + phrase.len()..].trim_start()).collect()
}

fn first_word(text: &str) -> &str {
    text.split([' ', '(', ';', ',']).next().unwrap_or_default()
}

#[test]
fn both_sets_apply_to_an_empty_database_and_once() {
    let installation = Installation::with_tenants();
    let schemas = sql(&installation, "SELECT schema_name, name FROM public.migration ORDER BY schema_name, version");
    let expected: Vec<_> = [("egi", "tenant"), ("public", "shared"), ("two", "tenant")]
        .into_iter()
        .flat_map(|(schema, set)| migrations(set).into_iter().map(move |name| format!("{schema}|{name}")))
        .collect();
    assert_eq!(schemas, expected);
    let structure =
        "SELECT table_schema, table_name, column_name, data_type, column_default FROM information_schema.columns
                     WHERE table_schema IN ('public', 'egi', 'two') ORDER BY 1, 2, 3";
    let before = (sql(&installation, structure), tables(&installation));
    installation.run("poem-db", &["-c", "-a"]).done();
    installation.run("poem-db", &["-a"]).done();
    assert_eq!((sql(&installation, structure), tables(&installation)), before);
    let of = |schema: &str| -> Vec<_> {
        let columns = before.0.iter().filter_map(|line| line.strip_prefix(&format!("{schema}|")));
        columns.map(|line| line.replace(&format!("{schema}."), "")).collect()
    };
    assert_eq!(of("egi"), of("two"));
}

#[test]
fn concurrent_runs_wait_for_each_other() {
    let installation = Installation::bare();
    let started: Vec<_> = (0..5).map(|_| start(&installation, "poem-db", &["-c", "-a"])).collect();
    for output in started.into_iter().map(end) {
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(sql(&installation, "SELECT name FROM public.tenant"), ["all"]);
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    sql(
        &installation,
        "DROP SCHEMA egi CASCADE; CREATE SCHEMA egi; DELETE FROM public.migration WHERE schema_name = 'egi'",
    );
    let started: Vec<_> = (0..5).map(|_| start(&installation, "poem-db", &["-a"])).collect();
    for output in started.into_iter().map(end) {
        assert!(output.status.success(), "{output:?}");
    }
    let listed = sql(&installation, "SELECT name FROM public.migration WHERE schema_name = 'egi' ORDER BY version");
    assert_eq!(listed, migrations("tenant"));
}

#[test]
fn one_of_several_concurrent_requests_for_a_tenant_wins() {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    let names = ["EGI", "EGI", "Egi", "OTHER"];
    let started: Vec<_> =
        names.iter().map(|name| start(&installation, "poem-tenant", &["-t", name, "-d", "localhost"])).collect();
    let outputs: Vec<_> = started.into_iter().map(end).collect();
    let done = outputs.iter().filter(|output| output.status.success()).count();
    assert_eq!(done, 1, "{outputs:?}");
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && words.contains(" already "), "{words}");
    }
    let left = sql(
        &installation,
        "SELECT (SELECT count(*) FROM public.tenant), (SELECT count(DISTINCT schema_name) FROM public.migration),
                (SELECT count(*) FROM pg_namespace WHERE nspname IN ('egi', 'other'))",
    );
    assert_eq!(left, ["2|2|1"]);
}

fn start(installation: &Installation, name: &str, arguments: &[&str]) -> std::process::Child {
    let mut command = installation.command(name);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the executable runs")
}

fn end(process: std::process::Child) -> Output {
    process.wait_with_output().expect("the process can be awaited")
}

#[test]
fn a_migration_that_fails_leaves_nothing() {
    let installation = Installation::bare();
    sql(&installation, "CREATE TABLE public.tenant (precious int)");
    let before = tables(&installation);
    let ran = installation.run("poem-db", &["-c"]);
    assert_eq!(ran.status, 1);
    let words = "poem-db: schema public: migration 0001_initial failed and was undone: ";
    assert!(ran.stderr.starts_with(words) && ran.stderr.contains("\"tenant\" already exists"), "{ran:?}");
    assert_eq!(tables(&installation), format!("public.migration\n\n{before}"));
    let installation = Installation::with_tenants();
    sql(
        &installation,
        "DROP SCHEMA two CASCADE; CREATE SCHEMA two; DELETE FROM public.migration WHERE schema_name = 'two';
         CREATE TABLE two.log_entry (precious int)",
    );
    let before = tables(&installation);
    let ran = installation.run("poem-db", &["-a"]);
    assert_eq!(ran.status, 1);
    let words = "poem-db: schema two: migration 0001_initial failed and was undone: ";
    assert!(ran.stderr.starts_with(words) && ran.stderr.contains("\"log_entry\" already exists"), "{ran:?}");
    assert_eq!(sql(&installation, "SELECT tablename FROM pg_tables WHERE schemaname = 'two'"), ["log_entry"]);
    assert_eq!(tables(&installation), before);
    sql(&installation, "DROP TABLE two.log_entry");
    installation.run("poem-db", &["-a"]).done();
}

#[test]
fn a_schema_with_newer_or_changed_migrations_is_refused() {
    let installation = Installation::with_tenants();
    sql(&installation, "INSERT INTO public.migration VALUES ('egi', 9999, '9999_future', '')");
    let ran = installation.run("poem-db", &["-a"]);
    assert!(ran.status == 1 && ran.stderr.contains("newer than this POEM knows"), "{ran:?}");
    sql(&installation, "DELETE FROM public.migration WHERE version = 9999; UPDATE public.migration SET checksum = ''");
    let ran = installation.run("poem-db", &["-a"]);
    assert!(ran.status == 1 && ran.stderr.contains("differs from the one that was applied"), "{ran:?}");
}

#[test]
fn files_are_numbered_without_gaps() {
    for set in ["shared", "tenant"] {
        for (place, name) in migrations(set).iter().enumerate() {
            let (number, title) = name.split_once('_').unwrap_or_default();
            assert_eq!(number, format!("{:04}", place + 1), "{set}/{name}");
            let is_word =
                |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            assert!(title.split('_').all(is_word), "{set}/{name}");
        }
    }
}

#[test]
fn every_constraint_has_a_name() {
    for (name, text) in files("shared").into_iter().chain(files("tenant")) {
        for kind in ["PRIMARY KEY", "UNIQUE", "CHECK", "FOREIGN KEY", "EXCLUDE"] {
            for (place, _) in text.match_indices(kind).filter(|(place, _)| !text[*place..].starts_with("UNIQUE INDEX"))
            {
                let mut before = text[..place].split_whitespace().rev();
                let named = before.nth(1) == Some("CONSTRAINT");
                assert!(named, "{name}: {} {kind}", &text[place.saturating_sub(60)..place]);
            }
        }
        for (place, _) in text.match_indices("REFERENCES ") {
            let is_table_constraint = text[..place].ends_with(") ");
            assert!(is_table_constraint, "{name}: {} REFERENCES", &text[place.saturating_sub(60)..place]);
        }
    }
}

#[test]
fn only_the_shared_set_qualifies_names_with_the_schema() {
    let makes = ["TABLE ", "SEQUENCE ", " ON ", "REFERENCES ", "INTO ", "FUNCTION ", "VIEW "];
    let skipped = ["DELETE", "UPDATE", "IF", "CONFLICT"];
    // The ON of a join compares columns.
    let is_join = |rest: &&str| rest.split_whitespace().nth(1) == Some("=");
    for (name, text) in files("shared") {
        let named = makes.iter().flat_map(|phrase| after(&text, phrase)).filter(|rest| !is_join(rest));
        for named in named.map(first_word) {
            assert!(named.starts_with("public.") || skipped.contains(&named), "{name}: {named}");
        }
    }
    for (name, text) in files("tenant") {
        let named = makes.iter().flat_map(|phrase| after(&text, phrase)).filter(|rest| !is_join(rest));
        for named in named.map(first_word) {
            assert!(!named.contains('.'), "{name}: {named}");
        }
        for word in ["CREATE SCHEMA", "search_path", "SET SCHEMA"] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        // The function of a trigger may be a shared one.
        for (place, _) in text.match_indices("public.") {
            assert!(text[..place].ends_with("EXECUTE PROCEDURE "), "{name}: {}", first_word(&text[place..]));
        }
    }
}

#[test]
fn tenants_have_no_types() {
    for (name, text) in files("tenant") {
        let text = text.to_uppercase();
        assert!(!text.contains("CREATE TYPE") && !text.contains("CREATE DOMAIN"), "{name}");
    }
    let installation = Installation::with_tenants();
    let types = "SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                 LEFT JOIN pg_class c ON c.oid = t.typrelid
                 WHERE n.nspname = 'egi' AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')";
    assert_eq!(sql(&installation, types), [""; 0]);
}

#[test]
fn all_sql_works_with_postgresql_10() {
    let migrations = files("shared").into_iter().chain(files("tenant"));
    let queries = described().into_iter().map(|(name, query)| (name, words(&query.query)));
    for (name, text) in migrations.chain(queries) {
        let text = text.to_uppercase();
        for (words, version) in TOO_NEW {
            assert!(!text.contains(words), "{name}: {words} came with PostgreSQL {version}");
        }
    }
}

#[test]
fn every_foreign_key_has_an_index() {
    let installation = Installation::with_tenants();
    // group_kind is constant, so an index on the other column suffices.
    let bare = sql(
        &installation,
        "SELECT k.conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
         WHERE k.contype = 'f' AND n.nspname IN ('public', 'egi')
           AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = ANY (k.conkey))
         ORDER BY 1",
    );
    assert_eq!(bare, WITHOUT_INDEX);
}

/// A described query, a file of .sqlx.
#[derive(Deserialize)]
struct Described {
    query: String,
    describe: Describe,
    hash: String,
}

#[derive(Deserialize)]
struct Describe {
    columns: Vec<DescribedColumn>,
    parameters: Parameters,
}

#[derive(Deserialize)]
struct DescribedColumn {
    name: String,
    type_info: serde_json::Value,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "Left")]
    types: Vec<serde_json::Value>,
}

fn described() -> BTreeMap<String, Described> {
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let described = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, described)
    };
    let all: BTreeMap<_, _> =
        fs::read_dir(root().join(".sqlx")).unwrap().map(|entry| read(entry.unwrap().path())).collect();
    assert!(all.len() > 50, "{}", all.len());
    all
}

/// Converts a type of .sqlx to PostgreSQL's name: `Int8Array` to `INT8[]`.
fn type_name(described: &serde_json::Value) -> String {
    let name = described.as_str().unwrap_or_else(|| panic!("not a type of PostgreSQL: {described}"));
    match name.strip_suffix("Array") {
        Some(element) => format!("{}[]", element.to_uppercase()),
        None => name.to_uppercase(),
    }
}

#[test]
fn every_described_query_fits_the_migrated_schema() {
    let installation = Installation::with_tenants();
    block_on(async {
        let mut conn = connect(&installation).await;
        run(&mut conn, "SET search_path TO egi").await;
        for (name, Described { query, describe, hash }) in described() {
            let digest: String = openssl::sha::sha256(query.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
            assert!(hash == digest && name == format!("query-{hash}.json"), "{name}");
            let prepared = (&mut conn).prepare(AssertSqlSafe(query.as_str()).into_sql_str()).await;
            let prepared = prepared.unwrap_or_else(|error| panic!("{name}: {error}: {query}"));
            let columns: Vec<_> = prepared
                .columns()
                .iter()
                .map(|column| (column.name().to_owned(), column.type_info().name().to_owned()))
                .collect();
            let expected: Vec<_> =
                describe.columns.iter().map(|column| (column.name.clone(), type_name(&column.type_info))).collect();
            assert_eq!(columns, expected, "{name}: {query}");
            let Some(Either::Left(parameters)) = prepared.parameters() else { panic!("{name} has no parameters") };
            let parameters: Vec<_> = parameters.iter().map(|parameter| parameter.name().to_owned()).collect();
            let expected: Vec<_> = describe.parameters.types.iter().map(type_name).collect();
            assert_eq!(parameters, expected, "{name}: {query}");
        }
    });
}

#[test]
fn every_described_query_is_in_the_source() {
    let mut sources = String::new();
    let mut left = vec![root().join("src"), root().join("tests")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources += &fs::read_to_string(path).unwrap();
        }
    }
    for (name, Described { query, .. }) in described() {
        assert!(sources.contains(&query), "{name} is left over: {query}");
    }
}
