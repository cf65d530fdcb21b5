//! Sessions: start, use and end.

use super::REFUSED;
use crate::support::sql::sql;
use crate::support::{Browser, Installation, Server};

const LOGOUT: &str = "/poem/admin/logout/";

#[test]
fn a_login_ends_the_session_before_it() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.log_in("alice", "alice-secret-1");
    let old = browser.session().unwrap().to_owned();
    browser.log_in("bob", "bob-secret-12");
    assert_ne!(browser.session().unwrap(), old);
    let mut thief = Browser::new(&server);
    thief.cookies.insert("sessionid".to_owned(), old);
    assert!(!thief.is_logged_in() && browser.is_logged_in());
    // An id that a client chose does not become a session (session fixation).
    let mut fixed = Browser::new(&server);
    fixed.cookies.insert("sessionid".to_owned(), "chosen-by-an-attacker".to_owned());
    fixed.log_in("alice", "alice-secret-1");
    assert_ne!(fixed.session(), Some("chosen-by-an-attacker"));
}

#[test]
fn a_logout_ends_the_session_and_only_a_post_does() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.log_in("alice", "alice-secret-1");
    let id = browser.session().unwrap().to_owned();
    let page = browser.get(LOGOUT);
    assert!(page.status == 200 && page.text().contains("<button"), "{page:?}");
    assert!(browser.is_logged_in());
    assert_eq!(browser.post_body(LOGOUT, "").status, 403, "without the token");
    assert!(browser.is_logged_in());
    let done = browser.post(LOGOUT, &[]);
    assert!(done.status == 200 && done.text().contains("You are logged out"), "{done:?}");
    assert_eq!(browser.session(), None);
    browser.cookies.insert("sessionid".to_owned(), id);
    assert!(!browser.is_logged_in());
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.login_session WHERE expires > now()"), ["0"]);
    assert_eq!(browser.post(LOGOUT, &[]).status, 200, "a second logout is no error");
}

#[test]
fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.log_in("alice", "alice-secret-1");
    let set = |what: &str| sql(&installation, &format!("UPDATE egi.login_session SET {what}"));
    let is = |what: &str| sql(&installation, &format!("SELECT {what} FROM egi.login_session"))[0] == "t";
    assert!(is("expires BETWEEN now() + interval '11:59' AND now() + interval '12:00'"));
    // Within a minute nothing is written.
    set("last_used = now() - interval '30 seconds', expires = now() + interval '5 minutes'");
    assert!(browser.is_logged_in() && is("expires < now() + interval '6 minutes'"));
    set("last_used = now() - interval '2 minutes'");
    assert!(browser.is_logged_in());
    assert!(is("last_used > now() - interval '1 minute' AND expires > now() + interval '11:59'"));
    set("created = now() - interval '6 days 23:00', last_used = now() - interval '2 minutes'");
    assert!(browser.is_logged_in() && is("expires = created + interval '7 days'"));
    set("expires = now() - interval '1 second'");
    assert!(!browser.is_logged_in());
    assert_eq!(browser.get("/poem/admin/login/").status, 200, "an ended session does not redirect");
}

#[test]
fn the_session_limits_can_be_configured() {
    let installation = Installation::with_small_data();
    installation.configure("[SERVER]\n", "[SERVER]\nSessionIdleMinutes = 30\nSessionMinutes = 20\n");
    let server = Server::start(&installation);
    Browser::new(&server).log_in("alice", "alice-secret-1");
    let is =
        "SELECT expires BETWEEN now() + interval '19 minutes' AND now() + interval '20 minutes' FROM egi.login_session";
    assert_eq!(sql(&installation, is), ["t"]);
    drop(server);
    installation.configure("SessionMinutes = 20", "SessionMinutes = 0");
    assert!(Server::refusal(&installation).contains("[SERVER] SessionMinutes is not a number of minutes above 0"));
}

#[test]
fn a_session_of_one_tenant_is_invalid_at_another() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut egi = Browser::new(&server);
    egi.log_in("poem", "poem-secret-1");
    sql(&installation, "INSERT INTO two.app_user SELECT * FROM egi.app_user WHERE username = 'poem'");
    let mut two = Browser::of_host(&server, "two.localhost");
    two.cookies = egi.cookies.clone();
    assert!(egi.is_logged_in() && !two.is_logged_in());
    assert_eq!(two.get("/poem/admin/login/").status, 200);
    assert_eq!(two.get("/poem/admin/password_change/").status, 302);
}

#[test]
fn a_user_who_may_no_longer_log_in_has_no_session() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for column in ["is_active", "is_staff"] {
        let mut browser = Browser::new(&server);
        browser.log_in("alice", "alice-secret-1");
        assert!(browser.is_logged_in());
        sql(&installation, &format!("UPDATE egi.app_user SET {column} = false WHERE username = 'alice'"));
        assert!(!browser.is_logged_in(), "{column}");
        assert!(browser.log_in("alice", "alice-secret-1").text().contains(REFUSED));
        sql(&installation, &format!("UPDATE egi.app_user SET {column} = true WHERE username = 'alice'"));
    }
}

#[test]
fn two_servers_share_sessions_and_poem_db_removes_ended_ones() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    let mut first = Browser::new(&servers[0]);
    first.log_in("alice", "alice-secret-1");
    let mut second = Browser::new(&servers[1]);
    second.cookies = first.cookies.clone();
    assert!(second.is_logged_in());
    second.post(LOGOUT, &[]);
    assert!(!first.is_logged_in());
    first.log_in("alice", "alice-secret-1");
    second.log_in("alice", "wrong");
    sql(&installation, "UPDATE egi.login_session SET expires = now() - interval '1 day'");
    installation.run("poem-db", &["-s"]).done();
    let left = "SELECT (SELECT count(*) FROM egi.login_session), (SELECT count(*) FROM egi.login_failure)";
    assert_eq!(sql(&installation, left), ["0|2"], "failures that still count are kept");
    sql(&installation, "UPDATE egi.login_failure SET last_failure = now() - interval '16 minutes'");
    installation.run("poem-db", &["-s"]).done();
    assert_eq!(sql(&installation, left), ["0|0"]);
}

/// Returns the buttons of the page of sessions, as the values that they send.
fn buttons(page: &str) -> Vec<String> {
    let values = page.split("name=\"end\" value=\"").skip(1);
    values.map(|rest| rest[..rest.find('"').unwrap()].to_owned()).collect()
}

#[test]
fn users_see_and_end_their_own_sessions() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let sessions = "/poem/admin/sessions/";
    let mut here = Browser::new(&server).seen_from("192.0.2.1");
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
    here.headers.push(("User-Agent", firefox.to_owned()));
    here.log_in("alice", "alice-secret-1");
    let page = here.get(sessions).text();
    assert!(page.contains("Firefox on Linux") && page.contains("192.0.2.1") && page.contains("this session"), "{page}");
    assert!(buttons(&page).is_empty(), "{page}");
    assert!(here.get("/poem/admin/poem/profile/").text().contains("Your sessions"), "every page links to it");
    let mut others: Vec<_> = (0..3).map(|_| Browser::new(&server)).collect();
    for other in &mut others {
        other.log_in("alice", "alice-secret-1");
    }
    let mut bob = Browser::new(&server);
    bob.log_in("bob", "bob-secret-12");
    let page = here.get(sessions).text();
    let listed = buttons(&page);
    assert_eq!(listed.len(), 4, "three sessions, and all others: {page}");
    assert!(!page.contains(here.session().unwrap()), "the id itself is not shown");
    // Of bob, nothing is listed, and nothing can be ended.
    assert_eq!(bob.post(sessions, &[("end", &listed[0])]).status, 303);
    assert_eq!(buttons(&here.get(sessions).text()).len(), 4);
    assert_eq!(here.post(sessions, &[("end", &listed[0])]).status, 303);
    assert_eq!(buttons(&here.get(sessions).text()).len(), 3);
    assert_eq!(others.iter_mut().filter_map(|other| other.is_logged_in().then_some(())).count(), 2);
    assert_eq!(here.post_body(sessions, "end=others").status, 403, "without the token");
    assert_eq!(here.post(sessions, &[("end", "others")]).status, 303);
    assert!(others.iter_mut().all(|other| !other.is_logged_in()) && here.is_logged_in() && bob.is_logged_in());
    for nothing in ["", "x", "' OR true --"] {
        assert_eq!(here.post(sessions, &[("end", nothing)]).status, 303, "{nothing}");
    }
    assert!(here.is_logged_in() && bob.is_logged_in());
    assert_eq!(Browser::new(&server).get(sessions).status, 302);
}
