//! Aggregation profiles in dumps and backups: rows that POEM 2.3 stored twice, and the definitions that POEM 3 adds.

use std::fs;

use serde_json::{Value, json};

use super::said;
use crate::support::sql::{everything, sql};
use crate::support::{Installation, Server, fixture};

const NOTHING_TO_DO: &str = "The tenant already holds exactly these data: nothing to do.\n";
const AGGREGATIONS: &str = "SELECT a.id, a.name, a.apiid, g.name FROM egi.aggregation a LEFT JOIN egi.object_group g
     ON g.kind = a.group_kind AND g.id = a.group_id ORDER BY a.id";
/// Makes the ARGO WEB-API known: a definition with a key that POEM does not know, a version of it, and one that is gone.
const KNOWN: &str = r#"UPDATE egi.aggregation SET definition = '{"id": "x", "name": "CRITICAL_AGG", "new": [1]}',
                       definition_read = '2026-11-28 10:00+00' WHERE id = 2;
                       UPDATE egi.aggregation SET missing_since = '2026-11-03 10:00+00' WHERE id = 1"#;
const VERSION: &str = "INSERT INTO egi.version (kind, object_id, content, message, username, created)
                       SELECT 'aggregation', id, jsonb_build_object('group', 'ARGO', 'definition', definition), 'm', '', now()
                       FROM egi.aggregation WHERE id = 2";
const DEFINITIONS: &str = "SELECT id, definition, definition_read, missing_since FROM egi.aggregation ORDER BY id";

/// Writes small.json with rows of aggregations to a file of the installation.
fn with_rows(installation: &Installation, rows: &[(i64, &str, &str, &str)]) -> String {
    let mut dump: Vec<Value> = serde_json::from_slice(&fs::read(fixture("small.json")).unwrap()).unwrap();
    dump.extend(rows.iter().map(|(key, name, apiid, group)| {
        json!({"model": "poem.aggregation", "pk": key, "fields": {"name": name, "apiid": apiid, "groupname": group}})
    }));
    let file = installation.path("doubles.json");
    fs::write(&file, serde_json::to_vec(&dump).unwrap()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_dump_with_aggregations_of_one_name_and_of_one_apiid_loads_and_loading_it_again_changes_nothing() {
    let installation = Installation::with_tenants();
    let known = "00000000-oooo-kkkk-aaaa-aaeekkccnnee";
    let file = with_rows(&installation, &[(7, "OTHER", known, "SSC"), (8, "CRITICAL_AGG", "another", "")]);
    let load = || installation.run("poem-db", &["-d", "-n", "egi", "-f", &file]);
    let ran = load();
    let warning = "poem.aggregation 7: field \"apiid\": is that of poem.aggregation 1, left out";
    assert!(ran.status == 0 && ran.stderr.contains(warning), "{ran:?}");
    let loaded = [
        format!("1|TEST_PROFILE|{known}|SSC"),
        "2|CRITICAL_AGG|12341234-oooo-kkkk-aaaa-aaeekkccnnee|ARGO".to_owned(),
        "8|CRITICAL_AGG|another|".to_owned(),
    ];
    assert_eq!(sql(&installation, AGGREGATIONS), loaded);
    let before = everything(&installation);
    assert!(load().stdout.ends_with(NOTHING_TO_DO));
    assert_eq!(everything(&installation), before);
    let server = Server::start(&installation);
    assert_eq!(server.get("/poem/").status, 302);
}

#[test]
fn loading_a_dump_again_keeps_what_is_known_of_the_web_api() {
    let installation = Installation::with_small_data();
    sql(&installation, KNOWN);
    let before = everything(&installation);
    let file = fixture("small.json");
    for more in [&[][..], &["--replace", "--yes"]] {
        let ran = installation.run("poem-db", &[&["-d", "-n", "egi", "-f", file.to_str().unwrap()], more].concat());
        assert_eq!(ran.done().stdout, NOTHING_TO_DO);
        assert_eq!(everything(&installation), before);
    }
    // A version is more than the file has. It is not overwritten, except on demand.
    sql(&installation, VERSION);
    let before = everything(&installation);
    let ran = installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]);
    said(&ran, 1, "the tenant holds other data, and nothing was loaded");
    assert_eq!(everything(&installation), before);
    installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"]).done();
    assert_eq!(sql(&installation, DEFINITIONS), ["1|||", "2|||"]);
}

#[test]
fn a_backup_has_the_definitions_and_their_versions() {
    let installation = Installation::with_small_data();
    sql(&installation, KNOWN);
    sql(&installation, VERSION);
    sql(&installation, "INSERT INTO egi.aggregation (name, apiid) VALUES ('CRITICAL_AGG', 'twice')");
    let versions = "SELECT * FROM egi.version WHERE kind = 'aggregation'";
    let before = [DEFINITIONS, versions].map(|select| sql(&installation, select));
    assert!(before[0].len() == 3 && before[1].len() == 1, "{before:?}");
    let directory = installation.path("backups");
    fs::create_dir(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-n", "egi", "-o", directory.to_str().unwrap()]).done();
    let file = ran.stdout.lines().next().unwrap().to_owned();
    let restored = Installation::bare();
    restored.run("poem-db", &["-c"]).done();
    restored.run("poem-restore", &["-f", &file]).done();
    assert_eq!([DEFINITIONS, versions].map(|select| sql(&restored, select)), before);
}
