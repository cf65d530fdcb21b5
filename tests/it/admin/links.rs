//! Links to what a page names, and the foot of pages.

use std::time::{Duration, Instant};

use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use super::page::{Form, links};
use super::{AT, TestSite, get, open, save, submit};

const PUBLIC: Addresses = Addresses { is_public: true };

/// A profile with a configured metric under one tag, one under two tags, and one without a configuration; a metric that
/// has the first as parent and dependency; a service with the first.
const NAMES: &str = "
    INSERT INTO egi.metric_name (name) VALUES ('links.One'), ('links.Two'), ('links.None'), ('links.Child');
    INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, parent)
        SELECT n.id, t.id, 1, CASE n.name WHEN 'links.Child' THEN 'links.One' ELSE '' END
        FROM egi.metric_name n JOIN egi.tag t ON t.name = 'Production' OR (t.name = 'Devel' AND n.name = 'links.Two')
        WHERE n.name IN ('links.One', 'links.Two', 'links.Child');
    INSERT INTO egi.metric_setting (metric_id, section, position, key, value)
        SELECT m.id, 'dependency', 0, 'links.Two', '1'
        FROM egi.metric m JOIN egi.metric_name n ON n.id = m.metric_name_id WHERE n.name = 'links.Child';
    INSERT INTO egi.profile (name, version, vo, description) VALUES ('LINKS', '1.0', 'ops', 'x');
    INSERT INTO egi.metric_instance (profile_id, service_flavour, metric_name_id)
        SELECT p.id, 'SRM', n.id FROM egi.profile p, egi.metric_name n
        WHERE p.name = 'LINKS' AND n.name IN ('links.One', 'links.Two', 'links.None');";

fn id_of(site: &TestSite, name: &str) -> i64 {
    let query = format!(
        "SELECT m.id FROM egi.metric m JOIN egi.metric_name n ON n.id = m.metric_name_id WHERE n.name = '{name}'"
    );
    site.one(&query).parse().unwrap()
}

#[test]
fn a_page_links_to_the_metrics_that_it_names() {
    let site = TestSite::new();
    site.sql(NAMES);
    let profile = site.one("SELECT id FROM egi.profile WHERE name = 'LINKS'").parse().unwrap();
    let (one, child) = (id_of(&site, "links.One"), id_of(&site, "links.Child"));
    for (mut browser, at) in [(site.browser("root"), AT), (site.browser("nobody"), AT), (site.stranger(), PUBLIC)] {
        let page = get(&mut browser, &at.view(ObjectKind::Profile, profile));
        let several = format!("{}?q=links.Two", at.list(ObjectKind::Metric));
        assert!(links(&page).contains(&at.view(ObjectKind::Metric, one)), "{page}");
        assert!(links(&page).contains(&several), "{page}");
        assert!(page.contains("1 of these has no configuration"), "{page}");
        assert!(!page.contains(">links.None</a>"), "{page}");

        let page = get(&mut browser, &at.view(ObjectKind::Metric, child));
        assert!(links(&page).contains(&at.view(ObjectKind::Metric, one)), "the parent: {page}");
        assert!(links(&page).contains(&several), "the dependency: {page}");
        let page = get(&mut browser, &at.view(ObjectKind::Metric, one));
        assert!(page.contains("Metrics that depend on it"), "{page}");
        assert!(links(&page).contains(&at.view(ObjectKind::Metric, child)), "{page}");

        let page = get(&mut browser, &format!("{}?q=links.", at.list(ObjectKind::Service)));
        assert!(links(&page).contains(&at.view(ObjectKind::Metric, one)), "{page}");
        assert!(!page.contains(">links.None</a>"), "{page}");
    }
}

#[test]
fn pages_have_the_foot_of_their_tenant_and_are_not_indexed() {
    let site = TestSite::new();
    let foot = "FooterText = Funded by <all>\nFooterLogo = /static/local/eu.svg\nFooterLogoText = European Union\n\
                TermsUrl = https://example.org/terms\nPrivacyUrl = javascript:alert(1)\n";
    site.installation.configure("[GENERAL_EGI]\n", &format!("[GENERAL_EGI]\n{foot}"));
    let addresses = ["/poem/admin/login/", "/poem/admin/poem/public_probe/", "/poem/admin/poem/public_probe/0/change/"];
    let end = Instant::now() + Duration::from_secs(20);
    let mut stranger = site.stranger();
    while !stranger.get(addresses[1]).text().contains("Funded by") {
        assert!(Instant::now() < end, "poem.conf was not read again");
    }
    for (mut browser, addresses) in [
        (site.stranger(), &addresses[..]),
        (site.browser("root"), &["/poem/admin/", "/poem/admin/password_change/"][..]),
    ] {
        for address in addresses {
            let page = browser.get(address).text();
            assert!(
                page.contains("Funded by &lt;all&gt;") && page.contains("alt=\"European Union\""),
                "{address}: {page}"
            );
            assert!(links(&page).contains(&"https://example.org/terms".to_owned()), "{address}: {page}");
            assert!(!page.contains("javascript:"), "{address}: {page}");
            assert!(page.contains("<meta name=\"robots\" content=\"NONE,NOARCHIVE\">"), "{address}: {page}");
        }
    }
}

#[test]
fn a_refused_passive_metric_gets_the_flag_that_it_lacks() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut form = open(&mut root, &AT.addition(ObjectKind::Metric));
    for (name, value) in [("name", "links.Passive"), ("mtype", "Passive"), ("group", "ARGO")] {
        form.set(name, value);
    }
    let answer = submit(&mut root, &form);
    let page = answer.text();
    assert!(answer.status == 422 && page.contains("Missing PASSIVE key"), "{answer:?}");
    let form = Form::read(&page).unwrap();
    assert_eq!((form.value("flags-0-key"), form.value("flags-0-value")), ("PASSIVE", "1"));
    save(&mut root, &form);
}
