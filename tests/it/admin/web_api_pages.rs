//! The pages of aggregation profiles whose definitions are on the ARGO WEB-API.

use std::time::{Duration, Instant};

use poem::dev::webapi::{DemoProfileKind, WebApiFault};
use poem::domain::model::object_kind::ObjectKind;
use serde_json::json;

use super::page::{Control, Form};
use super::{AT, flash, get, open, save, submit};
use crate::support::{Browser, Server};
use crate::webapi_sync::{Stores, TOKEN};

const KIND: ObjectKind = ObjectKind::Aggregation;
const ANY: &str = "GET /api/v2/*";

/// Stores with a server.
pub(super) struct Site {
    pub(super) stores: Stores,
    pub(super) server: Server,
}

impl Site {
    pub(super) fn new() -> Self {
        let stores = Stores::new();
        stores.sql(super::USERS);
        Self { server: Server::start(&stores.installation), stores }
    }

    pub(super) fn browser(&self, username: &str) -> Browser<'_> {
        let mut browser = Browser::new(&self.server);
        browser.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
        browser.cookies.insert("sessionid".to_owned(), self.stores.installation.log_in(username));
        browser
    }

    /// Adds a profile by its form; returns its address.
    fn add(&self, browser: &mut Browser<'_>, name: &str) -> String {
        let form = self.filled(browser, name);
        let answer = submit(browser, &form);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let id = self.stores.one(&format!("SELECT id FROM egi.aggregation WHERE name = '{name}'"));
        AT.change(KIND, id.parse().unwrap())
    }

    /// The form of a new profile, filled in as a user without JavaScript does it.
    fn filled(&self, browser: &mut Browser<'_>, name: &str) -> Form {
        let mut form = open(browser, &AT.addition(KIND));
        for (field, value) in [
            ("name", name),
            ("metric_operation", "AND"),
            ("profile_operation", "OR"),
            ("metric_profile", &self.stores.metric_profile),
            ("endpoint_group", "sites"),
            ("group", "ARGO"),
        ] {
            form.set(field, value);
        }
        let form = press(browser, &form, "groups:add");
        let mut form = press(browser, &form, "groups:add-row:0");
        form.set("groups-0-name", "storage");
        form.set("groups-0-operation", "OR");
        form.set("groups-0-services-0-name", "SRM");
        form.set("groups-0-services-0-operation", "AND");
        form
    }
}

/// Presses a button of the editor that brings the form back.
#[track_caller]
fn press(browser: &mut Browser<'_>, form: &Form, command: &str) -> Form {
    let mut form = form.clone();
    form.controls.push(("_edit".to_owned(), Control::Hidden(command.to_owned())));
    let answer = submit(browser, &form);
    assert_eq!(answer.status, 200, "{command}: {}", answer.text());
    Form::read(&answer.text()).unwrap()
}

#[test]
fn a_profile_is_added_changed_renamed_cloned_and_deleted() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let there = site.stores.only();
    assert_eq!((there.name.as_str(), there.groups[0].services[0].name.as_str()), ("critical", "SRM"));

    let mut form = open(&mut root, &address);
    assert_eq!((form.value("name"), form.value("groups-0-services-0-name")), ("critical", "SRM"));
    form.set("name", "renamed");
    form.set("metric_operation", "OR");
    let page = save(&mut root, &form);
    assert!(
        flash(&page).contains("The aggregation “renamed” was changed. Changed name and metric operation."),
        "{page}"
    );
    assert_eq!(site.stores.only().name, "renamed");

    let mut clone = open(&mut root, &format!("{address}clone/"));
    clone.set("name", "copy");
    save(&mut root, &clone);
    assert_eq!(site.stores.remote().len(), 2);
    assert!(site.stores.versions().iter().any(|version| version.ends_with("|Derived from renamed")));

    let history = get(&mut root, &address.replace("/change/", "/history/"));
    assert!(
        history.contains("Initial version.") && history.contains("Changed name and metric operation."),
        "{history}"
    );

    let deletion = address.replace("/change/", "/delete/");
    assert!(get(&mut root, &deletion).contains("It is deleted there, too."));
    assert_eq!(root.post(&deletion, &[]).status, 303);
    assert_eq!((site.stores.only().name.as_str(), site.stores.local().len()), ("copy", 1));
    let page = format!("{:?}", site.server.get("/"));
    assert!(!site.stores.installation.log().contains(TOKEN) && !page.contains(TOKEN));
}

#[test]
fn a_failed_save_brings_back_what_was_typed() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    for (fault, status, words) in [
        (WebApiFault::Html(502), 502, "The ARGO WEB-API failed (502). Nothing was saved."),
        (WebApiFault::Close, 504, "The ARGO WEB-API did not answer in time. Nothing was saved."),
    ] {
        let mut form = open(&mut root, &address);
        form.set("name", "typed");
        let form = press(&mut root, &form, "groups:add");
        let mut form = press(&mut root, &form, "groups:add-row:1");
        form.set("groups-1-name", "compute");
        form.set("groups-1-services-0-name", "CREAM-CE");
        site.stores.api.fail_before(1, "PUT /api/v2/aggregation_profiles/*", fault);
        let answer = submit(&mut root, &form);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(words), "{}", answer.text());
        let again = Form::read(&answer.text()).unwrap();
        assert_eq!((again.value("name"), again.value("groups-1-services-0-name")), ("typed", "CREAM-CE"));
        assert_eq!(site.stores.only().name, "critical");
    }
    // It is ready to be sent again.
    let mut form = open(&mut root, &address);
    form.set("name", "typed");
    save(&mut root, &form);
    assert_eq!(site.stores.only().name, "typed");
}

#[test]
fn a_change_made_elsewhere_is_shown_and_merged() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let mut form = open(&mut root, &address);
    let mut there = serde_json::to_value(site.stores.only()).unwrap();
    there["endpoint_group"] = json!("servicegroups");
    site.stores.api.add("EGI", DemoProfileKind::Aggregation, &there).unwrap();
    form.set("metric_operation", "OR");
    let answer = submit(&mut root, &form);
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.text().contains("changed on the ARGO WEB-API"), "{}", answer.text());
    let merged = Form::read(&answer.text()).unwrap();
    assert_eq!((merged.value("endpoint_group"), merged.value("metric_operation")), ("servicegroups", "OR"));
    save(&mut root, &merged);
    let there = site.stores.only();
    assert_eq!((there.endpoint_group.as_str(), there.metric_operation.as_str()), ("servicegroups", "OR"));
}

#[test]
fn a_profile_that_is_gone_there_is_created_again_or_removed() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let mut form = open(&mut root, &address);
    site.stores.api.remove("EGI", DemoProfileKind::Aggregation, &site.stores.only().id).unwrap();
    form.set("name", "typed");
    let answer = submit(&mut root, &form);
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.text().contains("This profile is no longer on the ARGO WEB-API"), "{}", answer.text());
    let list = get(&mut root, &AT.list(KIND));
    assert!(list.contains("not there since "), "{list}");
    let mut again = Form::read(&answer.text()).unwrap();
    assert_eq!(again.value("name"), "typed");
    again.controls.push(("_anew".to_owned(), Control::Hidden("1".to_owned())));
    save(&mut root, &again);
    assert_eq!(site.stores.only().name, "typed");
    site.stores.api.remove("EGI", DemoProfileKind::Aggregation, &site.stores.only().id).unwrap();
    assert!(get(&mut root, &address).contains("Create it again there"));
    assert_eq!(root.post(&address.replace("/change/", "/delete/"), &[]).status, 303);
    assert!(site.stores.local().is_empty());
}

#[test]
fn while_it_is_away_pages_show_the_last_known_state_in_time() {
    let site = Site::new();
    let address = site.add(&mut site.browser("root"), "critical");
    // A server that has read nothing yet.
    let site = Site { server: Server::start(&site.stores.installation), stores: site.stores };
    let mut root = site.browser("root");
    site.stores.api.fail_before(1000, ANY, WebApiFault::Wait(Duration::from_secs(60)));
    let view = address.replace("/change/", "/");
    let addresses = [view, address.clone(), AT.list(KIND), AT.addition(KIND), address.replace("/change/", "/history/")];
    for address in &addresses {
        let started = Instant::now();
        let page = get(&mut root, address);
        assert!(started.elapsed() < Duration::from_secs(4), "{address}");
        assert!(address.contains("/history/") || page.contains("The ARGO WEB-API did not answer in time."), "{page}");
        assert!(!address.ends_with("/change/") || page.contains("Nothing can be changed meanwhile."), "{page}");
        assert!(Form::read(&page).is_none(), "{address}");
    }
    // After a call without an answer, pages do not ask for a while.
    let asked = site.stores.api.requests().len();
    let page = get(&mut root, &address);
    assert!(page.contains("SRM") && site.stores.api.requests().len() == asked, "{page}");
    // Saves do.
    site.stores.api.recover();
}

#[test]
fn the_list_offers_unknown_profiles_to_superusers() {
    let site = Site::new();
    let (mut root, mut member) = (site.browser("root"), site.browser("poem"));
    let profile = |name: &str| {
        let content = json!({"name": name, "metric_profile": {"id": site.stores.metric_profile}, "groups": []});
        site.stores.api.add("EGI", DemoProfileKind::Aggregation, &content).unwrap()
    };
    let (first, second) = (profile("A"), profile("B"));
    for browser in [&mut root, &mut member] {
        let page = get(browser, &AT.list(KIND));
        assert!(page.contains("2 profiles on the ARGO WEB-API are not in POEM: A, B."), "{page}");
    }
    let answer = root.post("/poem/admin/poem/aggregation/takeover/", &[("profile", &first), ("group", "ARGO")]);
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(site.stores.local(), [format!("A|{first}|ARGO|f")]);
    assert_eq!(root.post("/poem/admin/poem/aggregation/takeover/", &[("profile", &second)]).status, 303);
    assert_eq!(site.stores.local()[1], format!("B|{second}||f"));
    assert!(!get(&mut root, &AT.list(KIND)).contains("not in POEM"));
    // Sent twice, it leads to the same page, and adds nothing.
    let again = root.post("/poem/admin/poem/aggregation/takeover/", &[("profile", &second)]);
    assert_eq!((again.status, again.header("Location")), (303, Some(AT.list(KIND).as_str())));
    assert_eq!(site.stores.local().len(), 2);
}

#[test]
fn without_the_section_the_form_has_three_fields_and_an_open_one_survives() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let form = open(&mut root, &address);
    drop(root);
    let Site { stores, server } = site;
    drop(server);
    let text = std::fs::read_to_string(stores.installation.config_path()).unwrap();
    let section = &text[text.find("[WEBAPI]").unwrap()..text.find("[SERVER]").unwrap()];
    stores.installation.configure(section, "");
    let server = Server::start(&stores.installation);
    let site = Site { stores, server };
    let mut root = site.browser("root");
    let page = get(&mut root, &AT.list(KIND));
    assert!(page.contains("The ARGO WEB-API is not configured: poem.conf has no [WEBAPI]."), "{page}");
    let answer = submit(&mut root, &form);
    assert!([303, 409, 422].contains(&answer.status), "{answer:?}");
    let plain = open(&mut root, &address);
    assert_eq!((plain.value("name"), plain.get("metric_operation").is_none()), ("critical", true));
}

#[test]
fn a_profile_is_exported_and_imported() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical / 1");
    let file = root.get(&format!("{address}export/"));
    assert_eq!(file.header("Content-Disposition"), Some("attachment; filename*=UTF-8''critical%20%201.json"));
    let exported = file.json();
    assert_eq!(exported["metric_profile"], "ARGO_MON");
    let imported = |form: &Form, text: &str, browser: &mut Browser<'_>| {
        let mut form = form.clone();
        form.set("_import_text", text);
        form.controls.push(("_import".to_owned(), Control::Hidden("1".to_owned())));
        submit(browser, &form)
    };
    let mut form = open(&mut root, &AT.addition(KIND));
    form.set("name", "copy");
    let answer = imported(&form, &file.text(), &mut root);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(site.stores.remote().len(), 1, "nothing is saved");
    let mut filled = Form::read(&answer.text()).unwrap();
    assert_eq!((filled.value("name"), filled.value("groups-0-services-0-name")), ("copy", "SRM"));
    filled.set("group", "ARGO");
    filled.set("_import_text", "");
    save(&mut root, &filled);
    assert_eq!(site.stores.remote().len(), 2);
    for (text, words) in [
        ("{\n]", "This is not JSON: line 2, column 1."),
        ("{\"metric_profile\": \"NONE\"}", "“NONE” is not a metric profile on the ARGO WEB-API."),
    ] {
        let answer = imported(&open(&mut root, &address), text, &mut root);
        assert!(answer.status == 422 && answer.text().contains(words), "{}", answer.text());
        assert_eq!(Form::read(&answer.text()).unwrap().value("name"), "critical / 1");
    }
}

#[test]
fn a_restored_version_fills_the_form_and_is_saved_like_a_change() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let mut form = open(&mut root, &address);
    form.set("metric_operation", "OR");
    save(&mut root, &form);
    let first = site.stores.one("SELECT min(id) FROM egi.version WHERE kind = 'aggregation'");
    let old = open(&mut root, &format!("{address}?restore={first}"));
    assert_eq!(old.value("metric_operation"), "AND");
    save(&mut root, &old);
    assert_eq!(site.stores.only().metric_operation, "AND");
    let history = address.replace("/change/", "/history/");
    let last = site.stores.one("SELECT max(id) FROM egi.version WHERE kind = 'aggregation'");
    assert!(get(&mut root, &format!("{history}{first}/")).contains("SRM"));
    let compared = get(&mut root, &format!("{history}compare/?version_id1={first}&version_id2={last}"));
    assert!(compared.contains("Service flavour groups"), "{compared}");
}

#[test]
fn a_killed_save_is_cleared_up_when_the_server_starts() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let mut form = open(&mut root, &address);
    form.set("metric_operation", "OR");
    let put = "PUT /api/v2/aggregation_profiles/*";
    let asked = site.stores.api.requests().len();
    site.stores.api.fail_after(1, put, WebApiFault::Wait(Duration::from_secs(60)));
    std::thread::scope(|scope| {
        let body = form.clone();
        let mut browser = site.browser("root");
        // Its answer never comes.
        scope.spawn(move || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| submit(&mut browser, &body))));
        assert!(site.stores.api.wait_for_requests(asked + 3, Duration::from_secs(30)));
        site.server.signal(nix::sys::signal::Signal::SIGKILL);
    });
    site.stores.api.recover();
    assert!(site.stores.is_noted() && site.stores.versions().len() == 1);
    site.stores.expire();
    let site = Site { server: Server::start(&site.stores.installation), stores: site.stores };
    let started = Instant::now();
    while site.stores.is_noted() && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!site.stores.is_noted());
    assert_eq!(site.stores.only().metric_operation, "OR");
    assert_eq!(site.stores.versions()[1], "root|Changed metric operation.");
}

#[test]
fn a_copy_keeps_the_keys_that_poem_does_not_know() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    site.stores.sql(
        r#"UPDATE egi.aggregation SET definition =
               jsonb_set(definition, '{groups,0,weight}', '3') || '{"unknown": {"kept": true}}'"#,
    );
    let mut clone = open(&mut root, &format!("{address}clone/"));
    clone.set("name", "copy");
    save(&mut root, &clone);
    let sent = site.stores.api.requests().into_iter().rev().find(|request| request.method == "POST").unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!((&sent["unknown"], &sent["groups"][0]["weight"]), (&json!({"kept": true}), &json!(3)), "{sent}");
    assert!(sent.get("id").is_none() && sent.get("date").is_none() && sent["name"] == "copy");
}

#[test]
fn who_may_not_save_is_refused_before_anything_is_sent() {
    let site = Site::new();
    let address = site.add(&mut site.browser("root"), "critical");
    let mut form = open(&mut site.browser("root"), &address);
    let mut neighbour = site.browser("neighbour");
    let page = get(&mut neighbour, &address);
    assert!(Form::read(&page).is_none() && page.contains("SRM"), "{page}");
    site.stores.requests();
    form.set("metric_operation", "OR");
    assert_eq!(submit(&mut neighbour, &form).status, 403);
    assert_eq!(neighbour.post(&address.replace("/change/", "/delete/"), &[]).status, 403);
    assert_eq!(neighbour.post("/poem/admin/poem/aggregation/takeover/", &[("profile", "x")]).status, 403);
    assert!(site.stores.requests().iter().all(|request| request.starts_with("GET")));
    assert!(!site.stores.is_noted() && site.stores.only().metric_operation == "AND");
}

#[test]
fn other_saves_go_on_while_the_web_api_does_not_respond() {
    let site = Site::new();
    let mut root = site.browser("root");
    let address = site.add(&mut root, "critical");
    let mut form = open(&mut root, &address);
    form.set("metric_operation", "OR");
    let asked = site.stores.api.requests().len();
    site.stores.api.fail_before(1, "PUT /api/v2/aggregation_profiles/*", WebApiFault::Wait(Duration::from_secs(60)));
    std::thread::scope(|scope| {
        let mut other = site.browser("root");
        let saving = scope.spawn(move || submit(&mut other, &form));
        assert!(site.stores.api.wait_for_requests(asked + 3, Duration::from_secs(30)));
        let mut group = open(&mut root, &AT.addition(ObjectKind::GroupOfProbes));
        group.set("name", "MEANWHILE");
        assert_eq!(submit(&mut root, &group).status, 303);
        assert!(site.stores.is_noted(), "the other save is still under way");
        site.stores.api.recover();
        assert!([303, 504].contains(&saving.join().unwrap().status));
    });
}

#[test]
fn an_empty_list_of_the_web_api_removes_nothing() {
    let site = Site::new();
    let mut root = site.browser("root");
    site.add(&mut root, "critical");
    site.stores.api.fail_before(1, "GET /api/v2/aggregation_profiles", WebApiFault::EmptyList);
    let page = get(&mut root, &AT.list(KIND));
    assert!(page.contains("The ARGO WEB-API lists no profiles.") && page.contains(">critical<"), "{page}");
    assert_eq!(site.stores.local().len(), 1);
}

#[test]
fn all_errors_are_shown_at_once() {
    let site = Site::new();
    let mut root = site.browser("root");
    site.add(&mut root, "critical");
    let mut form = site.filled(&mut root, "critical");
    form.set("endpoint_group", "");
    form.set("groups-0-services-0-name", "NO-SUCH");
    let page = submit(&mut root, &form).text();
    for words in [
        "Endpoint group: This field is required.",
        "Aggregation with this Name already exists.",
        "NO-SUCH is not a service flavour of ARGO_MON.",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn a_profile_that_was_moved_to_another_group_meanwhile_is_a_conflict() {
    let site = Site::new();
    let (mut root, mut other) = (site.browser("root"), site.browser("root"));
    let address = site.add(&mut root, "critical");
    let (mut form, mut moving) = (open(&mut root, &address), open(&mut other, &address));
    moving.set("group", "");
    save(&mut other, &moving);
    form.set("metric_operation", "OR");
    let answer = submit(&mut root, &form);
    assert!(answer.status == 409 && answer.text().contains("moved to another group"), "{}", answer.text());
    let merged = Form::read(&answer.text()).unwrap();
    assert_eq!((merged.value("group"), merged.value("metric_operation")), ("", "OR"));
    save(&mut root, &merged);
    assert_eq!((site.stores.only().metric_operation.as_str(), site.stores.local()[0].contains("||f")), ("OR", true));
}
