//! What happened to an object is kept whole: in the audit log, in versions, in backups and in copies of the data.

use std::fs;

use poem::domain::model::object_kind::ObjectKind;
use poem::registry::load::load;
use poem::store::{ReadTx, snapshot_read};
use serde_json::{Value, json};

use super::{AT, TestSite, add, all, fixtures, get, open, save};
use crate::support::installation::{egi, two};
use crate::support::sql::{sql, tables};
use crate::support::{Installation, block_on};

/// Adds two objects of every entity, changes the first and deletes the second.
fn use_every_entity(site: &TestSite) {
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        save(&mut root, &form);
        let id = add(&mut root, fixture, 2, "ARGO");
        let answer = root.post(&AT.delete(fixture.kind, id), &[]);
        assert_eq!(answer.status, 303, "{answer:?}");
    }
}

/// Returns (id, data) of the newest log entry of this kind and action.
fn newest(site: &TestSite, fixture: &fixtures::Fixture, action: &str) -> (String, Value) {
    let row = site.one(&format!(
        "SELECT id || '|' || coalesce(data::text, '') FROM egi.log_entry
         WHERE object_kind = '{}' AND action = '{action}' ORDER BY id DESC LIMIT 1",
        fixture.kind
    ));
    let (id, data) = row.split_once('|').unwrap();
    (id.to_owned(), serde_json::from_str(data).unwrap_or_else(|error| panic!("{}: {row}: {error}", fixture.kind)))
}

#[test]
fn the_log_stores_every_value_of_every_entity() {
    let site = TestSite::new();
    use_every_entity(&site);
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let page = |id: &str| get(&mut site.browser("root"), &format!("/poem/admin/admin/logentry/{id}/change/"));
        let (id, data) = newest(&site, fixture, "change");
        let change = &data["changes"][0];
        let is_flag = !fixture.changes_text(&open(&mut root, &AT.addition(fixture.kind)));
        let (before, after) = match is_flag {
            true => ("No", "Yes"),
            false => (fixture.form.iter().find(|(name, _)| *name == fixture.change.0).unwrap().1, fixture.change.1[0]),
        };
        let before = before.replace("{n}", "1");
        assert_eq!((&change["before"], &change["after"]), (&json!(before), &json!(after)), "{}", fixture.kind);
        assert!(page(&id).contains("Everything that changed"), "{}", page(&id));
        let (id, data) = newest(&site, fixture, "delete");
        let (stored, page) = (data["content"].to_string(), page(&id).replace("&#x2F;", "/"));
        for (name, value) in fixture.form.iter().filter(|(name, _)| !name.starts_with("password")) {
            let value = value.replace("{n}", "2");
            assert!(stored.contains(&value), "{} {name}: {stored}", fixture.kind);
            assert!(page.contains(&value), "{} {name}: {page}", fixture.kind);
        }
        assert!(!stored.contains("quite-a-secret"), "{stored}");
    }
    let messages = "SELECT count(*) FROM egi.log_entry WHERE data IS NOT NULL AND message <> ''";
    assert_eq!(site.one(messages), "0", "words are made when they are shown");
}

#[test]
fn entries_of_before_and_of_a_later_poem_are_shown() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let later = json!({
        "changes": [{"kind": "tomorrow"}, {"kind": "value", "field": "speed", "before": "1", "after": "2", "unit": "m"}],
        "content": {"name": "gone", "colour": "red"}, "reason": "none"
    });
    let id = site.one(&format!(
        "INSERT INTO egi.log_entry (action, object_kind, object_id, object_name, message, username, data) VALUES
             ('change', 'probe', '1', 'ams-probe', 'Words of before.', 'root', NULL),
             ('change', 'probe', '1', 'ams-probe', '', 'root', '{later}') RETURNING id"
    ));
    let list = get(&mut root, "/poem/admin/admin/logentry/");
    for words in ["Words of before.", "Changed speed. Changed something that this version of POEM does not know."] {
        assert!(list.contains(words), "{list}");
    }
    let page = get(&mut root, &format!("/poem/admin/admin/logentry/{id}/change/"));
    assert!(page.contains("speed") && page.contains("gone"), "{page}");
}

#[test]
fn a_list_names_ten_tuples_and_the_page_of_the_entry_all() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let rows: Vec<Value> = (0..1000).map(|row| json!(["SRM", format!("metric.{row:04}."), ""])).collect();
    let data = json!({"changes": [{"kind": "list", "field": "tuples", "added": rows, "removed": rows}]});
    let id = site.one(&format!(
        "INSERT INTO egi.log_entry (action, object_kind, object_id, object_name, message, username, data)
         VALUES ('change', 'profile', '1', 'ARGO_MON', '', 'root', '{data}') RETURNING id"
    ));
    let list = get(&mut root, "/poem/admin/admin/logentry/");
    assert_eq!(list.matches("and 990 more.").count(), 2, "{list}");
    assert!(list.contains("metric.0009.") && !list.contains("metric.0010."), "{list}");
    let page = get(&mut root, &format!("/poem/admin/admin/logentry/{id}/change/"));
    assert!(rows.iter().all(|row| page.matches(row[1].as_str().unwrap()).count() >= 2));
}

#[test]
fn a_backup_has_versions_and_the_data_of_the_log() {
    let site = TestSite::new();
    use_every_entity(&site);
    let directory = site.installation.path("backups");
    fs::create_dir_all(&directory).unwrap();
    let ran = site.installation.run("poem-backup", &["-n", "egi", "-o", directory.to_str().unwrap()]).done();
    let file = ran.stdout.lines().next().unwrap();
    let other = Installation::bare();
    other.run("poem-db", &["-c"]).done();
    other.run("poem-restore", &["-f", file]).done();
    for table in ["version", "log_entry"] {
        let rows = format!("SELECT t::text FROM egi.{table} t ORDER BY id");
        let kept = sql(&site.installation, &rows);
        assert!(kept.len() > 30, "{table}: {kept:?}");
        assert_eq!(sql(&other, &rows), kept, "{table}");
    }
}

#[test]
fn a_copy_of_the_data_has_versions_and_the_data_of_the_log() {
    let site = TestSite::new();
    use_every_entity(&site);
    site.sql("DELETE FROM two.api_key; DELETE FROM two.log_entry");
    let (one, other) = block_on(async {
        let pool = site.installation.pool();
        let mut tx = ReadTx::begin(&pool, &egi()).await.unwrap();
        let one = snapshot_read::read(tx.conn()).await.unwrap();
        drop(tx);
        load(&pool, &two(), &one, false).await.unwrap();
        let mut tx = ReadTx::begin(&pool, &two()).await.unwrap();
        (one, snapshot_read::read(tx.conn()).await.unwrap())
    });
    assert!(one.versions == other.versions && one.log_entries == other.log_entries);
    assert!(one.log_entries.iter().filter(|entry| entry.data.is_some()).count() > 20);
    assert!(tables(&site.installation).contains("two.version"));
}

#[test]
fn the_log_is_filtered_by_action_time_and_user() {
    let site = TestSite::new();
    let id = add(&mut site.browser("root"), fixtures::of(ObjectKind::Probe), 7, "ARGO");
    assert_eq!(site.browser("poem").post(&AT.delete(ObjectKind::Probe, id), &[]).status, 303);
    site.sql(
        "UPDATE egi.log_entry SET action_time = '2019-02-03 04:05Z' WHERE id = (SELECT min(id) FROM egi.log_entry)",
    );
    let list = |query: &str| get(&mut site.browser("root"), &format!("/poem/admin/admin/logentry/?{query}"));
    let titles = |page: &str| (page.contains("Added &quot;"), page.contains("Deleted &quot;"));
    assert_eq!(titles(&list("action=delete&since=30days")), (false, true));
    assert_eq!(titles(&list("by=yes&since=30days")), (true, false));
    assert_eq!(titles(&list("by=no&since=today&action=delete")), (false, true));
    // The dates are those of the entries that match.
    let page = list("since=30days");
    assert!(page.contains("Clear all") && !page.contains("2019"), "{page}");
    assert!(list("").contains("2019 ("));
}
