//! API keys: creating, renewing, revoking and removing them.

use sqlx::PgPool;

use super::Transaction;
use crate::domain::form::validation_error::{ValidationErrors, words};
use crate::domain::model::api_key::{ApiKeyContent, REVOKED, TOKEN, WEB_API_CLIENT};
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::api_token::{self, NOT_PRINTABLE};
use crate::domain::security::keys::{Keys, random_hex};
use crate::domain::security::secret::Secret;
use crate::store::{StoreError, api_keys};

use super::audit_log::{Author, record, record_addition, record_change, record_deletion};
use super::error::name_taken_error;
use super::{ExpectedRevision, SaveError, Saved};

/// The log message of a new token.
const TOKEN_CHANGED: &str = "Changed token.";

/// The error of an entered token of any other client than [`WEB_API_CLIENT`].
const NOT_ENTERED: &str = "Only the token of the client WEB-API is entered. POEM generates all others.";

/// The error of a new key of [`WEB_API_CLIENT`] without its token: the WEB-API would not know a random one.
const NEEDED: &str = "Enter the token that the ARGO WEB-API has issued for this tenant.";

/// Random bytes in a token.
const TOKEN_BYTES: usize = 16;

/// Returns a new random token: 32 hex digits.
pub fn new_token() -> String {
    random_hex(TOKEN_BYTES)
}

/// Returns the stored form of a token: its hash, and the sealed token if POEM itself must present it.
fn stored(keys: &Keys, client: &str, token: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    (keys.token_hash(token), (client == WEB_API_CLIENT).then(|| keys.seal(token)))
}

/// Returns the content of a key in force.
fn unrevoked(client: &str) -> ApiKeyContent {
    ApiKeyContent { client: client.to_owned(), ..ApiKeyContent::default() }
}

/// Checks a token that was entered for the client; `None` if none was.
fn entered<'c>(content: &'c ApiKeyContent, client: &str) -> Result<Option<&'c Secret>, ValidationErrors> {
    match &content.token {
        token if token.is_empty() => Ok(None),
        _ if client != WEB_API_CLIENT => Err(ValidationErrors::at(TOKEN, NOT_ENTERED)),
        token if !api_token::is_printable(token.expose()) => {
            Err(ValidationErrors::at(TOKEN, format!("The token {NOT_PRINTABLE}.")))
        }
        token => Ok(Some(token)),
    }
}

/// The outcome of [`put`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// The client had no key before.
    pub is_new: bool,
    /// The key had been revoked, and revoking is final: the new token is refused.
    pub is_revoked: bool,
}

/// Creates the client's key, or replaces its token and renews the date.
///
/// The audit log names `command` as the author. The caller commits, after it has shown the token.
pub async fn put(
    tx: &mut Transaction,
    keys: &Keys,
    (client, token): (&str, &str),
    command: &str,
) -> Result<Put, StoreError> {
    let (hash, sealed) = stored(keys, client, token);
    let (id, is_new, is_revoked) = api_keys::put(tx.write_tx(), client, &hash, sealed.as_deref()).await?;
    let (author, object) = (Author::command(command), (ObjectKind::ApiKey, id, client));
    if is_new {
        record_addition(tx, author, object, &unrevoked(client), "").await?;
    } else {
        record(tx, author, LogAction::Change, object, TOKEN_CHANGED).await?;
    }
    Ok(Put { is_new, is_revoked })
}

/// Revokes the client's key permanently.
///
/// `None` if there is no such client, `Some(false)` if the key was already revoked.
pub async fn revoke(
    pool: &PgPool,
    schema: &SchemaName,
    client: &str,
    command: &str,
) -> Result<Option<bool>, StoreError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let Some((id, in_force)) = api_keys::revoke(tx.write_tx(), client).await? else { return Ok(None) };
    if in_force {
        let object = (ObjectKind::ApiKey, id, client);
        let before = unrevoked(client);
        let changes = before.changes(&ApiKeyContent { revoked: true, ..before.clone() });
        record_change(&mut tx, Author::command(command), object, changes).await?;
    }
    tx.commit().await?;
    Ok(Some(in_force))
}

/// Creates a key for the client. Returns its random token, which cannot be read again later; an empty one for
/// [`WEB_API_CLIENT`], whose token is entered.
pub async fn create(
    tx: &mut Transaction,
    viewer: &Viewer,
    keys: &Keys,
    content: &ApiKeyContent,
) -> Result<(Saved, Secret), SaveError> {
    decide(viewer, ObjectKind::ApiKey, Action::Add { group: "" })?;
    let client = &content.client;
    let (token, shown) = match entered(content, client)? {
        Some(token) => (token.clone(), Secret::default()),
        None if client == WEB_API_CLIENT => return Err(ValidationErrors::at(TOKEN, NEEDED).into()),
        None => {
            let token = Secret::new(new_token());
            (token.clone(), token)
        }
    };
    let (hash, sealed) = stored(keys, client, token.expose());
    let inserted = api_keys::insert(tx.write_tx(), client, &hash, sealed.as_deref()).await;
    let exists = [("api_key_client_key", "client", words::exists("API key", "Client id"))];
    let id = inserted.map_err(|error| name_taken_error(error, &exists))?;
    record_addition(tx, viewer, (ObjectKind::ApiKey, id, client), content, "").await?;
    Ok((Saved::plain(id, client), shown))
}

/// Replaces the random token of a key and returns the new one, which cannot be read again later.
pub async fn renew(tx: &mut Transaction, viewer: &Viewer, keys: &Keys, id: i64) -> Result<String, SaveError> {
    let key = api_keys::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::ApiKey, Action::Change { before: "", after: "" })?;
    if key.revoked {
        return Err(ValidationErrors::at("revoked", REVOKED).into());
    }
    if key.client == WEB_API_CLIENT {
        return Err(ValidationErrors::at(TOKEN, NEEDED).into());
    }
    let token = new_token();
    let (hash, sealed) = stored(keys, &key.client, &token);
    api_keys::put(tx.write_tx(), &key.client, &hash, sealed.as_deref()).await?;
    record(tx, viewer, LogAction::Change, (ObjectKind::ApiKey, id, &key.client), TOKEN_CHANGED).await?;
    Ok(token)
}

/// Revokes a key permanently, or replaces the token of [`WEB_API_CLIENT`]. The client in the content is ignored.
///
/// A token that the key has already changes nothing.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    keys: &Keys,
    target: ExpectedRevision,
    content: &ApiKeyContent,
) -> Result<Saved, SaveError> {
    let before = api_keys::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::ApiKey, Action::Change { before: "", after: "" })?;
    let client = &before.client;
    if before.revoked && !content.revoked {
        return Err(ValidationErrors::at("revoked", REVOKED).into());
    }
    let changed = match entered(content, client)? {
        Some(_) if before.revoked => return Err(ValidationErrors::at(TOKEN, REVOKED).into()),
        Some(token) => replace(tx, viewer, keys, (target.id, client, token)).await?,
        None => false,
    };
    let changes = before.changes(content);
    if changes.is_empty() {
        return Ok(match changed {
            true => Saved::changed(target.id, client, TOKEN_CHANGED.to_owned()),
            false => Saved::nothing(target.id, client),
        });
    }
    api_keys::revoke(tx.write_tx(), client).await?;
    let message = changes.in_words();
    record_change(tx, viewer, (ObjectKind::ApiKey, target.id, client), changes).await?;
    let side_effects = vec![REVOKED.to_owned()];
    Ok(Saved { side_effects, ..Saved::changed(target.id, client, message) })
}

/// Replaces the token that POEM presents; returns false if the key has this token already.
async fn replace(
    tx: &mut Transaction,
    viewer: &Viewer,
    keys: &Keys,
    (id, client, token): (i64, &str, &Secret),
) -> Result<bool, SaveError> {
    let key = api_keys::by_client(tx.conn(), client).await?.ok_or(SaveError::Gone)?;
    if key.token_sealed.and_then(|sealed| keys.unseal(&sealed)).as_deref() == Some(token.expose()) {
        return Ok(false);
    }
    let (hash, sealed) = stored(keys, client, token.expose());
    api_keys::put(tx.write_tx(), client, &hash, sealed.as_deref()).await?;
    record(tx, viewer, LogAction::Change, (ObjectKind::ApiKey, id, client), TOKEN_CHANGED).await?;
    Ok(true)
}

/// Removes a key: its token is refused from now on, and the client can get a new key.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<Saved, SaveError> {
    let before = api_keys::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::ApiKey, Action::Delete { group: "" })?;
    api_keys::delete(tx.write_tx(), id).await?;
    record_deletion(tx, viewer, (ObjectKind::ApiKey, id, &before.client), &before).await?;
    Ok(Saved::plain(id, &before.client))
}
