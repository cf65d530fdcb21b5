//! The public pages: readable without a login.

use std::collections::{BTreeMap, BTreeSet};

use poem::domain::model::object_kind::ObjectKind;

use super::page::{Form, links};
use super::{AT, TestSite, add, all, get, open, save};

#[test]
fn public_pages_show_public_objects_read_only() {
    let site = TestSite::new();
    let (mut root, mut browser) = (site.browser("root"), site.stranger());
    for (entity, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let base = format!("/poem/admin/poem/public_{}/", fixture.kind);
        let change = format!("{base}{id}/change/");
        if !entity.options().kind.info().is_public {
            for address in [&base, &change] {
                assert_eq!(
                    browser.get(address).status,
                    302,
                    "{address} redirects to the login, like an unknown address"
                );
                assert_eq!(root.get(address).status, 404, "{address}");
            }
            continue;
        }
        let list = get(&mut browser, &format!("{base}?q={}", fixture.key(1)));
        assert!(links(&list).contains(&change), "{base}: {list}");
        let page = get(&mut browser, &change);
        assert!(Form::read(&page).is_none() && page.contains("read-only"), "{page}");
        let value = &fixture.form.iter().find(|(name, _)| *name == fixture.change.0).unwrap().1;
        assert!(page.contains(value), "{change} shows {value}: {page}");
        for version in site.versions(fixture.kind, id) {
            get(&mut browser, &format!("{base}{id}/history/{version}/"));
        }
        for below in ["add/", &format!("{id}/delete/"), &format!("{id}/change/clone/")] {
            assert_eq!(browser.get(&format!("{base}{below}")).status, 302, "{base}{below}");
        }
        for number in ["0", "-1", "x", "99999999999999999999"] {
            for below in ["change/", "history/", "history/1/", "history/compare/?version_id1=1&version_id2=2"] {
                let status = browser.get(&format!("{base}{number}/{below}")).status;
                assert_eq!(status, 404, "{base}{number}/{below}");
            }
        }
        // A logged-in user sees the same page.
        get(&mut root, &change);
        let answer = browser.post(&change, &[("_revision", "1")]);
        assert!(answer.status == 403 && answer.text().contains("name=\"password\""), "{answer:?}");
    }
}

/// A part of every name of a user; no other text has it.
const USER_MARK: &str = "usermark";

/// Puts the mark into every name of a user, wherever one is stored.
fn mark_users(site: &TestSite) {
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(entity, _)| entity.options().kind.info().is_public) {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        save(&mut root, &form);
    }
    let names = site.sql(
        "SELECT quote_ident(table_name) || '.' || quote_ident(column_name) FROM information_schema.columns
         WHERE table_schema = 'egi' AND column_name IN ('username', 'changed_by')",
    );
    assert!(names.len() >= 4, "{names:?}");
    for (table, column) in names.iter().filter_map(|name| name.split_once('.')) {
        site.sql(&format!("UPDATE egi.{table} SET {column} = '{USER_MARK}-' || {column}"));
    }
    site.sql(&format!("UPDATE egi.app_user SET first_name = '{USER_MARK}', last_name = '{USER_MARK}'"));
}

/// Returns every page below the public list of a kind: those that links lead to, and the comparison of every version
/// with the first one.
fn public_pages(browser: &mut crate::support::Browser<'_>, kind: ObjectKind) -> BTreeMap<String, String> {
    let start = format!("/poem/admin/poem/public_{kind}/");
    let (mut waiting, mut pages) = (vec![start.clone()], BTreeMap::new());
    while let Some(address) = waiting.pop() {
        if pages.contains_key(&address) {
            continue;
        }
        let page = get(browser, &address);
        let compared = page.split("value=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse::<i64>().ok());
        if let Some(history) = address.strip_suffix("/history/") {
            let versions: BTreeSet<i64> = compared.collect();
            let first = versions.first().copied().unwrap_or_default();
            let pair = |other| format!("{history}/history/compare/?version_id1={first}&version_id2={other}");
            waiting.extend(versions.iter().skip(1).map(pair));
        }
        waiting.extend(links(&page).into_iter().filter(|link| link.starts_with(&start)));
        pages.insert(address, page);
    }
    pages
}

#[test]
fn no_public_page_names_a_user_to_anybody() {
    let site = TestSite::new();
    mark_users(&site);
    let shown = get(&mut site.browser(&format!("{USER_MARK}-root")), &AT.history(ObjectKind::Probe, 1));
    assert!(shown.contains(USER_MARK), "the pages of users name them: {shown}");
    for kind in ObjectKind::all().filter(|kind| kind.info().is_public) {
        for mut browser in [site.stranger(), site.browser(&format!("{USER_MARK}-root"))] {
            let pages = public_pages(&mut browser, kind);
            let entity = poem::admin::entity(kind);
            let has_versions = entity.is_some_and(|entity| entity.options().has_versions());
            assert!(!has_versions || pages.keys().any(|page| page.contains("compare")), "{:?}", pages.keys());
            for (address, page) in pages {
                assert!(!page.contains(USER_MARK), "{address} names a user: {page}");
            }
        }
    }
}

#[test]
fn services_are_public_and_complete() {
    let site = TestSite::new();
    // A metric name under two tags broke this page in 2.3.
    site.sql(
        "INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, group_id)
        SELECT metric_name_id, (SELECT max(id) FROM egi.tag), metric_type_id, group_id FROM egi.metric
        ON CONFLICT DO NOTHING",
    );
    for (mut browser, address) in
        [(site.stranger(), "/poem/admin/poem/public_service/"), (site.browser("nobody"), "/poem/admin/poem/service/")]
    {
        let page = get(&mut browser, address);
        assert!(page.contains("High-Throughput Compute") && page.contains("rowspan"), "{page}");
        for query in [
            "o=area",
            "o=-area",
            "o=name",
            "o=-type",
            "o=metrics",
            "o=-probes",
            "o=x",
            "p=7",
            "p=x",
            "q=Compute",
            "q=%25",
            "q=%27%22%3C",
        ] {
            get(&mut browser, &format!("{address}?{query}"));
        }
        let found = get(&mut browser, &format!("{address}?q=openstack"));
        assert!(found.contains("org.openstack.nova") && !found.contains("egi.GGUS"), "{found}");
    }
}

#[test]
fn a_login_leads_back_to_the_requested_page_and_to_no_other_host() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    let wanted = format!("{}?q=a&o=-name", AT.list(ObjectKind::Profile));
    let answer = stranger.get(&wanted);
    let login = answer.header("Location").unwrap().to_owned();
    assert_eq!(answer.status, 302);
    let page = get(&mut stranger, &login);
    assert_eq!(crate::support::browser::input(&page, "next").as_deref(), Some(wanted.as_str()));
    for evil in ["//evil.example.org/poem/admin/", "//evil.example.org", "///evil.example.org/%2e%2e"] {
        let answer = stranger.get(evil);
        let location = answer.header("Location").unwrap_or_default();
        assert!(!location.starts_with("//") && !location.contains("//evil"), "{evil}: {answer:?}");
    }
    // A missing slash keeps the query.
    let answer = stranger.get("/poem/admin/poem/profile?q=a&o=-name");
    assert_eq!((answer.status, answer.header("Location")), (301, Some(wanted.as_str())));
}
