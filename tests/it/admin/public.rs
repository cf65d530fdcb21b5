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

/// Returns the link in the place of the account on a public page, as its text and its address.
fn inside(page: &str) -> (String, String) {
    let link = page.split_once("<p class=\"account\">").unwrap_or_else(|| panic!("no link: {page}")).1;
    let text = link.split_once('>').unwrap().1.split('<').next().unwrap();
    (text.to_owned(), links(link)[0].clone())
}

/// Returns the link to the public page; `None` without one.
fn shared(page: &str) -> Option<String> {
    Some(links(page.split_once("<p class=\"public\">")?.1)[0].clone())
}

#[test]
fn a_visitor_who_is_logged_in_is_not_asked_to_log_in() {
    let site = TestSite::new();
    // Twice: the second pages come from the cache.
    for _ in 0..2 {
        for kind in [ObjectKind::Profile, ObjectKind::Probe, ObjectKind::Metric] {
            let id: i64 = site.one(&format!("SELECT min(id) FROM egi.{kind}")).parse().unwrap();
            let (own, public) = (AT.view(kind, id), format!("/poem/admin/poem/public_{kind}/{id}/change/"));
            for (user, may_edit) in [("root", true), ("member", true), ("neighbour", false), ("nobody", false)] {
                let page = get(&mut site.browser(user), &public);
                assert_eq!(inside(&page), ("Open in POEM".to_owned(), own.clone()), "{user}");
                assert_eq!(page.contains(">Edit</a>"), may_edit, "{user}: {page}");
            }
            let page = get(&mut site.stranger(), &public);
            let login = crate::support::browser::input(&get(&mut site.stranger(), &inside(&page).1), "next");
            assert_eq!((inside(&page).0.as_str(), login), ("Log in", Some(own)));
            assert!(!page.contains(">Edit</a>"), "{page}");
        }
    }
    // Nor does an error name the visitor.
    let missing = site.browser("neighbour").get("/poem/admin/poem/public_probe/999/change/");
    assert!(missing.status == 404 && !missing.text().contains("neighbour"), "{}", missing.text());
}

#[test]
fn pages_for_users_lead_to_the_public_page_and_back() {
    let site = TestSite::new();
    let (mut root, mut stranger) = (site.browser("root"), site.stranger());
    let versions = site.versions(ObjectKind::Probe, 1);
    let compared =
        format!("{}?version_id1={}&version_id2={}", AT.compare(ObjectKind::Probe, 1), versions[0], versions[1]);
    let public_comparison = compared.replace("/probe/", "/public_probe/");
    for (own, public) in [
        (
            "/poem/admin/poem/metric/?q=argo&tag=Production&o=-tag".to_owned(),
            "/poem/admin/poem/public_metric/?q=argo&tag=Production&o=-tag",
        ),
        ("/poem/admin/poem/metric/?x=1".to_owned(), "/poem/admin/poem/public_metric/"),
        (AT.list(ObjectKind::Service) + "?q=cloud", "/poem/admin/poem/public_service/?q=cloud"),
        (AT.view(ObjectKind::Profile, 1), "/poem/admin/poem/public_profile/1/change/"),
        (AT.history(ObjectKind::Probe, 1), "/poem/admin/poem/public_probe/1/history/"),
        (
            AT.version(ObjectKind::Probe, 1, versions[0]),
            &format!("/poem/admin/poem/public_probe/1/history/{}/", versions[0]),
        ),
        (compared, &public_comparison),
        ("/poem/admin/search/?q=argo&kind=metric".to_owned(), "/poem/admin/poem/public_search/?q=argo&kind=metric"),
        ("/poem/admin/search/".to_owned(), "/poem/admin/poem/public_search/"),
    ] {
        assert_eq!(shared(&get(&mut root, &own)).as_deref(), Some(public), "{own}");
        let page = get(&mut stranger, public);
        let back = crate::support::browser::input(&get(&mut stranger, &inside(&page).1), "next");
        assert_eq!(back.as_deref(), Some(own.split("?x").next().unwrap()), "{public}");
    }
    let form = get(&mut root, &AT.change(ObjectKind::Profile, 1));
    assert_eq!(shared(&form).as_deref(), Some("/poem/admin/poem/public_profile/1/change/"));
    for only_for_users in
        [AT.list(ObjectKind::CustUser), AT.addition(ObjectKind::Probe), AT.delete(ObjectKind::Probe, 1)]
    {
        assert_eq!(shared(&get(&mut root, &only_for_users)), None, "{only_for_users}");
    }
}

#[test]
fn the_login_page_offers_the_public_page() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    let mut offered = |wanted: &str| {
        let login = stranger.get(wanted).header("Location").unwrap().to_owned();
        links(&get(&mut stranger, &login)).into_iter().find(|link| link.contains("/public_"))
    };
    for probe in [AT.view(ObjectKind::Probe, 1), AT.change(ObjectKind::Probe, 1)] {
        assert_eq!(offered(&probe).as_deref(), Some("/poem/admin/poem/public_probe/1/change/"));
    }
    let list = AT.list(ObjectKind::Metric) + "?q=a";
    assert_eq!(offered(&list).as_deref(), Some("/poem/admin/poem/public_metric/?q=a"));
    assert_eq!(offered(&AT.list(ObjectKind::CustUser)), None);
    assert_eq!(offered(&AT.delete(ObjectKind::Probe, 1)), None);
}

#[test]
fn public_lists_say_what_the_things_are() {
    let site = TestSite::new();
    for kind in ObjectKind::all().filter(|kind| kind.info().is_public) {
        let about = kind.info().about;
        assert!(about.starts_with(kind.info().many) && about.ends_with('.'), "{about}");
        assert!(get(&mut site.stranger(), &format!("/poem/admin/poem/public_{kind}/")).contains(about));
        assert!(!get(&mut site.browser("root"), &AT.list(kind)).contains(about));
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
