//! Federated logins: once each, for the right account, with current personal data.

use std::sync::Barrier;
use std::thread;

use chrono::{TimeDelta, Utc};
use poem::domain::model::federated_identity::FederatedIdentity;
use poem::domain::security::keys::{random_hex, session_hash};
use poem::registry::federated_accounts::FederatedOutcome;
use poem::registry::federated_login::{self, AcceptedResponse, FederatedError, LoginState};
use poem::registry::sessions;

use super::federated::{BROWSER, IDP, Site, identity, logged_in, session};
use crate::support::installation::egi;

#[test]
fn a_login_is_open_until_it_is_used() {
    let site = Site::new();
    let id = site.begin();
    let find = |id: &str| site.run(async |request| federated_login::find_login(request, id).await).unwrap();
    let LoginState::Open(open) = find(&id) else { panic!("{:?}", find(&id)) };
    assert_eq!((open.idp.as_str(), open.next.as_deref()), (IDP, Some("/poem/x/")));
    assert!(open.is_from(BROWSER) && !open.is_from("another") && Utc::now() - open.created < TimeDelta::minutes(1));
    assert_eq!(find("_unknown"), LoginState::Unknown);
    logged_in(site.end(&id, &identity(&["abc123@egi.eu"], ""), false));
    assert_eq!(find(&id), LoginState::Used { next: Some("/poem/x/".into()) });
    let second = site.end(&id, &identity(&["abc123@egi.eu"], ""), false);
    assert!(matches!(second, FederatedOutcome::AlreadyUsed), "{second:?}");
    let old = site.begin();
    site.sql("UPDATE saml_request SET expires = now() - interval '1 second'");
    assert_eq!((find(&old), find(&id)), (LoginState::Unknown, LoginState::Unknown));
    let late = site.end(&old, &identity(&["abc123@egi.eu"], ""), false);
    assert!(matches!(late, FederatedOutcome::AlreadyUsed), "{late:?}");
}

#[test]
fn an_assertion_is_used_once_and_remembered_for_an_hour() {
    let site = Site::new();
    let alice = identity(&["abc123@egi.eu"], "");
    let was_used = |id: &str| site.run(async |request| federated_login::was_used(request, IDP, id).await).unwrap();
    let (first, second) = (site.begin(), site.begin());
    assert!(!was_used("_a"));
    logged_in(site.end_with(&first, "_a", &alice, &session("x", &[]), false));
    assert!(was_used("_a") && !was_used("_b"));
    assert_eq!(site.one("SELECT expires > now() + interval '59 minutes' FROM saml_used"), "t");
    let replayed = site.end_with(&second, "_a", &alice, &session("x", &[]), false);
    assert!(matches!(replayed, FederatedOutcome::AlreadyUsed), "{replayed:?}");
    assert_eq!(site.one("SELECT kind FROM saml_request WHERE kind = 'login'"), "login", "the login stays open");
    logged_in(site.end_with(&second, "_b", &alice, &session("x", &[]), false));
    // A refusal for other reasons uses both up as well.
    let third = site.begin();
    let assertion_expires = Utc::now() + TimeDelta::hours(3);
    let response = AcceptedResponse { request_id: &third, assertion_id: "_c", assertion_expires };
    let refuse = || site.run(async |request| federated_login::refuse(request, &alice, response).await).unwrap();
    assert!(refuse() && !refuse());
    assert_eq!(site.one("SELECT expires > now() + interval '3 hours' FROM saml_used ORDER BY expires DESC"), "t");
}

#[test]
fn the_same_response_at_two_servers_logs_in_once() {
    let site = Site::new();
    for person in [identity(&["abc123@egi.eu"], ""), identity(&["new@egi.eu"], "Nova Osoba")] {
        let (id, together) = (site.begin(), Barrier::new(2));
        let outcomes = thread::scope(|scope| {
            let ends = [(), ()].map(|()| {
                scope.spawn(|| {
                    together.wait();
                    site.end_with(&id, &id, &person, &session("x", &[]), true)
                })
            });
            ends.map(|end| end.join().unwrap())
        });
        let count = |is: fn(&FederatedOutcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
        assert_eq!(count(|outcome| matches!(outcome, FederatedOutcome::LoggedIn(_))), 1, "{outcomes:?}");
        assert_eq!(count(|outcome| matches!(outcome, FederatedOutcome::AlreadyUsed)), 1, "{outcomes:?}");
    }
    assert_eq!(site.one("SELECT count(*) FROM login_session"), "2");
}

#[test]
fn two_first_logins_at_once_make_one_account() {
    let site = Site::new();
    let person = identity(&["new@egi.eu"], "Nova Osoba");
    let ids = [site.begin(), site.begin()];
    let together = Barrier::new(2);
    let names = thread::scope(|scope| {
        let ends = ids.each_ref().map(|id| {
            let (site, person, together) = (&site, &person, &together);
            scope.spawn(move || {
                together.wait();
                logged_in(site.end(id, person, true))
            })
        });
        ends.map(|end| end.join().unwrap())
    });
    assert_eq!(names.each_ref().map(|name| name.username.as_str()), ["Nova_Osoba"; 2]);
    assert_eq!(names.iter().filter(|name| name.is_new).count(), 1);
    assert_eq!(site.one("SELECT count(*) FROM app_user WHERE username LIKE 'Nova%'"), "1");
}

#[test]
fn a_new_account_has_no_rights_and_a_free_name() {
    let site = Site::new();
    let person = FederatedIdentity {
        given_name: "Žuža".into(),
        surname: "Nováková".into(),
        mail: "z@example.org".into(),
        certificate_subject: "CN=Z,O=EGI".into(),
        ..identity(&["first@egi.eu", "second@egi.eu"], "Žuža N.")
    };
    let success = logged_in(site.log_in(&person));
    assert!(success.is_new && !success.is_superuser);
    assert_eq!(success.username, "Zuza_N.");
    let row =
        "SELECT username, first_name, last_name, email, display_name, distinguished_name, egi_id, is_active, is_staff,
                      is_superuser, password ~ '^![0-9a-f]{40}$', last_login IS NOT NULL
               FROM app_user ORDER BY id DESC LIMIT 1";
    let expected = "Zuza_N.|Žuža|Nováková|z@example.org|Žuža N.|CN=Z,O=EGI|first@egi.eu|t|t|f|t|t";
    assert_eq!(site.one(row), expected);
    let id = site.one("SELECT max(id) FROM app_user");
    assert_eq!(site.egi.history(1), [format!("add|custuser|{id}|Zuza_N.||Zuza_N.")]);
    // Another person of the same name, and the first one again by the other identifier.
    assert_eq!(logged_in(site.log_in(&identity(&["other@egi.eu"], "Žuža N."))).username, "Zuza_N._2");
    let again = logged_in(site.log_in(&identity(&["second@egi.eu", "first@egi.eu"], "Žuža N.")));
    assert!(!again.is_new && again.username == "Zuza_N.");
    let refused = site.end(&site.begin(), &identity(&["nobody@egi.eu"], "No Body"), false);
    assert!(
        matches!(&refused, FederatedOutcome::NoAccount { identifier } if identifier == "nobody@egi.eu"),
        "{refused:?}"
    );
    assert_eq!(site.one("SELECT count(*) FROM saml_request WHERE kind = 'login'"), "0", "the refusal used it up");
}

#[test]
fn names_and_mail_match_no_account_that_has_an_identifier() {
    let site = Site::new();
    site.sql("UPDATE app_user SET egi_id = 'poem@egi.eu' WHERE username = 'poem'");
    let person = FederatedIdentity { mail: "poem@example.org".into(), ..identity(&["evil@egi.eu"], "poem") };
    assert_eq!(logged_in(site.log_in(&person)).username, "poem_2");
}

#[test]
fn identifiers_are_compared_exactly_first_then_without_case() {
    let site = Site::new();
    assert_eq!(logged_in(site.log_in(&identity(&["ABC123@egi.EU"], ""))).username, "alice");
    site.sql("UPDATE app_user SET egi_id = 'ABC123@egi.eu' WHERE username = 'bob'");
    assert_eq!(logged_in(site.log_in(&identity(&["ABC123@egi.eu"], ""))).username, "bob");
    assert_eq!(logged_in(site.log_in(&identity(&["abc123@egi.eu"], ""))).username, "alice");
    for identifiers in [&["Abc123@egi.eu"][..], &["abc123@egi.eu", "ABC123@egi.eu"]] {
        let refused = site.log_in(&identity(identifiers, ""));
        assert!(matches!(&refused, FederatedOutcome::Ambiguous(names) if names == &["alice", "bob"]), "{refused:?}");
    }
    for none in [&[][..], &[""]] {
        let refused = site.log_in(&identity(none, "alice"));
        assert!(matches!(refused, FederatedOutcome::NoAccount { .. }), "{refused:?}");
    }
}

#[test]
fn a_login_updates_personal_data_and_nothing_else() {
    let site = Site::new();
    let rights =
        "SELECT username, egi_id, is_superuser, is_staff, is_active, password FROM app_user WHERE username = 'alice'";
    let before = site.one(rights);
    let person = FederatedIdentity {
        surname: "Nová".into(),
        mail: "nova@example.org".into(),
        ..identity(&["abc123@egi.eu"], "")
    };
    let entries = || site.one("SELECT count(*) FROM log_entry");
    let first = entries();
    logged_in(site.log_in(&person));
    assert_eq!(site.egi.history(1), ["change|custuser|2|alice|Changed last name and email.|alice"]);
    assert_eq!(site.one("SELECT last_name, email FROM app_user WHERE username = 'alice'"), "Nová|nova@example.org");
    let second = entries();
    assert_ne!(first, second);
    logged_in(site.log_in(&person));
    logged_in(site.log_in(&identity(&["abc123@egi.eu"], "")));
    assert_eq!((entries(), site.one(rights)), (second, before));
    assert_eq!(site.one("SELECT last_name, email FROM app_user WHERE username = 'alice'"), "Nová|nova@example.org");
}

#[test]
fn an_account_that_is_not_active_or_not_staff_may_not_log_in() {
    let site = Site::new();
    for set in ["is_active = false", "is_active = true, is_staff = false"] {
        site.sql(&format!("UPDATE app_user SET {set} WHERE username = 'alice'"));
        let id = site.begin();
        let refused = site.end(&id, &identity(&["abc123@egi.eu"], "Alice"), true);
        assert!(matches!(refused, FederatedOutcome::MayNot), "{refused:?}");
        let again = site.end(&id, &identity(&["abc123@egi.eu"], "Alice"), true);
        assert!(matches!(again, FederatedOutcome::AlreadyUsed), "{again:?}");
    }
    assert_eq!(site.one("SELECT count(*) FROM login_session"), "0");
}

#[test]
fn a_session_ends_when_the_identity_provider_says() {
    let site = Site::new();
    let ends_by = Some(Utc::now() + TimeDelta::hours(2));
    let limited = poem::domain::model::federated_identity::FederatedSession { ends_by, ..session("x", &["1", "2"]) };
    let hash = site.log_in_with(&identity(&["abc123@egi.eu"], ""), &limited);
    let is_right = "SELECT expires = ends_by AND expires < now() + interval '2 hours 1 minute' FROM login_session";
    assert_eq!(site.one(is_right), "t");
    site.sql(
        "UPDATE login_session SET last_used = now() - interval '2 minutes', expires = now() + interval '1 minute'",
    );
    site.run(async |request| sessions::touch(request.pool, &egi(), &hash, request.limits).await).unwrap();
    assert_eq!(site.one(is_right), "t");
    assert_eq!(site.one("SELECT idp, name_id, session_indexes FROM saml_session").split('|').next(), Some(IDP));
}

#[test]
fn a_login_ends_the_session_that_the_browser_had() {
    let site = Site::new();
    let old = session_hash(&site.egi.installation.log_in("bob"));
    let id = site.begin();
    let person = identity(&["abc123@egi.eu"], "");
    let assertion_id = random_hex(8);
    let response = AcceptedResponse { request_id: &id, assertion_id: &assertion_id, assertion_expires: Utc::now() };
    let login = federated_login::CheckedLogin {
        response,
        identity: &person,
        session: &session("x", &[]),
        old_session: Some(&old),
        create_users: false,
    };
    logged_in(site.run(async |request| federated_login::log_in(request, login).await).unwrap());
    assert_eq!(site.sql("SELECT user_id FROM login_session WHERE expires > now()"), ["2"]);
}

#[test]
fn logins_that_begin_are_limited_by_address_and_tenant() {
    let site = Site::new();
    site.sql(
        "INSERT INTO saml_request (id_hash, kind, idp, address_hash, expires)
         SELECT decode(md5(n::text) || md5(n::text), 'hex'), 'login', 'x', sha, now() + interval '20 minutes'
         FROM generate_series(1, 59) n, (SELECT decode(repeat('00', 32), 'hex') AS sha) s",
    );
    site.begin_from("2001:db8::1", "_1").unwrap();
    site.sql("UPDATE saml_request SET address_hash = (SELECT address_hash FROM saml_request WHERE idp <> 'x')");
    let wait = |address: &str, id: &str| match site.begin_from(address, id) {
        Err(FederatedError::TooMany(wait)) => wait,
        other => panic!("{other:?}"),
    };
    let waits = wait("2001:db8::ffff", "_2");
    assert!(TimeDelta::minutes(19) < waits && waits <= TimeDelta::minutes(20), "{waits}");
    site.begin_from("2001:db8:0:1::1", "_3").unwrap();
    site.begin_from("192.0.2.1", "_4").unwrap();
    // Used and expired ones do not count.
    site.sql(
        "UPDATE saml_request SET kind = 'used' WHERE ctid IN (SELECT ctid FROM saml_request WHERE idp = 'x' LIMIT 1)",
    );
    site.begin_from("2001:db8::2", "_5").unwrap();
    site.sql(
        "INSERT INTO saml_request (id_hash, kind, idp, expires)
         SELECT decode(md5('t' || n) || md5('t' || n), 'hex'), 'login', 'y', now() + interval '10 minutes'
         FROM generate_series(1, 4950) n",
    );
    wait("198.51.100.1", "_6");
    site.sql("UPDATE saml_request SET expires = now() - interval '1 second' WHERE idp = 'y'");
    site.begin_from("198.51.100.1", "_6").unwrap();
    assert_eq!(site.one("SELECT count(*) FROM saml_request WHERE idp = 'y'"), "4850", "a hundred were removed");
}

#[test]
fn what_has_expired_is_removed() {
    let site = Site::new();
    let id = site.begin();
    logged_in(site.end(&id, &identity(&["abc123@egi.eu"], ""), false));
    site.begin();
    site.log_in(&identity(&["c@egi.eu"], "carol"));
    let rows = || {
        ["saml_request", "saml_used", "saml_pending", "saml_claim"]
            .map(|table| site.one(&format!("SELECT count(*) FROM {table}")))
    };
    let clear = || site.run(async |request| sessions::clear_ended(request.pool, &egi()).await).unwrap();
    clear();
    assert_eq!(rows(), ["3", "2", "1", "1"]);
    for table in ["saml_request", "saml_used", "saml_pending"] {
        site.sql(&format!("UPDATE {table} SET expires = now() - interval '1 second'"));
    }
    site.sql("UPDATE saml_claim SET last_asked = now() - interval '89 days'");
    clear();
    assert_eq!(rows(), ["0", "0", "0", "1"]);
    site.sql("UPDATE saml_claim SET last_asked = now() - interval '91 days'");
    clear();
    assert_eq!(rows(), ["0", "0", "0", "0"]);
}
