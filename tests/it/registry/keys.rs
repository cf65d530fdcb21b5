//! API keys: shown once, revoked for good.

use poem::domain::model::api_key::ApiKeyContent;
use poem::domain::model::policy::Denial;
use poem::domain::security::api_token::MissingToken;
use poem::domain::security::secret::Secret;
use poem::registry::web_api_token;
use poem::registry::{ExpectedRevision, SaveError, Saved, api_keys};
use poem::store::{Loaded, api_keys as store};

use super::egi::{Egi, at, race};

fn key(client: &str) -> ApiKeyContent {
    ApiKeyContent { client: client.into(), ..ApiKeyContent::default() }
}

/// The content of the key that POEM presents, with an entered token.
fn entered(token: &str) -> ApiKeyContent {
    ApiKeyContent { token: Secret::new(token), ..key("WEB-API") }
}

fn create(egi: &Egi, content: &ApiKeyContent) -> Result<(Saved, String), SaveError> {
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    let (saved, token) = egi.act(async |tx| api_keys::create(tx, &poem, &keys, content).await)?;
    Ok((saved, token.expose().to_owned()))
}

fn change(egi: &Egi, id: i64, content: &ApiKeyContent) -> Result<Saved, SaveError> {
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    egi.act(async |tx| api_keys::change(tx, &poem, &keys, ExpectedRevision { id, revision: 0 }, content).await)
}

#[test]
fn a_token_is_returned_once_and_only_its_hash_is_stored() {
    let egi = Egi::new();
    let keys = egi.installation.keys();
    let (saved, token) = create(&egi, &key("NCG")).unwrap();
    assert_eq!(token.len(), 32);
    let stored = egi.read(async |tx| store::unrevoked_hashes(tx.conn()).await);
    assert!(stored.contains(&keys.token_hash(&token)));
    assert!(!egi.rows().contains(&token));
    assert_eq!(egi.history(1), [format!("add|apikey|{}|NCG||poem", saved.id)]);
    let loaded = egi.read(async |tx| store::content(tx.conn(), saved.id).await).unwrap();
    assert_eq!(loaded, Loaded { id: saved.id, revision: 0, content: key("NCG") });
    assert_ne!(create(&egi, &key("NCG-2")).unwrap().1, token);
}

#[test]
fn the_token_that_poem_presents_is_stored_sealed() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let web_api = egi.sql("SELECT id FROM api_key WHERE client = 'WEB-API'")[0].parse().unwrap();
    egi.act(async |tx| api_keys::remove(tx, &poem, web_api).await).unwrap();
    let (saved, shown) = create(&egi, &entered("of-the-web-api")).unwrap();
    assert_eq!(shown, "", "the user has it already");
    assert!(!egi.rows().contains("of-the-web-api"));
    assert_eq!(token_of(&egi).unwrap().expose(), "of-the-web-api");
    assert_eq!(egi.history(1), [format!("add|apikey|{}|WEB-API||poem", saved.id)]);
}

fn token_of(egi: &Egi) -> Result<Secret, MissingToken> {
    let keys = egi.installation.keys();
    egi.read(async |tx| web_api_token::find(tx.conn(), &keys).await)
}

#[test]
fn an_entered_token_replaces_the_one_that_poem_presents() {
    let egi = Egi::new();
    let id = egi.sql("SELECT id FROM api_key WHERE client = 'WEB-API'")[0].parse().unwrap();
    let longest = "f".repeat(128);
    let saved = change(&egi, id, &entered(&longest)).unwrap();
    assert_eq!((saved.name.as_str(), saved.message.as_str()), ("WEB-API", "Changed token."));
    assert_eq!(egi.history(1), [format!("change|apikey|{id}|WEB-API|Changed token.|poem")]);
    assert_eq!(token_of(&egi).unwrap().expose(), longest);
    let before = egi.rows();
    for same in [entered(&longest), key("WEB-API")] {
        assert_eq!(change(&egi, id, &same).unwrap().message, "No fields changed.");
    }
    assert_eq!(egi.rows(), before);
}

#[test]
fn a_token_that_cannot_be_sent_is_refused() {
    let egi = Egi::new();
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    let web_api: i64 = egi.sql("SELECT id FROM api_key WHERE client = 'WEB-API'")[0].parse().unwrap();
    let target = |id| ExpectedRevision { id, revision: 0 };
    for token in ["a b", "\u{e9}", "a\nb", "a\u{200b}b"] {
        let content = entered(token);
        let refused = egi.rejected(async |tx| api_keys::change(tx, &poem, &keys, target(web_api), &content).await);
        assert_eq!(at(&refused, "token"), ["The token must be printable ASCII characters without blanks."]);
    }
    let other = ApiKeyContent { client: "EGI".into(), ..entered("a") };
    let refused = egi.rejected(async |tx| api_keys::change(tx, &poem, &keys, target(1), &other).await);
    assert!(at(&refused, "token")[0].starts_with("Only the token of the client WEB-API is entered."));
    let new = ApiKeyContent { client: "NEW".into(), ..entered("a") };
    let refused = egi.rejected(async |tx| api_keys::create(tx, &poem, &keys, &new).await);
    assert!(at(&refused, "token")[0].starts_with("Only the token of the client WEB-API is entered."));
    egi.act(async |tx| api_keys::remove(tx, &poem, web_api).await).unwrap();
    let refused = egi.rejected(async |tx| api_keys::create(tx, &poem, &keys, &key("WEB-API")).await);
    assert_eq!(at(&refused, "token"), ["Enter the token that the ARGO WEB-API has issued for this tenant."]);
}

#[test]
fn a_revoked_or_unreadable_token_is_none() {
    let egi = Egi::new();
    let id = egi.sql("SELECT id FROM api_key WHERE client = 'WEB-API'")[0].parse().unwrap();
    assert!(token_of(&egi).is_ok());
    for sealed in ["'\\x00'", "NULL"] {
        egi.sql(&format!("UPDATE api_key SET token_sealed = {sealed} WHERE client = 'WEB-API'"));
        assert_eq!(token_of(&egi), Err(MissingToken::Unreadable));
    }
    change(&egi, id, &entered("new")).unwrap();
    assert!(token_of(&egi).is_ok());
    change(&egi, id, &ApiKeyContent { revoked: true, ..key("WEB-API") }).unwrap();
    assert_eq!(token_of(&egi), Err(MissingToken::Revoked));
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    let (target, content) =
        (ExpectedRevision { id, revision: 0 }, ApiKeyContent { revoked: true, ..entered("another") });
    let refused = egi.rejected(async |tx| api_keys::change(tx, &poem, &keys, target, &content).await);
    assert_eq!(at(&refused, "token"), ["The API key has been revoked, which cannot be undone."]);
    egi.act(async |tx| api_keys::remove(tx, &poem, id).await).unwrap();
    assert_eq!(token_of(&egi), Err(MissingToken::Absent));
}

#[test]
fn a_client_has_one_key() {
    let egi = Egi::new();
    let (poem, keys) = (egi.viewer("poem"), egi.installation.keys());
    let refused = egi.rejected(async |tx| api_keys::create(tx, &poem, &keys, &key("EGI")).await);
    assert_eq!(at(&refused, "client"), ["API key with this Client id already exists."]);
    let (_, lost) = race(|| create(&egi, &key("RACE")));
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
    let refused =
        egi.rejected(async |tx| api_keys::change(tx, &poem, &egi.installation.keys(), target, &key("EGI")).await);
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
    assert!(is_never(egi.refused(async |tx| api_keys::change(tx, &alice, &keys, target, &key("EGI")).await)));
    assert!(is_never(egi.refused(async |tx| api_keys::remove(tx, &alice, 1).await)));
    let is_gone = |refusal| matches!(refusal, SaveError::Gone);
    assert!(is_gone(egi.refused(async |tx| api_keys::change(tx, &poem, &keys, gone, &key("EGI")).await)));
    assert!(is_gone(egi.refused(async |tx| api_keys::remove(tx, &poem, 4711).await)));
    egi.act(async |tx| api_keys::remove(tx, &poem, 1).await).unwrap();
    assert_eq!(egi.history(1), ["delete|apikey|1|EGI||poem"]);
    assert_eq!(egi.sql("SELECT count(*) FROM api_key WHERE id = 1"), ["0"]);
}
