//! What a session inherits from the database or the role changes nothing that POEM does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use poem::store::session_settings::SESSION_SETTINGS;
use sqlx::postgres::PgPoolOptions;

use super::responses;
use crate::support::installation::{EGI_TOKEN, egi};
use crate::support::sql::sql;
use crate::support::{Browser, Installation, Server, block_on};

/// An odd value for each setting of [`SESSION_SETTINGS`]. The time limits are those that pg_dump, which has its own
/// settings, survives until it has made them.
const ODD: &[(&str, &str)] = &[
    ("array_nulls", "off"),
    ("backslash_quote", "on"),
    ("bytea_output", "escape"),
    ("check_function_bodies", "off"),
    ("client_encoding", "LATIN1"),
    ("client_min_messages", "debug1"),
    ("DateStyle", "SQL, DMY"),
    ("default_transaction_deferrable", "on"),
    ("default_transaction_isolation", "serializable"),
    ("default_transaction_read_only", "on"),
    ("default_with_oids", "on"),
    ("escape_string_warning", "off"),
    ("exit_on_error", "on"),
    ("extra_float_digits", "-10"),
    ("gin_fuzzy_search_limit", "1"),
    ("idle_in_transaction_session_timeout", "9000"),
    ("idle_session_timeout", "9000"),
    ("IntervalStyle", "iso_8601"),
    ("lock_timeout", "1"),
    ("quote_all_identifiers", "on"),
    ("row_security", "off"),
    ("search_path", "nowhere"),
    ("standard_conforming_strings", "off"),
    ("statement_timeout", "9000"),
    ("TimeZone", "Pacific/Auckland"),
    ("transaction_timeout", "9000"),
    ("transform_null_equals", "on"),
    ("xmlbinary", "hex"),
    ("xmloption", "document"),
];

/// Settings of sessions that are left to the administrator: they change speed or storage, texts that POEM does not
/// read, or nothing that POEM uses. Those that begin with one of these words.
const LEFT: &[&str] = &[
    "createrole_self_grant", // rights of roles
    "default_table_access_method",
    "default_tablespace",
    "default_text_search_config", // no text search
    "default_toast_compression",
    "gin_pending_list_limit",
    "icu_validation_level",
    "lc_", // formats of to_char and messages
    "operator_precedence_warning",
    "restrict_nonsystem_relation_kind", // for pg_dump, which sets it
    "synchronize_seqscans",             // an order that no query relies on
    "temp_tablespaces",
    "timezone_abbreviations",
    "transaction_", // of the running transaction
    "vacuum_",
];

/// The values that POEM sets, by name.
fn wanted() -> BTreeMap<&'static str, &'static str> {
    let pair = |line: &'static str| line.trim().strip_prefix("('")?.split_once("', '");
    let wanted: BTreeMap<_, _> = SESSION_SETTINGS
        .lines()
        .filter_map(pair)
        .map(|(name, value)| (name, value.trim_end_matches(',').trim_end_matches(')').trim_end_matches('\'')))
        .collect();
    assert!(wanted.len() > 20, "{wanted:?}");
    wanted
}

/// Sets every setting to its odd value, as far as this PostgreSQL has it, for the role of POEM in this database.
fn make_odd(installation: &Installation) {
    let known = sql(installation, "SELECT name FROM pg_settings WHERE context = 'user'");
    // Newer versions know `default_with_oids`, but not its odd value.
    let is_known = |name: &str| name != "default_with_oids" && known.iter().any(|known| known == name);
    let database = &installation.database;
    let set =
        |(name, value): &(&str, &str)| format!("ALTER ROLE poem IN DATABASE \"{database}\" SET {name} TO '{value}';");
    let statements: String = ODD.iter().filter(|(name, _)| is_known(name)).map(set).collect();
    sql(installation, &statements);
}

#[test]
fn every_setting_has_an_odd_value_here() {
    let odd: Vec<_> = ODD.iter().map(|(name, _)| *name).collect();
    assert_eq!(wanted().into_keys().collect::<Vec<_>>(), {
        let mut odd = odd;
        odd.sort_unstable();
        odd
    });
}

#[test]
fn every_setting_of_this_postgresql_that_could_matter_is_set_or_left_on_purpose() {
    let installation = Installation::bare();
    let wanted = wanted();
    let settings = sql(
        &installation,
        "SELECT name FROM pg_settings WHERE context = 'user' AND (category LIKE 'Version and Platform%'
            OR category LIKE 'Client Connection Defaults / Statement%'
            OR category LIKE 'Client Connection Defaults / Locale%' OR category = 'Error Handling')",
    );
    let is_left = |name: &str| LEFT.iter().any(|left| name.starts_with(left));
    let open: Vec<_> = settings.iter().filter(|name| !wanted.contains_key(name.as_str()) && !is_left(name)).collect();
    assert!(open.is_empty(), "add them to session_settings.sql, or here to those that are left: {open:?}");
}

#[test]
fn a_session_has_the_settings_of_poem() {
    let installation = Installation::bare();
    make_odd(&installation);
    for (name, value) in wanted() {
        let shown = block_on(async {
            let pool = installation.pool();
            let shown = sqlx::query_scalar::<_, Option<String>>("SELECT current_setting($1, true)");
            shown.bind(name).fetch_one(&pool).await.unwrap()
        });
        // A setting that this version does not have is NULL.
        assert!(shown.is_none_or(|shown| shown == value), "{name} is not {value:?}");
    }
}

#[test]
fn transactions_state_their_isolation_level_and_access_mode() {
    let installation = Installation::with_tenants();
    block_on(async {
        // Without the settings of POEM's sessions.
        let options = installation.database_url().parse::<sqlx::postgres::PgConnectOptions>().unwrap();
        let options = options
            .options([("default_transaction_isolation", "serializable"), ("default_transaction_read_only", "on")]);
        let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
        let mut tx = poem::registry::Transaction::begin(&pool, &egi()).await.unwrap();
        for (setting, value) in [("transaction_isolation", "read committed"), ("transaction_read_only", "off")] {
            let shown = sqlx::query_scalar::<_, String>("SELECT current_setting($1)");
            assert_eq!(shown.bind(setting).fetch_one(tx.conn()).await.unwrap(), value, "{setting}");
        }
    });
}

#[test]
fn loading_serving_saving_backup_and_restore_are_the_same_under_odd_settings() {
    let plain = Installation::with_small_data();
    let odd = Installation::bare();
    make_odd(&odd);
    odd.run("poem-db", &["-c"]).done();
    odd.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    odd.load("small.json");
    let served = |installation: &Installation| {
        let server = Server::start(installation);
        let mut browser = Browser::new(&server);
        assert_eq!(browser.log_in("poem", "poem-secret-1").status, 303);
        let history = browser.get("/poem/admin/poem/probe/1/history/").text();
        let times: Vec<_> = history.split("<time datetime=\"").skip(1).map(|rest| rest[..25].to_owned()).collect();
        let answer = browser.post("/poem/admin/poem/groupofprobes/add/", &[("name", "Jörg's \\ group")]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let groups = server.get_with_key("/poem/api/v2/internal/groups/", EGI_TOKEN).text();
        (responses(&server, EGI_TOKEN), times, groups)
    };
    let expected = served(&plain);
    assert_eq!(served(&odd), expected);

    let directory = odd.path("backups");
    fs::create_dir_all(&directory).unwrap();
    let ran = odd.run("poem-backup", &["-n", "egi", "-o", directory.to_str().unwrap()]).done();
    let file = ran.stdout.lines().next().unwrap();
    odd.run("poem-restore", &["-f", file, "--replace", "--yes"]).done();
    let server = Server::start(&odd);
    assert_eq!(server.knows(|server| server.get_with_key("/poem/api/v2/metrics/", EGI_TOKEN)).status, 200);
    assert_eq!(responses(&server, EGI_TOKEN), expected.0);
}

#[test]
fn no_transaction_begins_with_the_defaults_of_its_session() {
    fn check(directory: &Path) {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                check(&path);
                continue;
            }
            for (number, line) in fs::read_to_string(&path).unwrap_or_default().lines().enumerate() {
                let is_sql = path.extension().is_some_and(|extension| extension == "sql");
                let begins = line.contains("\"BEGIN") || (is_sql && line.starts_with("BEGIN;"));
                let is_plain = line.contains(".begin()") || (begins && !line.contains("ISOLATION LEVEL"));
                assert!(!is_plain, "{}:{}: {line}", path.display(), number + 1);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    ["store", "registry", "cli", "backup", "tenants", "http"].iter().for_each(|room| check(&src.join(room)));
}
