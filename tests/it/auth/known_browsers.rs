//! The lock of an account does not keep out browsers and addresses that have logged in to it before.

use super::REFUSED;
use crate::support::sql::sql;
use crate::support::{Browser, HttpResponse, Installation, Server};

/// Tries to log in from an address, with the cookies that the browser has.
fn attempt(browser: &mut Browser<'_>, name: &str, password: &str) -> HttpResponse {
    browser.log_in(name, password)
}

/// Locks an account by failures of strangers: its last one was just now.
fn lock(installation: &Installation, server: &Server, name: &str) {
    Browser::new(server).seen_from("203.0.113.9").log_in(name, "wrong");
    sql(installation, "UPDATE egi.login_failure SET failures = 10, last_failure = now() WHERE kind = 'account'");
    let stranger = Browser::new(server).seen_from("203.0.113.10").log_in(name, "alice-secret-1");
    assert_eq!(stranger.status, 429, "{stranger:?}");
}

/// Returns the cookies by which accounts know a browser.
fn known(browser: &Browser<'_>) -> Vec<(String, String)> {
    let is_known = |name: &&String| name.trim_start_matches("__Host-").starts_with("browser-");
    browser.cookies.iter().filter(|(name, _)| is_known(name)).map(|(a, b)| (a.clone(), b.clone())).collect()
}

#[test]
fn a_known_browser_and_a_known_address_are_not_locked_out_by_strangers() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut own = Browser::new(&server).seen_from("192.0.2.1");
    let answer = attempt(&mut own, "alice", "alice-secret-1");
    assert_eq!(answer.status, 303);
    let set = answer.headers("Set-Cookie").find(|cookie| cookie.starts_with("browser-")).unwrap();
    assert!(set.contains("HttpOnly") && set.contains("Path=/") && set.contains("Max-Age=2592000"), "{set}");
    assert!(!set.contains("alice"), "{set}");
    let cookie = known(&own).pop().unwrap();
    lock(&installation, &server, "alice");
    // The browser, wherever it is now.
    let carried = |value: &str, address: &str| {
        let mut browser = Browser::new(&server).seen_from(address);
        browser.cookies.insert(cookie.0.clone(), value.to_owned());
        browser
    };
    assert_eq!(attempt(&mut carried(&cookie.1, "198.51.100.7"), "alice", "alice-secret-1").status, 303);
    // Another browser at the address of the user.
    let mut beside = Browser::new(&server).seen_from("192.0.2.1");
    assert_eq!(attempt(&mut beside, "alice", "alice-secret-1").status, 303);
    // A forged or foreign cookie is none.
    let (issued, rest) = cookie.1.split_once('.').unwrap();
    let later = format!("{}.{rest}", issued.parse::<i64>().unwrap() + 1);
    for forged in [later.as_str(), "", "1.2.3", &cookie.1[..cookie.1.len() - 1]] {
        assert_eq!(attempt(&mut carried(forged, "198.51.100.8"), "alice", "alice-secret-1").status, 429, "{forged}");
    }
    // It is of one account only.
    let mut other = carried(&cookie.1, "198.51.100.9");
    assert_eq!(attempt(&mut other, "bob", "wrong").status, 200);
    let kinds = "SELECT kind, failures FROM egi.login_failure WHERE kind = 'account' ORDER BY failures";
    assert_eq!(sql(&installation, kinds), ["account|1", "account|10"]);
    // The stranger is still locked out.
    lock(&installation, &server, "alice");
}

#[test]
fn a_known_browser_is_held_to_its_own_failures() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut own = Browser::new(&server).seen_from("192.0.2.1");
    attempt(&mut own, "alice", "alice-secret-1");
    for _ in 0..4 {
        let answer = attempt(&mut own, "alice", "wrong");
        assert!(answer.status == 200 && answer.text().contains(REFUSED), "{answer:?}");
    }
    let counts = "SELECT kind, failures FROM egi.login_failure ORDER BY kind";
    // The login has left a row for the address, without failures.
    let counts = |kind: &str| sql(&installation, counts).into_iter().find(|row| row.starts_with(kind));
    assert_eq!(counts("browser").as_deref(), Some("browser|4"));
    assert_eq!(counts("account"), None);
    sql(&installation, "UPDATE egi.login_failure SET failures = 10, last_failure = now() WHERE kind = 'browser'");
    assert_eq!(attempt(&mut own, "alice", "alice-secret-1").status, 429, "guesses with a stolen cookie are limited");
    let mut elsewhere = Browser::new(&server).seen_from("203.0.113.1");
    assert_eq!(attempt(&mut elsewhere, "alice", "alice-secret-1").status, 303, "others are not affected");
    // A known address has its own count too.
    let mut beside = Browser::new(&server).seen_from("203.0.113.1");
    for _ in 0..4 {
        assert_eq!(attempt(&mut beside, "alice", "wrong").status, 200);
    }
    assert_eq!(counts("place").as_deref(), Some("place|4"));
    assert_eq!(counts("account").unwrap_or("account|0".to_owned()), "account|0", "{:?}", counts("account"));
}

#[test]
fn an_address_is_forgotten_after_thirty_days() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let at_home = || Browser::new(&server).seen_from("192.0.2.1").log_in("alice", "alice-secret-1").status;
    assert_eq!(at_home(), 303);
    sql(&installation, "UPDATE egi.login_address SET last_login = now() - interval '31 days'");
    lock(&installation, &server, "alice");
    assert_eq!(at_home(), 429);
    installation.run("poem-db", &["-s"]).done();
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.login_address"), ["0"]);
}

#[test]
fn the_password_can_be_changed_while_strangers_lock_the_account() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut own = Browser::new(&server).seen_from("192.0.2.1");
    attempt(&mut own, "alice", "alice-secret-1");
    lock(&installation, &server, "alice");
    let new = "correct horse battery";
    let fields = [("old_password", "alice-secret-1"), ("new_password1", new), ("new_password2", new)];
    assert_eq!(own.post("/poem/admin/password_change/", &fields).status, 303);
}

#[test]
fn networks_of_ipv6_are_counted_at_three_sizes() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let from = |address: &str| Browser::new(&server).seen_from(address).log_in("nobody", "wrong").status;
    let counts =
        || sql(&installation, "SELECT kind, failures FROM egi.login_failure WHERE kind <> 'account' ORDER BY 1, 2");
    assert_eq!(from("2001:db8:0:1::1"), 200);
    assert_eq!(from("2001:db8:0:2::1"), 200);
    assert_eq!(from("2001:db8:0:ff00::1"), 200);
    let expected = ["address|1", "address|1", "address|1", "network48|3", "network56|1", "network56|2"];
    assert_eq!(counts(), expected);
    sql(&installation, "UPDATE egi.login_failure SET failures = 200, last_failure = now() WHERE kind = 'network48'");
    sql(&installation, "DELETE FROM egi.login_failure WHERE kind = 'account'");
    assert_eq!(from("2001:db8:0:abcd::1"), 429, "another network of the same site");
    assert_eq!(from("2001:db8:1::1"), 200);
    assert_eq!(from("192.0.2.1"), 200);
}
