//! The question whether an account of POEM 2.3 belongs to a person who has logged in at an identity provider.

use tokio::time::{Instant, sleep_until};

use super::Transaction;
use super::account_links::{self, set_identifier};
use super::federated_accounts::{Entry, FederatedOutcome, identifier, perform, plan, report};
use super::login::{QUEUE_WAIT, REFUSAL_DURATION, find};
use super::login_attempts::Attempt;
use super::login_request::{LoginError, LoginRequest};
use super::{SaveError, login_queue, password_hashing};
use crate::domain::model::user::UserContent;
use crate::domain::model::username::normalized;
use crate::domain::security::keys::session_hash;
use crate::domain::security::password::is_usable;
use crate::domain::security::secret::Secret;
use crate::store::saml_pending::ProvenLogin;
use crate::store::users::LoginAccount;
use crate::store::{Loaded, ReadTx, StoreError, saml_claims, saml_pending, users};

/// A proven identity that is asked about.
#[derive(Debug, Clone)]
pub struct PendingLogin {
    /// The identity, its session, the account, and the path to return to.
    pub login: ProvenLogin,
    /// The account has a password that can be asked for.
    pub has_password: bool,
    /// The end of the name of the login's cookie, see [`super::federated_login::cookie_suffix`].
    pub cookie: String,
    token_hash: Vec<u8>,
    browser_hash: Vec<u8>,
}

impl PendingLogin {
    fn entry<'a>(&'a self, old_session: Option<&'a [u8]>) -> Entry<'a> {
        Entry {
            identity: &self.login.identity,
            session: &self.login.session,
            old_session,
            next: &self.login.next,
            browser_hash: &self.browser_hash,
            cookie: &self.cookie,
        }
    }
}

/// Returns the identity with this token. `browsers` are the values of the cookies of logins that the browser has sent.
///
/// `None` if the token is unknown, has expired, is another browser's, or if the account was linked or removed since.
pub async fn pending(
    request: LoginRequest<'_>,
    token: &str,
    browsers: &[&str],
) -> Result<Option<PendingLogin>, StoreError> {
    let token_hash = session_hash(token);
    let hashes: Vec<Vec<u8>> = browsers.iter().map(|browser| session_hash(browser)).collect();
    let mut tx = ReadTx::begin(request.pool, &request.tenant.schema).await?;
    let Some(found) = saml_pending::find(tx.conn(), &token_hash, &hashes).await? else { return Ok(None) };
    let account = users::content(tx.conn(), found.login.user_id).await?;
    if !account.is_some_and(|account| is_claimed(&account, &found.login)) {
        return Ok(None);
    }
    let password = users::password(tx.conn(), found.login.user_id).await?;
    tx.commit().await?;
    Ok(Some(PendingLogin {
        has_password: password.is_some_and(|stored| is_usable(&stored)),
        login: found.login,
        cookie: found.cookie,
        token_hash,
        browser_hash: found.browser_hash,
    }))
}

/// Returns whether it is still the account that the person was asked about.
fn is_claimed(account: &Loaded<UserContent>, login: &ProvenLogin) -> bool {
    account.content.egi_id.is_empty() && account.content.username == login.username
}

/// Links the account to the identity if the password is the account's, and logs in. The password is counted and slowed
/// like that of a login. `browser` is the id of a browser that has logged in to the account before; `None` if unknown.
///
/// # Errors
/// `Refused`, also for an account that may not log in; `TooMany`, `Busy`, `Store`.
pub async fn link_by_password(
    request: LoginRequest<'_>,
    pending: &PendingLogin,
    password: &Secret,
    (old_session, browser): (Option<&[u8]>, Option<&str>),
) -> Result<FederatedOutcome, LoginError> {
    let username = pending.login.username.as_str();
    let counted = normalized(username);
    let place = login_queue::enter(request.client.address).ok_or(LoginError::Busy(QUEUE_WAIT))?;
    let attempt = Attempt::of_login(request, &counted, browser).await?;
    let begun = Instant::now();
    let compared = attempt.undone_on_error(compare(request, pending, password)).await;
    drop(place);
    let Some(account) = compared? else {
        attempt.report(Some((pending.login.user_id, username))).await?;
        sleep_until(begun + REFUSAL_DURATION).await;
        return Err(LoginError::Refused);
    };
    let outcome = link(request, &attempt, pending, &account, old_session).await?;
    if matches!(outcome, FederatedOutcome::LoggedIn(_)) {
        account_links::report(request.tenant, username, identifier(&pending.login.identity), "password");
    }
    report(request, &pending.login.identity, &outcome);
    Ok(outcome)
}

/// Returns the account if the password is its own and it may log in.
async fn compare(
    request: LoginRequest<'_>,
    pending: &PendingLogin,
    password: &Secret,
) -> Result<Option<LoginAccount>, StoreError> {
    let found = find(request, &pending.login.username, password).await?;
    let found = found.filter(|account| account.id == pending.login.user_id);
    let stored = found.as_ref().map(|account| account.password.as_str());
    let is_correct = password_hashing::verify(stored, password).await;
    Ok(found.filter(|account| is_correct && account.may_log_in))
}

/// Links and logs in; `AlreadyUsed` if the question was answered, or the account changed, in the meantime.
async fn link(
    request: LoginRequest<'_>,
    attempt: &Attempt<'_>,
    pending: &PendingLogin,
    account: &LoginAccount,
    old_session: Option<&[u8]>,
) -> Result<FederatedOutcome, StoreError> {
    let identity = &pending.login.identity;
    let mut tx = Transaction::begin(request.pool, &request.tenant.schema).await?;
    attempt.reset(&mut tx).await?;
    let current = users::content(tx.conn(), account.id).await?.filter(|current| is_claimed(current, &pending.login));
    let Some(current) = current else { return Ok(FederatedOutcome::AlreadyUsed) };
    let is_open = saml_pending::take(tx.write_tx(), &pending.token_hash).await?;
    if !is_open || !users::log_in(tx.write_tx(), account.id, &account.password, &account.password).await? {
        return Ok(FederatedOutcome::AlreadyUsed);
    }
    let own = (account.id, pending.login.username.as_str());
    match set_identifier(&mut tx, own, &current, identifier(identity)).await {
        Ok(()) => {}
        Err(SaveError::Store(error)) => return Err(error),
        // Another account has got the identity in the meantime.
        Err(_) => return Ok(FederatedOutcome::AlreadyUsed),
    }
    let plan = plan(tx.conn(), identity, false).await?;
    let outcome = perform(&mut tx, request, pending.entry(old_session), plan).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Records that the account is not the person's, and goes on without it.
pub async fn not_mine(
    request: LoginRequest<'_>,
    pending: &PendingLogin,
    old_session: Option<&[u8]>,
    create_users: bool,
) -> Result<FederatedOutcome, StoreError> {
    let identity = &pending.login.identity;
    let mut tx = Transaction::begin(request.pool, &request.tenant.schema).await?;
    let is_there = users::content(tx.conn(), pending.login.user_id).await?.is_some();
    if !saml_pending::take(tx.write_tx(), &pending.token_hash).await? {
        return Ok(FederatedOutcome::AlreadyUsed);
    }
    if is_there {
        saml_claims::put_not_theirs(tx.write_tx(), pending.login.user_id, identity, identifier(identity)).await?;
    }
    let plan = plan(tx.conn(), identity, create_users).await?;
    let outcome = perform(&mut tx, request, pending.entry(old_session), plan).await?;
    tx.commit().await?;
    report(request, identity, &outcome);
    Ok(outcome)
}
