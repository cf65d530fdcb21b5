//! Every page that a link leads to: it exists, it is safe, and a GET changes nothing.

use std::collections::{BTreeSet, VecDeque};

use super::page::{elements, links};
use super::{AT, TestSite, add, all, flash, open, save};
use crate::support::sql::tables;
use crate::support::{Browser, HttpResponse};

/// A part of every text. If a page does not escape it, it is an element.
const MARK: &str = "<i class=mark>&\"'";
/// The beginning of [`MARK`] as it must not appear in a page.
const RAW: &str = "<i class=mark>";

/// Adds an object of every entity with HTML in every free text, and changes it once so that histories contain it too.
fn fill_with_html(site: &TestSite) {
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        for (name, _) in form.texts() {
            let is_strict = fixture.strict.iter().any(|strict| *strict == name) || name == "version";
            if !is_strict
                && !name.contains('-')
                && !["first_name", "last_name", "display_name"].contains(&name.as_str())
            {
                form.set(&name, &format!("{MARK}{}", fixture.kind));
            }
        }
        if form.get("version").is_some() {
            form.set("version", "1.1");
        }
        save(&mut root, &form);
    }
    site.sql(&format!(
        "UPDATE egi.service SET service_name = '{0}', service_area = '{0}' WHERE id = '100';
         UPDATE egi.app_user SET first_name = '{0}', last_name = '{0}' WHERE username LIKE 'tester%';
         INSERT INTO egi.vo VALUES ('{0}'); INSERT INTO egi.service_flavour VALUES ('{0}', '{0}');
         UPDATE egi.tag SET name = '{0}' WHERE name = 'Test';
         UPDATE egi.object_group SET name = '{0}' WHERE name = 'SSC';
         UPDATE egi.metric_name SET name = '{0}' WHERE id = (SELECT min(id) FROM egi.metric_name);
         UPDATE egi.probe SET name = '{0}' WHERE id = (SELECT max(id) FROM egi.probe);
         UPDATE egi.profile SET name = '{0}', description = '{0}' WHERE id = (SELECT min(id) FROM egi.profile);
         UPDATE egi.log_entry SET message = message || '{0}', object_name = '{0}';
         UPDATE egi.version SET message = message || '{0}';",
        MARK.replace('\'', "''")
    ));
}

/// Follows every link that `is_followed` accepts; returns the addresses it found.
fn crawl(browser: &mut Browser<'_>, starts: &[&str], is_followed: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut queue: VecDeque<String> = starts.iter().map(|start| (*start).to_owned()).collect();
    let mut seen: BTreeSet<String> = queue.iter().cloned().collect();
    let mut shapes: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    while let Some(address) = queue.pop_front() {
        // A few of the pages that differ only in numbers and query values are enough.
        let visits = shapes.entry(shape(&address)).or_default();
        *visits += 1;
        if *visits > 6 {
            continue;
        }
        let answer = browser.get(&address);
        assert_eq!(answer.status, 200, "{address}: {}", answer.text());
        // A file has no markup, and no links.
        if answer.header("Content-Disposition").is_some_and(|disposition| disposition.starts_with("attachment")) {
            continue;
        }
        assert_safe(&address, &answer);
        for link in links(&answer.text()) {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if !link.is_empty() && is_followed(&link) && seen.insert(link.clone()) {
                queue.push_back(link);
            }
        }
    }
    seen
}

/// Returns the address without numbers and without query values.
fn shape(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    let path: Vec<&str> = path.split('/').map(|part| if part.parse::<i64>().is_ok() { "N" } else { part }).collect();
    path.join("/") + &names.join("&")
}

/// Fails unless the page has strict headers, only our own scripts and styles, and no unescaped text.
#[track_caller]
fn assert_safe(address: &str, answer: &HttpResponse) {
    let policy = answer.header("Content-Security-Policy").unwrap_or_else(|| panic!("{address} has no policy"));
    for rule in
        ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
    {
        assert!(policy.contains(rule) && !policy.contains("unsafe"), "{address}: {policy}");
    }
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{address}");
    assert_eq!(answer.header("Cache-Control"), Some("private, no-store"), "{address}");
    let page = answer.text();
    assert!(!page.contains(RAW), "{address} does not escape a text: {page}");
    for element in elements(&page) {
        let is_ours = |source: Option<&str>| source.is_some_and(|source| source.starts_with("/static/"));
        assert!(element.name != "script" || is_ours(element.get("src")), "{address}: {element:?}");
        assert!(element.name != "style" && element.get("style").is_none(), "{address}: {element:?}");
        for attribute in ["href", "src", "action"] {
            let target = element.get(attribute).unwrap_or_default();
            assert!(
                !target.to_lowercase().starts_with("javascript:") && !target.starts_with("//"),
                "{address}: {element:?}"
            );
        }
        for attribute in ["onclick", "onload", "onerror", "onsubmit", "onchange", "onmouseover"] {
            assert!(element.get(attribute).is_none(), "{address}: {element:?}");
        }
    }
}

#[test]
fn links_lead_to_pages_that_the_user_may_see_and_no_get_writes() {
    let site = TestSite::new();
    fill_with_html(&site);
    let mut browsers = ["root", "member", "nobody"].map(|username| site.browser(username));
    let before = tables(&site.installation);
    for (browser, least) in browsers.iter_mut().zip([150, 60, 50]) {
        let start = "/poem/admin/poem/profile/";
        let seen = crawl(browser, &[start, "/poem/admin/search/?q=a", "/poem/admin/password_change/"], |link| {
            link.starts_with('/')
                && !link.starts_with("/static/")
                && !link.starts_with("/poem/api/")
                && link != "/poem/admin/logout/"
                && link != "/poem/admin/"
        });
        assert!(seen.len() > least, "{}: {seen:?}", seen.len());
    }
    crawl(&mut browsers[0], &["/poem/admin/"], |link| link.starts_with("/poem/admin/admin/"));
    assert!(before == tables(&site.installation), "a GET wrote");
}

#[test]
fn public_pages_need_no_login_and_link_only_to_public_pages() {
    let site = TestSite::new();
    fill_with_html(&site);
    let open = ["/poem/admin/help/", "/poem/admin/api/", "/poem/admin/about/"];
    let starts = ["profile", "probe", "metric", "service"].map(|kind| format!("/poem/admin/poem/public_{kind}/"));
    let starts: Vec<&str> = starts
        .iter()
        .map(String::as_str)
        .chain(open)
        .filter(|start| site.stranger().get(start).status == 200)
        .collect();
    assert!(starts.len() >= 5, "{starts:?}");
    let before = tables(&site.installation);
    let mut known: Vec<String> =
        ["profile", "probe", "metric", "service"].map(|kind| format!("/poem/admin/poem/public_{kind}/")).into();
    known.extend(open.map(str::to_owned));
    known.push("/poem/api/v2/openapi.json".to_owned());
    let mut links_elsewhere = BTreeSet::new();
    let mut browser = site.stranger();
    let seen = crawl(&mut browser, &starts, |link| starts.iter().any(|start| link.starts_with(start)));
    for address in seen.iter().filter(|address| address.ends_with('/')) {
        for link in links(&browser.get(address).text()) {
            let is_public = known.iter().any(|start| link.starts_with(start.as_str()));
            let is_outside = ["http://", "https://", "#", "/static/"].iter().any(|start| link.starts_with(start));
            if !is_public && !is_outside && !link.starts_with("/poem/admin/login/") {
                links_elsewhere.insert(format!("{address} -> {link}"));
            }
        }
    }
    assert!(links_elsewhere.is_empty(), "{links_elsewhere:#?}");
    assert!(before == tables(&site.installation), "a GET wrote");
}

#[test]
fn html_stays_text_in_suggestions_messages_and_errors() {
    let site = TestSite::new();
    fill_with_html(&site);
    let mut root = site.browser("root");
    for source in ["vos", "service-flavours", "metric-names", "metrics", "probe-versions"] {
        let answer = root.get(&format!("/poem/admin/suggest/{source}/?q=%3Ci"));
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/json")), "{answer:?}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert!(answer.json()["results"].is_array(), "{answer:?}");
    }
    for address in [
        "/poem/admin/search/?q=%3Ci+class%3Dmark%3E",
        "/poem/admin/poem/profile/?q=%3Ci+class%3Dmark%3E&vo=%3Ci+class%3Dmark%3E&o=%3Ci+class%3Dmark%3E",
        "/poem/admin/poem/public_profile/?group=%3Ci+class%3Dmark%3E",
        "/poem/admin/login/?next=%3Ci+class%3Dmark%3E",
    ] {
        let page = root.get(address);
        assert!(!page.text().contains(RAW), "{address}");
    }
    for address in [
        "/poem/admin/%3Ci%20class=mark%3E/",
        "/poem/admin/poem/%3Ci%20class=mark%3E/1/change/",
        "/poem/admin/poem/profile/%3Ci%20class=mark%3E/change/",
    ] {
        let answer = root.get(address);
        assert!(answer.status == 404 && !answer.text().contains(RAW), "{answer:?}");
        assert!(answer.header("Content-Security-Policy").is_some(), "{address}");
    }
    // A flash message is shown as text, and one that POEM has not signed not at all.
    root.post("/poem/admin/poem/groupofprobes/add/", &[("name", "said <i class=mark>")]);
    let page = root.get("/poem/admin/poem/profile/").text();
    assert!(flash(&page).contains("said <i class=mark>") && !page.contains(RAW), "{}", flash(&page));
    root.cookies.insert("messages".to_owned(), "said %3Ci%20class=mark%3E".to_owned());
    let page = root.get("/poem/admin/poem/profile/").text();
    assert_eq!(flash(&page).trim(), "");
}
