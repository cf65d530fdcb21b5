//! Logging in with a password, logging out, and changing the password.

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
use crate::domain::security::password_rules::{self, Owner};
use crate::domain::security::secret::Secret;
use crate::domain::security::session::SessionLimits;
use crate::store::sessions::SessionUser;
use crate::store::users::LoginAccount;
use crate::store::{ReadTx, StoreError, login_failures, sessions, users};

/// Longer names and passwords nobody has; they would only keep the hash busy.
const LONGEST: usize = 4096;

/// Random bytes in a session's id.
const SESSION_BYTES: usize = 32;

/// A refusal takes as long as this, whatever kind of hash there was to compare, or none.
const REFUSAL: Duration = Duration::from_millis(300);

/// The fields of a change of one's password.
pub const OLD_PASSWORD: &str = "old_password";
pub const NEW_PASSWORD: &str = "new_password1";
pub const NEW_PASSWORD_AGAIN: &str = "new_password2";

/// Where logins happen.
#[derive(Clone, Copy)]
pub struct LoginRequest<'a> {
    pub pool: &'a PgPool,
    pub tenant: &'a Tenant,
    pub limits: SessionLimits,
    /// Of the client.
    pub client_ip: IpAddr,
}

/// Who logs in, as typed.
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    pub username: &'a str,
    pub password: Secret,
    /// The session that the browser has, which ends.
    pub old_session: Option<&'a str>,
}

/// Who has logged in.
#[derive(Debug)]
pub struct LoginSuccess {
    /// The id of the new session, which only the browser keeps.
    pub session: String,
    pub is_superuser: bool,
}

/// Why nobody was logged in, or no password changed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong name or password, inactive, not staff: nobody is told which. Of a change: the old password was wrong.
    #[error(
        "Please enter the correct username and password for a staff account. Note that both fields may be case-sensitive."
    )]
    Refused,
    /// Too many failures, of this account or from this address: the password was not looked at.
    #[error("Too many failed logins. Please wait {} and try again.", in_words(.0))]
    TooMany(TimeDelta),
    /// The new password has to be mended.
    #[error(transparent)]
    Rejected(#[from] ValidationErrors),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Starts a session for whoever knows the name and the password of an account that may log in.
///
/// # Errors
/// `Refused`, `TooMany`, `Store`.
pub async fn log_in(request: LoginRequest<'_>, credentials: Credentials<'_>) -> Result<LoginSuccess, LoginError> {
    let username = credentials.username;
    let counted = count(request, username).await?;
    let begun = Instant::now();
    match unless_away(request, username, compare(request, credentials)).await? {
        Compared::LoginSuccess(logged_in) => {
            log::info!(target: LOG_TARGET, "{}: {username} logged in from {}", request.tenant.name, request.client_ip);
            Ok(logged_in)
        }
        Compared::Refused(user) => {
            report_failure(request, user.map(|id| (id, username)), counted).await?;
            sleep_until(begun + REFUSAL).await;
            Err(LoginError::Refused)
        }
    }
}

/// What came of an attempt that was allowed.
enum Compared {
    LoginSuccess(LoginSuccess),
    /// With the id of the account, where there is one.
    Refused(Option<i64>),
}

async fn compare(request: LoginRequest<'_>, credentials: Credentials<'_>) -> Result<Compared, StoreError> {
    let Credentials { username, password, old_session } = credentials;
    let found = find(request, username, &password).await?;
    let stored = found.as_ref().map(|found| found.password.as_str());
    let fits = password_hashing::verify(stored, &password).await;
    let Some(user) = found else { return Ok(Compared::Refused(None)) };
    if fits
        && user.may_log_in
        && let Some(session) = start(request, &user, (username, &password), old_session).await?
    {
        return Ok(Compared::LoginSuccess(LoginSuccess { session, is_superuser: user.is_superuser }));
    }
    Ok(Compared::Refused(Some(user.id)))
}

/// An attempt that the database left unanswered was no failure: it is no longer counted as one, if that much can be
/// written.
async fn unless_away<T>(
    request: LoginRequest<'_>,
    username: &str,
    looked_at: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, LoginError> {
    match looked_at.await {
        Ok(compared) => Ok(compared),
        Err(error) => {
            if let Err(also) = undo_count(request, username).await {
                log::warn!(target: LOG_TARGET, "{}: an attempt stays counted as failed: {also}", request.tenant.name);
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

/// Gives somebody who is logged in another password, and a new session: all they had end.
///
/// # Errors
/// `Refused` for a wrong old password; `Rejected` with complaints at the three fields; `TooMany`, `Store`.
pub async fn change_password(
    request: LoginRequest<'_>,
    user: &SessionUser,
    old: &Secret,
    (new, again): (&Secret, &Secret),
) -> Result<String, LoginError> {
    let counted = count(request, &user.username).await?;
    let (found, fits) = unless_away(request, &user.username, compare_own(request, user, old)).await?;
    let Some(found) = found.filter(|_| fits) else {
        report_failure(request, Some((user.id, &user.username)), counted).await?;
        return Err(LoginError::Refused);
    };
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    reset_failures(&mut tx, request, &user.username).await?;
    tx.commit().await?;
    let owner = Owner {
        username: &user.username,
        first_name: &found.first_name,
        last_name: &found.last_name,
        email: &found.email,
    };
    password_rules::check((new.expose(), again.expose()), owner, (NEW_PASSWORD, NEW_PASSWORD_AGAIN))?;
    store_password(request, user, &found.password, &password_hashing::hash(new).await).await
}

/// The account of somebody who is logged in, and whether this is its password.
async fn compare_own(
    request: LoginRequest<'_>,
    user: &SessionUser,
    password: &Secret,
) -> Result<(Option<LoginAccount>, bool), StoreError> {
    let found = find(request, &user.username, password).await?.filter(|found| found.id == user.id);
    let fits = password_hashing::verify(found.as_ref().map(|found| found.password.as_str()), password).await;
    Ok((found, fits))
}

async fn store_password(
    request: LoginRequest<'_>,
    user: &SessionUser,
    stored: &str,
    hash: &str,
) -> Result<String, LoginError> {
    let mut tx = Transaction::begin(request.pool, &request.tenant.schema).await?;
    if !users::replace_password(tx.write_tx(), user.id, stored, hash).await? {
        return Err(ValidationErrors::at(OLD_PASSWORD, "Your password was changed by somebody else meanwhile.").into());
    }
    sessions::delete_of_user(tx.write_tx(), user.id).await?;
    let session = insert_session(&mut tx, request.limits, user.id).await?;
    let own = (user.id, user.username.as_str());
    record(&mut tx, own, LogAction::Change, (ObjectKind::CustUser, own.0, own.1), "Changed password.").await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {} changed the password", request.tenant.name, user.username);
    Ok(session)
}

/// The account; `None` also for what no account can be called and no password can be.
async fn find(
    request: LoginRequest<'_>,
    username: &str,
    password: &Secret,
) -> Result<Option<LoginAccount>, StoreError> {
    if username.contains('\0') || username.len() > LONGEST || password.expose().len() > LONGEST {
        return Ok(None);
    }
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let found = users::credentials(tx.conn(), username).await?;
    tx.commit().await?;
    Ok(found)
}

/// Counts the attempt as a failure before it is one: many at once get no more tries than one after the other. Gives the
/// failures of the account and of the address.
async fn count(request: LoginRequest<'_>, username: &str) -> Result<[u32; 2], LoginError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    let mut counts = [0; 2];
    // Always in this order, or two attempts could wait for each other.
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

/// The attempt was none: what the account had is forgotten, what the address had before stays.
async fn reset_failures(tx: &mut Transaction, request: LoginRequest<'_>, username: &str) -> Result<(), StoreError> {
    let [account, address] = subjects(request, username);
    login_failures::delete(tx.write_tx(), account).await?;
    login_failures::undo_count(tx.write_tx(), address).await
}

/// `None`: while the password was looked at, it was changed or the account closed.
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

/// A line in the log; and where the account is locked from now on, an entry in the history. A name that nobody has is
/// not told: it may be a password.
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

/// A wait in whole seconds, never too short.
pub fn in_seconds(wait: &TimeDelta) -> i64 {
    (wait.num_seconds() + i64::from(wait.subsec_nanos() > 0)).max(1)
}

/// «1 second», «30 seconds», «15 minutes».
fn in_words(wait: &TimeDelta) -> String {
    let seconds = in_seconds(wait);
    let (number, unit) = if seconds <= 60 { (seconds, "second") } else { ((seconds + 59) / 60, "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_whole_units_never_too_short() {
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
