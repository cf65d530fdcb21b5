//! Case is folded the same in every locale of the database.

use std::fs;
use std::path::Path;

use poem::domain::form::field::Choices;
use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::search_text::SearchText;
use poem::store::choices;
use poem::store::lists::{ListParams, groups};
use poem::store::search::{self, SearchParams, SearchScope};

use super::{egi_sql, read, whole};
use crate::support::Installation;
use crate::support::sql::sql;

/// A tenant in a database with this character classification, and names in other alphabets.
fn in_locale(ctype: &str) -> Installation {
    let mut installation = Installation::bare();
    let name = format!("{}_locale", installation.database);
    let locale = format!("LC_COLLATE 'C' LC_CTYPE '{ctype}' ENCODING 'UTF8' TEMPLATE template0");
    sql(&installation, &format!("CREATE DATABASE \"{name}\" {locale}"));
    installation.configure(&format!("Name = {}\n", installation.database), &format!("Name = {name}\n"));
    installation.database = name;
    installation.run("poem-db", &["-c"]).done();
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    egi_sql(
        &installation,
        "INSERT INTO object_group (kind, name) SELECT 'probes', unnest(ARRAY['ÄRGO', 'ärgo x', 'INFO', 'ΣΊΣΥΦΟΣ', 'жук', 'Straße', 'b', 'A'])",
    );
    installation
}

/// The names that each needle finds, in order, in list, search and suggestions.
fn found(installation: &Installation) -> Vec<Vec<String>> {
    let needles = ["ä", "Är", "info", "σίσυφος", "ЖУК", "STRASSE", "straße", ""];
    let found = |needle: &&str| {
        read(installation, async |conn| {
            let params = ListParams { search: needle, ..whole() };
            let listed = groups::list(conn, GroupKind::Probes, &params).await?;
            let mut names: Vec<String> = listed.rows.into_iter().map(|row| row.name).collect();
            names.push("|".to_owned());
            let text = SearchText::parse(needle);
            let params =
                SearchParams { text: &text, scope: SearchScope::Superuser, kind: None, page: 1, page_size: 100 };
            names.extend(search::everything(conn, params).await?.into_iter().map(|found| found.name));
            names.push("|".to_owned());
            let choices = Choices::Groups(GroupKind::Probes);
            names.extend(choices::suggest(conn, choices, needle, None, 100).await?.into_iter().map(|one| one.value));
            Ok(names)
        })
    };
    needles.iter().map(found).collect()
}

#[test]
fn every_locale_finds_and_sorts_the_same() {
    let available =
        sql(&Installation::bare(), "SELECT DISTINCT collctype FROM pg_collation WHERE collencoding IN (-1, 6)");
    let locales = ["C", "C.UTF-8", "C.utf8", "en_US.utf8", "tr_TR.utf8", "de_DE.utf8"];
    let expected = found(&in_locale("C"));
    assert_eq!(expected[0], ["ÄRGO", "ärgo x", "|", "ÄRGO", "ärgo x", "|", "ÄRGO", "ärgo x"]);
    assert_eq!(expected[2], ["INFO", "|", "INFO", "|", "INFO"]);
    assert_eq!(expected[3], ["ΣΊΣΥΦΟΣ", "|", "ΣΊΣΥΦΟΣ", "|", "ΣΊΣΥΦΟΣ"]);
    assert_eq!(expected[4], ["жук", "|", "жук", "|", "жук"]);
    for locale in locales.into_iter().filter(|locale| available.iter().any(|known| known == locale)) {
        assert_eq!(found(&in_locale(locale)), expected, "{locale}");
    }
}

/// `lower`, `upper` and `ILIKE` depend on the locale, unless the collation is given.
#[test]
fn no_query_folds_case_by_the_locale() {
    fn check(directory: &Path) {
        for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                check(&entry);
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            // Queries call the functions without a dot before them.
            for (number, line) in text.lines().enumerate() {
                let calls = ["lower(", "upper(", "initcap("].iter().flat_map(|call| line.match_indices(call));
                for (place, call) in calls.filter(|(place, _)| !line[..*place].ends_with(['.', '_'])) {
                    let argument = line[place + call.len()..].split("\")").next().unwrap_or_default();
                    assert!(argument.ends_with("COLLATE \"C"), "{}:{}: {line}", entry.display(), number + 1);
                }
                assert!(
                    !line.contains("ILIKE") && !line.contains(" ~* "),
                    "{}:{}: {line}",
                    entry.display(),
                    number + 1
                );
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    check(&root.join("src/store"));
}
