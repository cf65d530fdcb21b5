//! Logging in with a password, logging out, and changing the password.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use sqlx::PgPool;
use tokio::time::{Instant, sleep_until};

use super::hashing;
use crate::domain::keys::{random_hex, session_hash};
use crate::domain::log_entry::{Action, ObjectKind};
use crate::domain::login_throttle::{LOG_TARGET, Subject};
use crate::domain::password::needs_renewal;
use crate::domain::password_rules::{self, Owner};
use crate::domain::rejection::Rejection;
use crate::domain::secret::Secret;
use crate::domain::session::SessionLimits;
use crate::domain::tenant::Tenant;
use crate::registry::sessions::ID_BYTES;
use crate::store::log_entries::NewLogEntry;
use crate::store::sessions::SessionUser;
use crate::store::users::Credentials;
use crate::store::{StoreError, TenantTx, log_entries, login_failures, sessions, users};

/// Longer names and passwords nobody has; they would only keep the hash busy.
const LONGEST: usize = 4096;

/// A refusal takes as long as this, whatever kind of hash there was to compare, or none.
const REFUSAL: Duration = Duration::from_millis(300);

/// The fields of a change of one's password.
pub const OLD_PASSWORD: &str = "old_password";
pub const NEW_PASSWORD: &str = "new_password1";
pub const NEW_PASSWORD_AGAIN: &str = "new_password2";

/// Where logins happen.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub pool: &'a PgPool,
    pub tenant: &'a Tenant,
    pub limits: SessionLimits,
    /// Of the client.
    pub address: IpAddr,
}

/// Who logs in, as typed.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    pub username: &'a str,
    pub password: Secret,
    /// The session that the browser has, which ends.
    pub old_session: Option<&'a str>,
}

/// Who has logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// The id of the new session, which only the browser keeps.
    pub session: String,
    pub is_superuser: bool,
}

/// Why nobody was logged in, or no password changed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong name or password, inactive, not staff: nobody is told which.
    #[error(
        "Please enter the correct username and password for a staff account. Note that both fields may be case-sensitive."
    )]
    Refused,
    /// Too many failures, of this account or from this address: the password was not looked at.
    #[error("Too many failed logins. Please wait {} and try again.", in_words(.0))]
    TooMany(TimeDelta),
    /// The new password has to be mended.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Starts a session for whoever knows the name and the password of an account that may log in.
///
/// # Errors
/// `Refused`, `TooMany`, `Store`.
pub async fn log_in(place: Place<'_>, attempt: Attempt<'_>) -> Result<LoggedIn, LoginError> {
    let Attempt { username, password, old_session } = attempt;
    let counted = count(place, username).await?;
    let begun = Instant::now();
    let found = find(place, username, &password).await?;
    let stored = found.as_ref().map(|found| found.password.as_str());
    let fits = hashing::verify(stored, &password).await;
    let session = match &found {
        Some(user) if fits && user.may_log_in => start(place, user, (username, &password), old_session).await?,
        _ => None,
    };
    match (session, found) {
        (Some(session), Some(user)) => {
            log::info!(target: LOG_TARGET, "{}: {username} logged in from {}", place.tenant.name, place.address);
            Ok(LoggedIn { session, is_superuser: user.is_superuser })
        }
        (_, found) => {
            report_failure(place, found.map(|user| (user.id, username)), counted).await?;
            sleep_until(begun + REFUSAL).await;
            Err(LoginError::Refused)
        }
    }
}

/// Ends the session with this id, if there is one.
pub async fn log_out(place: Place<'_>, session: &str) -> Result<(), StoreError> {
    let mut tx = TenantTx::bookkeeping(place.pool, &place.tenant.schema).await?;
    sessions::delete(tx.conn(), &session_hash(session)).await?;
    tx.commit().await
}

/// Gives somebody who is logged in another password, and a new session: all they had end.
///
/// # Errors
/// `Rejected` with complaints at [`OLD_PASSWORD`], [`NEW_PASSWORD`] and [`NEW_PASSWORD_AGAIN`]; `TooMany`, `Store`.
pub async fn change_password(
    place: Place<'_>,
    user: &SessionUser,
    old: &Secret,
    (new, again): (&Secret, &Secret),
) -> Result<String, LoginError> {
    let counted = count(place, &user.username).await?;
    let found = find(place, &user.username, old).await?.filter(|found| found.id == user.id);
    if !hashing::verify(found.as_ref().map(|found| found.password.as_str()), old).await {
        report_failure(place, Some((user.id, &user.username)), counted).await?;
        return Err(Rejection::at(OLD_PASSWORD, "Your old password was not right. Please enter it again.").into());
    }
    let mut tx = TenantTx::bookkeeping(place.pool, &place.tenant.schema).await?;
    forgive(&mut tx, place, &user.username).await?;
    tx.commit().await?;
    let Some(found) = found else { return Err(LoginError::Refused) };
    let owner = Owner {
        username: &user.username,
        first_name: &found.first_name,
        last_name: &found.last_name,
        email: &found.email,
    };
    password_rules::check((new.expose(), again.expose()), owner, (NEW_PASSWORD, NEW_PASSWORD_AGAIN))?;
    store_password(place, user, &found.password, &hashing::hash(new).await).await
}

async fn store_password(place: Place<'_>, user: &SessionUser, stored: &str, hash: &str) -> Result<String, LoginError> {
    let mut tx = TenantTx::write(place.pool, &place.tenant.schema).await?;
    if !users::replace_password(tx.conn(), user.id, stored, hash).await? {
        return Err(Rejection::at(OLD_PASSWORD, "Your password was changed by somebody else meanwhile.").into());
    }
    sessions::delete_of_user(tx.conn(), user.id).await?;
    let session = insert_session(&mut tx, place.limits, user.id).await?;
    log_user(&mut tx, (user.id, &user.username), "Changed password.").await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {} changed the password", place.tenant.name, user.username);
    Ok(session)
}

/// The account; `None` also for what no account can be called and no password can be.
async fn find(place: Place<'_>, username: &str, password: &Secret) -> Result<Option<Credentials>, StoreError> {
    if username.contains('\0') || username.len() > LONGEST || password.expose().len() > LONGEST {
        return Ok(None);
    }
    let mut tx = TenantTx::read(place.pool, &place.tenant.schema).await?;
    let found = users::credentials(tx.conn(), username).await?;
    tx.commit().await?;
    Ok(found)
}

/// Counts the attempt as a failure before it is one: many at once get no more tries than one after the other. Gives the
/// failures of the account and of the address.
async fn count(place: Place<'_>, username: &str) -> Result<[u32; 2], LoginError> {
    let mut tx = TenantTx::bookkeeping(place.pool, &place.tenant.schema).await?;
    let mut counts = [0; 2];
    // Always in this order, or two attempts could wait for each other.
    for (subject, counted) in subjects(place, username).into_iter().zip(&mut counts) {
        let (failures, now) = login_failures::lock(tx.conn(), subject).await?;
        if let Some(wait) = failures.wait(subject, now) {
            return Err(LoginError::TooMany(wait));
        }
        *counted = failures.one_more(now);
        login_failures::update(tx.conn(), subject, *counted).await?;
    }
    login_failures::delete_forgotten(tx.conn()).await?;
    tx.commit().await?;
    Ok(counts)
}

fn subjects<'a>(place: Place<'_>, username: &'a str) -> [Subject<'a>; 2] {
    [Subject::Account(username), Subject::Address(place.address)]
}

/// The attempt was none: what the account had is forgotten, what the address had before stays.
async fn forgive(tx: &mut TenantTx, place: Place<'_>, username: &str) -> Result<(), StoreError> {
    let [account, address] = subjects(place, username);
    login_failures::delete(tx.conn(), account).await?;
    login_failures::take_back(tx.conn(), address).await
}

/// `None`: while the password was looked at, it was changed or the account closed.
async fn start(
    place: Place<'_>,
    user: &Credentials,
    (username, password): (&str, &Secret),
    old_session: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let renewed = match needs_renewal(&user.password) {
        true => hashing::hash(password).await,
        false => user.password.clone(),
    };
    let mut tx = TenantTx::bookkeeping(place.pool, &place.tenant.schema).await?;
    forgive(&mut tx, place, username).await?;
    if !users::log_in(tx.conn(), user.id, &user.password, &renewed).await? {
        return Ok(None);
    }
    if let Some(old) = old_session {
        sessions::delete(tx.conn(), &session_hash(old)).await?;
    }
    let session = insert_session(&mut tx, place.limits, user.id).await?;
    tx.commit().await?;
    Ok(Some(session))
}

async fn insert_session(tx: &mut TenantTx, limits: SessionLimits, user_id: i64) -> Result<String, StoreError> {
    let id = random_hex(ID_BYTES);
    sessions::insert(tx.conn(), &session_hash(&id), user_id, Utc::now() + limits.at_first()).await?;
    Ok(id)
}

/// A line in the log; and where the account is locked from now on, an entry in the history. A name that nobody has is
/// not told: it may be a password.
async fn report_failure(place: Place<'_>, user: Option<(i64, &str)>, counts: [u32; 2]) -> Result<(), StoreError> {
    let (tenant, address) = (&place.tenant.name, place.address);
    let name = user.map_or("somebody unknown", |(_, name)| name);
    log::warn!(target: LOG_TARGET, "{tenant}: failed login of {name} from {address}");
    let [of_account, of_address] = counts;
    if of_address == Subject::Address(address).locked_at() {
        log::warn!(target: LOG_TARGET, "{tenant}: {address} is locked after {of_address} failed logins");
    }
    if of_account == Subject::Account(name).locked_at() {
        log::warn!(target: LOG_TARGET, "{tenant}: {name} is locked after {of_account} failed logins");
        if let Some(user) = user {
            let mut tx = TenantTx::bookkeeping(place.pool, &place.tenant.schema).await?;
            log_user(&mut tx, user, &format!("Locked after {of_account} failed logins.")).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn log_user(tx: &mut TenantTx, (id, username): (i64, &str), message: &str) -> Result<(), StoreError> {
    let entry = NewLogEntry {
        action: Action::Change,
        object_kind: ObjectKind::CustUser,
        object_id: id.to_string(),
        object_name: username,
        message,
        user_id: Some(id),
        username,
    };
    log_entries::insert(tx.conn(), entry).await
}

/// «1 second», «30 seconds», «15 minutes».
fn in_words(wait: &TimeDelta) -> String {
    let seconds = wait.num_seconds().max(0) + i64::from(wait.subsec_nanos() > 0);
    let (number, unit) = if seconds <= 60 { (seconds.max(1), "second") } else { ((seconds + 59) / 60, "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_whole_units_never_too_short() {
        for (milliseconds, words) in [
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
