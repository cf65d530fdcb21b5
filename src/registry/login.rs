//! Login with a password, logout, and the change of one's own password.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use sqlx::PgPool;
use tokio::time::{Instant, sleep_until};

use super::Transaction;
use super::audit_log::record;
use super::password_hashing;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::keys::{random_hex, session_hash};
use crate::domain::security::login_throttle::{LOG_TARGET, Subject};
use crate::domain::security::password::needs_renewal;
use crate::domain::security::password_rules::{self, UserAttributes};
use crate::domain::security::secret::Secret;
use crate::domain::security::session::SessionLimits;
use crate::store::sessions::SessionUser;
use crate::store::users::LoginAccount;
use crate::store::{ReadTx, StoreError, login_failures, sessions, users};

/// The length limit of names and passwords in bytes: hashing longer ones would only cost time.
const MAX_INPUT_BYTES: usize = 4096;

/// Random bytes in a session id.
const SESSION_BYTES: usize = 32;

/// The duration of every refusal.
///
/// It is the same for every kind of hash and without an account, so it does not reveal which accounts exist.
const REFUSAL_DURATION: Duration = Duration::from_millis(300);

/// The form field for the old password, in a change of one's own password.
pub const OLD_PASSWORD: &str = "old_password";
/// The form field for the new password.
pub const NEW_PASSWORD: &str = "new_password1";
/// The form field for the new password, repeated.
pub const NEW_PASSWORD_AGAIN: &str = "new_password2";

/// The context of a login request.
#[derive(Clone, Copy)]
pub struct LoginRequest<'a> {
    /// The connection pool of the server.
    pub pool: &'a PgPool,
    /// The tenant that the request belongs to.
    pub tenant: &'a Tenant,
    /// The lifetime of the session that a login starts.
    pub limits: SessionLimits,
    /// The address of the client, for the rate limit and the log.
    pub client_ip: IpAddr,
}

/// The input of a login form.
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    /// The name, as typed.
    pub username: &'a str,
    /// The password, as typed.
    pub password: Secret,
    /// The id of the browser's previous session, which a successful login ends.
    pub old_session: Option<&'a str>,
}

/// The outcome of a successful login.
#[derive(Debug)]
pub struct LoginSuccess {
    /// The id of the new session, for the cookie; the database stores only its hash.
    pub session: String,
    /// The user is a superuser.
    pub is_superuser: bool,
}

/// The reason why a login or a change of password failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong name or password, inactive, or not staff: the message does not reveal which.
    ///
    /// In a change of password: the old password is wrong.
    #[error(
        "Please enter the correct username and password for a staff account. Note that both fields may be case-sensitive."
    )]
    Refused,
    /// Too many failures of this account or from this address, so the password was not checked; holds the wait.
    #[error("Too many failed logins. Please wait {} and try again.", in_words(.0))]
    TooMany(TimeDelta),
    /// The new password is not acceptable.
    #[error(transparent)]
    Rejected(#[from] ValidationErrors),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Starts a session if name and password are those of an account that may log in.
///
/// # Errors
/// `Refused`, `TooMany`, `Store`.
pub async fn log_in(request: LoginRequest<'_>, credentials: Credentials<'_>) -> Result<LoginSuccess, LoginError> {
    let username = credentials.username;
    let counted = count(request, username).await?;
    let begun = Instant::now();
    match undo_count_on_error(request, username, compare(request, credentials)).await? {
        Comparison::LoginSuccess(logged_in) => {
            log::info!(target: LOG_TARGET, "{}: {username} logged in from {}", request.tenant.name, request.client_ip);
            Ok(logged_in)
        }
        Comparison::Refused(user) => {
            report_failure(request, user.map(|id| (id, username)), counted).await?;
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

async fn compare(request: LoginRequest<'_>, credentials: Credentials<'_>) -> Result<Comparison, StoreError> {
    let Credentials { username, password, old_session } = credentials;
    let found = find(request, username, &password).await?;
    let stored = found.as_ref().map(|found| found.password.as_str());
    let is_correct = password_hashing::verify(stored, &password).await;
    let Some(user) = found else { return Ok(Comparison::Refused(None)) };
    if is_correct
        && user.may_log_in
        && let Some(session) = start(request, &user, (username, &password), old_session).await?
    {
        return Ok(Comparison::LoginSuccess(LoginSuccess { session, is_superuser: user.is_superuser }));
    }
    Ok(Comparison::Refused(Some(user.id)))
}

/// Awaits the check of a password; if the database fails, undoes the count of the attempt.
///
/// An attempt that could not be checked is not a failed login. If the count cannot be undone either, it stays.
async fn undo_count_on_error<T>(
    request: LoginRequest<'_>,
    username: &str,
    check: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, LoginError> {
    match check.await {
        Ok(checked) => Ok(checked),
        Err(error) => {
            if let Err(also) = undo_count(request, username).await {
                log::warn!(target: LOG_TARGET, "{}: a login stays counted as failed: {also}", request.tenant.name);
            }
            Err(error.into())
        }
    }
}

async fn undo_count(request: LoginRequest<'_>, username: &str) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    for subject in subjects(request, username) {
        login_failures::undo_count(tx.write_tx(), subject).await?;
    }
    tx.commit().await
}

/// Ends the session with this id, if there is one.
pub async fn log_out(request: LoginRequest<'_>, session: &str) -> Result<(), StoreError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    sessions::delete(tx.write_tx(), &session_hash(session)).await?;
    tx.commit().await
}

/// Changes the password of the logged-in user; ends all their sessions and returns the id of a new one.
///
/// # Errors
/// `Refused` if the old password is wrong; `Rejected` with messages at the three fields; `TooMany`, `Store`.
pub async fn change_password(
    request: LoginRequest<'_>,
    user: &SessionUser,
    old: &Secret,
    (new, again): (&Secret, &Secret),
) -> Result<String, LoginError> {
    let counted = count(request, &user.username).await?;
    let (found, is_correct) = undo_count_on_error(request, &user.username, compare_own(request, user, old)).await?;
    let Some(found) = found.filter(|_| is_correct) else {
        report_failure(request, Some((user.id, &user.username)), counted).await?;
        return Err(LoginError::Refused);
    };
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    reset_failures(&mut tx, request, &user.username).await?;
    tx.commit().await?;
    let owner = UserAttributes {
        username: &user.username,
        first_name: &found.first_name,
        last_name: &found.last_name,
        email: &found.email,
    };
    password_rules::check((new.expose(), again.expose()), owner, (NEW_PASSWORD, NEW_PASSWORD_AGAIN))?;
    store_password(request, user, &found.password, &password_hashing::hash(new).await).await
}

/// Returns the account of the logged-in user, and whether the password is correct.
async fn compare_own(
    request: LoginRequest<'_>,
    user: &SessionUser,
    password: &Secret,
) -> Result<(Option<LoginAccount>, bool), StoreError> {
    let found = find(request, &user.username, password).await?.filter(|found| found.id == user.id);
    let is_correct = password_hashing::verify(found.as_ref().map(|found| found.password.as_str()), password).await;
    Ok((found, is_correct))
}

async fn store_password(
    request: LoginRequest<'_>,
    user: &SessionUser,
    stored: &str,
    hash: &str,
) -> Result<String, LoginError> {
    let mut tx = Transaction::begin(request.pool, &request.tenant.schema).await?;
    if !users::replace_password(tx.write_tx(), user.id, stored, hash).await? {
        return Err(
            ValidationErrors::at(OLD_PASSWORD, "Someone else has changed your password in the meantime.").into()
        );
    }
    sessions::delete_of_user(tx.write_tx(), user.id).await?;
    let session = insert_session(&mut tx, request.limits, user.id).await?;
    let own = (user.id, user.username.as_str());
    record(&mut tx, own, LogAction::Change, (ObjectKind::CustUser, own.0, own.1), "Changed password.").await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {} changed the password", request.tenant.name, user.username);
    Ok(session)
}

/// Returns the account; `None` also for names and passwords that no account can have.
async fn find(
    request: LoginRequest<'_>,
    username: &str,
    password: &Secret,
) -> Result<Option<LoginAccount>, StoreError> {
    if username.contains('\0') || username.len() > MAX_INPUT_BYTES || password.expose().len() > MAX_INPUT_BYTES {
        return Ok(None);
    }
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let found = users::credentials(tx.conn(), username).await?;
    tx.commit().await?;
    Ok(found)
}

/// Counts the attempt as a failure before the password is checked.
///
/// Returns the failures of the account and of the address. Counting first means that concurrent attempts get no more
/// tries than consecutive ones.
async fn count(request: LoginRequest<'_>, username: &str) -> Result<[u32; 2], LoginError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    let mut counts = [0; 2];
    // Always lock in this order: otherwise two attempts could deadlock.
    for (subject, counted) in subjects(request, username).into_iter().zip(&mut counts) {
        let (failures, now) = login_failures::lock(tx.write_tx(), subject).await?;
        if let Some(wait) = failures.wait(subject, now) {
            return Err(LoginError::TooMany(wait));
        }
        *counted = failures.one_more(now);
        login_failures::update(tx.write_tx(), subject, *counted).await?;
    }
    login_failures::delete_forgotten(tx.write_tx()).await?;
    tx.commit().await?;
    Ok(counts)
}

fn subjects<'a>(request: LoginRequest<'_>, username: &'a str) -> [Subject<'a>; 2] {
    [Subject::Account(username), Subject::Address(request.client_ip)]
}

/// Resets the failures of the account and removes this attempt from those of the address.
async fn reset_failures(tx: &mut Transaction, request: LoginRequest<'_>, username: &str) -> Result<(), StoreError> {
    let [account, address] = subjects(request, username);
    login_failures::delete(tx.write_tx(), account).await?;
    login_failures::undo_count(tx.write_tx(), address).await
}

/// Starts the session; `None` if the password was changed or the account closed while it was checked.
async fn start(
    request: LoginRequest<'_>,
    user: &LoginAccount,
    (username, password): (&str, &Secret),
    old_session: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let renewed = match needs_renewal(&user.password) {
        true => password_hashing::hash(password).await,
        false => user.password.clone(),
    };
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    reset_failures(&mut tx, request, username).await?;
    if !users::log_in(tx.write_tx(), user.id, &user.password, &renewed).await? {
        return Ok(None);
    }
    if let Some(old) = old_session {
        sessions::delete(tx.write_tx(), &session_hash(old)).await?;
    }
    let session = insert_session(&mut tx, request.limits, user.id).await?;
    tx.commit().await?;
    Ok(Some(session))
}

async fn insert_session(tx: &mut Transaction, limits: SessionLimits, user_id: i64) -> Result<String, StoreError> {
    let id = random_hex(SESSION_BYTES);
    sessions::insert(tx.write_tx(), &session_hash(&id), user_id, Utc::now() + limits.at_first()).await?;
    Ok(id)
}

/// Logs a failed login; if it locks the account, adds a log entry to the audit log.
///
/// A name that no account has is not logged: it may be a password typed into the wrong field.
async fn report_failure(
    request: LoginRequest<'_>,
    user: Option<(i64, &str)>,
    counts: [u32; 2],
) -> Result<(), StoreError> {
    let (tenant, address) = (&request.tenant.name, request.client_ip);
    let name = user.map_or("somebody unknown", |(_, name)| name);
    log::warn!(target: LOG_TARGET, "{tenant}: failed login of {name} from {address}");
    let [of_account, of_address] = counts;
    if of_address == Subject::Address(address).locked_at() {
        log::warn!(target: LOG_TARGET, "{tenant}: {address} is locked after {of_address} failed logins");
    }
    if of_account == Subject::Account(name).locked_at() {
        log::warn!(target: LOG_TARGET, "{tenant}: {name} is locked after {of_account} failed logins");
        if let Some(user) = user {
            let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
            let message = format!("Locked after {of_account} failed logins.");
            record(&mut tx, user, LogAction::Change, (ObjectKind::CustUser, user.0, user.1), &message).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Returns a wait in whole seconds, rounded up, at least 1.
pub fn in_seconds(wait: &TimeDelta) -> i64 {
    (wait.num_seconds() + i64::from(wait.subsec_nanos() > 0)).max(1)
}

/// Words a wait, rounded up: `1 second`, `30 seconds`, `15 minutes`.
fn in_words(wait: &TimeDelta) -> String {
    let seconds = in_seconds(wait);
    let (number, unit) = if seconds <= 60 { (seconds, "second") } else { ((seconds + 59) / 60, "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_to_whole_units() {
        for (milliseconds, words) in [
            (0, "1 second"),
            (1, "1 second"),
            (1000, "1 second"),
            (1001, "2 seconds"),
            (60_000, "60 seconds"),
            (61_000, "2 minutes"),
            (900_000, "15 minutes"),
        ] {
            assert_eq!(in_words(&TimeDelta::milliseconds(milliseconds)), words);
        }
    }
}
