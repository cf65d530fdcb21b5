//! The change of one's own password.

use super::Transaction;
use super::audit_log::record;
use super::login::find;
use super::login_attempts::Attempt;
use super::login_request::{LoginError, LoginRequest};
use super::{password_hashing, sessions as own_sessions};
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::domain::security::password_rules::{self, UserAttributes};
use crate::domain::security::secret::Secret;
use crate::store::sessions::{Session, SessionUser};
use crate::store::users::LoginAccount;
use crate::store::{ReadTx, StoreError, audit_log, sessions, users};

/// The form field for the old password, in a change of one's own password.
pub const OLD_PASSWORD: &str = "old_password";
/// The form field for the new password.
pub const NEW_PASSWORD: &str = "new_password1";
/// The form field for the new password, repeated.
pub const NEW_PASSWORD_AGAIN: &str = "new_password2";

/// The outcome of a change of the password.
#[derive(Debug)]
pub enum PasswordChange {
    /// It was changed. Holds the id of the new session; all others of the user have ended.
    Done(String),
    /// The same form has changed it a moment ago.
    DoneBefore,
    /// Nothing was changed: the session has ended since the request began.
    SessionEnded,
}

/// Changes the password of the logged-in user; ends all their sessions and starts a new one.
///
/// # Errors
/// `Refused` if the old password is wrong; `Rejected` with messages at the three fields; `TooMany`, `Store`.
pub async fn change(
    request: LoginRequest<'_>,
    session: &Session,
    old: &Secret,
    (new, again): (&Secret, &Secret),
) -> Result<PasswordChange, LoginError> {
    let user = &session.user;
    let attempt = Attempt::of_session(request, &session.id_hash).await?;
    let (found, is_correct) = attempt.undone_on_error(compare(request, user, old)).await?;
    let Some(found) = found.filter(|_| is_correct) else {
        if attempt.undone_on_error(was_changed(request, user, new)).await? {
            return done_before(request, &attempt).await;
        }
        attempt.report(Some((user.id, &user.username))).await?;
        return Err(LoginError::Refused);
    };
    let owner = UserAttributes {
        username: &user.username,
        first_name: &found.first_name,
        last_name: &found.last_name,
        email: &found.email,
        tenant: &request.tenant.name,
    };
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    attempt.reset(&mut tx).await?;
    tx.commit().await?;
    password_rules::check((new.expose(), again.expose()), owner, (NEW_PASSWORD, NEW_PASSWORD_AGAIN))?;
    match store(request, session, &found.password, &password_hashing::hash(new).await).await? {
        Stored::Yes(id) => Ok(PasswordChange::Done(id)),
        Stored::Changed if was_changed(request, user, new).await? => done_before(request, &attempt).await,
        Stored::Changed => {
            let message = "Someone else has changed your password in the meantime.";
            Err(ValidationErrors::at(OLD_PASSWORD, message).into())
        }
        Stored::SessionEnded => Ok(PasswordChange::SessionEnded),
    }
}

/// Returns the account of the logged-in user, and whether the password is correct.
async fn compare(
    request: LoginRequest<'_>,
    user: &SessionUser,
    password: &Secret,
) -> Result<(Option<LoginAccount>, bool), StoreError> {
    let found = find(request, &user.username, password).await?.filter(|found| found.id == user.id);
    let is_correct = password_hashing::verify(found.as_ref().map(|found| found.password.as_str()), password).await;
    Ok((found, is_correct))
}

/// Returns whether the user has changed the password to `new` a moment ago: the same form was sent twice.
async fn was_changed(request: LoginRequest<'_>, user: &SessionUser, new: &Secret) -> Result<bool, StoreError> {
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let newest = audit_log::recent_of_user(tx.conn(), ObjectKind::CustUser, user.id, user.id).await?;
    tx.commit().await?;
    match newest {
        Some(entry) if entry.action == LogAction::Change => Ok(compare(request, user, new).await?.1),
        _ => Ok(false),
    }
}

async fn done_before(request: LoginRequest<'_>, attempt: &Attempt<'_>) -> Result<PasswordChange, LoginError> {
    let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
    attempt.reset(&mut tx).await?;
    tx.commit().await?;
    Ok(PasswordChange::DoneBefore)
}

/// The outcome of storing the new hash.
enum Stored {
    /// It is stored; holds the id of the new session.
    Yes(String),
    /// The hash in the database is another one than the old password was compared with.
    Changed,
    /// The session has ended.
    SessionEnded,
}

/// Replaces the hash `stored` by the new one, and the sessions of the user by a new one.
async fn store(request: LoginRequest<'_>, session: &Session, stored: &str, hash: &str) -> Result<Stored, StoreError> {
    let user = &session.user;
    let mut tx = Transaction::begin(request.pool, &request.tenant.schema).await?;
    if !users::replace_password(tx.write_tx(), user.id, stored, hash).await? {
        return Ok(Stored::Changed);
    }
    if !sessions::is_live(tx.conn(), &session.id_hash).await? {
        return Ok(Stored::SessionEnded);
    }
    sessions::end_of_user(tx.write_tx(), user.id).await?;
    let id = own_sessions::start_again(&mut tx, request, user.id, &session.id_hash).await?;
    let own = (user.id, user.username.as_str());
    record(&mut tx, own, LogAction::Change, (ObjectKind::CustUser, own.0, own.1), "Changed password.").await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {} changed the password", request.tenant.name, user.username);
    Ok(Stored::Yes(id))
}
