//! Accounts of POEM 2.3 without an identifier: they are asked for, never taken.

use std::sync::Barrier;
use std::thread;

use poem::domain::model::federated_identity::FederatedIdentity;
use poem::domain::security::secret::Secret;
use poem::registry::federated_accounts::FederatedOutcome;
use poem::registry::identity_question::{self, PendingLogin};
use poem::registry::login_request::LoginError;
use poem::registry::{SaveError, account_links};
use poem::store::saml_claims;

use super::federated::{Site, identity, logged_in, token};

const LINKED: &str = "Linked to a federated login.";

/// A person of whom 2.3 would have made the account bob, which has a password.
fn bob() -> FederatedIdentity {
    FederatedIdentity { mail: "bob@example.org".into(), ..identity(&["bob@egi.eu", "b2@egi.eu"], "bob") }
}

fn answer(site: &Site, pending: &PendingLogin, password: &str) -> Result<FederatedOutcome, LoginError> {
    let password = Secret::new(password);
    site.run(async |request| identity_question::link_by_password(request, pending, &password, (None, None)).await)
}

fn not_mine(site: &Site, pending: &PendingLogin, create_users: bool) -> FederatedOutcome {
    site.run(async |request| identity_question::not_mine(request, pending, None, create_users).await).unwrap()
}

fn states(site: &Site) -> Vec<String> {
    site.sql("SELECT username, identity, state FROM saml_claim JOIN app_user u ON u.id = user_id ORDER BY 1, 2")
}

/// Returns the accounts that wait for a superuser, and whether a federated login asks for them.
fn waiting(site: &Site) -> Vec<String> {
    let waiting = site.egi.read(async |tx| saml_claims::waiting(tx.conn()).await);
    waiting.iter().map(|user| format!("{}: {}", user.username, user.is_claimed)).collect()
}

fn link(site: &Site, viewer: &str, user_id: i64, identity: &str) -> Result<String, SaveError> {
    let viewer = site.egi.viewer(viewer);
    let tenant = poem::domain::model::tenant::new_tenant("EGI", "localhost").unwrap();
    let linked = site.egi.act(async |tx| account_links::link(tx, &viewer, &tenant, (user_id, identity)).await);
    linked.map(|saved| saved.message)
}

#[test]
fn the_password_links_the_account() {
    let site = Site::new();
    let token = token(site.log_in(&bob()));
    assert_eq!(site.one("SELECT count(*) FROM login_session"), "0");
    assert_eq!(states(&site), ["bob|bob@egi.eu|open"]);
    let pending = site.pending(&token).unwrap();
    assert!(pending.has_password && pending.cookie.len() == 8);
    assert_eq!((pending.login.username.as_str(), pending.login.next.as_str()), ("bob", "/poem/x/"));
    assert_eq!(pending.login.identity, bob());
    let other = site.run(async |request| identity_question::pending(request, &token, &["stranger"]).await).unwrap();
    assert!(other.is_none() && site.pending("unknown").is_none());
    let refused = answer(&site, &pending, "wrong").unwrap_err();
    assert!(matches!(refused, LoginError::Refused), "{refused:?}");
    assert_eq!(site.one("SELECT max(failures) FROM login_failure"), "1");
    let success = logged_in(answer(&site, &pending, "bob-secret-12").unwrap());
    assert!(success.username == "bob" && !success.is_new);
    assert_eq!(site.one("SELECT egi_id, email FROM app_user WHERE username = 'bob'"), "bob@egi.eu|bob@example.org");
    let linked = format!("change|custuser|3|bob|{LINKED}|bob");
    assert!(site.egi.history(2).contains(&linked), "{:?}", site.egi.history(2));
    assert!(states(&site).is_empty() && site.pending(&token).is_none());
    let again = answer(&site, &pending, "bob-secret-12").unwrap();
    assert!(matches!(again, FederatedOutcome::AlreadyUsed), "{again:?}");
    assert_eq!(logged_in(site.log_in(&bob())).username, "bob");
}

#[test]
fn passwords_are_counted_like_those_of_the_login_page() {
    let site = Site::new();
    let pending = site.pending(&token(site.log_in(&bob()))).unwrap();
    for _ in 0..4 {
        assert!(matches!(answer(&site, &pending, "wrong").unwrap_err(), LoginError::Refused));
    }
    let slowed = answer(&site, &pending, "bob-secret-12").unwrap_err();
    assert!(matches!(slowed, LoginError::TooMany(_)), "{slowed:?}");
    site.sql("UPDATE login_failure SET failures = 0");
    site.sql("UPDATE app_user SET is_active = false WHERE username = 'bob'");
    let closed = answer(&site, &pending, "bob-secret-12").unwrap_err();
    assert!(matches!(closed, LoginError::Refused), "{closed:?}");
}

#[test]
fn an_account_that_is_not_theirs_is_not_asked_for_again() {
    let site = Site::new();
    let pending = site.pending(&token(site.log_in(&bob()))).unwrap();
    let success = logged_in(not_mine(&site, &pending, true));
    assert!(success.is_new && success.username == "bob_2");
    assert_eq!(states(&site), ["bob|bob@egi.eu|not theirs"]);
    let again = not_mine(&site, &pending, true);
    assert!(matches!(again, FederatedOutcome::AlreadyUsed), "{again:?}");
    assert_eq!(site.one("SELECT count(*) FROM app_user WHERE username LIKE 'bob%'"), "2");
    assert_eq!(logged_in(site.log_in(&bob())).username, "bob_2");
    // Without new accounts, the person gets the identifier to send to an administrator.
    let other = identity(&["other@egi.eu"], "bob");
    let pending = site.pending(&token(site.end(&site.begin(), &other, false))).unwrap();
    let refused = not_mine(&site, &pending, false);
    assert!(
        matches!(&refused, FederatedOutcome::NoAccount { identifier } if identifier == "other@egi.eu"),
        "{refused:?}"
    );
    let refused = site.end(&site.begin(), &other, false);
    assert!(matches!(refused, FederatedOutcome::NoAccount { .. }), "{refused:?}");
}

#[test]
fn the_same_answer_twice_at_once_counts_once() {
    let site = Site::new();
    let pending = site.pending(&token(site.log_in(&bob()))).unwrap();
    let together = Barrier::new(2);
    let outcomes = thread::scope(|scope| {
        let answers = [(), ()].map(|()| {
            scope.spawn(|| {
                together.wait();
                not_mine(&site, &pending, true)
            })
        });
        answers.map(|answer| answer.join().unwrap())
    });
    let is_in = |outcome: &&FederatedOutcome| matches!(outcome, FederatedOutcome::LoggedIn(_));
    assert_eq!(outcomes.iter().filter(is_in).count(), 1, "{outcomes:?}");
    assert_eq!(site.one("SELECT count(*) FROM app_user WHERE username LIKE 'bob%'"), "2");
}

#[test]
fn a_second_account_of_the_name_is_asked_for_next() {
    let site = Site::new();
    site.sql("UPDATE app_user SET username = 'Carol_C' WHERE username = 'carol'");
    let both = FederatedIdentity { given_name: "Carol".into(), surname: "C".into(), ..bob() };
    let pending = site.pending(&token(site.log_in(&both))).unwrap();
    assert_eq!(pending.login.username, "bob");
    let next = site.pending(&token(not_mine(&site, &pending, true))).unwrap();
    assert_eq!((next.login.username.as_str(), next.cookie), ("Carol_C", pending.cookie));
}

#[test]
fn a_superuser_links_or_refuses() {
    let site = Site::new();
    site.log_in(&bob());
    site.log_in(&identity(&["evil@egi.eu"], "bob"));
    let session = site.egi.installation.log_in("bob");
    assert!(!session.is_empty());
    let claims = site.egi.read(async |tx| saml_claims::open(tx.conn(), Some(3)).await);
    let seen: Vec<_> = claims.iter().map(|claim| (claim.identity.as_str(), claim.mail.as_str())).collect();
    assert_eq!(seen, [("bob@egi.eu", "bob@example.org"), ("evil@egi.eu", "")]);
    assert_eq!(waiting(&site), ["bob: true"]);
    assert!(matches!(link(&site, "alice", 3, "bob@egi.eu").unwrap_err(), SaveError::Denied(_)));
    assert!(matches!(link(&site, "poem", 3, "never@egi.eu").unwrap_err(), SaveError::Stale));
    assert!(matches!(link(&site, "poem", 4711, "bob@egi.eu").unwrap_err(), SaveError::Gone));
    let poem = site.egi.viewer("poem");
    let refuse =
        || site.egi.act(async |tx| account_links::refuse(tx, &poem, (3, "evil@egi.eu")).await).unwrap().message;
    assert_eq!(refuse(), "Refused a federated login.");
    assert_eq!(refuse(), "No fields changed.");
    assert_eq!(site.egi.history(1), ["change|custuser|3|bob|Refused a federated login.|poem"]);
    assert_eq!(logged_in(site.log_in(&identity(&["evil@egi.eu"], "bob"))).username, "bob_2");
    assert_eq!(link(&site, "poem", 3, "bob@egi.eu").unwrap(), LINKED);
    assert_eq!(link(&site, "poem", 3, "bob@egi.eu").unwrap(), "No fields changed.");
    assert_eq!(site.egi.history(1), [format!("change|custuser|3|bob|{LINKED}|poem")]);
    assert_eq!(site.one("SELECT count(*) FROM login_session WHERE user_id = 3 AND expires > now()"), "1");
    assert!(states(&site).is_empty(), "{:?}", states(&site));
    assert_eq!(logged_in(site.log_in(&bob())).username, "bob");
    assert_eq!(waiting(&site), ["bob_2: false"]);
}

#[test]
fn the_question_ends_when_the_account_is_linked_or_removed() {
    let site = Site::new();
    let token = token(site.log_in(&bob()));
    let pending = site.pending(&token).unwrap();
    link(&site, "poem", 3, "bob@egi.eu").unwrap();
    assert!(site.pending(&token).is_none());
    let late = answer(&site, &pending, "bob-secret-12").unwrap();
    assert!(matches!(late, FederatedOutcome::AlreadyUsed), "{late:?}");
    site.sql("DELETE FROM app_user WHERE username = 'bob'");
    assert!(site.pending(&token).is_none());
    assert_eq!(site.one("SELECT count(*) FROM saml_claim"), "0");
    let created = logged_in(not_mine(&site, &pending, true));
    assert_eq!(created.username, "bob");
}

#[test]
fn claims_on_an_account_are_limited() {
    let site = Site::new();
    for number in 0..21 {
        token(site.log_in(&identity(&[&format!("{number}@egi.eu")], "bob")));
    }
    token(site.log_in(&identity(&["0@egi.eu"], "bob")));
    assert_eq!(states(&site).len(), 20);
    let pending = site.pending(&token(site.log_in(&identity(&["20@egi.eu"], "bob")))).unwrap();
    logged_in(not_mine(&site, &pending, true));
    assert_eq!(states(&site).iter().filter(|state| state.ends_with("not theirs")).count(), 1);
}

#[test]
fn a_name_in_another_case_or_alphabet_asks_for_no_account() {
    let site = Site::new();
    for (number, name) in ["Bob", "BOB", "bоb2", "b\u{fe}ob"].into_iter().enumerate() {
        let success = logged_in(site.log_in(&identity(&[&format!("{number}@egi.eu")], name)));
        assert!(success.is_new && !success.username.eq_ignore_ascii_case("bob"), "{}", success.username);
    }
}
