//! The pages of an object: View, its tabs, and Used by. The menu of superusers.

use poem::domain::model::object_kind::ObjectKind;

use super::page::{Form, elements, links};
use super::{AT, TestSite, add, all, fixtures, get, id_of, open, save};

/// Returns the tabs of a page as label, address and mark.
fn tabs(page: &str) -> Vec<(String, String, String)> {
    let elements = elements(page);
    let start = elements.iter().position(|element| element.get("class") == Some("tabs"));
    let of_tabs = elements[start.unwrap_or(elements.len())..].iter().take_while(|element| element.name != "/nav");
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    of_tabs
        .filter(|element| element.name == "a")
        .map(|tab| (tab.text.clone(), text(tab.get("href")), text(tab.get("aria-current"))))
        .collect()
}

#[test]
fn an_object_is_viewed_read_only_and_its_tabs_lead_to_its_other_pages() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let (kind, id) = (fixture.kind, add(&mut root, fixture, 1, "ARGO"));
        let view = get(&mut root, &AT.view(kind, id));
        assert!(Form::read(&view).is_none() && !view.contains("notice-line"), "{kind}: {view}");
        assert!(view.contains(&fixture.key(1)), "{kind}: {view}");
        let of_view = tabs(&view);
        let labels: Vec<&str> = of_view.iter().map(|(label, ..)| label.as_str()).collect();
        assert!(labels.starts_with(&["View", "Edit", "History"]), "{kind}: {labels:?}");
        // Each tab leads to a page that has the same tabs, and is marked there.
        for (number, (label, href, _)) in of_view.iter().enumerate() {
            let there = tabs(&get(&mut root, href));
            let marks: Vec<&str> = there.iter().map(|(.., mark)| mark.as_str()).collect();
            let expected: Vec<&str> = (0..there.len()).map(|at| if at == number { "page" } else { "" }).collect();
            assert_eq!(marks, expected, "{kind}: {label}");
            assert!(there.iter().zip(&of_view).all(|(a, b)| (&a.0, &a.1) == (&b.0, &b.1)), "{kind}: {there:?}");
        }
        for version in site.versions(kind, id) {
            let there = tabs(&get(&mut root, &AT.version(kind, id, version)));
            assert_eq!(there.iter().find(|(.., mark)| mark == "true").map(|tab| tab.0.as_str()), Some("History"));
        }
        let mut nobody = site.browser("nobody");
        if kind.info().owner.is_none() {
            assert_eq!(nobody.get(&AT.view(kind, id)).status, 403, "{kind}");
            continue;
        }
        let page = get(&mut nobody, &AT.view(kind, id));
        assert!(!tabs(&page).iter().any(|(label, ..)| label == "Edit"), "{kind}: {page}");
        assert!(page.contains("Members of the group ARGO and superusers can change it."), "{kind}: {page}");
        assert!(!view.contains("superusers can change it."), "{kind}: {view}");
    }
}

#[test]
fn public_pages_have_tabs_of_public_pages() {
    let site = TestSite::new();
    let at = poem::templates::Addresses { is_public: true };
    let page = get(&mut site.stranger(), &at.view(ObjectKind::Probe, 1));
    let tab = |label: &str, href: String, mark: &str| (label.to_owned(), href, mark.to_owned());
    let view = tab("View", at.change(ObjectKind::Probe, 1), "page");
    let history = tab("History", at.history(ObjectKind::Probe, 1), "");
    assert_eq!(tabs(&page), [view.clone(), history.clone()], "{page}");
    let edit = tab("Edit", AT.change(ObjectKind::Probe, 1), "");
    assert_eq!(tabs(&get(&mut site.browser("root"), &at.view(ObjectKind::Probe, 1))), [view, edit, history]);
    assert_eq!(site.stranger().get("/poem/admin/poem/public_probe/1/usedby/").status, 302);
}

#[test]
fn used_by_lists_what_uses_an_object() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let one = |statement: &str| site.one(statement).parse::<i64>().unwrap();
    site.sql(
        "INSERT INTO egi.metric_name (name) VALUES ('uses.One'), ('uses.Child');
         INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, parent, probe_version_id)
             SELECT n.id, 1, 1, CASE n.name WHEN 'uses.Child' THEN 'uses.One' ELSE '' END,
                    (SELECT max(id) FROM egi.version WHERE kind = 'probe' AND object_id = 1)
             FROM egi.metric_name n WHERE n.name LIKE 'uses.%';
         INSERT INTO egi.profile (name, version, vo, description)
             SELECT 'USES-' || n, '1.0', 'ops', 'x' FROM generate_series(1, 400) n;
         INSERT INTO egi.metric_instance (profile_id, service_flavour, metric_name_id)
             SELECT p.id, 'SRM', n.id FROM egi.profile p, egi.metric_name n WHERE p.name LIKE 'USES-%' AND n.name = 'uses.One';",
    );
    let metric = |name: &str| {
        one(&format!(
            "SELECT m.id FROM egi.metric m JOIN egi.metric_name n ON n.id = metric_name_id WHERE n.name = '{name}'"
        ))
    };
    let (parent, child) = (metric("uses.One"), metric("uses.Child"));
    let profile = one("SELECT id FROM egi.profile WHERE name = 'USES-1'");
    let page = get(&mut root, &AT.used_by(ObjectKind::Metric, parent));
    assert!(links(&page).contains(&AT.view(ObjectKind::Metric, child)) && page.contains("as parent"), "{page}");
    assert!(links(&page).contains(&AT.view(ObjectKind::Profile, profile)), "{page}");
    assert!(page.contains("Only the first 300 are shown."), "a page is bounded: {page}");
    // Next to the fields, there are a few of them and the way to the others.
    let view = get(&mut root, &AT.view(ObjectKind::Metric, parent));
    assert!(view.contains("All 400") && view.matches("USES-").count() == 5, "{view}");
    assert!(links(&view).contains(&AT.used_by(ObjectKind::Metric, parent)), "{view}");
    assert!(get(&mut root, &AT.used_by(ObjectKind::Metric, child)).contains("Nothing uses this metric."));

    let page = get(&mut root, &AT.used_by(ObjectKind::Probe, 1));
    assert!(page.contains("Metrics with version ") && links(&page).contains(&AT.view(ObjectKind::Metric, child)));
    let argo = id_of(&mut root, fixtures::of(ObjectKind::GroupOfProbes), "ARGO");
    let page = get(&mut root, &AT.used_by(ObjectKind::GroupOfProbes, argo));
    let member = one("SELECT id FROM egi.app_user WHERE username = 'member'");
    let probe =
        one("SELECT min(p.id) FROM egi.probe p JOIN egi.object_group g ON g.id = p.group_id WHERE g.name = 'ARGO'");
    for used in [AT.view(ObjectKind::CustUser, member), AT.view(ObjectKind::Probe, probe)] {
        assert!(links(&page).contains(&used), "{used}: {page}");
    }
    // Without the WEB-API, nothing uses profiles.
    for (kind, id) in [(ObjectKind::Profile, profile), (ObjectKind::CustUser, member)] {
        assert_eq!(root.get(&AT.used_by(kind, id)).status, 404, "{kind}");
    }
}

#[test]
fn superusers_have_a_menu_and_its_pages_say_where_they_are() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let menu = |page: &str| -> Vec<String> {
        let Some((_, rest)) = page.split_once("<details class=\"menu\"") else { return Vec::new() };
        links(rest.split("</details>").next().unwrap())
    };
    let page = get(&mut root, "/poem/admin/poem/probe/");
    let offered = menu(&page);
    assert_eq!(offered.len(), 10, "{offered:?}");
    for address in &offered {
        let page = get(&mut root, address);
        let marked = elements(&page).into_iter().filter(|element| element.get("aria-current") == Some("page"));
        assert!(marked.filter_map(|element| element.get("href").map(str::to_owned)).any(|href| href == *address));
        let trail: Vec<String> = page.split("<nav class=\"trail\"").skip(1).flat_map(links).collect();
        assert!(address == "/poem/admin/" || trail.contains(&"/poem/admin/".to_owned()), "{address}: {trail:?}");
        assert!(address == "/poem/admin/" || page.contains(">Admin</a>"), "{address}: {page}");
    }
    for username in ["member", "nobody"] {
        let page = get(&mut site.browser(username), "/poem/admin/poem/probe/");
        assert!(menu(&page).is_empty() && !page.contains(">Admin</"), "{page}");
    }
    assert!(menu(&get(&mut site.stranger(), "/poem/admin/poem/public_probe/")).is_empty());
}

#[test]
fn the_picker_of_a_group_marks_metrics_without_a_configuration() {
    let site = TestSite::new();
    site.sql("INSERT INTO egi.metric_name (name) VALUES ('picked.Bare')");
    let mut root = site.browser("root");
    let page = get(&mut root, &AT.addition(ObjectKind::GroupOfMetrics));
    assert!(page.contains("picked.Bare (no configuration)"), "{page}");
    let argo = id_of(&mut root, fixtures::of(ObjectKind::GroupOfMetrics), "ARGO");
    let mut form = open(&mut root, &AT.change(ObjectKind::GroupOfMetrics, argo));
    form.controls.push(("members".to_owned(), super::Control::Hidden("picked.Bare".to_owned())));
    save(&mut root, &form);
    let page = get(&mut root, &AT.change(ObjectKind::GroupOfMetrics, argo));
    assert!(page.contains("picked.Bare (no configuration)"));
}
