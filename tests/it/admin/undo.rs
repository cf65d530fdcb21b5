//! Undo in messages, and the restoring of what was deleted.

use poem::domain::model::object_kind::ObjectKind;
use poem::registry::undelete::can_return;

use super::fixtures::{self, Fixture};
use super::page::{elements, errors_at, links};
use super::{AT, TestSite, add, all, flash, get, id_of, open, save, submit};
use crate::support::{Browser, HttpResponse};

/// Returns the address of the button with this label; `None` if the page has none.
fn button(page: &str, label: &str) -> Option<String> {
    let elements = elements(page);
    let place = elements.iter().position(|element| element.name == "button" && element.text == label)?;
    let form = elements[..place].iter().rev().find(|element| element.name == "form")?;
    form.get("action").map(str::to_owned)
}

/// Presses the button Undo of a page; returns the page that follows.
#[track_caller]
fn undo(browser: &mut Browser<'_>, page: &str) -> String {
    let address = button(page, "Undo").unwrap_or_else(|| panic!("no Undo: {}", flash(page)));
    let answer = browser.post(&address, &[]);
    assert_eq!(answer.status, 303, "{address}: {}", answer.text());
    get(browser, answer.header("Location").unwrap())
}

/// Deletes an object; returns the page that follows.
#[track_caller]
fn delete(browser: &mut Browser<'_>, kind: ObjectKind, id: i64) -> String {
    let answer = browser.post(&AT.delete(kind, id), &[]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    get(browser, answer.header("Location").unwrap())
}

/// Changes the field of the fixture to its first new value; returns the page that follows.
#[track_caller]
fn change(browser: &mut Browser<'_>, fixture: &Fixture, id: i64) -> String {
    let mut form = open(browser, &AT.change(fixture.kind, id));
    form.set(fixture.change.0, fixture.change.1[0]);
    save(browser, &form)
}

/// Returns the fields of an object as its form has them, without what every request or save changes.
fn fields(browser: &mut Browser<'_>, kind: ObjectKind, id: i64) -> Vec<(String, String)> {
    let mut pairs = open(browser, &AT.change(kind, id)).pairs();
    pairs.retain(|(name, _)| !name.starts_with('_') && name != "csrfmiddlewaretoken");
    pairs
}

fn entries(site: &TestSite) -> i64 {
    site.one("SELECT count(*) FROM egi.log_entry").parse().unwrap()
}

fn newest_entry(site: &TestSite) -> String {
    site.one("SELECT max(id) FROM egi.log_entry")
}

fn returning() -> impl Iterator<Item = &'static Fixture> {
    all().map(|(_, fixture)| fixture).filter(|fixture| can_return(fixture.kind))
}

#[test]
fn what_was_deleted_returns_with_its_id_its_versions_and_its_history() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for fixture in returning() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        change(&mut root, fixture, id);
        let (before, versions) = (fields(&mut root, kind, id), site.versions(kind, id));
        let page = delete(&mut root, kind, id);
        let entry = newest_entry(&site);
        let log = format!("/poem/admin/admin/logentry/{entry}/change/");
        assert_eq!(button(&get(&mut root, &log), "Restore"), button(&page, "Undo"), "{kind}");
        let history = root.get(&AT.history(kind, id));
        assert_eq!(history.status, 404, "{kind}");
        assert!(history.text().contains("was deleted by root on"), "{}", history.text());
        let address = button(&page, "Undo").unwrap();
        assert_eq!(button(&history.text(), "Restore").as_ref(), Some(&address), "{kind}");
        let restored = undo(&mut root, &page);
        assert!(flash(&restored).contains("was restored."), "{kind}: {}", flash(&restored));
        assert_eq!(fields(&mut root, kind, id), before, "{kind}");
        let kept = site.versions(kind, id);
        assert!(kept.starts_with(&versions), "{kind}: {kept:?} {versions:?}");
        let is_numbered = kind == ObjectKind::Probe;
        assert_eq!(kept.len() - versions.len(), usize::from(!versions.is_empty() && !is_numbered), "{kind}");
        assert!(get(&mut root, &AT.history(kind, id)).contains("Restored after its deletion by root.") || is_numbered);
        let message = site.one("SELECT message FROM egi.log_entry ORDER BY id DESC LIMIT 1");
        assert_eq!(message, "Restored after its deletion by root.", "{kind}");
        // The deletion offers no second restoring, and the same form again leads to the same page.
        let stored = entries(&site);
        let page = get(&mut root, &log);
        assert!(button(&page, "Restore").is_none() && page.contains("Undone by the log entry"), "{page}");
        let again = root.post(&address, &[]);
        assert_eq!((again.status, again.header("Location")), (303, Some(AT.view(kind, id).as_str())), "{kind}");
        assert_eq!(entries(&site), stored, "{kind}");
        assert!(flash(&get(&mut root, &AT.view(kind, id))).contains("was restored."));
        let mut poem = site.browser("poem");
        let other = poem.post(&address, &[]);
        assert!(flash(&get(&mut poem, other.header("Location").unwrap())).contains("root has restored"), "{kind}");
    }
}

#[test]
fn a_change_is_undone_and_redone_from_its_message() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for fixture in returning() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let (before, versions) = (fields(&mut root, kind, id), site.versions(kind, id));
        let page = change(&mut root, fixture, id);
        let (after, stored) = (fields(&mut root, kind, id), entries(&site));
        assert_ne!(before, after, "{kind}");
        let page = undo(&mut root, &page);
        assert!(flash(&page).contains("is undone. Changed "), "{kind}: {}", flash(&page));
        assert_eq!(fields(&mut root, kind, id), before, "{kind}");
        assert_eq!(entries(&site), stored + 1, "{kind}");
        let expected = if kind == ObjectKind::Probe || versions.is_empty() { versions.len() } else { 3 };
        assert_eq!(site.versions(kind, id).len(), expected, "{kind}");
        let page = undo(&mut root, &page);
        assert!(flash(&page).contains("is undone."), "{kind}: {}", flash(&page));
        assert_eq!(fields(&mut root, kind, id), after, "{kind}");
    }
}

#[test]
fn an_addition_is_undone_from_its_message() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for fixture in returning() {
        let kind = fixture.kind;
        let mut form = open(&mut root, &AT.addition(kind));
        fixture.fill(&mut form, 1, "ARGO");
        let page = save(&mut root, &form);
        let id = site.one("SELECT object_id FROM egi.log_entry ORDER BY id DESC LIMIT 1").parse().unwrap();
        let page = undo(&mut root, &page);
        assert!(flash(&page).contains("its addition is undone."), "{kind}: {}", flash(&page));
        assert_eq!(root.get(&AT.change(kind, id)).status, 404, "{kind}");
        undo(&mut root, &page);
        get(&mut root, &AT.change(kind, id));
    }
}

#[test]
fn a_later_change_prevents_an_undo_and_its_author_is_named() {
    let site = TestSite::new();
    let (mut root, mut poem) = (site.browser("root"), site.browser("poem"));
    for fixture in returning() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = button(&change(&mut root, fixture, id), "Undo").unwrap();
        let mut form = open(&mut poem, &AT.change(kind, id));
        form.set(fixture.change.0, fixture.change.1[1]);
        save(&mut poem, &form);
        let (after, stored) = (fields(&mut root, kind, id), entries(&site));
        let said = |root: &mut Browser<'_>, answer: &HttpResponse| {
            assert_eq!(answer.status, 303, "{kind}");
            flash(&get(root, answer.header("Location").unwrap()))
        };
        let answer = root.post(&address, &[]);
        let words = said(&mut root, &answer);
        assert!(words.contains("Nothing was undone: poem has changed “") && words.contains("since"), "{kind}: {words}");
        assert_eq!((fields(&mut root, kind, id), entries(&site)), (after, stored), "{kind}");
        delete(&mut poem, kind, id);
        let answer = root.post(&address, &[]);
        let words = said(&mut root, &answer);
        assert!(words.contains("Nothing was undone: poem has deleted “"), "{kind}: {words}");
    }
}

#[test]
fn only_those_who_may_add_an_object_restore_it() {
    let site = TestSite::new();
    for kind in [ObjectKind::Metric, ObjectKind::Probe, ObjectKind::Profile] {
        let mut root = site.browser("root");
        let id = add(&mut root, fixtures::of(kind), 1, "ARGO");
        let address = button(&delete(&mut root, kind, id), "Undo").unwrap();
        for user in ["neighbour", "nobody"] {
            let mut browser = site.browser(user);
            let history = browser.get(&AT.history(kind, id));
            assert!(history.status == 404 && !history.text().contains("was deleted"), "{user}: {}", history.text());
            for entry in [&address, address.strip_suffix("&at_once=1").unwrap()] {
                assert_eq!(browser.post(entry, &[]).status, 403, "{user}: {entry}");
                assert_eq!(browser.get(entry).status, 403, "{user}: {entry}");
            }
        }
        let public = site.stranger().get(&AT.history(kind, id).replace("/poem/poem/", "/poem/poem/public_"));
        assert!(!public.text().contains("was deleted"), "{}", public.text());
        let mut member = site.browser("member");
        let history = member.get(&AT.history(kind, id)).text();
        assert_eq!(button(&history, "Restore").as_ref(), Some(&address), "{history}");
        assert_eq!(member.post(&address, &[]).status, 303);
        get(&mut member, &AT.change(kind, id));
    }
}

#[test]
fn an_undo_needs_the_rights_of_the_change() {
    let site = TestSite::new();
    let (mut root, mut neighbour) = (site.browser("root"), site.browser("neighbour"));
    for fixture in returning() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let entry = newest_entry(&site).parse().unwrap();
        assert_eq!(neighbour.post(&AT.undo(kind, id, entry), &[]).status, 403, "{kind}: its addition");
        let page = change(&mut root, fixture, id);
        let after = fields(&mut root, kind, id);
        assert_eq!(neighbour.post(&button(&page, "Undo").unwrap(), &[]).status, 403, "{kind}");
        assert_eq!(fields(&mut root, kind, id), after, "{kind}");
        // The entry of another object, or none.
        assert_eq!(root.post(&AT.undo(kind, id + 1000, entry), &[]).status, 404, "{kind}");
        assert_eq!(root.post(&AT.undo(kind, id, entry + 1000), &[]).status, 404, "{kind}");
    }
}

#[test]
fn a_taken_name_opens_the_form_and_loses_nothing() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for kind in [ObjectKind::Metric, ObjectKind::Profile, ObjectKind::GroupOfMetrics] {
        let fixture = fixtures::of(kind);
        let id = add(&mut root, fixture, 1, "ARGO");
        let before = fields(&mut root, kind, id);
        let address = button(&delete(&mut root, kind, id), "Undo").unwrap();
        add(&mut root, fixture, 1, "ARGO");
        let refused = root.post(&address, &[]);
        assert_eq!(refused.status, 422, "{kind}: {}", refused.text());
        assert!(!errors_at(&refused.text(), "name").is_empty(), "{kind}: {}", refused.text());
        let mut form = super::page::Form::read(&refused.text()).unwrap();
        for (name, value) in &before {
            assert_eq!(form.value(name), value, "{kind}: {name}");
        }
        form.set("name", &fixture.key(2));
        let page = save(&mut root, &form);
        assert!(flash(&page).contains("was restored."), "{kind}: {}", flash(&page));
        assert_eq!(id_of(&mut root, fixture, &fixture.key(2)), id, "{kind}: it has its id again");
        let again = root.post(&address, &[]);
        assert_eq!(again.header("Location"), Some(AT.view(kind, id).as_str()), "{kind}: it is restored once");
    }
}

#[test]
fn the_form_of_a_deleted_object_can_be_edited_before_it_is_restored() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for fixture in returning() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        delete(&mut root, kind, id);
        let history = root.get(&AT.history(kind, id)).text();
        let address = links(&history).into_iter().find(|link| link.contains("deleted=")).unwrap();
        let mut form = open(&mut root, &address);
        form.set(fixture.change.0, fixture.change.1[0]);
        let answer = submit(&mut root, &form);
        assert_eq!(answer.header("Location"), Some(AT.view(kind, id).as_str()), "{kind}: {}", answer.text());
        assert_eq!(open(&mut root, &AT.change(kind, id)).value(fixture.change.0), fixture.change.1[0], "{kind}");
        let second = submit(&mut root, &form);
        assert_eq!(second.header("Location"), answer.header("Location"), "{kind}: sent again");
    }
}

#[test]
fn what_no_longer_exists_is_left_out_and_named() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(ObjectKind::Metric), 1, "ARGO");
    let metric = delete(&mut root, ObjectKind::Metric, id);
    let probe = id_of(&mut root, fixtures::of(ObjectKind::Probe), "ams-probe");
    delete(&mut root, ObjectKind::Probe, probe);
    let group = id_of(&mut root, fixtures::of(ObjectKind::GroupOfMetrics), "ARGO");
    delete(&mut root, ObjectKind::GroupOfMetrics, group);
    let refused = root.post(&button(&metric, "Undo").unwrap(), &[]).text();
    assert!(refused.contains("The group “ARGO” no longer exists.") && !errors_at(&refused, "group").is_empty());
    assert!(refused.contains("The probe version “ams-probe (0.1.11)” no longer exists."), "{refused}");
    let mut form = super::page::Form::read(&refused).unwrap();
    form.set("group", "SSC");
    save(&mut root, &form);
    let form = open(&mut root, &AT.change(ObjectKind::Metric, id));
    assert_eq!((form.value("group"), form.value("probeversion")), ("SSC", ""));
}

#[test]
fn a_probe_returns_to_the_metrics_that_lost_it() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let links = "SELECT m.id || ' ' || coalesce(m.probe_version_id::text, 'none') FROM egi.metric m ORDER BY m.id";
    let before = site.sql(links);
    let probe = id_of(&mut root, fixtures::of(ObjectKind::Probe), "ams-probe");
    let using = format!(
        "SELECT count(*) FROM egi.metric WHERE probe_version_id IN
        (SELECT id FROM egi.version WHERE kind = 'probe' AND object_id = {probe})"
    );
    let count = site.one(&using);
    assert_ne!(count, "0");
    let page = delete(&mut root, ObjectKind::Probe, probe);
    assert_eq!(site.one(&using), "0");
    let page = undo(&mut root, &page);
    assert!(flash(&page).contains("to it again"), "{}", flash(&page));
    assert_eq!(site.sql(links), before);
    // A metric that uses another version by now keeps it.
    let page = delete(&mut root, ObjectKind::Probe, probe);
    let other = add(&mut root, fixtures::of(ObjectKind::Probe), 1, "ARGO");
    let version = site.versions(ObjectKind::Probe, other)[0];
    let metric = before[0].split(' ').next().unwrap();
    site.sql(&format!("UPDATE egi.metric SET probe_version_id = {version} WHERE id = {metric}"));
    undo(&mut root, &page);
    assert_eq!(site.one(&format!("SELECT probe_version_id FROM egi.metric WHERE id = {metric}")), version.to_string());
}

#[test]
fn a_group_returns_with_what_is_free() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::GroupOfProbes);
    let id = id_of(&mut root, fixture, "ARGO");
    let moved = add(&mut root, fixtures::of(ObjectKind::Probe), 1, "ARGO");
    let gone = add(&mut root, fixtures::of(ObjectKind::Probe), 2, "ARGO");
    let stays = add(&mut root, fixtures::of(ObjectKind::Probe), 3, "ARGO");
    let page = delete(&mut root, ObjectKind::GroupOfProbes, id);
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, moved));
    form.set("group", "SSC");
    form.set("new_version", "");
    save(&mut root, &form);
    delete(&mut root, ObjectKind::Probe, gone);
    let user = site.one("SELECT id FROM egi.app_user WHERE username = 'member'").parse().unwrap();
    delete(&mut root, ObjectKind::CustUser, user);
    let page = undo(&mut root, &page);
    let words = flash(&page);
    for part in [
        "In another group by now: probe \"test-probe-1.\"",
        "No longer there: probe \"test-probe-2.\"",
        "No longer there: user \"member\"",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let group =
        |probe: i64| site.one(&format!("SELECT coalesce(group_id::text, 'none') FROM egi.probe WHERE id = {probe}"));
    assert_eq!(group(stays), id.to_string());
    assert_ne!(group(moved), id.to_string());
}

#[test]
fn a_new_version_of_a_probe_is_taken_back_with_its_metrics() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let probe = id_of(&mut root, fixtures::of(ObjectKind::Probe), "ams-probe");
    let (versions, before) = (site.versions(ObjectKind::Probe, probe), fields(&mut root, ObjectKind::Probe, probe));
    let links = "SELECT m.id || ' ' || coalesce(m.probe_version_id::text, 'none') FROM egi.metric m ORDER BY m.id";
    let used = site.sql(links);
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, probe));
    form.set("version", "9.9");
    form.set("comment", "Next.");
    let page = save(&mut root, &form);
    assert_ne!(site.sql(links), used);
    let page = undo(&mut root, &page);
    assert!(flash(&page).contains("back to ams-probe ("), "{}", flash(&page));
    assert_eq!(fields(&mut root, ObjectKind::Probe, probe), before);
    assert_eq!((site.versions(ObjectKind::Probe, probe), site.sql(links)), (versions, used));
}

#[test]
fn the_undo_of_a_rename_restores_the_name_everywhere() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    // The metric of this name under another tag would keep the name.
    site.sql("DELETE FROM egi.metric m USING egi.tag t WHERE t.id = m.tag_id AND t.name = 'Devel'");
    let metric = id_of(&mut root, fixtures::of(ObjectKind::Metric), "argo.AMS-Check");
    let tuples = "SELECT count(*) FROM egi.metric_instance i JOIN egi.metric_name n ON n.id = i.metric_name_id
        WHERE n.name = 'argo.AMS-Check'";
    let before = site.one(tuples);
    assert_ne!(before, "0");
    let mut form = open(&mut root, &AT.change(ObjectKind::Metric, metric));
    form.set("name", "argo.Renamed");
    let page = save(&mut root, &form);
    assert_eq!(site.one(tuples), "0");
    undo(&mut root, &page);
    assert_eq!(site.one(tuples), before);
    assert_eq!(open(&mut root, &AT.change(ObjectKind::Metric, metric)).value("name"), "argo.AMS-Check");
}

#[test]
fn keys_and_users_are_not_undone() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(_, fixture)| !can_return(fixture.kind)) {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        assert_eq!(button(&change(&mut root, fixture, id), "Undo"), None, "{kind}");
        let page = delete(&mut root, kind, id);
        assert_eq!(button(&page, "Undo"), None, "{kind}");
        let entry: i64 = newest_entry(&site).parse().unwrap();
        let log = get(&mut root, &format!("/poem/admin/admin/logentry/{entry}/change/"));
        assert_eq!(button(&log, "Restore"), None, "{kind}");
        assert_eq!(root.post(&AT.undo(kind, id, entry), &[]).status, 404, "{kind}");
        assert_eq!(open(&mut root, &AT.addition_again(kind, Some(&entry.to_string()))).value(fixture.form[0].0), "");
    }
}

#[test]
fn many_side_effects_are_folded_into_one_message() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql(
        "INSERT INTO egi.metric_name (name) SELECT 'bulk.' || n FROM generate_series(1, 5) n;
         INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, probe_version_id)
            SELECT n.id, 1, 1, (SELECT max(v.id) FROM egi.version v JOIN egi.probe p ON p.id = v.object_id
                                WHERE v.kind = 'probe' AND p.name = 'ams-probe')
            FROM egi.metric_name n WHERE n.name LIKE 'bulk.%'",
    );
    let probe = id_of(&mut root, fixtures::of(ObjectKind::Probe), "ams-probe");
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, probe));
    form.set("version", "9.9");
    let page = save(&mut root, &form);
    assert_eq!(page.matches("class=\"message ").count(), 1, "{page}");
    let (_, folded) = page.split_once("<details><summary>Moved ").unwrap_or_else(|| panic!("{page}"));
    assert!(folded.contains(" metrics to ams-probe (9.9)</summary>") && folded.contains("bulk.5"), "{folded}");
}

#[test]
fn an_object_whose_id_is_taken_returns_with_another() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Probe);
    let id = add(&mut root, fixture, 1, "ARGO");
    let page = delete(&mut root, ObjectKind::Probe, id);
    site.sql(&format!(
        "INSERT INTO egi.probe (id, name, version, repository, docurl, description, comment, changed_by, changed_at)
         VALUES ({id}, 'other', '1', 'http://a', 'http://a', 'x', 'x', 'x', now())"
    ));
    undo(&mut root, &page);
    let other = id_of(&mut root, fixture, &fixture.key(1));
    assert_ne!(other, id);
    assert_eq!(site.versions(ObjectKind::Probe, other).len(), 1);
    let again = root.post(&button(&page, "Undo").unwrap(), &[]);
    assert_eq!(again.header("Location"), Some(AT.view(ObjectKind::Probe, other).as_str()));
}
