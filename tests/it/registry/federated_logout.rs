//! The single logout: handles, logouts that are awaited, and sessions that the identity provider ends.

use chrono::{TimeDelta, Utc};
use poem::domain::model::federated_identity::{FederatedSession, NameId};
use poem::domain::security::keys::session_hash;
use poem::registry::single_logout::{self, IdpLogout};

use super::federated::{IDP, Site, identity, session};

fn named(value: &str, format: Option<&str>, qualifier: Option<&str>) -> NameId {
    NameId {
        value: value.into(),
        format: format.map(str::to_owned),
        sp_name_qualifier: qualifier.map(str::to_owned),
        ..NameId::default()
    }
}

/// Ends sessions; returns `user: number` for each user, or "used".
fn end(site: &Site, idp: &str, message_id: &str, name_id: &NameId, indexes: &[&str]) -> Vec<String> {
    let session_indexes: Vec<String> = indexes.iter().map(|index| (*index).to_owned()).collect();
    let expires = Utc::now() + TimeDelta::minutes(5);
    let logout = IdpLogout { idp, message_id, expires, name_id, session_indexes: &session_indexes };
    let ended = site.run(async |request| single_logout::end_sessions(request, logout).await).unwrap();
    ended.map_or(vec!["used".to_owned()], |users| {
        users.into_iter().map(|(username, count)| format!("{username}: {count}")).collect()
    })
}

#[test]
fn the_identity_provider_ends_the_sessions_that_it_names() {
    let site = Site::new();
    let (alice, bob) = (identity(&["abc123@egi.eu"], ""), identity(&["new@egi.eu"], "New One"));
    let log_in = |index: &str| site.log_in_with(&alice, &session("alice-name", &[index, "shared"]));
    let [first, second, third] = ["1", "2", "3"].map(log_in);
    site.log_in_with(&bob, &session("bob-name", &["1"]));
    let is_live = |hash: &[u8]| {
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        site.one(&format!("SELECT expires > now() FROM login_session WHERE encode(id_hash, 'hex') = '{hex}'")) == "t"
    };
    let name = named("alice-name", None, None);
    assert!(end(&site, IDP, "_1", &name, &["4"]).is_empty());
    assert!(end(&site, "https://other.example.org", "_1", &name, &[]).is_empty());
    assert!(end(&site, IDP, "_2", &named("", None, None), &[]).is_empty());
    assert_eq!(end(&site, IDP, "_3", &name, &["1", "9"]), ["alice: 1"]);
    assert_eq!([&first, &second, &third].map(|hash| is_live(hash)), [false, true, true]);
    assert_eq!(end(&site, IDP, "_3", &name, &["2"]), ["used"]);
    assert!(is_live(&second));
    assert_eq!(end(&site, IDP, "_4", &name, &[]), ["alice: 2"]);
    assert_eq!(
        site.sql("SELECT username FROM login_session JOIN app_user u ON u.id = user_id WHERE expires > now()"),
        ["New_One"]
    );
    assert!(end(&site, IDP, "_5", &name, &[]).is_empty());
}

#[test]
fn attributes_of_a_name_count_if_both_sides_have_them() {
    let site = Site::new();
    let alice = identity(&["abc123@egi.eu"], "");
    let start = |name_id: NameId| site.log_in_with(&alice, &FederatedSession { name_id, ..session("", &[]) });
    start(named("n", Some("transient"), Some("sp")));
    assert!(end(&site, IDP, "_1", &named("n", Some("persistent"), None), &[]).is_empty());
    assert!(end(&site, IDP, "_2", &named("n", Some("transient"), Some("other")), &[]).is_empty());
    assert!(end(&site, IDP, "_3", &named("N", Some("transient"), Some("sp")), &[]).is_empty());
    assert_eq!(end(&site, IDP, "_4", &named("n", Some("transient"), None), &[]), ["alice: 1"]);
    start(named("n", None, None));
    assert_eq!(end(&site, IDP, "_5", &named("n", Some("transient"), Some("sp")), &[]), ["alice: 1"]);
}

#[test]
fn a_handle_works_once_and_for_ten_minutes() {
    let site = Site::new();
    let name_id = NameId { name_qualifier: Some(String::new()), ..named("n", Some("transient"), Some("sp")) };
    let at_idp = FederatedSession { name_id, ..session("", &["1", "2"]) };
    let hash = site.log_in_with(&identity(&["abc123@egi.eu"], ""), &at_idp);
    let handle = |hash: &[u8]| site.run(async |request| single_logout::handle(request, hash).await).unwrap();
    let take = |handle: &str| site.run(async |request| single_logout::take_handle(request, handle).await).unwrap();
    let first = handle(&hash).unwrap();
    assert_eq!(take(&first), Some(at_idp));
    assert_eq!((take(&first), take("unknown")), (None, None));
    let late = handle(&hash).unwrap();
    assert_eq!(site.one("SELECT expires - created FROM saml_request WHERE kind = 'handle'"), "00:10:00");
    site.sql("UPDATE saml_request SET expires = now() - interval '1 second'");
    assert_eq!(take(&late), None);
    let local = session_hash(&site.egi.installation.log_in("bob"));
    assert_eq!(handle(&local), None);
    let nameless = site.log_in_with(&identity(&["abc123@egi.eu"], ""), &session("", &[]));
    assert_eq!(handle(&nameless), None);
}

#[test]
fn a_logout_response_is_awaited_once() {
    let site = Site::new();
    site.run(async |request| single_logout::begin_logout(request, "_logout", IDP).await).unwrap();
    let login = site.begin();
    let ends = |id: &str| site.run(async |request| single_logout::end_logout(request, id).await).unwrap();
    assert!(!ends(&login) && !ends("_other"));
    assert!(ends("_logout") && !ends("_logout"));
}
