//! Help for people who are new: the pages to read, the texts at fields, the first steps, and empty lists.

use std::time::{Duration, Instant};

use poem::domain::model::object_kind::ObjectKind;

use super::page::{Form, elements, links, text_of_class};
use super::{AT, TestSite, all, fixtures, get, open, submit};
use crate::support::{Browser, Server};

const HELP: &str = "/poem/admin/help/";
const API: &str = "/poem/admin/api/";
const ABOUT: &str = "/poem/admin/about/";

/// Returns the text of the element with this id.
fn text_of(page: &str, id: &str) -> String {
    let found = elements(page).into_iter().find(|element| element.get("id") == Some(id));
    found.map(|element| element.text.trim().to_owned()).unwrap_or_default()
}

/// Returns a superuser's browser at the tenant TWO, which has an API key and nothing else.
fn of_empty_tenant(site: &TestSite) -> Browser<'_> {
    site.sql("INSERT INTO two.app_user (username, password, is_superuser) VALUES ('second', '!', true)");
    let mut browser = Browser::of_host(&site.server, "two.localhost");
    browser.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
    browser.cookies.insert("sessionid".to_owned(), site.installation.start_session("two", "second", "1 hour"));
    browser
}

#[test]
fn every_page_leads_to_help_api_and_about_and_has_the_version() {
    let site = TestSite::new();
    let (mut stranger, mut nobody) = (site.stranger(), site.browser("nobody"));
    for address in ["/poem/admin/login/", "/poem/admin/poem/public_probe/", "/poem/admin/poem/public_probe/0/change/"] {
        let page = stranger.get(address).text();
        assert!([HELP, API, ABOUT].iter().all(|to| links(&page).contains(&(*to).to_owned())), "{address}: {page}");
        assert!(page.contains(concat!("POEM ", env!("CARGO_PKG_VERSION"))), "{address}: {page}");
    }
    for address in [HELP, API, ABOUT] {
        for browser in [&mut stranger, &mut nobody] {
            let page = get(browser, address);
            assert!(links(&page).contains(&ABOUT.to_owned()), "the tenant's name leads to About: {page}");
        }
        // They are served without the slash, too, and to no unknown host.
        assert_eq!(stranger.get(address.trim_end_matches('/')).status, 301, "{address}");
    }
    assert!(get(&mut nobody, "/poem/admin/poem/profile/").contains("Times are in"), "the time zone is on the page");
}

#[test]
fn every_anchor_of_the_help_exists_and_links_fit_the_viewer() {
    let site = TestSite::new();
    for mut browser in [site.browser("root"), site.stranger()] {
        for address in [HELP, API] {
            let page = get(&mut browser, address);
            let anchors: Vec<_> = links(&page).into_iter().filter(|link| link.starts_with('#')).collect();
            assert!(anchors.len() > 4, "{address}: {anchors:?}");
            for anchor in anchors {
                assert!(page.contains(&format!("id=\"{}\"", &anchor[1..])), "{address}: {anchor} leads nowhere");
            }
        }
    }
    let offered = |username: &str| links(&get(&mut site.browser(username), HELP));
    let add_user = AT.addition(ObjectKind::CustUser);
    assert!(offered("root").contains(&add_user) && !offered("member").contains(&add_user));
    assert!(offered("member").contains(&AT.addition(ObjectKind::Profile)));
    assert!(!offered("nobody").contains(&AT.addition(ObjectKind::Profile)));
}

#[test]
fn the_api_page_has_a_line_for_each_address_on_this_host() {
    let site = TestSite::new();
    let page = get(&mut site.stranger(), API);
    for (name, path) in
        [("listProfiles", "/poem/api/v2/profiles/"), ("listMetricsOfTag", "/poem/api/v2/metrics/production")]
    {
        let line = text_of(&page, &format!("{name}-curl"));
        assert!(line.starts_with("curl -H 'x-api-key: YOUR_TOKEN' 'http://"), "{line}");
        assert!(line.ends_with(&format!("{path}'")) && line.contains("localhost"), "{line}");
    }
    let is_internal = |page: &str| elements(page).iter().any(|element| element.text.contains("/poem/api/v2/internal/"));
    assert!(!is_internal(&page), "visitors do not see the internal addresses");
    let page = get(&mut site.browser("nobody"), API);
    assert!(is_internal(&page), "{page}");
    assert!(!links(&page).contains(&AT.list(ObjectKind::ApiKey)), "{page}");
    assert!(links(&get(&mut site.browser("root"), API)).contains(&AT.list(ObjectKind::ApiKey)));
}

#[test]
fn a_host_that_is_not_valid_gets_into_no_line() {
    let site = TestSite::new();
    for host in ["localhost'; rm -rf x; '", "localhost:1$(id)", ""] {
        let answer = site.server.send("GET", API, &[("Host", host)], b"");
        assert!(answer.status == 400 || answer.status == 404, "{host}: {answer:?}");
    }
    let answer = site.server.send("GET", API, &[("Host", "LOCALHOST:8443"), ("X-Forwarded-Proto", "https")], b"");
    let line = text_of(&answer.text(), "listMetrics-curl");
    assert_eq!(line, "curl -H 'x-api-key: YOUR_TOKEN' 'https://LOCALHOST:8443/poem/api/v2/metrics/'");
}

#[test]
fn a_new_key_comes_with_a_line_that_works() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let list = get(&mut root, &AT.list(ObjectKind::ApiKey));
    assert!(links(&list).contains(&API.to_owned()), "the list leads to the description of the API: {list}");
    let mut form = open(&mut root, &AT.addition(ObjectKind::ApiKey));
    form.set("client", "help-client");
    let answer = submit(&mut root, &form);
    let page = answer.text();
    let (secret, line) = (text_of(&page, "secret"), text_of(&page, "secret-use"));
    assert!(!secret.is_empty() && line.contains(&format!("-H 'x-api-key: {secret}' ")), "{line}");
    let path = line.trim_end_matches('\'').split_once("/poem/").map(|(_, rest)| format!("/poem/{rest}")).unwrap();
    assert_eq!(site.server.knows(|server| server.get_with_key(&path, &secret)).status, 200, "{line}");
    assert!(!page.contains("Save and add another"));
    let done = elements(&page).into_iter().find(|element| element.text.trim() == "Done").expect("a link back");
    assert_eq!(done.get("href"), Some(AT.list(ObjectKind::ApiKey).as_str()));
}

#[test]
fn a_new_key_cannot_be_revoked_before_it_exists() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    assert!(open(&mut root, &AT.addition(ObjectKind::ApiKey)).get("revoked").is_none());
    let id = super::add(&mut root, fixtures::of(ObjectKind::ApiKey), 1, "");
    assert!(open(&mut root, &AT.change(ObjectKind::ApiKey, id)).get("revoked").is_some());
}

#[test]
fn about_says_what_this_poem_is_and_names_superusers_to_users_only() {
    let site = TestSite::new();
    let probes = site.one("SELECT count(*) FROM egi.probe");
    for (mut browser, names_users) in [(site.browser("nobody"), true), (site.stranger(), false)] {
        let page = get(&mut browser, ABOUT);
        assert!(page.contains("<dd>EGI</dd>") && page.contains("<dd>localhost</dd>"), "{page}");
        assert!(page.contains(&format!("Probes</a></dt><dd class=\"figure\">{probes}</dd>")), "{page}");
        assert!(page.contains("<dt>VOs</dt>") && page.contains("<dt>Contact</dt>"), "{page}");
        assert_eq!(page.contains("Superusers"), names_users, "{page}");
        assert_eq!(page.contains("root"), names_users, "{page}");
        assert!(!links(&page).contains(&AT.list(ObjectKind::CustUser)), "{page}");
    }
    let page = get(&mut site.browser("root"), ABOUT);
    assert!(links(&page).contains(&AT.list(ObjectKind::ApiKey)), "{page}");
}

#[test]
fn the_contact_and_the_reasons_of_failures_are_shown_to_those_they_are_for() {
    let mut site = TestSite::new();
    site.installation.configure("[GENERAL_EGI]\n", "[GENERAL_EGI]\nContact = help@example.org\n");
    site.sql(
        "INSERT INTO public.sync_status (schema_name, feed, last_attempt, result, message, added, changed, removed,
             left_out, in_feed, listed, seconds, host, version)
         VALUES ('egi', 'vos', now(), 'failed', 'inner-host.example.org refused the connection', 0, 0, 0, 0, 0, 0, 0, 'x',
             'x')",
    );
    // A server reads both when it starts.
    site.server = Server::start(&site.installation);
    let mut nobody = site.browser("nobody");
    let end = Instant::now() + Duration::from_secs(20);
    while !get(&mut nobody, ABOUT).contains("inner-host.example.org") {
        assert!(Instant::now() < end, "the state of the feed is not shown");
    }
    let page = get(&mut nobody, ABOUT);
    assert!(page.contains("<a href=\"mailto:help@example.org\">help@example.org</a>"), "{page}");
    let page = get(&mut site.stranger(), ABOUT);
    assert!(page.contains("failing") && !page.contains("inner-host"), "{page}");
}

#[test]
fn every_input_is_described_by_the_help_of_its_field() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let page = get(&mut root, &AT.addition(fixture.kind));
        let mut described = 0;
        for element in elements(&page) {
            let Some(by) = element.get("aria-describedby") else { continue };
            let help = by.split(' ').find(|id| id.ends_with("_help")).unwrap_or_else(|| panic!("no help: {by}"));
            assert!(!text_of(&page, help).is_empty(), "{}: {help} is empty", fixture.kind);
            described += 1;
        }
        let fields = page.matches("<div class=\"field ").count() + page.matches("<fieldset class=\"field").count();
        assert_eq!(described, fields, "{}: every field is described: {page}", fixture.kind);
    }
}

#[test]
fn save_and_add_another_opens_the_next_form() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Probe);
    let from_list = format!("{}?_list=q%3Dx", AT.addition(fixture.kind));
    for (opened, next) in [(AT.addition(fixture.kind), AT.addition(fixture.kind)), (from_list.clone(), from_list)] {
        let page = get(&mut root, &opened);
        assert!(page.contains("name=\"_addanother\""), "{page}");
        let mut form = Form::read(&page).unwrap();
        fixture.fill(&mut form, usize::from(opened.contains('?')) + 7, "ARGO");
        form.controls.push(("_addanother".to_owned(), super::Control::Hidden("1".to_owned())));
        let answer = submit(&mut root, &form);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(next.as_str())), "{}", answer.text());
    }
    let id = super::id_of(&mut root, fixture, &fixture.key(7));
    let change = get(&mut root, &AT.change(fixture.kind, id));
    assert!(!change.contains("_addanother"), "{change}");
}

#[test]
fn the_first_steps_are_ticked_off_until_all_are_done() {
    let site = TestSite::new();
    let mut second = of_empty_tenant(&site);
    let done = |page: &str| page.matches("<li class=\"done\">").count();
    let page = get(&mut second, "/poem/admin/");
    assert!(page.contains("First steps") && done(&page) == 1, "the key is there: {page}");
    assert!(links(&page).contains(&AT.addition(ObjectKind::GroupOfMetrics)), "{page}");
    site.sql(
        "INSERT INTO two.object_group (kind, name) VALUES ('metrics', 'FIRST');
         INSERT INTO two.profile (name, vo, description) VALUES ('FIRST', 'ops', 'x');",
    );
    let page = get(&mut second, "/poem/admin/");
    assert_eq!(done(&page), 4, "group, profile, key, and the VO of the profile: {page}");
    assert!(!get(&mut site.browser("root"), "/poem/admin/").contains("First steps"), "everything is there");
}

#[test]
fn an_empty_list_says_what_it_is_for_and_what_comes_first() {
    let site = TestSite::new();
    let mut second = of_empty_tenant(&site);
    let mut empty = |kind| text_of_class(&get(&mut second, &AT.list(kind)), "empty").unwrap_or_default();
    let metrics = empty(ObjectKind::Metric);
    assert!(metrics.contains("No metrics yet. A metric says how a probe is run. It needs a group"), "{metrics}");
    let services = empty(ObjectKind::Service);
    assert!(services.contains("imported every hour from the service catalogue (poem-syncservices)"), "{services}");
    let mut public = Browser::of_host(&site.server, "two.localhost");
    let page = get(&mut public, "/poem/admin/poem/public_metric/");
    assert!(page.contains("A metric says how a probe is run.") && !page.contains("It needs a group"), "{page}");
}

#[test]
fn a_form_without_groups_to_choose_from_says_so() {
    let site = TestSite::new();
    let mut second = of_empty_tenant(&site);
    let page = get(&mut second, &AT.addition(ObjectKind::Metric));
    assert!(
        text_of(&page, "id_group_missing").contains("There are no groups of metrics yet. Add one first."),
        "{page}"
    );
    assert!(links(&page).contains(&AT.addition(ObjectKind::GroupOfMetrics)), "{page}");
    let page = get(&mut site.browser("root"), &AT.addition(ObjectKind::Metric));
    assert!(!page.contains("id_group_missing"), "{page}");
}
