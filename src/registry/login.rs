//! Login with a password, and logout.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::{Instant, sleep_until};

use super::Transaction;
use super::login_attempts::Attempt;
use super::login_request::{LoginError, LoginRequest};
use super::{login_queue, password_hashing, sessions as own_sessions};
use crate::domain::model::username::normalized;
use crate::domain::security::login_throttle::{LOG_TARGET, Subject};
use crate::domain::security::password::needs_renewal;
use crate::domain::security::secret::Secret;
use crate::store::users::LoginAccount;
use crate::store::{ReadTx, StoreError, login_addresses, sessions, users};

/// The length limit of names and passwords in bytes: hashing longer ones would only cost time.
const MAX_INPUT_BYTES: usize = 4096;

/// The duration of every refusal.
///
/// It is the same for every kind of hash and without an account, so it does not reveal which accounts exist.
pub(super) const REFUSAL_DURATION: Duration = Duration::from_millis(300);

/// The wait of a login that finds no place in the queue.
pub(super) const QUEUE_WAIT: TimeDelta = TimeDelta::seconds(1);

/// The input of a login form.
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    /// The name, as typed.
    pub username: &'a str,
    /// The password, as typed.
    pub password: Secret,
    /// The hash of the browser's previous session, which a successful login ends.
    pub old_session: Option<&'a [u8]>,
    /// The id of a browser that has logged in to this account before; `None` if it is unknown.
    pub browser: Option<&'a str>,
}

/// The outcome of a successful login.
#[derive(Debug)]
pub struct LoginSuccess {
    /// The id of the new session, for the cookie; the database stores only its hash.
    pub session: String,
    /// The user is a superuser.
    pub is_superuser: bool,
}

/// Starts a session if name and password are those of an account that may log in.
///
/// # Errors
/// `Refused`, `TooMany`, `Store`.
pub async fn log_in(request: LoginRequest<'_>, credentials: Credentials<'_>) -> Result<LoginSuccess, LoginError> {
    let username = credentials.username;
    let counted = normalized(username);
    let place = login_queue::enter(request.client.address).ok_or(LoginError::Busy(QUEUE_WAIT))?;
    let attempt = Attempt::of_login(request, &counted, credentials.browser).await?;
    let begun = Instant::now();
    let compared = attempt.undone_on_error(compare(request, &attempt, credentials)).await;
    drop(place);
    match compared? {
        Comparison::LoginSuccess(logged_in) => {
            let (tenant, address) = (&request.tenant.name, request.client.address);
            log::info!(target: LOG_TARGET, "{tenant}: {username} logged in from {address}");
            Ok(logged_in)
        }
        Comparison::Refused(user) => {
            attempt.report(user.map(|id| (id, username))).await?;
            sleep_until(begun + REFUSAL_DURATION).await;
            Err(LoginError::Refused)
        }
    }
}

/// The outcome of a login attempt that the rate limit allowed.
enum Comparison {
    LoginSuccess(LoginSuccess),
    /// Holds the id of the account, `None` if no account has this name.
    Refused(Option<i64>),
}

async fn compare(
    request: LoginRequest<'_>,
    attempt: &Attempt<'_>,
    credentials: Credentials<'_>,
) -> Result<Comparison, StoreError> {
    let Credentials { username, password, old_session, .. } = credentials;
    let mut refused = None;
    // A second round if the stored hash was renewed while it was checked: the same form was sent twice.
    for _ in 0..2 {
        let found = find(request, username, &password).await?;
        let stored = found.as_ref().map(|found| found.password.as_str());
        let is_correct = password_hashing::verify(stored, &password).await;
        refused = found.as_ref().map(|user| user.id);
        let Some(user) = found.filter(|user| is_correct && user.may_log_in) else { break };
        if let Some(session) = start(request, attempt, &user, &password, old_session).await? {
            return Ok(Comparison::LoginSuccess(LoginSuccess { session, is_superuser: user.is_superuser }));
        }
    }
    Ok(Comparison::Refused(refused))
}

/// Ends the session with this hash, if there is one.
pub async fn log_out(request: LoginRequest<'_>, id_hash: &[u8]) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    sessions::end(tx.write_tx(), id_hash).await?;
    tx.commit().await
}

/// Returns the account; `None` also for names and passwords that no account can have.
pub(super) async fn find(
    request: LoginRequest<'_>,
    username: &str,
    password: &Secret,
) -> Result<Option<LoginAccount>, StoreError> {
    if username.contains('\0') || username.len() > MAX_INPUT_BYTES || password.expose().len() > MAX_INPUT_BYTES {
        return Ok(None);
    }
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let found = users::credentials(tx.conn(), username, &normalized(username)).await?;
    tx.commit().await?;
    Ok(found)
}

/// Starts the session; `None` if the password was changed or the account closed while it was checked.
async fn start(
    request: LoginRequest<'_>,
    attempt: &Attempt<'_>,
    user: &LoginAccount,
    password: &Secret,
    old_session: Option<&[u8]>,
) -> Result<Option<String>, StoreError> {
    let renewed = match needs_renewal(&user.password) {
        true => password_hashing::hash(password).await,
        false => user.password.clone(),
    };
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    attempt.reset(&mut tx).await?;
    if !users::log_in(tx.write_tx(), user.id, &user.password, &renewed).await? {
        return Ok(None);
    }
    if let Some(old) = old_session {
        sessions::end(tx.write_tx(), old).await?;
    }
    login_addresses::put(tx.write_tx(), user.id, &Subject::Address(request.client.address).hash()).await?;
    let session = own_sessions::start(&mut tx, request, user.id).await?;
    tx.commit().await?;
    Ok(Some(session))
}
