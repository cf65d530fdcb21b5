//! A client without a session may send small forms only, because the login page shows them again.

use crate::support::installation::Installation;
use crate::support::sql::sql;
use crate::support::{Browser, Server};

const FORM: &str = "/poem/admin/poem/probe/1/change/";
const LOGIN: &str = "/poem/admin/login/";

fn browser(server: &Server) -> Browser<'_> {
    let mut browser = Browser::new(server);
    browser.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
    browser
}

#[test]
fn a_large_form_without_a_session_is_refused_and_not_echoed() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let large = "<".repeat(600 * 1024);
    let wrong = |typed| [("username", "alice"), ("password", "wrong"), ("next", FORM), ("_typed", typed)];
    let refused = |browser: &mut Browser<'_>| {
        for answer in [browser.post(FORM, &[("description", &large)]), browser.post(LOGIN, &wrong(&large))] {
            assert_eq!(answer.status, 413);
            let text = answer.text();
            assert!(text.len() < 20_000 && text.contains("Log in in another tab first"), "{text}");
        }
    };
    refused(&mut browser(&server));
    // Nor is an id accepted that is invented, ended long ago, or of another tenant.
    let id = installation.log_in("alice");
    sql(&installation, "UPDATE egi.login_session SET expires = now() - interval '25 hours'");
    for session in ["0123456789abcdef", id.as_str()] {
        let mut browser = browser(&server);
        browser.cookies.insert("sessionid".to_owned(), session.to_owned());
        refused(&mut browser);
    }
    // A small one is kept, also after a wrong password.
    let mut browser = browser(&server);
    let small = "<".repeat(100 * 1024);
    let answer = browser.post(FORM, &[("description", &small)]);
    assert!(answer.status == 403 && answer.text().contains("Your unsaved changes are kept"), "{}", answer.status);
    let answer = browser.post(LOGIN, &wrong("description=x"));
    assert!(answer.status == 200 && answer.text().contains("description=x"), "{}", answer.text());
}

#[test]
fn a_session_that_ended_within_a_day_keeps_the_large_limit() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let large = "x".repeat(600 * 1024);
    let mut browser = browser(&server);
    browser.cookies.insert("sessionid".to_owned(), installation.log_in("alice"));
    let keeps_the_form = |browser: &mut Browser<'_>| {
        let answer = browser.post(FORM, &[("description", &large)]);
        assert!(answer.status == 403 && answer.text().contains(&large), "{}", answer.status);
    };
    sql(&installation, "UPDATE egi.login_session SET expires = now() - interval '23 hours'");
    keeps_the_form(&mut browser);
    // The nightly run leaves it.
    installation.run("poem-db", &["-s"]).done();
    keeps_the_form(&mut browser);
    // Nor does it matter how the session ended: here, by the user in another browser.
    browser.cookies.insert("sessionid".to_owned(), installation.log_in("alice"));
    let mut other = self::browser(&server);
    other.log_in("alice", "alice-secret-1");
    assert_eq!(other.post("/poem/admin/sessions/", &[("end", "others")]).status, 303);
    assert!(other.is_logged_in() && !browser.is_logged_in());
    keeps_the_form(&mut browser);
}
