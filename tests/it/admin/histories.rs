//! Versions, comparisons and log entries: the history of an object, as the pages show it.

use poem::admin::crud::Restore;
use poem::domain::model::object_kind::ObjectKind;

use super::page::{Control, links};
use super::{AT, TestSite, add, all, fixtures, flash, get, open, save};
use crate::support::sql::tables;

#[test]
fn entities_with_versions_show_compare_and_restore_them() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all().filter(|(entity, _)| entity.options().has_versions()) {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let other = add(&mut root, fixture, 2, "ARGO");
        for value in fixture.change.1 {
            let mut form = open(&mut root, &AT.change(kind, id));
            form.set(fixture.change.0, value);
            save(&mut root, &form);
        }
        let versions = site.versions(kind, id);
        assert_eq!(versions.len(), 3, "{kind}");
        let history = get(&mut root, &AT.history(kind, id));
        assert!(history.contains("Initial version.") && history.contains("Changed "), "{history}");
        for version in &versions {
            let address = AT.version(kind, id, *version);
            assert!(
                links(&history).contains(&address) && history.contains(&format!("value=\"{version}\"")),
                "{address}: {history}"
            );
            let page = get(&mut root, &address);
            assert!(
                page.contains("class=\"notice-line\"") && super::page::Form::read(&page).is_none(),
                "{address}: {page}"
            );
            let is_current = Some(version) == versions.last();
            assert_eq!(page.contains("Current version"), is_current, "{address}");
            assert_eq!(page.contains("Restore this version"), !is_current, "{address}");
        }
        let compare = |one, other| format!("{}?version_id1={one}&version_id2={other}", AT.compare(kind, id));
        let [one, two] =
            [(versions[0], versions[2]), (versions[2], versions[0])].map(|(a, b)| get(&mut root, &compare(a, b)));
        assert!(
            one == two && one.contains("<ins>") && unmarked(&one).contains(fixture.change.1[1]),
            "the older version is on the left: {one}"
        );
        get(&mut root, &compare(versions[0], versions[0]));
        assert_eq!(root.get(&AT.compare(kind, id)).status, 400);
        // A version of another object is not found at this one.
        let foreign = site.versions(kind, other)[0];
        for address in [
            AT.version(kind, id, foreign),
            AT.version(kind, other, versions[0]),
            compare(versions[0], foreign),
            compare(foreign, versions[0]),
        ] {
            assert_eq!(root.get(&address).status, 404, "{address}");
            assert_ne!(root.post(&address, &[]).status, 303, "{address}");
        }
        assert_eq!(
            root.get(&format!("{}?restore={foreign}", AT.change(kind, id))).status,
            if entity.options().restore == Restore::InForm { 404 } else { 200 }
        );
        restore(&site, fixture, id, entity.options().restore, &versions);
    }
}

/// Returns a comparison without its marks, which can split a text.
fn unmarked(page: &str) -> String {
    ["<ins>", "</ins>", "<del>", "</del>"].iter().fold(page.to_owned(), |page, mark| page.replace(mark, ""))
}

/// Restores the first version in the way of the entity.
fn restore(site: &TestSite, fixture: &fixtures::Fixture, id: i64, how: Restore, versions: &[i64]) {
    let mut root = site.browser("root");
    let (kind, field) = (fixture.kind, fixture.change.0);
    let before = fixture.form.iter().find(|(name, _)| *name == field).unwrap().1;
    match how {
        Restore::Never => {}
        Restore::AtOnce => {
            let answer = root.post(&AT.version(kind, id, versions[0]), &[]);
            assert_eq!(answer.status, 303, "{answer:?}");
            assert_eq!(open(&mut root, &AT.change(kind, id)).value(field), before);
            assert_eq!(
                site.versions(kind, id).len(),
                versions.len() + 1,
                "there is a new version, and the old ones are kept"
            );
        }
        Restore::InForm => {
            let form = open(&mut root, &format!("{}?restore={}", AT.change(kind, id), versions[0]));
            assert_eq!(form.value(field), before, "the form has the old value");
            assert_eq!(root.post(&AT.version(kind, id, versions[0]), &[]).status, 404);
        }
    }
}

#[test]
fn entities_without_versions_show_their_log_entries() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(entity, _)| !entity.options().has_versions()) {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        save(&mut root, &form);
        let page = get(&mut root, &AT.history(fixture.kind, id));
        let changed = page.find("Changed ").unwrap_or_else(|| panic!("{page}"));
        assert!(page[changed..].contains("Added"), "the newest entry comes first: {page}");
        for address in [AT.version(fixture.kind, id, 1), AT.compare(fixture.kind, id) + "?version_id1=1&version_id2=2"]
        {
            assert_eq!(root.get(&address).status, 404, "{address}");
        }
        assert_eq!(root.post(&AT.version(fixture.kind, id, 1), &[]).status, 404);
        assert_eq!(root.get(&format!("{}?restore=1", AT.change(fixture.kind, id))).status, 200);
    }
}

#[test]
fn a_log_entry_links_to_the_version_that_it_made() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let entry = site.one(&format!("SELECT max(id) FROM egi.log_entry WHERE object_kind = '{}'", fixture.kind));
        let address = format!("/poem/admin/admin/logentry/{entry}/change/");
        let version = site.versions(fixture.kind, id).pop();
        let object = match version {
            Some(version) if entity.options().has_versions() => AT.version(fixture.kind, id, version),
            _ => AT.view(fixture.kind, id),
        };
        let page = get(&mut root, &address);
        assert!(links(&page).contains(&object), "{address} does not link to {object}: {page}");
        for list in [
            "/poem/admin/",
            "/poem/admin/admin/logentry/",
            &format!("/poem/admin/admin/logentry/?kind={}", fixture.kind),
        ] {
            let page = get(&mut root, list);
            assert!(links(&page).contains(&object), "{list}");
        }
        let before = tables(&site.installation);
        assert!([404, 405].contains(&root.post(&address, &[]).status));
        assert!(before == tables(&site.installation));
    }
}

#[test]
fn the_log_has_entry_user_and_time() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql(
        "INSERT INTO egi.log_entry (action, object_kind, object_id, object_name, message, username)
         VALUES ('delete', 'probe', '999', 'gone', '', 'root')",
    );
    let page = get(&mut root, "/poem/admin/admin/logentry/");
    let (_, table) = page.split_once("<thead").expect("a table");
    let place = |words: &str| table.find(words).unwrap_or_else(|| panic!("{words}: {table}"));
    assert!(place(">Entry<") < place(">User<") && place(">User<") < place(">Time<"), "{page}");
    assert!(page.contains("Deleted &quot;gone&quot;."), "{page}");
}

#[test]
fn a_truncated_history_shows_how_many_entries_are_missing() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(ObjectKind::Aggregation), 1, "ARGO");
    let address = AT.history(ObjectKind::Aggregation, id);
    assert!(!get(&mut root, &address).contains("are shown"));
    site.sql(&format!(
        "INSERT INTO egi.log_entry (action, object_kind, object_id, object_name, message, username)
         SELECT 'change', 'aggregation', '{id}', 'one', 'Changed name.', 'root' FROM generate_series(1, 501)"
    ));
    let page = get(&mut root, &address);
    assert!(page.contains("Only the newest 500 entries are shown; 2 older ones are in the log."), "{page}");
}

/// In 2.3 minutes were shown in place of months.
#[test]
fn times_are_in_the_configured_time_zone() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(ObjectKind::Aggregation), 1, "ARGO");
    site.sql("UPDATE egi.log_entry SET action_time = '2019-03-01 22:58:07Z'");
    site.sql("UPDATE egi.version SET created = '2019-03-01 22:58:07Z'");
    let probe = site.one("SELECT min(id) FROM egi.probe").parse().unwrap();
    for address in [
        AT.history(ObjectKind::Aggregation, id),
        AT.history(ObjectKind::Probe, probe),
        "/poem/admin/".to_owned(),
        "/poem/admin/admin/logentry/".to_owned(),
    ] {
        let page = get(&mut root, &address);
        assert!(page.contains("2019-03-01 23:58"), "{address}: {page}");
    }
    let day =
        get(&mut root, "/poem/admin/admin/logentry/?action_time__year=2019&action_time__month=3&action_time__day=1");
    assert!(day.contains("2019-03-01 23:58"), "{day}");
    // There is no such day: the month is shown.
    let february =
        get(&mut root, "/poem/admin/admin/logentry/?action_time__year=2019&action_time__month=2&action_time__day=31");
    assert!(
        !february.contains("2019-03-01 23:58") && february.contains("aria-current=\"true\">February"),
        "{february}"
    );
}

/// In 2.3 the check box of one request leaked into later ones.
#[test]
fn check_boxes_apply_to_their_own_request_only() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Probe);
    let id = add(&mut root, fixture, 1, "ARGO");
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, id));
    form.set("new_version", "");
    form.set("comment", "Amended.");
    save(&mut root, &form);
    assert_eq!(site.versions(ObjectKind::Probe, id).len(), 1, "updated in place");
    let form = open(&mut root, &AT.change(ObjectKind::Probe, id));
    let is_checked = |name| matches!(form.get(name), Some(Control::Checkbox { checked: true, .. }));
    assert!(is_checked("new_version") && is_checked("update_metrics"), "both are checked again");
    let mut form = form.clone();
    form.set("version", "2.0");
    save(&mut root, &form);
    assert_eq!(site.versions(ObjectKind::Probe, id).len(), 2);
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, id));
    form.set("comment", "The number stays.");
    let answer = super::submit(&mut root, &form);
    assert!(answer.status == 422 && answer.text().contains("Version number should be raised"), "{answer:?}");
}

#[test]
fn a_deletion_lists_the_affected_objects_and_keeps_them() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (kind, member) in [
        (ObjectKind::GroupOfProbes, "ams-probe"),
        (ObjectKind::GroupOfProfiles, "ARGO_MON"),
        (ObjectKind::GroupOfAggregations, "CRITICAL_AGG"),
        (ObjectKind::GroupOfMetrics, "argo.AMS-Check"),
    ] {
        let fixture = fixtures::of(kind);
        let id = super::id_of(&mut root, fixture, "ARGO");
        let page = get(&mut root, &AT.delete(kind, id));
        assert!(page.contains(member) && page.contains("member"), "{kind}: {page}");
        let count = |site: &TestSite| {
            site.one("SELECT (SELECT count(*) FROM egi.probe) + (SELECT count(*) FROM egi.profile) + (SELECT count(*) FROM egi.aggregation) + (SELECT count(*) FROM egi.metric)")
        };
        let before = count(&site);
        assert_eq!(root.post(&AT.delete(kind, id), &[]).status, 303);
        assert_eq!(count(&site), before);
    }
}

#[test]
fn a_clone_starts_from_its_original_and_records_it() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(entity, _)| entity.options().can_clone) {
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = AT.clone_of(fixture.kind, id);
        let form = open(&mut root, &address);
        for (name, value) in &fixture.form[1..] {
            assert_eq!(form.value(name), *value, "{address}: {name}");
        }
        let same = super::submit(&mut root, &form);
        assert_eq!(same.status, 422, "{address}: the copy needs another name: {}", same.text());
        let mut form = form.clone();
        form.set(fixture.form[0].0, &fixture.key(2));
        let page = save(&mut root, &form);
        assert!(flash(&page).contains("was added"), "{}", flash(&page));
        let copy = super::id_of(&mut root, fixture, &fixture.key(2));
        assert!(get(&mut root, &AT.history(fixture.kind, copy)).contains("Derived from "), "{address}");
    }
}
