//! The comparison of two objects of a kind.

use poem::domain::model::object_kind::ObjectKind;
use poem::registry::undelete::can_return;
use poem::templates::Addresses;

use super::page::{elements, links};
use super::{AT, TestSite, add, all, fixtures, flash, get, open, save};

const PUBLIC: Addresses = Addresses { is_public: true };

fn address(at: Addresses, kind: ObjectKind, a: i64, b: i64) -> String {
    format!("{}?a={a}&b={b}", at.compare_objects(kind))
}

/// Returns the page without the marks of changed words, which can split a text.
fn unmarked(page: &str) -> String {
    ["<ins>", "</ins>", "<del>", "</del>"].iter().fold(page.to_owned(), |page, mark| page.replace(mark, ""))
}

#[test]
fn two_objects_of_a_kind_are_compared_field_by_field() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let kind = fixture.kind;
        let (a, b) = (add(&mut root, fixture, 1, "ARGO"), add(&mut root, fixture, 2, "ARGO"));
        if !can_return(kind) && kind != ObjectKind::Aggregation {
            assert_eq!(root.get(&address(AT, kind, a, b)).status, 404, "{kind}: secrets are not compared");
            assert!(!get(&mut root, &AT.change(kind, a)).contains("Compare with"), "{kind}");
            continue;
        }
        let page = get(&mut root, &address(AT, kind, a, b));
        for id in [a, b] {
            assert!(links(&page).contains(&AT.view(kind, id)), "{kind}: {page}");
        }
        let text = unmarked(&page);
        for key in [fixture.key(1), fixture.key(2)] {
            assert!(text.matches(&key).count() >= 3, "{kind}: {key} is in the heading and in the table: {text}");
        }
        assert!(links(&page).contains(&address(AT, kind, b, a)), "{kind}: the sides can be swapped");
        let ticked = format!("{}?pick={a}&pick={b}", AT.compare_objects(kind));
        assert_eq!(get(&mut root, &ticked), page, "{kind}: two ticked rows");
        for page in [AT.view(kind, a), AT.change(kind, a)] {
            let page = get(&mut root, &page);
            assert!(links(&page).contains(&format!("{}?a={a}", AT.compare_objects(kind))), "{kind}: {page}");
        }
        let is_public = kind.info().is_public;
        let mut stranger = site.stranger();
        if is_public {
            let page = get(&mut stranger, &address(PUBLIC, kind, a, b));
            assert!(links(&page).contains(&PUBLIC.change(kind, b)) && !page.contains("root"), "{kind}: {page}");
            assert_eq!(stranger.get(&format!("{}?a={a}", PUBLIC.compare_objects(kind))).status, 400, "{kind}");
        }
        let status = site.browser("nobody").get(&address(AT, kind, a, b)).status;
        assert_eq!(status, if kind.info().owner.is_some() { 200 } else { 403 }, "{kind}");
    }
}

#[test]
fn anything_but_two_objects_leads_back_with_a_message() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let compare = AT.compare_objects(ObjectKind::Metric);
    for (query, words) in [
        ("", "Choose two metrics to compare: none is chosen."),
        ("?pick=1", "only one is chosen"),
        ("?pick=1&pick=1", "only one is chosen"),
        ("?a=1&b=1", "only one is chosen"),
        ("?pick=1&pick=2&pick=3", "3 are chosen"),
    ] {
        let answer = root.get(&format!("{compare}{query}"));
        assert_eq!((answer.status, answer.header("Location")), (303, Some("/poem/admin/poem/metric/")), "{query}");
        let page = get(&mut root, "/poem/admin/poem/metric/");
        assert!(flash(&page).contains(words), "{query}: {}", flash(&page));
    }
    for query in ["?a=1&b=x", "?a=1&b=99999", "?a=99999", "?pick=1&pick=99999"] {
        assert_eq!(root.get(&format!("{compare}{query}")).status, 404, "{query}");
    }
}

#[test]
fn an_object_offers_those_of_its_name_its_original_and_a_search() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Metric);
    let (kind, original) = (fixture.kind, add(&mut root, fixture, 1, "ARGO"));
    let mut form = open(&mut root, &AT.clone_of(kind, original));
    form.set("name", "test.Clone");
    save(&mut root, &form);
    let newest = |site: &TestSite| site.one("SELECT max(id) FROM egi.metric").parse::<i64>().unwrap();
    let clone = newest(&site);
    let mut form = open(&mut root, &AT.clone_of(kind, clone));
    form.set("tag", "Devel");
    save(&mut root, &form);
    let devel = newest(&site);
    let choose = format!("{}?a={clone}", AT.compare_objects(kind));
    let page = get(&mut root, &choose);
    for other in [original, devel] {
        assert!(links(&page).contains(&address(AT, kind, clone, other)), "{page}");
    }
    let other = add(&mut root, fixture, 2, "ARGO");
    let found = address(AT, kind, clone, other);
    assert!(!links(&page).contains(&found));
    let search = elements(&page).into_iter().find(|it| it.name == "input" && it.get("id") == Some("search-other"));
    assert_eq!(search.unwrap().get("name"), Some("q"));
    assert!(links(&get(&mut root, &format!("{choose}&q=METRIC-2"))).contains(&found));
    assert!(get(&mut root, &format!("{choose}&q=nosuch")).contains("No other metrics match “nosuch”."));
    let page = get(&mut root, &address(AT, kind, clone, devel));
    assert!(page.contains("differs") && page.contains("equal fields"), "{page}");
}

#[test]
fn profiles_are_told_apart_by_their_versions() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Profile);
    let first = add(&mut root, fixture, 1, "ARGO");
    site.sql(&format!(
        "INSERT INTO egi.profile (name, version, vo, description, group_id)
         SELECT name, '2.0', vo, description, group_id FROM egi.profile WHERE id = {first}"
    ));
    let second = site.one("SELECT max(id) FROM egi.profile").parse().unwrap();
    let page = get(&mut root, &address(AT, ObjectKind::Profile, first, second));
    assert!(page.contains("TEST-PROFILE-1. (1.0)") && page.contains("TEST-PROFILE-1. (2.0)"), "{page}");
    assert!(page.contains("only left"), "the tuple is in the first only: {page}");
}

#[test]
fn a_version_is_compared_with_the_current_one_and_restored_from_there() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(entity, _)| entity.options().has_versions()) {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut form = open(&mut root, &AT.change(kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        save(&mut root, &form);
        let [first, second] = site.versions(kind, id)[..] else { panic!("{kind}") };
        let comparison = format!("{}?version_id1={first}&version_id2={second}", AT.compare(kind, id));
        assert!(links(&get(&mut root, &AT.version(kind, id, first))).contains(&comparison), "{kind}");
        assert!(!links(&get(&mut root, &AT.version(kind, id, second))).contains(&comparison), "{kind}");
        let page = get(&mut root, &comparison);
        let restores = page.contains(&AT.version(kind, id, first).replace('/', "&#x2F;"))
            && page.contains("Restore the older version");
        assert!(restores, "{kind}: {page}");
        let mut nobody = site.browser("nobody");
        assert!(!get(&mut nobody, &comparison).contains("Restore the older version"), "{kind}");
    }
}

#[test]
fn the_log_is_searched_by_user_and_object() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    add(&mut root, fixtures::of(ObjectKind::Probe), 1, "ARGO");
    add(&mut root, fixtures::of(ObjectKind::Probe), 2, "ARGO");
    let page = get(&mut root, "/poem/admin/admin/logentry/?q=root+probe-2");
    assert!(page.contains("Added &quot;test-probe-2.&quot;.") && !page.contains("test-probe-1."), "{page}");
}
