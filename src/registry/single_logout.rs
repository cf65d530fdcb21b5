//! The single logout: of sessions that end here, also at the identity provider; of those that end there, also here.

use chrono::{DateTime, TimeDelta, Utc};

use super::Transaction;
use super::federated_accounts::in_log;
use super::federated_login::message_hash;
use super::login_request::LoginRequest;
use crate::domain::model::federated_identity::{FederatedSession, NameId};
use crate::domain::security::keys::{random_hex, session_hash};
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::store::{StoreError, saml_requests, saml_sessions, saml_used};

/// The time for which the link of the logout page works.
const HANDLE_FOR: TimeDelta = TimeDelta::minutes(10);
/// The time for which the response of the identity provider is awaited.
const RESPONSE_WITHIN: TimeDelta = TimeDelta::hours(1);

/// Returns a secret for a link that ends a session at the identity provider as well. It works once, for ten minutes.
///
/// `None` if the session was not started by a federated login, or the identity provider did not name the person. The
/// session may have ended already.
pub async fn handle(request: LoginRequest<'_>, id_hash: &[u8]) -> Result<Option<String>, StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    let found = saml_sessions::find(tx.conn(), id_hash).await?.filter(|session| !session.name_id.value.is_empty());
    let Some(session) = found else { return Ok(None) };
    let handle = random_hex(32);
    saml_requests::insert_handle(tx.write_tx(), &session_hash(&handle), &session, HANDLE_FOR).await?;
    tx.commit().await?;
    Ok(Some(handle))
}

/// Returns the session of the link with this secret, which works no more; `None` if it does not work.
pub async fn take_handle(request: LoginRequest<'_>, handle: &str) -> Result<Option<FederatedSession>, StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    let session = saml_requests::take_handle(tx.write_tx(), &session_hash(handle)).await?;
    tx.commit().await?;
    Ok(session)
}

/// Records that the identity provider is asked for a logout, with the message of this id.
pub async fn begin_logout(request: LoginRequest<'_>, message_id: &str, idp: &str) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    saml_requests::insert_logout(tx.write_tx(), &session_hash(message_id), idp, RESPONSE_WITHIN).await?;
    tx.commit().await
}

/// Records that the response to the message of this id has come. Returns false if no such response is awaited.
pub async fn end_logout(request: LoginRequest<'_>, message_id: &str) -> Result<bool, StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    let was_open = saml_requests::take_logout(tx.write_tx(), &session_hash(message_id)).await?;
    tx.commit().await?;
    Ok(was_open)
}

/// A LogoutRequest that was checked.
#[derive(Debug, Clone, Copy)]
pub struct IdpLogout<'a> {
    /// The entity id of the identity provider.
    pub idp: &'a str,
    /// The id of the message.
    pub message_id: &'a str,
    /// The time from which the message would be refused, clock skew included.
    pub expires: DateTime<Utc>,
    /// The name of the person.
    pub name_id: &'a NameId,
    /// The indexes of the sessions that are to end; empty for all of the person's.
    pub session_indexes: &'a [String],
}

/// Ends the sessions that an identity provider names; returns the users, each with the number of their sessions.
///
/// `None` if the message was accepted before. Message and sessions are of one transaction: if the database fails, the
/// message can be sent again.
pub async fn end_sessions(
    request: LoginRequest<'_>,
    logout: IdpLogout<'_>,
) -> Result<Option<Vec<(String, usize)>>, StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    if !saml_used::insert(tx.write_tx(), &message_hash(logout.idp, logout.message_id), logout.expires).await? {
        return Ok(None);
    }
    let mut names = match logout.name_id.value.is_empty() {
        true => Vec::new(),
        false => saml_sessions::end(tx.write_tx(), logout.idp, logout.name_id, logout.session_indexes).await?,
    };
    tx.commit().await?;
    names.sort();
    let users: Vec<(String, usize)> = names.chunk_by(|a, b| a == b).map(|same| (same[0].clone(), same.len())).collect();
    report(request, logout.idp, &users);
    Ok(Some(users))
}

fn report(request: LoginRequest<'_>, idp: &str, users: &[(String, usize)]) {
    let (tenant, idp) = (&request.tenant.name, in_log(idp));
    if users.is_empty() {
        log::info!(target: LOG_TARGET, "{tenant}: logged out by {idp}: no session");
    }
    for (username, count) in users {
        let sessions = if *count == 1 { "session" } else { "sessions" };
        log::info!(target: LOG_TARGET, "{tenant}: logged out by {idp}: {count} {sessions} of {username}");
    }
}
