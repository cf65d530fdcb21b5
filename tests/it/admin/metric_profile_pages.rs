//! Profiles that are sent to the ARGO WEB-API as metric profiles.

use poem::dev::webapi::{DemoProfileKind, WebApiFault};
use poem::domain::model::object_kind::ObjectKind;
use poem::webapi_sync::metric_profiles::send_marked;
use serde_json::{Value, json};

use super::web_api_pages::Site;
use super::{AT, flash, get, open, save};
use crate::support::Browser;

const KIND: ObjectKind = ObjectKind::Profile;

impl Site {
    /// Adds a profile with one tuple; returns its id.
    fn add_profile(&self, browser: &mut Browser<'_>, name: &str) -> i64 {
        let mut form = open(browser, &AT.addition(KIND));
        for (field, value) in [
            ("name", name),
            ("vo", "ops"),
            ("description", "Of a test."),
            ("group", "ARGO"),
            ("tuples-0-service_flavour", "SRM"),
            ("tuples-0-metric", "org.sam.SRM-All"),
        ] {
            form.set(field, value);
        }
        save(browser, &form);
        self.stores.one(&format!("SELECT max(id) FROM egi.profile WHERE name = '{name}'")).parse().unwrap()
    }

    fn metric_profile(&self, name: &str) -> Option<Value> {
        let all = self.stores.api.profiles("EGI", DemoProfileKind::Metric);
        all.into_iter().find(|profile| profile["name"] == name)
    }
}

fn page_of(id: i64) -> String {
    format!("{}{id}/metricprofile/", AT.list(KIND))
}

/// The forms of the page: the first sends, the last stores the setting.
fn form_at(page: &str, action: &str) -> Vec<(String, String)> {
    let shown = crate::support::browser::input(page, "shown").unwrap_or_default();
    vec![("action".to_owned(), action.to_owned()), ("shown".to_owned(), shown)]
}

fn send(browser: &mut Browser<'_>, id: i64) -> crate::support::HttpResponse {
    let page = get(browser, &page_of(id));
    let form = form_at(&page, "send");
    let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&page_of(id), &fields)
}

fn every_save(browser: &mut Browser<'_>, id: i64) {
    let answer = browser.post(&page_of(id), &[("action", "setting"), ("every_save", "1")]);
    assert_eq!(answer.status, 303, "{answer:?}");
}

/// Changes the tuple of a profile; returns the page after it.
fn change(browser: &mut Browser<'_>, id: i64, metric: &str) -> String {
    let mut form = open(browser, &AT.change(KIND, id));
    form.set("tuples-0-metric", metric);
    save(browser, &form)
}

#[test]
fn a_profile_is_sent_compared_and_sent_again() {
    let site = Site::new();
    let mut root = site.browser("root");
    let id = site.add_profile(&mut root, "SENT");
    assert!(get(&mut root, &AT.change(KIND, id)).contains("Not sent."));
    assert!(get(&mut root, &page_of(id)).contains("It is not there."));
    let page = get(&mut root, &page_of(id));
    let form = form_at(&page, "send");
    let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for _ in 0..2 {
        // Sent twice, it leads to the same page, and sends nothing the second time.
        let sent = root.post(&page_of(id), &fields);
        assert_eq!((sent.status, sent.header("Location")), (303, Some(page_of(id).as_str())));
    }
    let posted = site.stores.api.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(posted, 1);
    let there = site.metric_profile("SENT").unwrap();
    assert_eq!(there["services"], json!([{"service": "SRM", "metrics": ["org.sam.SRM-All"]}]));
    assert_eq!(there["description"], "Of a test.");
    assert!(get(&mut root, &page_of(id)).contains("It is the same there."));
    assert!(get(&mut root, &AT.change(KIND, id)).contains("The same as when it was sent."));
    change(&mut root, id, "org.sam.SRM-Put");
    assert!(get(&mut root, &AT.change(KIND, id)).contains("Differs from what was sent."));
    assert_eq!(site.metric_profile("SENT").unwrap(), there, "it is not sent by itself");
    let page = get(&mut root, &page_of(id));
    assert!(page.contains("Only in POEM") && page.contains("SRM, org.sam.SRM-Put"), "{page}");
    assert_eq!(send(&mut root, id).status, 303);
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["metrics"], json!(["org.sam.SRM-Put"]));
}

#[test]
fn a_profile_that_is_sent_on_every_save_is_there_after_the_save() {
    let site = Site::new();
    let mut root = site.browser("root");
    let id = site.add_profile(&mut root, "SENT");
    every_save(&mut root, id);
    assert!(site.metric_profile("SENT").is_some());
    let page = change(&mut root, id, "org.sam.SRM-Put");
    assert!(!flash(&page).contains("does not have"), "{}", flash(&page));
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["metrics"], json!(["org.sam.SRM-Put"]));
    // A failure does not make the save fail.
    site.stores.api.fail_before(1, "PUT /api/v2/metric_profiles/*", WebApiFault::Html(502));
    let page = change(&mut root, id, "org.sam.SRM-Get");
    assert!(
        flash(&page).contains("Saved. The ARGO WEB-API does not have SENT yet: The ARGO WEB-API failed (502)."),
        "{page}"
    );
    assert!(get(&mut root, &AT.change(KIND, id)).contains("To be sent since"));
    // The sync sends it.
    site.stores.installation.run("poem-syncaggregations", &[]).done();
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["metrics"], json!(["org.sam.SRM-Get"]));
    assert!(!get(&mut root, &AT.change(KIND, id)).contains("To be sent since"));
}

#[test]
fn every_way_to_change_a_profile_marks_it() {
    let site = Site::new();
    let mut root = site.browser("root");
    let id = site.add_profile(&mut root, "SENT");
    send(&mut root, id);
    let marked = "SELECT marked_since IS NOT NULL FROM egi.metric_profile_copy";
    let unmark = "UPDATE egi.metric_profile_copy SET marked_since = NULL";
    assert_eq!(site.stores.one(marked), "f");
    for change in [
        "UPDATE egi.profile SET description = 'other' WHERE name = 'SENT'",
        "UPDATE egi.metric_name SET name = 'renamed.Metric' WHERE name = 'org.sam.SRM-All'",
        "UPDATE egi.metric_instance SET fqan = '/x'",
        "DELETE FROM egi.metric_instance WHERE profile_id IN (SELECT id FROM egi.profile WHERE name = 'SENT')",
        "INSERT INTO egi.profile (name, version, vo) VALUES ('SENT', '9.0', 'ops')",
    ] {
        site.stores.sql(change);
        assert_eq!(site.stores.one(marked), "t", "{change}");
        site.stores.sql(unmark);
    }
    site.stores.sql("UPDATE egi.profile SET description = 'other' WHERE name <> 'SENT'");
    assert_eq!(site.stores.one(marked), "f", "other profiles do not");
}

#[test]
fn what_somebody_else_changed_there_is_not_replaced_unseen() {
    let site = Site::new();
    let mut root = site.browser("root");
    let id = site.add_profile(&mut root, "SENT");
    every_save(&mut root, id);
    let mut there = site.metric_profile("SENT").unwrap();
    there["services"] = json!([{"service": "ARC-CE", "metrics": ["other.Metric"]}]);
    site.stores.api.add("EGI", DemoProfileKind::Metric, &there).unwrap();
    let page = change(&mut root, id, "org.sam.SRM-Put");
    assert!(flash(&page).contains("Changed on the ARGO WEB-API."), "{page}");
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["service"], "ARC-CE");
    // A page that showed something else does not replace it either.
    let answer = root.post(&page_of(id), &[("action", "send"), ("shown", "other")]);
    assert_eq!(answer.status, 409, "{answer:?}");
    // Once it was seen, it is replaced.
    assert_eq!(send(&mut root, id).status, 303);
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["service"], "SRM");
}

#[test]
fn one_of_the_same_name_is_taken_over_after_a_confirmation() {
    let site = Site::new();
    let mut root = site.browser("root");
    let body = json!({"name": "hr.cro-ngi.TEST.SENT", "services": [{"service": "ARC-CE", "metrics": ["a.B"]}]});
    let api_id = site.stores.api.add("EGI", DemoProfileKind::Metric, &body).unwrap();
    let id = site.add_profile(&mut root, "SENT");
    every_save(&mut root, id);
    assert_eq!(site.metric_profile("hr.cro-ngi.TEST.SENT").unwrap()["services"][0]["service"], "ARC-CE");
    assert!(get(&mut root, &page_of(id)).contains("Take it over and send"));
    assert_eq!(send(&mut root, id).status, 303);
    let there = site.metric_profile("hr.cro-ngi.TEST.SENT").unwrap();
    assert_eq!((&there["id"], &there["services"][0]["service"]), (&json!(api_id), &json!("SRM")));
    assert!(site.metric_profile("SENT").is_none());
}

#[test]
fn one_that_is_gone_there_is_created_anew_on_request() {
    let site = Site::new();
    let mut root = site.browser("root");
    let id = site.add_profile(&mut root, "SENT");
    every_save(&mut root, id);
    let first = site.metric_profile("SENT").unwrap()["id"].as_str().unwrap().to_owned();
    site.stores.api.remove("EGI", DemoProfileKind::Metric, &first).unwrap();
    let page = change(&mut root, id, "org.sam.SRM-Put");
    assert!(flash(&page).contains("no longer on the ARGO WEB-API"), "{page}");
    // It stays so: neither another save nor the sync creates it.
    change(&mut root, id, "org.sam.SRM-Get");
    site.stores.installation.run("poem-syncaggregations", &[]).done();
    assert!(site.metric_profile("SENT").is_none());
    assert!(get(&mut root, &AT.change(KIND, id)).contains("No longer there."));
    assert!(get(&mut root, &page_of(id)).contains("Create it anew"));
    assert_eq!(send(&mut root, id).status, 303);
    assert_ne!(site.metric_profile("SENT").unwrap()["id"], json!(first));
}

#[test]
fn a_deletion_takes_the_metric_profile_along_unless_it_is_used() {
    let site = Site::new();
    let mut root = site.browser("root");
    let id = site.add_profile(&mut root, "SENT");
    send(&mut root, id);
    let there = site.metric_profile("SENT").unwrap();
    let used = json!({"name": "critical", "metric_profile": {"id": there["id"]}, "groups": []});
    let user = site.stores.api.add("EGI", DemoProfileKind::Aggregation, &used).unwrap();
    let deletion = AT.delete(KIND, id);
    let page = get(&mut root, &deletion);
    assert!(page.contains("Delete the metric profile on the ARGO WEB-API, too"), "{page}");
    let refused = root.post(&deletion, &[("_delete_copy", "1")]);
    assert_eq!(refused.header("Location"), Some(deletion.as_str()));
    assert!(flash(&get(&mut root, &deletion)).contains("It is used by the aggregation profile critical."));
    assert!(
        site.metric_profile("SENT").is_some()
            && site.stores.one("SELECT count(*) FROM egi.profile WHERE name = 'SENT'") == "1"
    );
    site.stores.api.remove("EGI", DemoProfileKind::Aggregation, &user).unwrap();
    assert_eq!(root.post(&deletion, &[("_delete_copy", "1")]).status, 303);
    assert!(site.metric_profile("SENT").is_none());
    assert_eq!(site.stores.one("SELECT count(*) FROM egi.profile WHERE name = 'SENT'"), "0");
}

#[test]
fn others_than_members_read_only() {
    let site = Site::new();
    let id = site.add_profile(&mut site.browser("root"), "SENT");
    let mut neighbour = site.browser("neighbour");
    let page = get(&mut neighbour, &page_of(id));
    assert!(!page.contains("type=\"checkbox\"") && page.contains("can send it"), "{page}");
    for fields in [[("action", "send"), ("shown", "x")], [("action", "setting"), ("every_save", "1")]] {
        assert_eq!(neighbour.post(&page_of(id), &fields).status, 403);
    }
    assert!(site.metric_profile("SENT").is_none());
}

#[test]
fn a_profile_that_is_sent_twice_at_once_is_there_once() {
    let site = Site::new();
    let id = site.add_profile(&mut site.browser("root"), "SENT");
    site.stores.sql(&format!(
        "INSERT INTO egi.metric_profile_copy (profile_id, on_every_save, marked_since) VALUES ({id}, true, now())"
    ));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope
                .spawn(|| site.stores.run(async { send_marked(&site.stores.access(), "", (None, "")).await }).unwrap());
        }
    });
    let all = site.stores.api.profiles("EGI", DemoProfileKind::Metric);
    assert_eq!(all.iter().filter(|profile| profile["name"] == "SENT").count(), 1);
}

#[test]
fn an_equal_one_is_taken_over_and_words_say_that_the_save_is_complete() {
    let site = Site::new();
    let mut root = site.browser("root");
    let body = json!({
        "name": "SENT", "description": "Of a test.", "services": [{"service": "SRM", "metrics": ["org.sam.SRM-All"]}],
    });
    let api_id = site.stores.api.add("EGI", DemoProfileKind::Metric, &body).unwrap();
    let id = site.add_profile(&mut root, "SENT");
    every_save(&mut root, id);
    assert_eq!(site.stores.one("SELECT api_id FROM egi.metric_profile_copy"), api_id);
    site.stores.sql("UPDATE egi.api_key SET revoked = true WHERE client = 'WEB-API'");
    let said = flash(&change(&mut root, id, "org.sam.SRM-Put"));
    assert!(said.contains("does not have SENT yet: The token for the ARGO WEB-API is revoked."), "{said}");
    assert!(!said.contains("Nothing was saved"), "{said}");
}

#[test]
fn the_copy_belongs_to_the_highest_version() {
    let site = Site::new();
    let mut root = site.browser("root");
    let first = site.add_profile(&mut root, "SENT");
    every_save(&mut root, first);
    let mut form = open(&mut root, &AT.clone_of(KIND, first));
    form.set("version", "2.0");
    form.set("tuples-0-metric", "org.sam.SRM-Put");
    let answer = super::submit(&mut root, &form);
    if answer.status != 303 {
        // A clone has another name; a version of the same name is added by itself.
        let mut form = open(&mut root, &AT.addition(KIND));
        for (field, value) in [
            ("name", "SENT"),
            ("version", "2.0"),
            ("vo", "ops"),
            ("description", "Of a test."),
            ("group", "ARGO"),
            ("tuples-0-service_flavour", "SRM"),
            ("tuples-0-metric", "org.sam.SRM-Put"),
        ] {
            form.set(field, value);
        }
        save(&mut root, &form);
    }
    let second: i64 =
        site.stores.one("SELECT id FROM egi.profile WHERE name = 'SENT' AND version = '2.0'").parse().unwrap();
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["metrics"], json!(["org.sam.SRM-Put"]));
    let owner = "SELECT profile_id FROM egi.metric_profile_copy";
    assert_eq!(site.stores.one(owner), second.to_string());
    assert!(get(&mut root, &AT.change(KIND, first)).contains("Only the highest version, 2.0, is sent."));
    assert_eq!(root.get(&page_of(first)).header("Location"), Some(page_of(second).as_str()));
    assert!(!get(&mut root, &AT.delete(KIND, first)).contains("_delete_copy"));
    // Without the highest, the other one is sent again.
    assert_eq!(root.post(&AT.delete(KIND, second), &[]).status, 303);
    assert_eq!(site.stores.one(owner), first.to_string());
    assert_eq!(site.metric_profile("SENT").unwrap()["services"][0]["metrics"], json!(["org.sam.SRM-All"]));
}
