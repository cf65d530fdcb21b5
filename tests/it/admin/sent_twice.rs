//! Every form of the admin, sent twice: by a double click, or again because the response got lost. The second submit
//! leads where the first one led, and saves nothing. A new route of a form needs an entry in [`cases`].

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use poem::admin::crud::Restore;
use poem::config::reload::LiveConfig;
use poem::domain::model::object_kind::ObjectKind;
use poem::registry::undelete::can_return;
use rocket::http::Method;

use super::page::Form;
use super::{AT, TestSite, add, all, flash, get, open};
use crate::support::sql::tables;
use crate::support::{Browser, HttpResponse};

/// A form to send, and what makes its second submit special.
struct Case {
    route: &'static str,
    label: String,
    user: &'static str,
    address: String,
    fields: Vec<(String, String)>,
}

const TAKE_OVER: &str = "/poem/admin/poem/aggregation/takeover";
const METRIC_PROFILE: &str = "/poem/admin/poem/profile/<id>/metricprofile";
const ADD: &str = "/poem/admin/<app>/<model>/add";
const CHANGE: &str = "/poem/admin/<app>/<model>/<id>/change";
const CLONE: &str = "/poem/admin/<app>/<model>/<id>/change/clone";
const BULK: &str = "/poem/admin/<app>/<model>/bulk";
const DELETE: &str = "/poem/admin/<app>/<model>/<id>/delete";
const RESTORE: &str = "/poem/admin/<app>/<model>/<id>/history/<of>";
const UNDO: &str = "/poem/admin/<app>/<model>/<id>/undo/<entry>";
const SET_PASSWORD: &str = "/poem/admin/poem/custuser/<id>/password";
const CLAIM: &str = "/poem/admin/poem/custuser/<id>/claim";
const TOKEN: &str = "/poem/admin/rest_framework_api_key/apikey/<id>/token";
const LOGIN: &str = "/poem/admin/login?<next>";
const LOGOUT: &str = "/poem/admin/logout";
const THEME: &str = "/poem/admin/theme";
const SESSIONS: &str = "/poem/admin/sessions";
const METRIC_NAMES: &str = "/poem/admin/poem/metricname";
const FLAVOURS: &str = "/poem/admin/poem/serviceflavour";
const OWN_PASSWORD: &str = "/poem/admin/password_change";
const WITHOUT_SESSION: &str = "/poem/admin/<_..>";

/// Returns the fields of a form in the order in which a browser sends them.
fn fields(form: &Form) -> Vec<(String, String)> {
    form.pairs().into_iter().filter(|(name, _)| name != "csrfmiddlewaretoken").collect()
}

fn texts(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Returns the cases of all entities. Each round has objects of its own.
fn of_entities(site: &TestSite, root: &mut Browser<'_>, round: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for (entity, fixture) in all() {
        let (kind, options) = (fixture.kind, entity.options());
        let mut case = |route, address: &str, fields| {
            let label = format!("{kind}: {route}");
            cases.push(Case { route, label, user: "root", address: address.to_owned(), fields });
        };
        let number = |of: usize| round * 10 + of;
        let mut adding = open(root, &AT.addition(kind));
        fixture.fill(&mut adding, number(1), "ARGO");
        case(ADD, &adding.action, fields(&adding));
        let id = add(root, fixture, number(2), "ARGO");
        let mut changing = open(root, &AT.change(kind, id));
        let (name, [value, _]) = fixture.change;
        let is_unique = ["name", "apiid"].contains(&name);
        changing.set(name, &if is_unique { format!("{value}-{round}") } else { value.to_owned() });
        case(CHANGE, &changing.action, fields(&changing));
        let id = add(root, fixture, number(3), "ARGO");
        case(DELETE, &AT.delete(kind, id), texts(&[]));
        if kind == ObjectKind::Metric {
            let [changed, deleted] = [7, 8].map(|of| format!("{}:1", add(root, fixture, number(of), "ARGO")));
            case(BULK, &AT.bulk(kind), texts(&[("_step", "change"), ("to_group", "SSC"), ("target", &changed)]));
            case(BULK, &AT.bulk(kind), texts(&[("_step", "delete-all"), ("target", &deleted)]));
        }
        if can_return(kind) {
            let id = add(root, fixture, number(9), "ARGO");
            let mut changing = open(root, &AT.change(kind, id));
            let value = if is_unique { format!("{value}-{round}-undone") } else { value.to_owned() };
            changing.set(name, &value);
            super::save(root, &changing);
            let entry = site.one("SELECT max(id) FROM egi.log_entry").parse().unwrap();
            case(UNDO, &AT.undo(kind, id, entry), texts(&[]));
        }
        if options.can_clone {
            let id = add(root, fixture, number(4), "ARGO");
            let mut cloning = open(root, &AT.clone_of(kind, id));
            cloning.set(fixture.form[0].0, &fixture.key(number(5)));
            case(CLONE, &cloning.action, fields(&cloning));
        }
        if options.restore == Restore::AtOnce {
            let id = add(root, fixture, number(6), "ARGO");
            let mut changing = open(root, &AT.change(kind, id));
            changing.set(name, fixture.change.1[0]);
            super::save(root, &changing);
            case(RESTORE, &AT.version(kind, id, site.versions(kind, id)[0]), texts(&[]));
        }
    }
    cases
}

/// Returns a case for every route of a form.
fn cases(site: &TestSite, root: &mut Browser<'_>, round: usize) -> Vec<Case> {
    let mut cases = of_entities(site, root, round);
    site.sql("INSERT INTO egi.metric_name (name) VALUES ('unused.Metric')");
    site.sql("INSERT INTO egi.service_flavour (name) VALUES ('UNUSED')");
    let id_of = |name: &str| site.one(&format!("SELECT id FROM egi.app_user WHERE username = '{name}'"));
    let key =
        "SELECT id || '|' || (extract(epoch FROM created) * 1000000)::bigint FROM egi.api_key ORDER BY id LIMIT 1";
    let key = site.one(key);
    let (key, made) = key.split_once('|').unwrap();
    let new = format!("correct horse {round}");
    let set = format!("/poem/admin/poem/custuser/{}/password/", id_of("dave"));
    let token = format!("/poem/admin/rest_framework_api_key/apikey/{key}/token/");
    let passwords = [("new_password1", new.as_str()), ("new_password2", &new)];
    // The second round changes what the first one has set.
    let old = if round == 1 { "alice-secret-1".to_owned() } else { format!("correct horse {}", round - 1) };
    let own = [("old_password", old.as_str()), ("new_password1", &new), ("new_password2", &new)];
    let bob = [("username", "bob"), ("password", "bob-secret-12")];
    let probe = [("name", "x"), ("_revision", "1")];
    site.sql(
        "INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state)
         SELECT id, username || '@x', 'https://idp.example.org/', '', '', 'open' FROM egi.app_user
         WHERE username IN ('bob', 'carol') ON CONFLICT DO NOTHING",
    );
    let claim = |name: &str| format!("/poem/admin/poem/custuser/{}/claim/", id_of(name));
    let (linking, refusing) = (claim("bob"), claim("carol"));
    let link = [("identity", "bob@x"), ("decision", "link")];
    let refuse = [("identity", "carol@x"), ("decision", "refuse")];
    for (route, user, address, fields) in [
        (SET_PASSWORD, "root", set.as_str(), texts(&passwords)),
        (CLAIM, "root", &linking, texts(&link)),
        (CLAIM, "root", &refusing, texts(&refuse)),
        (TOKEN, "root", &token, texts(&[("_made", made)])),
        (OWN_PASSWORD, "alice", "/poem/admin/password_change/", texts(&own)),
        (LOGIN, "", "/poem/admin/login/", texts(&bob)),
        (METRIC_NAMES, "root", "/poem/admin/poem/metricname/", texts(&[("name", "unused.Metric")])),
        (FLAVOURS, "root", "/poem/admin/poem/serviceflavour/", texts(&[("name", "UNUSED")])),
        (SESSIONS, "carol", "/poem/admin/sessions/", texts(&[("end", "others")])),
        (THEME, "root", "/poem/admin/theme/", texts(&[("theme", "dark")])),
        (LOGOUT, "bob", "/poem/admin/logout/", texts(&[])),
        (WITHOUT_SESSION, "", "/poem/admin/poem/probe/1/change/", texts(&probe)),
    ] {
        let label = format!("{address} of {user}");
        cases.push(Case { route, label, user, address: address.to_owned(), fields });
    }
    cases
}

/// Returns the routes of forms, as the server has mounted them.
fn mounted(site: &TestSite) -> BTreeSet<String> {
    let config = LiveConfig::load(&site.installation.config_path()).unwrap();
    let server = poem::app::build(config, site.installation.keys());
    let forms = server.routes().filter(|route| route.method == Method::Post);
    let forms = forms.map(|route| route.uri.to_string()).filter(|uri| uri.starts_with("/poem/admin"));
    // These need an ARGO WEB-API: `web_api_pages` and `metric_profile_pages` send them twice.
    forms.filter(|uri| ![TAKE_OVER, METRIC_PROFILE].contains(&uri.as_str())).collect()
}

fn browser<'a>(site: &'a TestSite, case: &Case) -> Browser<'a> {
    if case.user.is_empty() { site.stranger() } else { site.browser(case.user) }
}

fn send(browser: &mut Browser<'_>, case: &Case) -> HttpResponse {
    let fields: Vec<_> = case.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&case.address, &fields)
}

/// Returns the content of the database without sessions and logins.
fn stored(site: &TestSite) -> String {
    let tables = tables(&site.installation);
    let mut is_kept = true;
    let mut rest = Vec::new();
    for line in tables.lines() {
        // The name of a table, before its rows.
        if let Some((_, table)) = line.split_once('.').filter(|_| !line.contains(['(', ',', ' '])) {
            is_kept = table != "app_user" && !table.starts_with("login_");
        }
        rest.extend(is_kept.then_some(line));
    }
    let users = site.sql("SELECT (to_jsonb(u) - 'last_login')::text FROM egi.app_user u ORDER BY id");
    format!("{users:?} {rest:?}")
}

/// Fails if the page of a response shows an error.
#[track_caller]
fn check_without_error(label: &str, answer: &HttpResponse, case: &Case) {
    let page = answer.text();
    let expected: &[u16] = if case.route == WITHOUT_SESSION { &[403] } else { &[200, 303] };
    assert!(expected.contains(&answer.status), "{label}: {}: {page}", answer.status);
    for sign in ["id=\"problems\"", "id=\"conflict\"", "class=\"message warning\"", "class=\"message error\""] {
        assert!(!page.contains(sign), "{label}: {page}");
    }
}

/// Fails unless the second response leads where the first led.
#[track_caller]
fn check_same(case: &Case, [first, second]: [&HttpResponse; 2]) {
    let label = &case.label;
    check_without_error(&format!("{label}, first"), first, case);
    check_without_error(&format!("{label}, second"), second, case);
    assert_eq!(second.status, first.status, "{label}: {}", second.text());
    assert_eq!(second.header("Location"), first.header("Location"), "{label}");
    let shows_token = |answer: &HttpResponse| answer.text().contains("id=\"secret\"");
    if shows_token(first) || shows_token(second) {
        assert!(shows_token(first) != shows_token(second), "{label}: one token is shown once");
        let other = if shows_token(first) { second } else { first }.text();
        assert!(other.contains("The key was made a moment ago") && other.contains("Make a new token"), "{other}");
    }
}

#[test]
fn a_form_that_is_sent_again_leads_where_it_led() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let cases = cases(&site, &mut root, 1);
    let covered: BTreeSet<String> = cases.iter().map(|case| case.route.to_owned()).collect();
    assert_eq!(covered, mounted(&site), "every route of a form is sent twice");
    for case in &cases {
        let mut browser = browser(&site, case);
        let cookies = browser.cookies.clone();
        let first = send(&mut browser, case);
        let cookies_after = browser.cookies.clone();
        let after_first = stored(&site);
        // The browser had not stored the cookies of the first response when the second was sent.
        browser.cookies = cookies;
        let second = send(&mut browser, case);
        check_same(case, [&first, &second]);
        assert!(stored(&site) == after_first, "{}: something was saved twice", case.label);
        if let (303, Some(next)) = (second.status, second.header("Location")) {
            browser.cookies.extend(cookies_after);
            let next = next.to_owned();
            let page = browser.get(&next);
            let page = if page.status == 303 { browser.get("/poem/admin/poem/profile/") } else { page };
            assert_eq!(page.status, 200, "{}: {next}", case.label);
            check_without_error(&format!("{}, then", case.label), &page, case);
        }
    }
}

#[test]
fn a_form_that_is_sent_twice_at_once_is_saved_once() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for case in cases(&site, &mut root, 1) {
        let entries = || site.one("SELECT count(*) FROM egi.log_entry").parse::<i64>().unwrap();
        let versions = || site.one("SELECT count(*) FROM egi.version").parse::<i64>().unwrap();
        let (before, versions_before) = (entries(), versions());
        let cookies = browser(&site, &case).cookies;
        let together = Barrier::new(2);
        let [first, second] = thread::scope(|scope| {
            let senders = [(), ()].map(|()| {
                scope.spawn(|| {
                    let mut browser = Browser::new(&site.server);
                    browser.cookies = cookies.clone();
                    together.wait();
                    send(&mut browser, &case)
                })
            });
            senders.map(|sender| sender.join().unwrap())
        });
        check_same(&case, [&first, &second]);
        let writes = ![LOGIN, LOGOUT, SESSIONS, THEME, WITHOUT_SESSION].contains(&case.route);
        assert_eq!(entries() - before, i64::from(writes), "{}: log entries", case.label);
        assert!(versions() - versions_before <= 1 + i64::from(case.route == CLONE), "{}: versions", case.label);
    }
}

#[test]
fn a_repeated_save_says_what_the_first_one_said() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let said = |root: &mut Browser<'_>, case: &Case| {
        let answer = send(root, case);
        flash(&get(root, answer.header("Location").unwrap())).trim().to_owned()
    };
    for case in of_entities(&site, &mut root, 1) {
        let secret = case.route == ADD && case.address.contains("apikey");
        // A repeated change of many objects says that they have the values already.
        if secret || case.route == BULK {
            continue;
        }
        let (first, second) = (said(&mut root, &case), said(&mut root, &case));
        assert!(!second.is_empty() && first.starts_with(&second), "{}: {first:?}, then {second:?}", case.label);
    }
}

/// A new token replaces the one that was lost; the old one stops working.
#[test]
fn a_lost_token_can_be_made_again() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fields = [("client", "double-click")];
    let address = "/poem/admin/rest_framework_api_key/apikey/add/";
    let token = |page: &str| {
        let (_, rest) = page.split_once("id=\"secret\">").unwrap_or_else(|| panic!("no token: {page}"));
        rest[..rest.find('<').unwrap()].to_owned()
    };
    let works = |token: &str| site.server.knows(|server| server.get_with_key("/poem/api/v2/metrics/", token)).status;
    let lost = token(&root.post(address, &fields).text());
    assert_eq!(works(&lost), 200);
    let again = root.post(address, &fields).text();
    let key = site.one("SELECT id FROM egi.api_key WHERE client = 'double-click'");
    let action = format!("/poem/admin/rest_framework_api_key/apikey/{key}/token/");
    let made = crate::support::browser::input(&again, "_made").unwrap();
    let new = token(&root.post(&action, &[("_made", &made)]).text());
    assert_ne!(new, lost);
    assert_eq!((works(&new), works(&lost)), (200, 403));
    let late = root.post(&action, &[("_made", &made)]).text();
    assert!(!late.contains("id=\"secret\"") && late.contains("Make a new token"), "{late}");
    assert_eq!(works(&new), 200);
    assert_eq!(site.browser("member").post(&action, &[("_made", &made)]).status, 403);
    site.sql("UPDATE egi.api_key SET revoked = true WHERE client = 'double-click'");
    assert_eq!(root.post(&action, &[("_made", &made)]).status, 404, "revoking is final");
}

/// What another user has saved, or was saved long ago, is no repetition.
#[test]
fn only_the_same_user_repeats_a_form_and_only_for_a_while() {
    let site = TestSite::new();
    let (mut root, mut poem) = (site.browser("root"), site.browser("poem"));
    for case in of_entities(&site, &mut root, 1).iter().filter(|case| [ADD, CHANGE, DELETE].contains(&case.route)) {
        // A key is only revoked: whoever does it again changes nothing.
        if case.route == CHANGE && case.address.contains("apikey") {
            continue;
        }
        assert!(send(&mut root, case).status < 400, "{}", case.label);
        let refused = [404, 409, 422];
        let without_user = Case {
            route: case.route,
            label: case.label.clone(),
            user: "poem",
            address: case.address.clone(),
            fields: case.fields.iter().filter(|(name, _)| name != "_user").cloned().collect(),
        };
        let answer = send(&mut poem, &without_user);
        assert!(refused.contains(&answer.status), "{}: {}", case.label, answer.status);
        site.sql("UPDATE egi.log_entry SET action_time = action_time - interval '11 minutes'");
        let answer = send(&mut root, case);
        assert!(refused.contains(&answer.status), "{}: {}", case.label, answer.status);
    }
}
