//! The public pages: readable without a login.

use poem::domain::model::object_kind::ObjectKind;

use super::page::{Form, links};
use super::{AT, TestSite, add, all, get};

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
