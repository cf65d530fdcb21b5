//! The page on which users change their own password.

use crate::support::sql::sql;
use crate::support::{Browser, Installation, Server};

const CHANGE: &str = "/poem/admin/password_change/";
const DONE: &str = "/poem/admin/password_change/done/";
const OLD: &str = "alice-secret-1";
const NEW: &str = "correct horse battery";

fn fields<'a>(old: &'a str, new: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
    [("old_password", old), ("new_password1", new), ("new_password2", again)]
}

#[test]
fn a_change_ends_every_other_session() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let (mut here, mut there) = (Browser::new(&server), Browser::new(&server));
    here.log_in("alice", OLD);
    there.log_in("alice", OLD);
    let before = here.session().unwrap().to_owned();
    let answer = here.post(CHANGE, &fields(OLD, NEW, NEW));
    assert_eq!((answer.status, answer.header("Location")), (303, Some(DONE)), "{answer:?}");
    assert_ne!(here.session().unwrap(), before);
    assert!(here.is_logged_in() && !there.is_logged_in());
    assert!(here.get(DONE).text().contains("password was changed"));
    assert_eq!(there.log_in("alice", OLD).status, 200);
    assert_eq!(there.log_in("alice", NEW).status, 303);
    let entry = "SELECT action, object_kind, object_id, object_name, message, username FROM egi.log_entry ORDER BY id DESC LIMIT 1";
    assert_eq!(sql(&installation, entry), ["change|custuser|2|alice|Changed password.|alice"]);
    let log = installation.log();
    assert!(log.contains("INFO EGI: alice changed the password\n") && !log.contains(NEW) && !log.contains(OLD));
}

#[test]
fn errors_are_at_their_fields_and_nothing_changes() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.log_in("alice", OLD);
    let row = "SELECT password FROM egi.app_user WHERE username = 'alice'";
    let before = sql(&installation, row);
    let cases = [
        (fields("wrong", NEW, NEW), "Your current password is wrong. Please enter it again.", "old_password"),
        (fields("", NEW, NEW), "This field is required.", "old_password"),
        (fields("", "", ""), "This field is required.", "new_password2"),
        (fields(OLD, NEW, "other"), "The two password fields didn&#x27;t match.", "new_password2"),
        (fields(OLD, "x", "x"), "This password is too short. It must contain at least 8 characters.", "new_password1"),
        (fields(OLD, "8317290465", "8317290465"), "This password is entirely numeric.", "new_password1"),
        (fields(OLD, "Password1", "Password1"), "This password is too common.", "new_password1"),
        (fields(OLD, "alice1234", "alice1234"), "The password is too similar to the username.", "new_password1"),
        (fields(OLD, "testova-9", "testova-9"), "The password is too similar to the last name.", "new_password1"),
    ];
    for (fields, words, field) in cases {
        let answer = browser.post(CHANGE, &fields);
        let page = answer.text();
        assert!(answer.status == 200 && page.contains(words), "{words}: {page}");
        assert!(page.contains("role=\"alert\"") && page.contains(&format!("id_{field}_errors")), "{words}: {page}");
        assert!(fields.iter().all(|(_, typed)| typed.len() < 2 || !page.contains(&format!("value=\"{typed}\""))));
    }
    assert_eq!(sql(&installation, row), before);
    assert!(browser.is_logged_in());
    let page = browser.get(CHANGE).text();
    assert_eq!(page.matches("type=\"password\"").count(), 3, "{page}");
    assert!(
        page.contains("autocomplete=\"new-password\"") && page.contains("autocomplete=\"current-password\""),
        "{page}"
    );
}

#[test]
fn guessing_the_old_password_is_a_failed_login() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.log_in("alice", OLD);
    assert_eq!(browser.post(CHANGE, &fields("wrong", NEW, NEW)).status, 200);
    let failures = "SELECT failures FROM egi.login_failure WHERE kind = 'session'";
    assert_eq!(sql(&installation, failures), ["1"]);
    sql(&installation, "UPDATE egi.login_failure SET failures = 9, last_failure = now() WHERE kind = 'session'");
    let answer = browser.post(CHANGE, &fields(OLD, NEW, NEW));
    assert!(answer.status == 429 && answer.text().contains("Too many failed logins."), "{answer:?}");
    assert!(answer.header("Retry-After").is_some(), "{answer:?}");
}

#[test]
fn a_password_change_requires_a_login() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    for address in [CHANGE, DONE] {
        let answer = browser.get(address);
        let login = format!("/poem/admin/login/?next={}", address.replace('/', "%2F"));
        assert_eq!((answer.status, answer.header("Location")), (302, Some(login.as_str())));
    }
    let answer = browser.post(CHANGE, &fields(OLD, NEW, NEW));
    let page = answer.text();
    assert!(answer.status == 403 && page.contains("Log in") && !page.contains(NEW) && !page.contains(OLD), "{page}");
    assert_eq!(browser.get("/poem/admin/password_change/nowhere/").status, 302);
    browser.log_in("alice", OLD);
    assert_eq!(browser.get("/poem/admin/password_change/nowhere/").status, 404);
}
