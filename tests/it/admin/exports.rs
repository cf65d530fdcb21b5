//! Lists and objects as files, and the rows of an object from a file.

use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;
use serde_json::Value;

use super::page::{elements, links};
use super::{AT, TestSite, add, all, fixtures, flash, get};
use crate::support::{Browser, HttpResponse};

const METRIC: ObjectKind = ObjectKind::Metric;
const PROFILE: ObjectKind = ObjectKind::Profile;
const PUBLIC: Addresses = Addresses { is_public: true };

#[track_caller]
fn file(browser: &mut Browser<'_>, address: &str) -> String {
    let answer = browser.get(address);
    assert_eq!(answer.status, 200, "{address}: {}", answer.text());
    let disposition = answer.header("Content-Disposition").unwrap_or_default();
    assert!(disposition.starts_with("attachment; filename*=UTF-8''"), "{address}: {disposition}");
    answer.text()
}

#[track_caller]
fn json(browser: &mut Browser<'_>, address: &str) -> Vec<Value> {
    serde_json::from_str(&file(browser, address)).unwrap()
}

/// Returns the value of a hidden input of the form of a page.
fn hidden(page: &str, name: &str) -> String {
    let mut inputs = elements(page).into_iter().filter(|it| it.name == "input" && it.get("name") == Some(name));
    inputs.next().and_then(|input| input.get("value").map(str::to_owned)).unwrap_or_default()
}

/// Posts a table for one profile: the preview.
fn preview(browser: &mut Browser<'_>, id: i64, action: &str, table: &str) -> HttpResponse {
    let id = id.to_string();
    let fields = [("pick", id.as_str()), ("rows_action", action), ("rows_table", table), ("_step", "preview")];
    browser.post(&AT.bulk(PROFILE), &fields)
}

/// Applies a preview of one profile; returns the flash messages.
#[track_caller]
fn apply(browser: &mut Browser<'_>, page: &str) -> String {
    let names = ["target", "rows_action", "rows_table"];
    let values = names.map(|name| (name, hidden(page, name)));
    let fields = values.iter().map(|(name, value)| (*name, value.as_str())).chain([("_step", "change")]);
    let answer = browser.post(&AT.bulk(PROFILE), &fields.collect::<Vec<_>>());
    assert_eq!(answer.status, 303, "{}", answer.text());
    flash(&get(browser, answer.header("Location").unwrap()))
}

#[test]
fn every_list_is_a_file_of_what_it_shows() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let lists = all().map(|(_, fixture)| {
        add(&mut root, fixture, 1, "ARGO");
        AT.list(fixture.kind)
    });
    let others = ["poem/service/", "poem/metricname/", "poem/serviceflavour/", "admin/logentry/"];
    let others = others.map(|list| format!("/poem/admin/{list}"));
    for list in lists.collect::<Vec<_>>().into_iter().chain(others) {
        let page = get(&mut root, &list);
        let exports = links(&page).into_iter().filter(|link| link.starts_with(&format!("{list}export/")));
        let exports: Vec<String> = exports.collect();
        assert!(exports.len() >= 2, "{list}: {exports:?}");
        let csv = file(&mut root, &exports[0]);
        let objects = json(&mut root, &exports[1]);
        let headings = csv.lines().next().unwrap().split(',').count();
        assert!(headings >= 2 && !objects.is_empty(), "{list}: {csv}");
        for object in &objects {
            let values = object.as_object().unwrap();
            assert_eq!(values.len() - usize::from(values.contains_key("id")), headings, "{list}: {object}");
        }
        if let Some(names) = exports.get(2) {
            assert_eq!(file(&mut root, names).lines().count(), objects.len(), "{list}");
        }
        let answer = root.get(&format!("{list}export/?format=csv&nosuch=1"));
        assert_eq!(answer.status, 400, "{list}: {}", answer.text());
        assert!(answer.text().contains("names a filter that POEM does not know: nosuch"), "{list}");
        assert_eq!(root.get(&format!("{list}export/")).status, 400, "{list}: without a format");
        assert_eq!(site.stranger().get(&exports[0]).status, 302, "{list}: needs a login");
    }
}

#[test]
fn a_file_has_the_search_filters_order_and_columns_of_the_list_and_all_pages() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let metric = fixtures::of(METRIC);
    for number in 0..35 {
        add(&mut root, metric, number, if number % 2 == 0 { "ARGO" } else { "SSC" });
    }
    let list = AT.list(METRIC);
    let whole = json(&mut root, &format!("{list}export/?format=json"));
    assert!(whole.len() > 30, "a page has 30 rows, the file has {}", whole.len());
    let some = json(&mut root, &format!("{list}export/?format=json&group=SSC&o=-name&cols=type&page=2"));
    let of_group = whole.iter().filter(|metric| metric["group"] == "SSC").count();
    assert_eq!(some.len(), of_group);
    assert!(some.iter().all(|metric| metric["group"] == "SSC" && metric["type"] == "Active"), "{some:?}");
    let names: Vec<&str> = some.iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted_by(|a, b| a.to_lowercase() >= b.to_lowercase()), "{names:?}");
    assert!(whole.iter().all(|metric| metric.get("type").is_none()), "the column is off");
    let page = get(&mut root, &format!("{list}?group=SSC&cols=type"));
    let export = format!("{list}export/?group=SSC&cols=type&format=csv");
    assert!(links(&page).contains(&export), "{:?}", links(&page));
    assert!(file(&mut root, &export).starts_with("Name,Tag,Probe version,Group,Type\r\n"));
}

#[test]
fn a_visitor_exports_what_public_pages_show() {
    let site = TestSite::new();
    add(&mut site.browser("root"), fixtures::of(METRIC), 1, "ARGO");
    let mut stranger = site.stranger();
    let list = PUBLIC.list(METRIC);
    let metrics = json(&mut stranger, &format!("{list}export/?format=json"));
    assert!(metrics.iter().any(|metric| metric["name"] == fixtures::of(METRIC).key(1).as_str()), "{metrics:?}");
    assert_eq!(stranger.get(&format!("{list}export/?format=json&mine=yes")).status, 400, "visitors have no groups");
    file(&mut stranger, &format!("{}export/?format=csv", PUBLIC.list(ObjectKind::Service)));
    assert_ne!(stranger.get(&format!("{}export/?format=csv", AT.list(METRIC))).status, 200);
}

#[test]
fn an_object_is_json_with_a_request_for_a_shell() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let page = get(&mut root, &AT.json(kind, id));
        let content: Value = serde_json::from_str(&file(&mut root, &AT.export_of(kind, id, "json"))).unwrap();
        assert!(content.to_string().contains(&fixture.key(1)), "{kind}: {content}");
        for secret in ["password", "token", "argon2"] {
            assert!(!content.to_string().contains(secret), "{kind}: {content}");
        }
        assert!(links(&page).contains(&AT.export_of(kind, id, "json")), "{kind}");
        let curl = elements(&page).into_iter().find(|it| it.get("id") == Some("curl")).map(|it| it.text);
        assert_eq!(curl.is_some(), [METRIC, PROFILE].contains(&kind), "{kind}");
        assert!(curl.is_none_or(|line| line.contains("x-api-key: YOUR_TOKEN") && line.contains("/api/v2/")), "{kind}");
        let is_readable = kind.info().owner.is_some();
        let status = site.browser("nobody").get(&AT.json(kind, id)).status;
        assert_eq!(status, if is_readable { 200 } else { 403 }, "{kind}");
        for address in [AT.json(kind, 99_999), AT.export_of(kind, 99_999, "json"), AT.export_of(kind, id, "names")] {
            assert_eq!(root.get(&address).status, 404, "{address}");
        }
    }
}

#[test]
fn tuples_go_out_and_in_with_a_preview() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(PROFILE), 1, "ARGO");
    let exported = file(&mut root, &AT.export_of(PROFILE, id, "csv"));
    assert!(exported.starts_with("service_flavour,metric,fqan\r\n"), "{exported}");
    let form = get(&mut root, &AT.import_into(PROFILE, id));
    assert!(form.contains("rows_table") && hidden(&form, "pick") == id.to_string(), "{form}");

    let page = preview(&mut root, id, "replace", &exported).text();
    assert!(page.contains("There is nothing to change"), "{page}");
    let page = preview(&mut root, id, "add", "ARC-CE,'=new\nARC-CE,eu.egi.Other,/ops").text();
    assert!(page.contains("2 names are new") && page.contains("=new"), "{page}");
    let before = file(&mut root, &AT.export_of(PROFILE, id, "csv"));
    assert_eq!(before, exported, "a preview writes nothing");
    assert!(apply(&mut root, &page).contains("Changed 1 profile"), "{page}");
    let after = file(&mut root, &AT.export_of(PROFILE, id, "csv"));
    assert!(after.contains("ARC-CE,'=new,\r\n") && after.contains("ARC-CE,eu.egi.Other,/ops\r\n"), "{after}");

    let page = preview(&mut root, id, "replace", &exported.replace("\r\n", "\n")).text();
    apply(&mut root, &page);
    assert_eq!(file(&mut root, &AT.export_of(PROFILE, id, "csv")), exported, "the same bytes again");
    let page = preview(&mut root, id, "remove", &exported).text();
    apply(&mut root, &page);
    assert_eq!(file(&mut root, &AT.export_of(PROFILE, id, "csv")), "service_flavour,metric,fqan\r\n");
}

#[test]
fn a_wrong_table_comes_back_with_its_lines() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(PROFILE), 1, "ARGO");
    let answer = preview(&mut root, id, "add", "a,b\na,b\n<i>,c,d,e");
    assert_eq!(answer.status, 422);
    let page = answer.text();
    for message in ["Line 2 is the same as line 1.", "Line 3 has 4 values, but there are 3 columns."] {
        assert!(page.contains(message), "{message}: {page}");
    }
    assert!(page.contains("&lt;i&gt;,c,d,e") && !page.contains("<i>"), "what was typed is kept, and escaped: {page}");
    let page = preview(&mut root, id, "add", "ARC-CE").text();
    assert!(page.contains("Line 1, Metric: This field is required."), "{page}");
}

#[test]
fn only_members_import_and_only_where_there_is_a_table() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = add(&mut root, fixtures::of(PROFILE), 1, "ARGO");
    let metric = add(&mut root, fixtures::of(METRIC), 1, "ARGO");
    assert_eq!(root.get(&AT.import_into(METRIC, metric)).status, 404);
    assert_eq!(root.get(&AT.import_into(PROFILE, 99_999)).status, 404);
    let mut nobody = site.browser("nobody");
    assert_eq!(nobody.get(&AT.import_into(PROFILE, id)).status, 403);
    let form = get(&mut nobody, &AT.change(PROFILE, id));
    assert!(!links(&form).contains(&AT.import_into(PROFILE, id)), "{form}");
    assert!(links(&form).contains(&AT.export_of(PROFILE, id, "csv")), "{form}");
}
