//! Names that a profile adds to the registry: asked for once before the save, and removed again by superusers.

use poem::domain::model::object_kind::ObjectKind;
use serde_json::{Value, json};

use super::page::{Control, Form};
use super::{AT, NEW_NAMES, TestSite, add, fixtures, flash, get, open, submit_once};
use crate::support::Browser;
use crate::support::sql::tables;

const METRIC_NAMES: &str = "/poem/admin/poem/metricname/";
const FLAVOURS: &str = "/poem/admin/poem/serviceflavour/";

/// The form of a new profile with one tuple.
fn profile(root: &mut Browser<'_>, name: &str, (flavour, metric): (&str, &str)) -> Form {
    let mut form = open(root, &AT.addition(ObjectKind::Profile));
    let fields = [
        ("name", name),
        ("vo", "ops"),
        ("description", "x"),
        ("tuples-0-service_flavour", flavour),
        ("tuples-0-metric", metric),
    ];
    for (field, value) in fields {
        form.set(field, value);
    }
    form
}

#[test]
fn new_names_are_asked_for_once_before_the_save() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let form = profile(&mut root, "NEW", ("SRMM", "argo.AMS-Chek"));
    let before = tables(&site.installation);
    let answer = submit_once(&mut root, &form);
    let page = answer.text();
    assert_eq!(answer.status, 422, "{page}");
    assert!(page.contains("2 names are new. Add them?"), "{page}");
    assert!(page.contains("Did you mean SRM?") && page.contains("Did you mean argo.AMS-Check?"), "{page}");
    assert!(page.contains("href=\"#id_tuples-0-metric\""), "{page}");
    assert_eq!(tables(&site.installation), before);
    let mut again = Form::read(&page).unwrap();
    assert_eq!(again.value("tuples-0-metric"), "argo.AMS-Chek", "the input is kept");
    // A confirmation is for the names that were asked for, not for others.
    let mut other = again.clone();
    other.set(NEW_NAMES, "on");
    other.set("tuples-0-metric", "argo.AMS-Chekk");
    let answer = submit_once(&mut root, &other);
    assert!(answer.status == 422 && answer.text().contains("Add them?"), "{}", answer.text());
    again.set(NEW_NAMES, "on");
    assert_eq!(submit_once(&mut root, &again).status, 303);
    assert_eq!(site.one("SELECT count(*) FROM egi.metric_name WHERE name = 'argo.AMS-Chek'"), "1");
}

#[test]
fn errors_come_before_the_question() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut form = profile(&mut root, "NEW", ("SRM", "test.New"));
    form.set("vo", "unknown");
    let page = submit_once(&mut root, &form).text();
    assert!(page.contains("Unable to find virtual organization unknown.") && !page.contains("is new."), "{page}");
}

#[test]
fn a_changed_profile_asks_for_its_new_names_only() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(ObjectKind::Profile), 1, "ARGO");
    let address = AT.change(ObjectKind::Profile, id);
    let mut form = open(&mut root, &address);
    form.set("description", "other");
    assert_eq!(submit_once(&mut root, &form).status, 303, "names that are there already are not asked for");
    let mut form = open(&mut root, &address);
    form.set("tuples-1-service_flavour", "SRM");
    form.set("tuples-1-metric", "test.Second");
    let answer = submit_once(&mut root, &form);
    let page = answer.text();
    assert!(answer.status == 422 && page.contains("1 name is new. Add it?"), "{page}");
    let mut again = Form::read(&page).unwrap();
    again.set(NEW_NAMES, "on");
    assert_eq!(submit_once(&mut root, &again).status, 303);
}

#[test]
fn names_are_checked_while_they_are_typed() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let query = "name=argo.AMS-Check&name=argo.AMS-Chek&name=+&name=Quite.Other&name=argo.AMS-Check%E2%80%8B";
    let answer: Value =
        serde_json::from_str(&get(&mut root, &format!("/poem/admin/suggest/metric-names/new/?{query}"))).unwrap();
    let new = json!([{"name": "argo.AMS-Chek", "near": "argo.AMS-Check"}, {"name": "Quite.Other", "near": null}]);
    assert_eq!(answer, json!({"new": new}));
    assert_eq!(root.get("/poem/admin/suggest/vos/new/?name=x").status, 404);
    assert_eq!(site.stranger().get("/poem/admin/suggest/metric-names/new/?name=x").status, 302);
}

#[test]
fn superusers_remove_unused_names() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql(
        "INSERT INTO egi.metric_name (name) VALUES ('argo.Host-Alvie'), ('test.Parent'), ('test.Dependency');
              INSERT INTO egi.service_flavour (name) VALUES ('ARC-CEE');
              UPDATE egi.metric SET parent = 'test.Parent' WHERE id = 1;
              INSERT INTO egi.metric_setting VALUES (1, 'dependency', 99, 'test.Dependency', '1')",
    );
    let used = site.one("SELECT name FROM egi.metric_name JOIN egi.metric_instance ON metric_name_id = metric_name.id");
    for (address, unused, used) in [
        (METRIC_NAMES, "argo.Host-Alvie", vec![used.as_str(), "test.Parent", "test.Dependency", "argo.AMS-Check"]),
        (FLAVOURS, "ARC-CEE", vec!["SRM"]),
    ] {
        let page = get(&mut root, address);
        let form = Form::read(&page.replace("<form ", "<form data-guarded "));
        assert!(form.is_some() && page.contains(&format!("aria-label=\"Remove {unused}\"")), "{page}");
        assert!(!page.contains(&format!("aria-label=\"Remove {}\"", used[0])), "{page}");
        let mut pairs = vec![("name", unused)];
        pairs.extend(used.iter().map(|name| ("name", *name)));
        let answer = root.post(address, &pairs);
        let page = get(&mut root, answer.header("Location").unwrap());
        let said = flash(&page);
        assert!(said.contains(&format!("Removed {unused}.")), "{said}");
        assert!(used.iter().all(|name| said.contains(name)), "{said}");
        // Sent twice, it changes nothing.
        let before = tables(&site.installation);
        assert_eq!(root.post(address, &pairs).status, 303);
        assert_eq!(tables(&site.installation), before);
    }
    let log = site.sql("SELECT action, object_name, username FROM egi.log_entry ORDER BY id DESC LIMIT 2");
    assert_eq!(log, ["delete|Service flavour ARC-CEE|root", "delete|Metric name argo.Host-Alvie|root"]);
    for address in [METRIC_NAMES, FLAVOURS] {
        let mut member = site.browser("member");
        assert_eq!((member.get(address).status, member.post(address, &[("name", "x")]).status), (403, 403));
    }
}

#[test]
fn the_confirmation_is_a_checkbox_that_is_not_ticked() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let form = profile(&mut root, "NEW", ("SRM", "test.New"));
    let page = submit_once(&mut root, &form).text();
    let control = Form::read(&page).unwrap().get(NEW_NAMES).cloned();
    assert!(matches!(control, Some(Control::Checkbox { checked: false, .. })), "{control:?}");
}
