//! Login sessions: starting them, keeping them alive, and ending them.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::Transaction;
use super::login_request::LoginRequest;
use crate::domain::model::federated_identity::FederatedSession;
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::keys::{random_hex, session_hash};
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::domain::security::session::SessionLimits;
use crate::store::sessions::{NewSession, OwnSession, SessionUser};
use crate::store::{
    ReadTx, StoreError, login_addresses, login_failures, saml_claims, saml_pending, saml_requests, saml_sessions,
    saml_used, sessions,
};

/// Random bytes in a session id.
const SESSION_BYTES: usize = 32;

/// The longest name of a browser that is stored, in characters.
const LONGEST_USER_AGENT: usize = 300;

/// Starts a session of a user and returns its id.
pub(super) async fn start(tx: &mut Transaction, request: LoginRequest<'_>, user_id: i64) -> Result<String, StoreError> {
    insert(tx, request, user_id, (None, None)).await
}

/// Starts the session that replaces another one of the same user, and returns its id. If that was started at an identity
/// provider, so counts this one: it ends with it.
pub(super) async fn start_again(
    tx: &mut Transaction,
    request: LoginRequest<'_>,
    user_id: i64,
    replaced: &[u8],
) -> Result<String, StoreError> {
    let federated = saml_sessions::find(tx.conn(), replaced).await?;
    let ends_by = federated.as_ref().and_then(|session| session.ends_by);
    let id = insert(tx, request, user_id, (Some(replaced), ends_by)).await?;
    if let Some(session) = &federated {
        saml_sessions::insert(tx.write_tx(), &session_hash(&id), session).await?;
    }
    Ok(id)
}

/// Starts a session of a user who has logged in at an identity provider, and returns its id.
pub(super) async fn start_federated(
    tx: &mut Transaction,
    request: LoginRequest<'_>,
    user_id: i64,
    session: &FederatedSession,
) -> Result<String, StoreError> {
    let id = insert(tx, request, user_id, (None, session.ends_by)).await?;
    saml_sessions::insert(tx.write_tx(), &session_hash(&id), session).await?;
    Ok(id)
}

async fn insert(
    tx: &mut Transaction,
    request: LoginRequest<'_>,
    user_id: i64,
    (replaced, ends_by): (Option<&[u8]>, Option<DateTime<Utc>>),
) -> Result<String, StoreError> {
    let id = random_hex(SESSION_BYTES);
    let session = NewSession {
        id_hash: &session_hash(&id),
        user_id,
        expires: Utc::now() + request.limits.at_first(),
        ends_by,
        user_agent: &request.client.user_agent.chars().take(LONGEST_USER_AGENT).collect::<String>(),
        address: &request.client.address.to_string(),
        replaced_hash: replaced,
    };
    sessions::insert(tx.write_tx(), session).await?;
    Ok(id)
}

/// Records that a session is in use, so that it does not expire as idle; writes at most once a minute.
pub async fn touch(
    pool: &PgPool,
    schema: &SchemaName,
    id_hash: &[u8],
    limits: SessionLimits,
) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    sessions::touch(tx.write_tx(), id_hash, limits).await?;
    tx.commit().await
}

/// Returns the sessions of a user, the one that was used last first.
pub async fn of_user(request: &LoginRequest<'_>, user_id: i64) -> Result<Vec<OwnSession>, StoreError> {
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let found = sessions::of_user(tx.conn(), user_id).await?;
    tx.commit().await?;
    Ok(found)
}

/// Ends the user's session with this hash, in hex digits. A session that has ended already is no error.
pub async fn end(request: LoginRequest<'_>, user: &SessionUser, id: &str) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    sessions::end_own(tx.write_tx(), user.id, id).await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {} ended one of their sessions", request.tenant.name, user.username);
    Ok(())
}

/// Ends all sessions of the user but the one with this hash, in hex digits.
pub async fn end_others(request: LoginRequest<'_>, user: &SessionUser, kept: &str) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    sessions::end_others(tx.write_tx(), user.id, kept).await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {} ended all their other sessions", request.tenant.name, user.username);
    Ok(())
}

/// Removes the tenant's sessions that ended more than a day ago, the failed logins that no longer count, and the rows of
/// the federated login that have expired; returns the number of sessions.
pub async fn clear_ended(pool: &PgPool, schema: &SchemaName) -> Result<u64, StoreError> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    let cleared = sessions::delete_ended(tx.write_tx()).await?;
    login_addresses::delete_forgotten(tx.write_tx()).await?;
    saml_claims::delete_over_age(tx.write_tx()).await?;
    tx.commit().await?;
    // In batches: each transaction is short, so no login waits long for its locks.
    loop {
        let mut tx = Transaction::bookkeeping(pool, schema).await?;
        let forgotten = login_failures::delete_forgotten(tx.write_tx()).await?;
        let over_age = delete_over_age(&mut tx).await?;
        tx.commit().await?;
        if forgotten + over_age == 0 {
            return Ok(cleared);
        }
    }
}

/// Removes a batch of each kind of the rows of the federated login that have expired; returns their number.
pub(super) async fn delete_over_age(tx: &mut Transaction) -> Result<u64, StoreError> {
    let requests = saml_requests::delete_over_age(tx.write_tx()).await?;
    let used = saml_used::delete_over_age(tx.write_tx()).await?;
    Ok(requests + used + saml_pending::delete_over_age(tx.write_tx()).await?)
}
