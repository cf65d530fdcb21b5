//! API keys: shown once, revoked for good.

use poem::domain::model::api_key::ApiKeyContent;
use poem::domain::model::policy::Denial;
use poem::registry::{ExpectedRevision, SaveError, Saved, api_keys};
use poem::store::{Loaded, api_keys as store};

use super::egi::{Egi, at, race};

fn key(client: &str) -> ApiKeyContent {
    ApiKeyContent { client: client.into(), revoked: false }
}

fn create(egi: &Egi, client: &str) -> Result<(Saved, String), SaveError> {
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    egi.act(async |tx| api_keys::create(tx, &poem, &keys, &key(client)).await)
}

fn change(egi: &Egi, id: i64, content: &ApiKeyContent) -> Result<Saved, SaveError> {
    let poem = egi.viewer("poem");
    egi.act(async |tx| api_keys::change(tx, &poem, ExpectedRevision { id, revision: 0 }, content).await)
}

#[test]
fn a_token_is_returned_once_and_only_its_hash_is_stored() {
    let egi = Egi::new();
    let keys = egi.installation.keys();
    let (saved, token) = create(&egi, "NCG").unwrap();
    assert_eq!(token.len(), 32);
    let stored = egi.read(async |tx| store::unrevoked_hashes(tx.conn()).await);
    assert!(stored.contains(&keys.token_hash(&token)));
    assert!(!egi.rows().contains(&token));
    assert_eq!(egi.history(1), [format!("add|apikey|{}|NCG||poem", saved.id)]);
    let loaded = egi.read(async |tx| store::content(tx.conn(), saved.id).await).unwrap();
    assert_eq!(loaded, Loaded { id: saved.id, revision: 0, content: key("NCG") });
    assert_ne!(create(&egi, "NCG-2").unwrap().1, token);
}

#[test]
fn the_token_that_poem_presents_is_stored_sealed() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let web_api = egi.sql("SELECT id FROM api_key WHERE client = 'WEB-API'")[0].parse().unwrap();
    egi.act(async |tx| api_keys::remove(tx, &poem, web_api).await).unwrap();
    let (_, token) = create(&egi, "WEB-API").unwrap();
    let key = egi.read(async |tx| store::by_client(tx.conn(), "WEB-API").await).unwrap();
    assert_eq!(egi.installation.keys().unseal(&key.token_sealed.unwrap()), Some(token));
}

#[test]
fn a_client_has_one_key() {
    let egi = Egi::new();
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    let refused = egi.rejected(async |tx| api_keys::create(tx, &poem, &keys, &key("EGI")).await);
    assert_eq!(at(&refused, "client"), ["API key with this Client id already exists."]);
    let (_, lost) = race(|| create(&egi, "RACE"));
    assert_eq!(lost.to_string(), "API key with this Client id already exists.");
}

#[test]
fn revoking_is_final() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let saved = change(&egi, 1, &ApiKeyContent { revoked: true, ..key("another name") }).unwrap();
    assert_eq!((saved.name.as_str(), saved.message.as_str()), ("EGI", "Changed revoked."));
    assert_eq!(saved.side_effects, ["The API key has been revoked, which cannot be undone."]);
    assert_eq!(egi.history(1), ["change|apikey|1|EGI|Changed revoked.|poem"]);
    assert_eq!(egi.sql("SELECT client, revoked FROM api_key WHERE id = 1"), ["EGI|t"]);
    let target = ExpectedRevision { id: 1, revision: 0 };
    let refused = egi.rejected(async |tx| api_keys::change(tx, &poem, target, &key("EGI")).await);
    assert_eq!(at(&refused, "revoked"), ["The API key has been revoked, which cannot be undone."]);
    let before = egi.rows();
    let again = change(&egi, 1, &ApiKeyContent { revoked: true, ..key("EGI") }).unwrap();
    assert_eq!((again.message.as_str(), egi.rows()), ("No fields changed.", before));
}

#[test]
fn keys_are_for_superusers() {
    let egi = Egi::new();
    let ([poem, alice], keys) = (["poem", "alice"].map(|name| egi.viewer(name)), egi.installation.keys());
    let is_never = |refusal| matches!(refusal, SaveError::Denied(Denial::Never));
    let [target, gone] = [1, 4711].map(|id| ExpectedRevision { id, revision: 0 });
    assert!(is_never(egi.refused(async |tx| api_keys::create(tx, &alice, &keys, &key("NEW")).await)));
    assert!(is_never(egi.refused(async |tx| api_keys::change(tx, &alice, target, &key("EGI")).await)));
    assert!(is_never(egi.refused(async |tx| api_keys::remove(tx, &alice, 1).await)));
    let is_gone = |refusal| matches!(refusal, SaveError::Gone);
    assert!(is_gone(egi.refused(async |tx| api_keys::change(tx, &poem, gone, &key("EGI")).await)));
    assert!(is_gone(egi.refused(async |tx| api_keys::remove(tx, &poem, 4711).await)));
    egi.act(async |tx| api_keys::remove(tx, &poem, 1).await).unwrap();
    assert_eq!(egi.history(1), ["delete|apikey|1|EGI||poem"]);
    assert_eq!(egi.sql("SELECT count(*) FROM api_key WHERE id = 1"), ["0"]);
}
