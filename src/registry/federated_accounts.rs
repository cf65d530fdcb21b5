//! The accounts of federated identities: finding, creating and updating them, and logging in to them.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::Transaction;
use super::audit_log::{record_addition, record_change};
use super::login_request::LoginRequest;
use super::sessions as own_sessions;
use crate::domain::model::federated_account::{new_username, old_usernames, updated, username_prefix};
use crate::domain::model::federated_identity::{FederatedIdentity, FederatedSession};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::user::UserContent;
use crate::domain::security::keys::{random_hex, session_hash};
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::domain::security::password::UNUSABLE;
use crate::store::saml_pending::{PendingKey, ProvenLogin};
use crate::store::users::FoundUser;
use crate::store::{StoreError, saml_claims, saml_pending, sessions, users};

/// The time for which a person can answer whether an account is theirs.
const PENDING_FOR: TimeDelta = TimeDelta::minutes(10);
/// The most open claims on an account. Further ones are only logged.
const MAX_CLAIMS: i64 = 20;
/// The longest value from outside in a line of the log, in characters.
const MAX_LOGGED: usize = 200;

/// The outcome of a federated login.
#[derive(Debug)]
pub enum FederatedOutcome {
    /// The user is logged in.
    LoggedIn(FederatedSuccess),
    /// The person may have an account of POEM 2.3 and is asked.
    Pending {
        /// The secret in the address of the page that asks.
        token: String,
    },
    /// The account is not active or not staff.
    MayNot,
    /// The identifiers belong to several accounts, with these usernames.
    Ambiguous(Vec<String>),
    /// The person has no account, and logins do not create any.
    NoAccount {
        /// The identifier that an administrator needs for an account.
        identifier: String,
    },
    /// The same login or the same answer came before. Nothing was changed.
    AlreadyUsed,
}

/// A login that succeeded.
#[derive(Debug)]
pub struct FederatedSuccess {
    /// The id of the new session, for the cookie; the database stores only its hash.
    pub session: String,
    /// The name of the account.
    pub username: String,
    /// The user is a superuser.
    pub is_superuser: bool,
    /// The login has created the account.
    pub is_new: bool,
}

/// A proven identity that is to be logged in.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub identity: &'a FederatedIdentity,
    pub session: &'a FederatedSession,
    /// The hash of the browser's previous session, which a successful login ends.
    pub old_session: Option<&'a [u8]>,
    /// The path to return to; '' for none.
    pub next: &'a str,
    /// The hash of the cookie of the login.
    pub browser_hash: &'a [u8],
    /// The end of the name of that cookie.
    pub cookie: &'a str,
}

/// The decision about a proven identity.
pub(super) enum Plan {
    /// Log in to the account. Holds its content before and after, if the personal data have changed.
    LogIn(FoundUser, Option<Box<(UserContent, UserContent)>>),
    /// Ask whether the account of POEM 2.3 is theirs.
    Ask(FoundUser),
    Create,
    MayNot,
    Ambiguous(Vec<String>),
    NoAccount,
}

impl Plan {
    /// Returns true if it needs a transaction that waits for the tenant's writer: an account is created or changed.
    pub(super) fn changes_accounts(&self) -> bool {
        matches!(self, Self::Create | Self::LogIn(_, Some(_)))
    }
}

/// Decides what a login of this identity does.
pub(super) async fn plan(
    conn: &mut PgConnection,
    identity: &FederatedIdentity,
    create_users: bool,
) -> Result<Plan, StoreError> {
    if identity.identifiers.is_empty() || identity.identifiers.iter().any(String::is_empty) {
        return Ok(Plan::NoAccount);
    }
    let mut found = users::by_identifiers(conn, &identity.identifiers).await?;
    if found.len() > 1 {
        return Ok(Plan::Ambiguous(found.into_iter().map(|user| user.username).collect()));
    }
    if let Some(user) = found.pop() {
        return plan_login(conn, user, identity).await;
    }
    Ok(match candidate(conn, identity).await? {
        Some(user) => Plan::Ask(user),
        None if create_users => Plan::Create,
        None => Plan::NoAccount,
    })
}

async fn plan_login(
    conn: &mut PgConnection,
    user: FoundUser,
    identity: &FederatedIdentity,
) -> Result<Plan, StoreError> {
    let Some(before) = users::content(conn, user.id).await? else { return Ok(Plan::NoAccount) };
    let before = before.content;
    if !(before.is_active && before.is_staff) {
        return Ok(Plan::MayNot);
    }
    let after = updated(&before, identity);
    let changed = (before != after).then(|| Box::new((before, after)));
    Ok(Plan::LogIn(user, changed))
}

/// Returns the account of POEM 2.3 that may be this person's; `None` without one, or if that was denied.
async fn candidate(conn: &mut PgConnection, identity: &FederatedIdentity) -> Result<Option<FoundUser>, StoreError> {
    let mut found = users::without_identifier(conn, &old_usernames(identity)).await?;
    let ids: Vec<i64> = found.iter().map(|user| user.id).collect();
    let denied = saml_claims::denied(conn, &identity.identifiers, &ids).await?;
    found.retain(|user| !denied.contains(&user.id));
    Ok(found.into_iter().next())
}

/// Carries the plan out. The caller commits the transaction and reports the outcome.
pub(super) async fn perform(
    tx: &mut Transaction,
    request: LoginRequest<'_>,
    entry: Entry<'_>,
    plan: Plan,
) -> Result<FederatedOutcome, StoreError> {
    match plan {
        Plan::LogIn(user, changed) => {
            if let Some(changed) = changed {
                update(tx, &user, &changed.0, &changed.1).await?;
            }
            start(tx, request, entry, user, false).await
        }
        Plan::Create => {
            let user = create(tx, entry.identity).await?;
            start(tx, request, entry, user, true).await
        }
        Plan::Ask(user) => ask(tx, request, entry, &user).await,
        Plan::MayNot => Ok(FederatedOutcome::MayNot),
        Plan::Ambiguous(usernames) => Ok(FederatedOutcome::Ambiguous(usernames)),
        Plan::NoAccount => Ok(FederatedOutcome::NoAccount { identifier: identifier(entry.identity).to_owned() }),
    }
}

async fn update(
    tx: &mut Transaction,
    user: &FoundUser,
    before: &UserContent,
    after: &UserContent,
) -> Result<(), StoreError> {
    users::update(tx.write_tx(), user.id, after).await?;
    let own = (user.id, user.username.as_str());
    record_change(tx, own, (ObjectKind::CustUser, own.0, own.1), before.changes(after)).await
}

/// Creates the account of an identity: active, staff, without groups.
async fn create(tx: &mut Transaction, identity: &FederatedIdentity) -> Result<FoundUser, StoreError> {
    let taken = users::beginning_with(tx.conn(), &username_prefix(identity)).await?;
    let content = UserContent {
        username: new_username(identity, &taken),
        egi_id: identifier(identity).to_owned(),
        ..updated(&UserContent::to_add(), identity)
    };
    // Random, so that nothing else that is stored equals it.
    let password = UNUSABLE.to_owned() + &random_hex(20);
    let id = users::insert(tx.write_tx(), &content, &password).await?;
    let own = (id, content.username.as_str());
    record_addition(tx, own, (ObjectKind::CustUser, own.0, own.1), &content, "").await?;
    Ok(FoundUser { id, username: content.username })
}

/// Starts the session, unless the account may no longer log in.
async fn start(
    tx: &mut Transaction,
    request: LoginRequest<'_>,
    entry: Entry<'_>,
    user: FoundUser,
    is_new: bool,
) -> Result<FederatedOutcome, StoreError> {
    users::log_in_federated(tx.write_tx(), user.id).await?;
    let Some((username, is_superuser)) = users::may_log_in(tx.conn(), user.id).await? else {
        return Ok(FederatedOutcome::MayNot);
    };
    if let Some(old) = entry.old_session {
        sessions::end(tx.write_tx(), old).await?;
    }
    let session = own_sessions::start_federated(tx, request, user.id, entry.session).await?;
    Ok(FederatedOutcome::LoggedIn(FederatedSuccess { session, username, is_superuser, is_new }))
}

/// Records the claim, and keeps the identity until the person has answered.
async fn ask(
    tx: &mut Transaction,
    request: LoginRequest<'_>,
    entry: Entry<'_>,
    user: &FoundUser,
) -> Result<FederatedOutcome, StoreError> {
    let identity = entry.identity;
    let asking = identifier(identity);
    if saml_claims::count_others(tx.conn(), user.id, asking).await? < MAX_CLAIMS {
        saml_claims::put(tx.write_tx(), user.id, identity, asking).await?;
    } else {
        let (tenant, name) = (&request.tenant.name, &user.username);
        log::warn!(
            target: LOG_TARGET,
            "{tenant}: {} of {} asks for {name}, on which {MAX_CLAIMS} claims are open; this one is not stored",
            in_log(asking),
            in_log(&identity.idp)
        );
    }
    let token = random_hex(32);
    let key = PendingKey { token_hash: &session_hash(&token), browser_hash: entry.browser_hash, cookie: entry.cookie };
    let login = ProvenLogin {
        identity: identity.clone(),
        session: entry.session.clone(),
        next: entry.next.to_owned(),
        user_id: user.id,
        username: user.username.clone(),
    };
    saml_pending::insert(tx.write_tx(), key, &login, PENDING_FOR).await?;
    Ok(FederatedOutcome::Pending { token })
}

/// Logs the outcome, after the commit.
pub(super) fn report(request: LoginRequest<'_>, identity: &FederatedIdentity, outcome: &FederatedOutcome) {
    let (tenant, address, idp) = (&request.tenant.name, request.client.address, in_log(&identity.idp));
    let identifier = in_log(identifier(identity));
    match outcome {
        FederatedOutcome::LoggedIn(FederatedSuccess { username, is_new, .. }) => {
            if *is_new {
                log::info!(target: LOG_TARGET, "{tenant}: {username} is new: {identifier} of {idp}");
            }
            log::info!(target: LOG_TARGET, "{tenant}: {username} logged in from {address} by {idp}");
        }
        FederatedOutcome::Ambiguous(usernames) => {
            log::error!(target: LOG_TARGET, "{tenant}: {identifier} belongs to {}", usernames.join(" and "));
        }
        FederatedOutcome::Pending { .. }
        | FederatedOutcome::MayNot
        | FederatedOutcome::NoAccount { .. }
        | FederatedOutcome::AlreadyUsed => {}
    }
}

/// Returns the identifier that a new account gets: the first one; '' without any.
pub(super) fn identifier(identity: &FederatedIdentity) -> &str {
    identity.identifiers.first().map(String::as_str).unwrap_or_default()
}

/// Returns a value from outside for a line of the log: cut, and without control characters.
pub(super) fn in_log(value: &str) -> String {
    value.chars().take(MAX_LOGGED).map(|c| if c.is_control() { '?' } else { c }).collect()
}
