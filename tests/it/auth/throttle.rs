//! Throttling of failed logins: guessing passwords is slow, and then locked.

use std::thread;

use super::REFUSED;
use crate::support::sql::{Holder, everything, sql};
use crate::support::{Browser, HttpResponse, Installation, Server};

const TOO_MANY: &str = "Too many failed logins. Please wait ";

/// Moves the last failures into the past, as if the interval had passed.
fn let_pass(installation: &Installation, interval: &str) {
    sql(installation, &format!("UPDATE egi.login_failure SET last_failure = last_failure - interval '{interval}'"));
}

/// Tries to log in with a new browser.
fn attempt(server: &Server, name: &str, password: &str) -> HttpResponse {
    Browser::new(server).log_in(name, password)
}

/// Fails ten times, the limit of an account.
fn fail_ten_times(installation: &Installation, server: &Server, name: &str) {
    for number in 1..=10 {
        let_pass(installation, "1 minute");
        let answer = attempt(server, name, "wrong");
        assert!(answer.status == 200 && answer.text().contains(REFUSED), "{number}: {answer:?}");
    }
}

#[test]
fn an_account_is_slowed_locked_and_unlocked_whether_it_exists_or_not() {
    let installation = Installation::with_small_data();
    let servers = [Server::start(&installation), Server::start(&installation)];
    for (name, password) in [("alice", "alice-secret-1"), ("nobody-has-this-name", "x")] {
        for _ in 0..4 {
            assert_eq!(attempt(&servers[0], name, "wrong").status, 200);
        }
        let counted = "SELECT failures FROM egi.login_failure WHERE kind = 'account' AND last_failure > now() - interval '1 minute'";
        assert_eq!(sql(&installation, counted), ["4"]);
        // Nine failures at once: the delay of half a minute cannot pass during the test.
        sql(&installation, "UPDATE egi.login_failure SET failures = 9, last_failure = now() WHERE kind = 'account'");
        let slowed = attempt(&servers[1], name, password);
        assert!(slowed.status == 429 && slowed.text().contains(TOO_MANY), "{slowed:?}");
        assert!(slowed.text().contains(" seconds and try again."), "{slowed:?}");
        let_pass(&installation, "16 minutes");
        fail_ten_times(&installation, &servers[0], name);
        // The lock holds at both servers, even for the correct password.
        for server in &servers {
            let locked = attempt(server, name, password);
            assert!(locked.status == 429 && locked.text().contains(&format!("{TOO_MANY}15 minutes and")), "{locked:?}");
            let seconds: u32 = locked.header("Retry-After").unwrap().parse().unwrap();
            assert!((600..=900).contains(&seconds), "{seconds}");
        }
        let_pass(&installation, "14 minutes 30 seconds");
        assert_eq!(attempt(&servers[0], name, password).status, 429);
        let_pass(&installation, "31 seconds");
        let open = attempt(&servers[0], name, password).status;
        assert_eq!(open, if name == "alice" { 303 } else { 200 });
        let_pass(&installation, "16 minutes");
    }
    let entries = "SELECT action, object_kind, object_name, message FROM egi.log_entry WHERE message LIKE 'Locked%'";
    assert_eq!(sql(&installation, entries), ["change|custuser|alice|Locked after 10 failed logins."]);
    let log = installation.log();
    assert!(
        log.contains("WARNING EGI: alice is locked after 10 failed logins\n") && log.contains(" - poem-authbackend[")
    );
    assert!(!log.contains("nobody-has") && !everything(&installation).contains("nobody-has"));
}

#[test]
fn a_login_resets_the_failures_of_the_account() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for _ in 0..3 {
        attempt(&server, "alice", "wrong");
    }
    assert_eq!(attempt(&server, "alice", "alice-secret-1").status, 303);
    let counts = "SELECT kind, failures FROM egi.login_failure";
    assert_eq!(sql(&installation, counts), ["address|3"], "those of the address stay");
    assert_eq!(attempt(&server, "alice", "wrong").status, 200);
}

/// The database can count the attempt but cannot read the user.
#[test]
fn an_attempt_that_could_not_be_checked_is_no_failure() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    attempt(&server, "bob", "wrong");
    let mut holder = Holder::of(&installation, "BEGIN; LOCK TABLE egi.app_user IN ACCESS EXCLUSIVE MODE");
    for _ in 0..5 {
        assert_eq!(attempt(&server, "bob", "bob-secret-12").status, 503);
    }
    holder.run("ROLLBACK");
    let counts = "SELECT kind, failures FROM egi.login_failure ORDER BY 1, 2";
    assert_eq!(sql(&installation, counts), ["account|1", "address|1"]);
    assert_eq!(attempt(&server, "bob", "bob-secret-12").status, 303);
}

#[test]
fn an_address_is_locked_for_every_name() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let from =
        |address: &str, name: &str, password: &str| Browser::new(&server).seen_from(address).log_in(name, password);
    from("192.0.2.1", "a", "wrong");
    sql(
        &installation,
        "UPDATE egi.login_failure SET failures = 49, last_failure = now() - interval '1 minute' WHERE kind = 'address'",
    );
    assert_eq!(from("192.0.2.1", "b", "wrong").status, 200);
    assert_eq!(from("192.0.2.1", "alice", "alice-secret-1").status, 429);
    // The proxy appends the real address; what precedes it comes from the client.
    assert_eq!(from("203.0.113.7, 192.0.2.1", "alice", "alice-secret-1").status, 429);
    assert_eq!(from("192.0.2.2", "alice", "alice-secret-1").status, 303);
    assert!(installation.log().contains("WARNING EGI: 192.0.2.1 is locked after 50 failed logins\n"));
    let_pass(&installation, "15 minutes");
    assert_eq!(from("192.0.2.1", "alice", "alice-secret-1").status, 303);
}

#[test]
fn parallel_attempts_are_limited_like_successive_ones() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.get("/poem/admin/login/");
    let cookies = browser.cookies;
    let statuses: Vec<u16> = thread::scope(|scope| {
        let attempts: Vec<_> = (0..12)
            .map(|number| {
                let mut browser = Browser::new(&server);
                browser.cookies = cookies.clone();
                scope.spawn(move || browser.log_in("alice", &format!("wrong-{number}")).status)
            })
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    let checked = statuses.iter().filter(|status| **status == 200).count();
    // Four are checked; a few more if a busy machine takes seconds.
    assert!((4..=7).contains(&checked), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
}

#[test]
fn expired_failures_are_removed_by_the_next_attempt() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for name in ["a", "b", "c"] {
        attempt(&server, name, "wrong");
    }
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.login_failure"), ["4"]);
    let_pass(&installation, "16 minutes");
    attempt(&server, "d", "wrong");
    assert_eq!(
        sql(&installation, "SELECT kind, failures FROM egi.login_failure ORDER BY 1"),
        ["account|1", "address|1"]
    );
}
