//! Changes and deletions of many objects: ticked rows, the preview, and the transaction.

use poem::domain::model::object_kind::ObjectKind;

use super::fixtures::{self, Fixture};
use super::page::{Element, elements};
use super::{AT, TestSite, add, get};
use crate::support::cluster::queries;
use crate::support::{Browser, HttpResponse};

const METRIC: ObjectKind = ObjectKind::Metric;

/// Adds metrics with these numbers to a group; returns their ids.
fn metrics(browser: &mut Browser<'_>, numbers: std::ops::Range<usize>, group: &str) -> Vec<i64> {
    numbers.map(|number| add(browser, fixtures::of(METRIC), number, group)).collect()
}

/// Returns the hidden inputs of this name in the form of a page.
fn hidden(page: &str, name: &str) -> Vec<String> {
    let inputs = elements(page).into_iter().filter(|it| it.name == "input" && it.get("name") == Some(name));
    inputs.filter_map(|input| input.get("value").map(str::to_owned)).collect()
}

/// Returns the flash messages of a page.
fn said(page: &str) -> Vec<String> {
    let is_class = |it: &Element, class: &str| it.get("class").is_some_and(|it| it.split(' ').any(|it| it == class));
    let messages = elements(page).into_iter().skip_while(|it| !is_class(it, "messages")).skip(1);
    let paragraphs = messages.take_while(|it| !["h1", "form"].contains(&it.name.as_str()));
    let is_text = |it: &Element| ["p", "li", "summary"].contains(&it.name.as_str());
    paragraphs.filter(is_text).map(|it| it.text.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

/// Posts a step for ticked objects.
fn step(browser: &mut Browser<'_>, kind: ObjectKind, ids: &[i64], fields: &[(&str, &str)]) -> HttpResponse {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let picks = ids.iter().map(|id| ("pick", id.as_str()));
    let all: Vec<_> = picks.chain(fields.iter().copied()).collect();
    browser.post(&AT.bulk(kind), &all)
}

/// Returns the preview of a change.
#[track_caller]
fn preview(browser: &mut Browser<'_>, kind: ObjectKind, ids: &[i64], change: &[(&str, &str)]) -> String {
    let fields: Vec<_> = change.iter().copied().chain([("_step", "preview")]).collect();
    let answer = step(browser, kind, ids, &fields);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

/// Applies a preview; returns the flash messages.
#[track_caller]
fn apply(browser: &mut Browser<'_>, kind: ObjectKind, page: &str, fields: &[(&str, &str)]) -> Vec<String> {
    let targets = hidden(page, "target");
    let all: Vec<_> = targets.iter().map(|target| ("target", target.as_str())).chain(fields.iter().copied()).collect();
    let answer = browser.post(&AT.bulk(kind), &all);
    assert_eq!(answer.status, 303, "{}", answer.text());
    said(&get(browser, answer.header("Location").unwrap()))
}

const TIMEOUT: [(&str, &str); 4] =
    [("setting_section", "config"), ("setting_key", "timeout"), ("setting_action", "set"), ("setting_value", "90")];

fn with(
    fields: &[(&'static str, &'static str)],
    more: &[(&'static str, &'static str)],
) -> Vec<(&'static str, &'static str)> {
    fields.iter().chain(more).copied().collect()
}

/// Returns the timeouts of metrics.
fn timeouts(site: &TestSite, ids: &[i64]) -> Vec<String> {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    site.sql(&format!(
        "SELECT value FROM egi.metric_setting WHERE section = 'config' AND key = 'timeout' AND metric_id IN ({})
         ORDER BY metric_id",
        ids.join(",")
    ))
}

#[test]
fn a_setting_of_many_metrics_is_changed_with_a_version_and_a_log_entry_each() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let ids = metrics(&mut root, 1..4, "ARGO");
    let form = step(&mut root, METRIC, &ids, &[("_step", "edit")]).text();
    assert!(form.contains("Change 3 metrics") && hidden(&form, "pick").len() == 3, "{form}");
    let page = preview(&mut root, METRIC, &ids, &TIMEOUT);
    assert!(
        page.contains("Change 3 metrics?") && page.contains("<del>60</del>") && page.contains("<ins>90</ins>"),
        "{page}"
    );
    assert_eq!(timeouts(&site, &ids), ["60", "60", "60"], "a preview writes nothing");
    let lines = apply(&mut root, METRIC, &page, &with(&TIMEOUT, &[("_step", "change"), ("_reason", "GGUS 7 <b>")]));
    assert_eq!(lines, ["Changed 3 metrics."]);
    assert_eq!(timeouts(&site, &ids), ["90", "90", "90"]);
    for id in ids {
        let log = site.one(&format!(
            "SELECT action || ' ' || username || ' ' || change_reason FROM egi.log_entry
             WHERE object_kind = 'metric' AND object_id = '{id}' ORDER BY id DESC LIMIT 1"
        ));
        assert_eq!(log, "change root GGUS 7 <b>");
        assert_eq!(site.versions(METRIC, id).len(), 2);
        let history = get(&mut root, &AT.history(METRIC, id));
        assert!(history.contains("GGUS 7 &lt;b&gt;"), "{history}");
    }
}

#[test]
fn all_that_match_are_chosen_with_the_search_and_filters_of_the_list() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let ids = metrics(&mut root, 1..4, "SSC");
    let address = format!("{}?_list=q%3Dtest.Metric%26group%3DSSC", AT.bulk(METRIC));
    let answer = root.post(&address, &[("all", "1"), ("_step", "edit")]);
    let page = answer.text();
    let picked = hidden(&page, "pick");
    assert_eq!(picked, ids.iter().map(i64::to_string).collect::<Vec<_>>(), "{page}");
    assert_eq!(hidden(&page, "_all"), ["1"]);
    // What joins after the preview is named, and not changed.
    let page = preview(&mut root, METRIC, &ids, &TIMEOUT);
    let joined = metrics(&mut root, 4..5, "SSC");
    let targets = hidden(&page, "target");
    let fields = targets.iter().map(|target| ("target", target.as_str())).chain(TIMEOUT);
    let answer = root.post(&address, &fields.chain([("_all", "1"), ("_step", "change")]).collect::<Vec<_>>());
    let list = answer.header("Location").unwrap().to_owned();
    assert!(list.contains("q=test.Metric") && list.contains("group=SSC"), "{list}");
    let lines = said(&get(&mut root, &list));
    assert_eq!(lines[0], "Changed 3 metrics.");
    let name = fixtures::of(METRIC).key(4);
    assert_eq!(lines[1], format!("Left out, because they match only since the preview: {name}."));
    assert_eq!(timeouts(&site, &joined), ["60"]);
}

#[test]
fn what_has_changed_since_the_preview_is_named_and_left_out() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let ids = metrics(&mut root, 1..4, "ARGO");
    let page = preview(&mut root, METRIC, &ids, &TIMEOUT);
    let one = preview(&mut root, METRIC, &ids[..1], &[("to_group", "SSC")]);
    apply(&mut root, METRIC, &one, &[("to_group", "SSC"), ("_step", "change")]);
    let deletion = step(&mut root, METRIC, &ids[1..2], &[("_step", "delete")]).text();
    assert!(deletion.contains("Delete 1 metric?"), "{deletion}");
    assert_eq!(apply(&mut root, METRIC, &deletion, &[("_step", "delete-all")]), ["Deleted 1 metric."]);
    let lines = apply(&mut root, METRIC, &page, &with(&TIMEOUT, &[("_step", "change")]));
    let name = fixtures::of(METRIC).key(1);
    assert_eq!(
        lines,
        [
            "Changed 1 metric.".to_owned(),
            "Left out 1 object: Deleted since the preview.".to_owned(),
            format!("Left out {name} (Production): Someone has changed it since the preview."),
        ]
    );
    assert_eq!(timeouts(&site, &ids), ["60", "90"]);
}

#[test]
fn a_member_changes_and_deletes_only_objects_of_their_groups() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let own = metrics(&mut root, 1..2, "ARGO");
    let foreign = metrics(&mut root, 2..3, "SSC");
    let both = [own[0], foreign[0]];
    let mut member = site.browser("member");
    let page = preview(&mut member, METRIC, &both, &TIMEOUT);
    assert!(page.contains("1 left out") && page.contains("You are not a member of its group SSC."), "{page}");
    // A forged target is refused in the transaction.
    let revision = site.one(&format!("SELECT revision FROM egi.metric WHERE id = {}", foreign[0]));
    let forged = format!("{}:{revision}", foreign[0]);
    let fields = with(&TIMEOUT, &[("_step", "change")]);
    let fields: Vec<_> = fields.into_iter().chain([("target", forged.as_str())]).collect();
    let lines = apply(&mut member, METRIC, &page, &fields);
    assert_eq!(lines[0], "Changed 1 metric.");
    assert!(lines[1].ends_with("You are not a member of its group SSC."), "{lines:?}");
    assert_eq!(timeouts(&site, &both), ["90", "60"]);
    let lines = apply(&mut member, METRIC, "", &[("target", forged.as_str()), ("_step", "delete-all")]);
    assert_eq!(lines[0], "Deleted 0 metrics.");
    // A foreign group cannot be chosen.
    let page = preview(&mut member, METRIC, &own, &[("to_group", "SSC")]);
    assert!(
        page.contains("You are not member of group SSC.") && page.contains("There is nothing to change."),
        "{page}"
    );
    // Who may change nothing has no ticks, and no pages.
    let mut nobody = site.browser("nobody");
    assert!(!get(&mut nobody, &AT.list(METRIC)).contains("name=\"pick\""));
    assert_eq!(step(&mut nobody, METRIC, &own, &[("_step", "edit")]).status, 403);
}

#[test]
fn the_rules_of_each_object_are_checked() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let ids = metrics(&mut root, 1..3, "ARGO");
    let clone = format!(
        "INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, group_id)
         SELECT metric_name_id, (SELECT id FROM egi.tag WHERE name = 'Devel'), metric_type_id, group_id
         FROM egi.metric WHERE id = {} RETURNING id",
        ids[0]
    );
    site.one(&clone);
    let page = preview(&mut root, METRIC, &ids, &[("to_tag", "Devel")]);
    assert!(page.contains("1 left out") && page.contains("Metric with this Name and Tag already exists."), "{page}");
    assert_eq!(hidden(&page, "target").len(), 1);
    let remove = [("setting_section", "config"), ("setting_key", "path"), ("setting_action", "remove")];
    let page = preview(&mut root, METRIC, &ids, &remove);
    assert!(page.contains("2 left out") && page.contains("Missing fields path"), "{page}");
    let page = preview(&mut root, METRIC, &ids, &[("to_probeversion", "no-probe (1)")]);
    assert!(page.contains("2 left out"), "{page}");
    // Objects that have the values already are not written again.
    let page = preview(&mut root, METRIC, &ids, &[("to_group", "ARGO")]);
    assert!(page.contains("2 already have these values") && hidden(&page, "target").is_empty(), "{page}");
}

#[test]
fn two_ticked_objects_are_compared() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let ids = metrics(&mut root, 1..4, "ARGO");
    let compared = step(&mut root, METRIC, &ids[..2], &[("_step", "compare")]);
    let page = get(&mut root, compared.header("Location").unwrap());
    assert!(page.contains("test.Metric-1.") && page.contains("test.Metric-2."), "{page}");
    for wrong in [&ids[..1], &ids] {
        let answer = step(&mut root, METRIC, wrong, &[("_step", "compare")]);
        assert_eq!(answer.header("Location"), Some(AT.list(METRIC).as_str()));
        assert_eq!(said(&get(&mut root, &AT.list(METRIC))), ["Tick two metrics to compare them."]);
    }
}

#[test]
fn an_edit_that_cannot_be_understood_is_shown_again_with_the_input() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let ids = metrics(&mut root, 1..2, "ARGO");
    for (fields, problem) in [
        (&[("_step", "preview")][..], "Choose what to change."),
        (&[("_step", "preview"), ("setting_value", "<7>")], "Enter the key of the setting."),
        (&[("_step", "preview"), ("to_group", "SSC"), ("_reason", "a\u{1}b")], "id=\"id__reason_errors\""),
    ] {
        let answer = step(&mut root, METRIC, &ids, fields);
        let page = answer.text();
        assert_eq!(answer.status, 422, "{page}");
        assert!(page.contains(problem) && !page.contains("<7>"), "{page}");
    }
    for answer in
        [step(&mut root, METRIC, &[], &[("_step", "edit")]), step(&mut root, METRIC, &[0], &[("_step", "edit")])]
    {
        assert!([200, 303].contains(&answer.status));
    }
    let ticks = step(&mut root, METRIC, &[], &[("_step", "edit")]);
    assert_eq!(said(&get(&mut root, ticks.header("Location").unwrap())), ["Tick the metrics first."]);
    let many: Vec<i64> = (1..=2001).collect();
    let answer = step(&mut root, METRIC, &many, &[("_step", "delete")]);
    let lines = said(&get(&mut root, answer.header("Location").unwrap()));
    assert_eq!(lines, ["At most 2000 metrics can be changed together. Narrow the list with search and filters."]);
    for fields in [
        &[("_step", "change"), ("to_group", "SSC")][..],
        &[("_step", "change"), ("target", "x"), ("to_group", "SSC")],
        &[("_step", "x")],
    ] {
        assert_eq!(root.post(&AT.bulk(METRIC), fields).status, if fields.len() == 1 { 303 } else { 400 }, "{fields:?}");
    }
    let api_keys = root.post(&AT.bulk(ObjectKind::ApiKey), &[("_step", "delete"), ("pick", "1")]);
    assert_eq!(api_keys.status, 404);
    let reloaded = root.get(&AT.bulk(METRIC));
    assert_eq!(reloaded.header("Location"), Some(AT.list(METRIC).as_str()));
}

#[test]
fn profiles_get_a_group_and_a_vo_and_are_deleted() {
    let site = TestSite::new();
    site.sql("INSERT INTO egi.vo (name) VALUES ('biomed') ON CONFLICT DO NOTHING");
    let mut root = site.browser("root");
    let kind = ObjectKind::Profile;
    let fixture: &Fixture = fixtures::of(kind);
    let ids: Vec<i64> = (1..3).map(|number| add(&mut root, fixture, number, "ARGO")).collect();
    let change = [("to_group", "-"), ("to_vo", "biomed")];
    let page = preview(&mut root, kind, &ids, &change);
    assert_eq!(apply(&mut root, kind, &page, &with(&change, &[("_step", "change")])), ["Changed 2 profiles."]);
    let rows = site.sql(&format!(
        "SELECT vo || ' ' || coalesce(group_id::text, 'none') || ' ' || (SELECT count(*) FROM egi.metric_instance i WHERE i.profile_id = p.id)
         FROM egi.profile p WHERE id IN ({}, {})",
        ids[0], ids[1]
    ));
    assert_eq!(rows, ["biomed none 1", "biomed none 1"]);
    assert_eq!(site.versions(kind, ids[0]).len(), 2);
    let page = preview(&mut root, kind, &ids, &[("to_vo", "no-such-vo")]);
    assert!(page.contains("Unable to find virtual organization no-such-vo."), "{page}");
    let page = step(&mut root, kind, &ids, &[("_step", "delete")]).text();
    assert_eq!(apply(&mut root, kind, &page, &[("_step", "delete-all")]), ["Deleted 2 profiles."]);
    assert_eq!(site.one(&format!("SELECT count(*) FROM egi.profile WHERE id = {}", ids[0])), "0");
    let deletions = "SELECT count(*) FROM egi.log_entry WHERE action = 'delete' AND username = 'root'";
    assert_eq!(site.one(deletions), "2");
}

#[test]
fn the_number_of_queries_does_not_depend_on_the_number_of_objects() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let few = metrics(&mut root, 1..3, "ARGO");
    let many = metrics(&mut root, 3..20, "ARGO");
    let mut count = |ids: &[i64]| {
        let mut page = String::new();
        let previewed = queries(&site.installation.database, || page = preview(&mut root, METRIC, ids, &TIMEOUT));
        let changed = queries(&site.installation.database, || {
            apply(&mut root, METRIC, &page, &with(&TIMEOUT, &[("_step", "change")]));
        });
        let deletion = step(&mut root, METRIC, ids, &[("_step", "delete")]).text();
        let deleted = queries(&site.installation.database, || {
            apply(&mut root, METRIC, &deletion, &[("_step", "delete-all")]);
        });
        [previewed.len(), changed.len(), deleted.len()]
    };
    assert_eq!(count(&few), count(&many));
}

#[test]
fn a_reason_that_is_too_long_is_reported_at_its_field_and_kept() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let id = metrics(&mut root, 1..2, "ARGO")[0];
    let long = "x".repeat(513);
    let mut form = super::open(&mut root, &AT.change(METRIC, id));
    form.set("_reason", &long);
    let page = super::submit(&mut root, &form).text();
    let input = elements(&page).into_iter().find(|it| it.get("name") == Some("_reason")).unwrap();
    assert_eq!((input.get("value"), input.get("aria-invalid")), (Some(long.as_str()), Some("true")), "{page}");
    let deletion = root.post(&AT.delete(METRIC, id), &[("_reason", &long)]);
    assert!(deletion.status == 422 && deletion.text().contains("It was not deleted."), "{}", deletion.text());
    // Additions and deletions have a reason, too.
    root.post(&AT.delete(METRIC, id), &[("_reason", "not needed")]);
    let stored = "SELECT action || ' ' || change_reason FROM egi.log_entry ORDER BY id DESC LIMIT 1";
    assert_eq!(site.one(stored), "delete not needed");
    let mut form = super::open(&mut root, &AT.addition(METRIC));
    fixtures::of(METRIC).fill(&mut form, 2, "ARGO");
    form.set("_reason", "  needed ");
    super::save(&mut root, &form);
    assert_eq!(site.one(stored), "add needed");
}
