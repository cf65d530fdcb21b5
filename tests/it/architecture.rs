//! Rules that no compiler enforces: which room may import which, where SQL may be, and what may write.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms (top-level modules) that a room may use, in addition to itself.
const MAY_USE: [(&str, &[&str]); 27] = [
    ("bin", &["cli"]),
    (
        "cli",
        &[
            "app",
            "argo_webapi",
            "backup",
            "config",
            "dev",
            "domain",
            "http_client",
            "import_export",
            "logging",
            "output",
            "registry",
            "saml",
            "store",
            "sync",
            "webapi_sync",
        ],
    ),
    (
        "app",
        &[
            "admin",
            "api",
            "argo_webapi",
            "auth",
            "cache",
            "config",
            "domain",
            "error",
            "http",
            "management",
            "store",
            "templates",
            "tenants",
            "webapi_sync",
        ],
    ),
    (
        "admin",
        &[
            "argo_webapi",
            "auth",
            "blocking",
            "config",
            "domain",
            "error",
            "http",
            "registry",
            "store",
            "templates",
            "tenants",
            "webapi_sync",
        ],
    ),
    ("api", &["auth", "cache", "config", "domain", "error", "http", "registry", "store", "tenants"]),
    ("management", &["argo_webapi", "cache", "domain", "http", "store", "tenants"]),
    (
        "auth",
        &[
            "blocking",
            "cache",
            "config",
            "domain",
            "error",
            "http",
            "registry",
            "saml",
            "store",
            "templates",
            "tenants",
        ],
    ),
    ("cache", &["domain", "http", "store", "tenants"]),
    ("templates", &["blocking", "domain"]),
    ("tenants", &["domain", "error", "http", "store"]),
    ("http", &["blocking", "config", "domain", "error", "store"]),
    ("error", &["store"]),
    ("registry", &["blocking", "domain", "store"]),
    ("backup", &["domain", "store"]),
    ("import_export", &["domain"]),
    ("saml", &["config", "domain"]),
    ("webapi_sync", &["argo_webapi", "config", "domain", "http_client", "registry", "store"]),
    ("argo_webapi", &["blocking", "config", "domain", "http_client"]),
    ("sync", &["config", "domain", "http_client"]),
    ("http_client", &["domain"]),
    ("store", &["domain"]),
    ("logging", &["config", "domain", "output"]),
    ("config", &["domain"]),
    // One file finds the programs of PostgreSQL, for backups and for the private server.
    ("dev", &["backup::pg_programs", "domain", "saml"]),
    ("blocking", &[]),
    ("domain", &[]),
    ("output", &[]),
];

/// Names that `domain` must not use. (Addresses of std::net are values; only what opens connections is I/O.)
const IMPURE: [&str; 10] = [
    "rocket",
    "sqlx",
    "tokio",
    "std::fs",
    "std::process",
    "std::env",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "Utc::now",
];

/// Text that shows the use of SQL.
const SQL: [&str; 11] = [
    "query!",
    "query_as!",
    "query_scalar!",
    "sqlx::query(",
    "sqlx::query_as",
    "sqlx::query_scalar",
    "raw_sql",
    "\"SELECT ",
    "\"INSERT ",
    "\"UPDATE ",
    "\"DELETE FROM ",
];

/// The beginnings of SQL that writes.
const WRITES: [&str; 4] = ["INSERT INTO ", "UPDATE ", "DELETE FROM ", "setval("];

/// The maximum number of lines of a file.
const MAX_LINES: usize = 450;

/// A file of src/.
struct Source {
    /// From the root of the package, for example `src/cli/db.rs`.
    path: String,
    /// The lines without comments.
    code: Vec<String>,
    /// The whole text.
    text: String,
}

impl Source {
    /// Returns the first directory below src/, or the file there without its extension.
    fn room(&self) -> &str {
        let below = self.path.trim_start_matches("src/");
        below.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    fn code(&self) -> String {
        self.code.join("\n")
    }
}

/// Returns all files of src/.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left = vec![root.join("src")];
    let mut sources = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(read(root, &path));
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > 80);
    sources
}

fn read(root: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let code = text.lines().map(|line| without_comment(line).to_owned()).collect();
    let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    Source { path, code, text }
}

/// Returns the line up to `//`. After a `:` it belongs to an address in a string.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(place, _)| !line[..*place].ends_with(':'));
    comment.map_or(line, |(place, _)| &line[..place])
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns whether `name` is in the text as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name)
        .any(|(place, _)| !text[..place].ends_with(is_name) && !text[place + name.len()..].starts_with(is_name))
}

/// Returns whether a path is one of `allowed` or below it.
fn is_allowed(path: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|allowed| path.strip_prefix(allowed).is_some_and(|rest| !rest.starts_with(is_name)))
}

/// Fails with the list of violations.
#[track_caller]
fn assert_none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let sources = sources();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path != "src/lib.rs") {
        let room = source.room();
        let Some(allowed) = rules.get(room) else {
            violations.push(format!("{}: the table of rules has no room {room}", source.path));
            continue;
        };
        for path in imports::of(&source.path, &source.text) {
            let used = path.join("::");
            if !is_allowed(&used, &[room]) && !is_allowed(&used, allowed) {
                violations.push(format!("{} ({room}) may not use {used}", source.path));
            }
        }
    }
    assert_none(violations);
}

/// Files in an import cycle cannot be read, tested or moved one by one. A mod.rs may name its own children.
#[test]
fn no_files_import_each_other() {
    let sources = sources();
    let files: BTreeMap<Vec<String>, &str> =
        sources.iter().map(|source| (imports::module(&source.path), source.path.as_str())).collect();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in &sources {
        let used = imports::of(&source.path, &source.text).into_iter().filter_map(|path| {
            let file = (0..=path.len()).rev().find_map(|length| files.get(&path[..length]).copied())?;
            let children = source.path.strip_suffix("mod.rs").unwrap_or("-");
            (file != source.path && file != "src/lib.rs" && !file.starts_with(children)).then_some(file)
        });
        edges.insert(&source.path, used.collect());
    }
    assert!(edges.values().map(BTreeSet::len).sum::<usize>() > 500, "imports are found");
    // A file that imports no other, or that no other imports, is in no cycle: remove such files until nothing changes.
    loop {
        let imported: BTreeSet<_> = edges.values().flatten().copied().collect();
        let before = edges.len();
        edges.retain(|file, used| !used.is_empty() && imported.contains(file));
        if edges.len() == before {
            break;
        }
        let left: BTreeSet<_> = edges.keys().copied().collect();
        edges.values_mut().for_each(|used| used.retain(|file| left.contains(file)));
    }
    assert_none(
        edges
            .iter()
            .map(|(file, used)| format!("{file} is in a cycle of imports, or between two cycles: it imports {used:?}"))
            .collect(),
    );
}

/// The name of a type leads to one definition. Exception: every command has its own `Args`.
#[test]
fn no_two_public_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        for line in &source.code {
            let mut words = line.trim_start().split(|c: char| !is_name(c)).filter(|word| !word.is_empty());
            let is_public = line.trim_start().starts_with("pub ") && words.next() == Some("pub");
            let is_type = is_public && words.next().is_some_and(|word| TYPES.contains(&word));
            if let Some(name) = words.next().filter(|name| is_type && *name != "Args") {
                places.entry(name.to_owned()).or_default().push(source.path.clone());
            }
        }
    }
    assert!(places.len() > 250, "{}", places.len());
    assert_none(places.into_iter().filter(|(_, places)| places.len() > 1).map(|twice| format!("{twice:?}")).collect());
}

/// The keywords that declare a type.
const TYPES: [&str; 5] = ["struct", "enum", "trait", "type", "union"];

#[test]
fn domain_is_pure() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.room() == "domain") {
        for (number, line) in (1..).zip(&source.code) {
            for word in IMPURE.iter().filter(|word| mentions(line, word)) {
                violations.push(format!("{}:{number} names {word}", source.path));
            }
        }
    }
    assert_none(violations);
}

#[test]
fn sql_is_only_in_the_store() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| !["store", "dev"].contains(&source.room())) {
        for (number, line) in (1..).zip(&source.code) {
            for word in SQL.iter().filter(|word| line.contains(**word)) {
                violations.push(format!("{}:{number} uses SQL: {word}", source.path));
            }
        }
    }
    assert_none(violations);
}

#[test]
fn sql_is_made_of_strings_in_one_place() {
    let makes = sources().into_iter().filter(|source| source.code().contains("AssertSqlSafe"));
    let places: Vec<_> = makes.filter(|source| source.room() != "dev").map(|source| source.path).collect();
    assert_eq!(places, ["src/store/tenant_tx.rs"]);
}

/// Returns the functions of a file by name: signature and body. Lines outside of functions have the empty name.
fn functions(source: &Source) -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    let mut name = String::new();
    for line in &source.code {
        let signature = line.trim_start_matches("pub ").trim_start_matches("async ");
        if let Some(signature) = signature.strip_prefix("fn ") {
            name = signature.split(|c| !is_name(c)).next().unwrap_or_default().to_owned();
        }
        let body: &mut String = functions.entry(name.clone()).or_default();
        *body += line;
        body.push('\n');
    }
    functions
}

/// The compiler ensures that only `registry` can call a function that takes a `WriteTx`; this test ensures that every
/// function that writes takes one. (Migrations are not data of the registry.)
#[test]
fn every_write_takes_a_transaction_that_only_the_registry_begins() {
    let mut found = 0;
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.room() == "store" && source.path != "src/store/migrate.rs") {
        for (name, text) in functions(source) {
            // `FOR UPDATE` only locks rows.
            let text = text.replace("FOR UPDATE", "");
            if WRITES.iter().any(|word| text.contains(word)) {
                found += 1;
                if !text.contains("WriteTx") {
                    violations.push(format!("{}: {name} writes but takes no WriteTx", source.path));
                }
            }
        }
    }
    assert!(found > 60, "{found}");
    assert_none(violations);
    // The other one prints: it may use standard output and standard error.
    let exempt = sources().into_iter().filter(|source| source.code().contains("disallowed_methods"));
    assert_eq!(exempt.map(|source| source.path).collect::<Vec<_>>(), ["src/output.rs", "src/registry/transaction.rs"]);
}

#[test]
fn templates_are_rendered_in_one_place() {
    let rendered: Vec<_> = sources()
        .into_iter()
        .flat_map(|source| vec![source.path.clone(); source.code().matches("Template::").count()])
        .collect();
    // It attaches the engine; the same file renders.
    assert_eq!(rendered, ["src/templates/page.rs"]);
}

#[test]
fn no_file_is_long() {
    let long = sources().into_iter().filter(|source| source.text.lines().count() > MAX_LINES);
    assert_none(long.map(|source| format!("{} has {} lines", source.path, source.text.lines().count())).collect());
}

#[test]
fn every_function_of_the_store_is_used() {
    let sources = sources();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.room() == "store") {
        let public = source.code.iter().filter(|line| line.trim_start().starts_with("pub "));
        let names = public
            .filter_map(|line| line.split_once("fn "))
            .map(|(_, signature)| signature.split(|c| !is_name(c)).next().unwrap_or_default());
        for name in names {
            let is_use = |line: &&String| mentions(line, name) && !line.contains(&format!("fn {name}"));
            if !sources.iter().flat_map(|source| &source.code).any(|line| is_use(&line)) {
                violations.push(format!("{}: {name} is not used", source.path));
            }
        }
    }
    assert_none(violations);
}
