//! The federated login: logins that have begun, and those whose response has come.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Transaction;
use super::federated_accounts::{Entry, FederatedOutcome, perform, plan, report};
use super::login_request::LoginRequest;
use super::sessions::delete_over_age;
use crate::domain::model::federated_identity::{FederatedIdentity, FederatedSession};
use crate::domain::security::keys::{hex, same_hash, session_hash};
use crate::domain::security::login_throttle::Subject;
use crate::store::saml_requests::{NewRequest, OpenLogins, StoredLogin};
use crate::store::{ReadTx, StoreError, saml_requests, saml_used};

/// The time for which a login is open, and for which it is remembered as used.
const OPEN_FOR: TimeDelta = TimeDelta::hours(1);
/// The most open logins of an address; all addresses of an IPv6 /64 network count as one.
const MAX_OF_ADDRESS: i64 = 60;
/// The most open logins of a tenant.
const MAX_OF_TENANT: i64 = 5_000;
/// The number of hex digits of the hash of a request's id that are in the name of the login's cookie.
const COOKIE_DIGITS: usize = 8;

/// The reason why a login could not begin.
#[derive(Debug, thiserror::Error)]
pub enum FederatedError {
    /// Too many logins of the address, or of the tenant, are open; holds the wait.
    #[error("too many logins were begun")]
    TooMany(TimeDelta),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A login that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewFederatedLogin<'a> {
    /// The id of the request.
    pub request_id: &'a str,
    /// The value of the login's cookie.
    pub browser: &'a str,
    /// The entity id of the identity provider.
    pub idp: &'a str,
    /// The path to return to; `None` for the first page of the user.
    pub next: Option<&'a str>,
}

/// The state of a login that is said to have begun here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginState {
    /// Its response is awaited.
    Open(OpenLogin),
    /// Its response has come.
    Used {
        /// The path to return to.
        next: Option<String>,
    },
    /// There is none, or it began more than an hour ago.
    Unknown,
}

/// A login whose response is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLogin {
    /// The entity id of the identity provider.
    pub idp: String,
    /// The path to return to.
    pub next: Option<String>,
    /// The hash of the login's cookie, see [`OpenLogin::is_from`].
    pub browser_hash: Vec<u8>,
    /// The time when it began, by the clock of the database.
    pub created: DateTime<Utc>,
}

impl OpenLogin {
    /// Returns true if the login began in the browser with this cookie.
    pub fn is_from(&self, browser: &str) -> bool {
        same_hash(&session_hash(browser), &self.browser_hash)
    }
}

/// Returns the end of the name of a login's cookie.
pub fn cookie_suffix(request_id: &str) -> String {
    let mut digits = hex(&session_hash(request_id));
    digits.truncate(COOKIE_DIGITS);
    digits
}

/// Records that a login begins; it is open for an hour.
///
/// # Errors
/// `TooMany`, `Store`.
pub async fn begin(request: LoginRequest<'_>, login: NewFederatedLogin<'_>) -> Result<(), FederatedError> {
    let address_hash = Subject::Address(request.client.address).hash();
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    delete_over_age(&mut tx).await?;
    check_limit(saml_requests::open_from(tx.conn(), &address_hash).await?, MAX_OF_ADDRESS)?;
    check_limit(saml_requests::open(tx.conn()).await?, MAX_OF_TENANT)?;
    let new = NewRequest {
        id_hash: &session_hash(login.request_id),
        idp: login.idp,
        browser_hash: &session_hash(login.browser),
        address_hash: &address_hash,
        next: login.next.unwrap_or_default(),
        lifetime: OPEN_FOR,
    };
    saml_requests::insert_login(tx.write_tx(), new).await?;
    Ok(tx.commit().await?)
}

fn check_limit(open: OpenLogins, max: i64) -> Result<(), FederatedError> {
    if open.count < max {
        return Ok(());
    }
    let wait = Duration::try_from_secs_f64(open.seconds).unwrap_or_default();
    Err(FederatedError::TooMany(TimeDelta::from_std(wait).unwrap_or(OPEN_FOR)))
}

/// Returns the state of the login with this id.
pub async fn find_login(request: LoginRequest<'_>, request_id: &str) -> Result<LoginState, StoreError> {
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let found = saml_requests::find_login(tx.conn(), &session_hash(request_id)).await?;
    tx.commit().await?;
    let Some(StoredLogin { is_used, idp, browser_hash, next, created }) = found else {
        return Ok(LoginState::Unknown);
    };
    let next = Some(next).filter(|next| !next.is_empty());
    Ok(match is_used {
        true => LoginState::Used { next },
        false => LoginState::Open(OpenLogin { idp, next, browser_hash, created }),
    })
}

/// Returns whether an assertion of the identity provider was accepted before.
pub async fn was_used(request: LoginRequest<'_>, idp: &str, assertion_id: &str) -> Result<bool, StoreError> {
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let is_used = saml_used::contains(tx.conn(), &message_hash(idp, assertion_id)).await?;
    tx.commit().await?;
    Ok(is_used)
}

/// Returns the hash under which a message of a sender is remembered.
pub(super) fn message_hash(idp: &str, message_id: &str) -> Vec<u8> {
    // A blank is in neither an entity id nor an XML id.
    session_hash(&format!("{idp} {message_id}"))
}

/// The response to a login: what makes it acceptable once only.
#[derive(Debug, Clone, Copy)]
pub struct AcceptedResponse<'a> {
    /// The id of the login's request.
    pub request_id: &'a str,
    /// The id of the assertion.
    pub assertion_id: &'a str,
    /// The time from which the assertion would be refused, clock skew included.
    pub assertion_expires: DateTime<Utc>,
}

/// A login whose response was checked.
#[derive(Debug, Clone, Copy)]
pub struct CheckedLogin<'a> {
    /// The response.
    pub response: AcceptedResponse<'a>,
    /// The person.
    pub identity: &'a FederatedIdentity,
    /// The session at the identity provider.
    pub session: &'a FederatedSession,
    /// The hash of the browser's previous session, which a successful login ends.
    pub old_session: Option<&'a [u8]>,
    /// A person without an account gets one.
    pub create_users: bool,
}

/// Logs a person in, or says why not. Each login and each assertion is accepted once, by whichever server.
///
/// Waits for the tenant's writer only if an account is created or changed.
///
/// # Errors
/// `Store`: nothing was changed, and the same response can be sent again.
pub async fn log_in(request: LoginRequest<'_>, login: CheckedLogin<'_>) -> Result<FederatedOutcome, StoreError> {
    let tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    let outcome = match attempt(tx, request, &login, false).await? {
        Some(outcome) => outcome,
        None => {
            let tx = Transaction::begin(request.pool, &request.tenant.schema).await?;
            // A transaction that waits for the writer may do everything.
            attempt(tx, request, &login, true).await?.unwrap_or(FederatedOutcome::AlreadyUsed)
        }
    };
    report(request, login.identity, &outcome);
    Ok(outcome)
}

/// Returns the outcome; `None`, before anything is changed, if the transaction would have to be the tenant's writer.
async fn attempt(
    mut tx: Transaction,
    request: LoginRequest<'_>,
    login: &CheckedLogin<'_>,
    is_writer: bool,
) -> Result<Option<FederatedOutcome>, StoreError> {
    let plan = plan(tx.conn(), login.identity, login.create_users).await?;
    if plan.changes_accounts() && !is_writer {
        tx.commit().await?;
        return Ok(None);
    }
    let Some(begun) = consume(&mut tx, login.identity, login.response).await? else {
        return Ok(Some(FederatedOutcome::AlreadyUsed));
    };
    let entry = Entry {
        identity: login.identity,
        session: login.session,
        old_session: login.old_session,
        next: &begun.next,
        browser_hash: &begun.browser_hash,
        cookie: &cookie_suffix(login.response.request_id),
    };
    let outcome = perform(&mut tx, request, entry, plan).await?;
    tx.commit().await?;
    Ok(Some(outcome))
}

/// Marks login and assertion as used; `None` if either was used before.
async fn consume(
    tx: &mut Transaction,
    identity: &FederatedIdentity,
    response: AcceptedResponse<'_>,
) -> Result<Option<StoredLogin>, StoreError> {
    let begun = saml_requests::use_login(tx.write_tx(), &session_hash(response.request_id), OPEN_FOR).await?;
    let Some(begun) = begun else { return Ok(None) };
    let hash = message_hash(&identity.idp, response.assertion_id);
    let is_first = saml_used::insert(tx.write_tx(), &hash, response.assertion_expires).await?;
    Ok(is_first.then_some(begun))
}

/// Marks login and assertion of a person as used who is refused for another reason than their account. Returns false if
/// either was used before.
pub async fn refuse(
    request: LoginRequest<'_>,
    identity: &FederatedIdentity,
    response: AcceptedResponse<'_>,
) -> Result<bool, StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    if consume(&mut tx, identity, response).await?.is_none() {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}
