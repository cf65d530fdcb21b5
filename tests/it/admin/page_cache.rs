//! Cached pages are never older than the data, and never those of another user.

use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use super::{AT, TestSite, add, fixtures, flash, get, open, submit};
use crate::support::Browser;
use crate::support::cluster::queries;

const PUBLIC: Addresses = Addresses { is_public: true };

/// Returns the tables that cached pages may be made of: a change of one gives the tenant a new stamp.
fn stamped(site: &TestSite) -> Vec<String> {
    site.sql(
        "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = 'egi'::regnamespace AND t.tgfoid = 'public.stamp_tenant'::regproc ORDER BY 1",
    )
}

/// Returns pages of each kind that is cached.
fn addresses(site: &TestSite, at: Addresses) -> Vec<String> {
    let mut addresses = vec![at.list(ObjectKind::Service)];
    let metrics = at.list(ObjectKind::Metric);
    addresses.push(format!("{metrics}?cols=type.parent.profiles.changed&o=-changed&size=100"));
    addresses.push(format!("{metrics}?type=Active&parent=no&profiles=yes&probe=-"));
    if !at.is_public {
        addresses.push(at.filtered(ObjectKind::Metric, "needs", "dangling"));
        addresses.push(at.filtered(ObjectKind::Profile, "needs", "unconfigured"));
        addresses.push(at.filtered(ObjectKind::Probe, "mine", "yes"));
    }
    for kind in [ObjectKind::Profile, ObjectKind::Probe, ObjectKind::Metric] {
        let table = format!("egi.{kind}");
        let id: i64 = site.one(&format!("SELECT min(id) FROM {table}")).parse().unwrap();
        addresses.extend([at.list(kind), at.change(kind, id)]);
        // The page of an object, which is the same address on public pages.
        addresses.extend((!at.is_public).then(|| at.view(kind, id)));
        if let [first, .., last] = site.versions(kind, id)[..] {
            addresses.extend([at.history(kind, id), at.version(kind, id, first)]);
            addresses.push(format!("{}?version_id1={first}&version_id2={last}", at.compare(kind, id)));
        }
    }
    addresses
}

/// Returns the queries that a page makes.
fn queries_of(site: &TestSite, browser: &mut Browser<'_>, address: &str) -> Vec<String> {
    queries(&site.installation.database, || {
        get(browser, address);
    })
}

#[test]
fn a_cached_page_queries_the_session_only() {
    let site = TestSite::new();
    let stamped = stamped(&site);
    let tables = site.sql("SELECT relname FROM pg_class WHERE relnamespace = 'egi'::regnamespace AND relkind = 'r'");
    let unstamped: Vec<&String> = tables.iter().filter(|table| !stamped.contains(table)).collect();
    assert!(unstamped.len() > 4 && stamped.len() > 10, "{stamped:?} {unstamped:?}");
    let (mut root, mut stranger) = (site.browser("root"), site.stranger());
    for (browser, at) in [(&mut root, AT), (&mut stranger, PUBLIC)] {
        let is_of_session = |query: &String| query.contains("login_session");
        for address in addresses(&site, at) {
            let made = queries_of(&site, browser, &address);
            for query in made.iter().filter(|query| !is_of_session(query)) {
                let names = |table: &&&String| {
                    query.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == table.as_str())
                };
                // One statement reads all choices; its part for users is switched off here.
                let unstamped_table = unstamped.iter().find(names).filter(|_| !query.contains("'users' = ANY"));
                assert_eq!(unstamped_table, None, "{address}: a change of this table would not be seen: {query}");
            }
            let again = queries_of(&site, browser, &address);
            let session = usize::from(!at.is_public);
            assert_eq!((again.len(), again.iter().filter(|query| is_of_session(query)).count()), (session, session));
            assert!(made.len() > session, "{address} was not cached at first: {made:?}");
        }
    }
}

/// A parameter that a page does not know makes no other page, so it cannot have the same page rendered again.
#[test]
fn an_unknown_parameter_makes_no_new_page() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    for address in addresses(&site, PUBLIC) {
        let with = |number: usize| format!("{address}{}x={number}", if address.contains('?') { '&' } else { '?' });
        get(&mut stranger, &address);
        get(&mut stranger, &with(0));
        for number in 1..4 {
            assert_eq!(queries_of(&site, &mut stranger, &with(number)), [""; 0], "{}", with(number));
        }
    }
    // Known parameters do, and the last of several counts.
    let list = PUBLIC.list(ObjectKind::Metric);
    let found = get(&mut stranger, &format!("{list}?q=none&tag=Production&q=AMS"));
    assert!(found.contains("AMS"), "{found}");
    assert_eq!(queries_of(&site, &mut stranger, &format!("{list}?tag=Production&q=AMS")), [""; 0]);
    assert!(!queries_of(&site, &mut stranger, &format!("{list}?tag=Production&q=SRM")).is_empty());
    // Of columns, all count.
    let columns = get(&mut stranger, &format!("{list}?cols=type&cols=parent"));
    assert_ne!(columns, get(&mut stranger, &format!("{list}?cols=parent")));
    assert_ne!(columns, get(&mut stranger, &format!("{list}?cols=type")));
}

/// The stamp comes from triggers: it does not matter whether a command, another server or a person writes.
#[test]
fn a_change_by_plain_sql_is_on_the_next_page() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (kind, change, new) in [
        (
            ObjectKind::Metric,
            "UPDATE egi.metric_name SET name = 'x.New-Name' WHERE id = (SELECT min(metric_name_id) FROM egi.metric)",
            "x.New-Name",
        ),
        (
            ObjectKind::Metric,
            "UPDATE egi.object_group SET name = 'NEWGROUP' WHERE kind = 'metrics' AND name = 'ARGO'",
            "NEWGROUP",
        ),
        (
            ObjectKind::Probe,
            "UPDATE egi.probe SET description = 'rewritten' WHERE id = (SELECT min(id) FROM egi.probe)",
            "rewritten",
        ),
        (
            ObjectKind::Profile,
            "UPDATE egi.profile SET vo = 'new-vo' WHERE id = (SELECT min(id) FROM egi.profile)",
            "new-vo",
        ),
        (ObjectKind::Service, "UPDATE egi.service SET service_area = 'A new area'", "A new area"),
    ] {
        let address = AT.list(kind);
        assert!(!get(&mut root, &address).contains(new) && !get(&mut root, &address).contains(new), "{address}");
        site.sql(change);
        assert!(get(&mut root, &address).contains(new), "{address} is rendered again after {change}");
    }
}

#[test]
fn a_page_is_cached_for_one_viewer() {
    let site = TestSite::new();
    let address = AT.list(ObjectKind::Probe);
    let (mut root, mut other) = (site.browser("root"), site.browser("nobody"));
    for _ in 0..2 {
        assert!(get(&mut root, &address).contains("Add probe"));
        assert!(!get(&mut other, &address).contains("Add probe"), "this user may not add one");
    }
    // The same user with other rights, and with another token.
    site.sql("UPDATE egi.app_user SET is_superuser = false WHERE username = 'root'");
    assert!(!get(&mut root, &address).contains("Add probe"), "the right is gone");
    let token = "fedcba9876543210fedcba9876543210";
    root.cookies.insert("csrftoken".to_owned(), token.to_owned());
    assert!(get(&mut root, &address).contains(token));
    site.sql("DELETE FROM egi.login_session");
    assert_eq!(root.get(&address).status, 302, "the session has ended");
}

#[test]
fn a_flash_message_is_shown_once() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Probe);
    let id = add(&mut root, fixture, 1, "ARGO");
    let list = AT.list(ObjectKind::Probe);
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, id));
    form.set("version", "1.0.1");
    let answer = submit(&mut root, &form);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(flash(&get(&mut root, &list)).contains("was changed"));
    let (after, again) = (get(&mut root, &list), get(&mut root, &list));
    assert!(!flash(&after).contains("was changed") && after == again, "{}", flash(&after));
}

/// Users are in no cached response and on no cached page.
#[test]
fn a_change_of_a_user_does_not_invalidate_the_cache() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let stamp = || site.one("SELECT stamp FROM public.tenant_stamp WHERE schema_name = 'egi'");
    let before = stamp();
    let user: i64 = site.one("SELECT id FROM egi.app_user WHERE username = 'member'").parse().unwrap();
    let mut form = open(&mut root, &AT.change(ObjectKind::CustUser, user));
    form.set("email", "new@example.org");
    assert_eq!(submit(&mut root, &form).status, 303);
    assert_eq!(stamp(), before);
}
