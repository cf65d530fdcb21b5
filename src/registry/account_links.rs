//! Links between accounts and federated identities, which superusers and commands make and remove.

use sqlx::PgPool;

use super::Transaction;
use super::audit_log::{Author, record};
use super::federated_accounts::in_log;
use super::{SaveError, Saved};
use crate::domain::form::validation_error::{ValidationErrors, words};
use crate::domain::model::federated_identity::MAX_IDENTIFIER;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::tenant::Tenant;
use crate::domain::model::user::UserContent;
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::store::{Loaded, saml_claims, users};

const LINKED: &str = "Linked to a federated login.";
const UNLINKED: &str = "Unlinked from a federated login.";
const REFUSED: &str = "Refused a federated login.";

/// Links an account to an identity that asks for it. An account that is linked to it already stays as it is.
///
/// # Errors
/// `Stale` if the identity does not ask for the account, or the account has another identity; `Rejected` if another
/// account has this identity; `Gone`, `Denied`, `Store`.
pub async fn link(
    tx: &mut Transaction,
    viewer: &Viewer,
    tenant: &Tenant,
    (user_id, identity): (i64, &str),
) -> Result<Saved, SaveError> {
    let before = users::content(tx.conn(), user_id).await?.ok_or(SaveError::Gone)?;
    decide(viewer, ObjectKind::CustUser, Action::Change { before: "", after: "" })?;
    if before.content.egi_id == identity {
        return Ok(Saved::nothing(user_id, &before.content.username));
    }
    let is_open = saml_claims::is_open(tx.conn(), user_id, identity).await?;
    if !is_open || !before.content.egi_id.is_empty() {
        return Err(SaveError::Stale);
    }
    set_identifier(tx, viewer, &before, identity).await?;
    report(tenant, &before.content.username, identity, &viewer.username);
    Ok(Saved::changed(user_id, &before.content.username, LINKED.to_owned()))
}

/// Refuses an identity that asks for an account. One that is refused already stays as it is.
///
/// # Errors
/// `Gone`, `Denied`, `Store`.
pub async fn refuse(
    tx: &mut Transaction,
    viewer: &Viewer,
    (user_id, identity): (i64, &str),
) -> Result<Saved, SaveError> {
    let username = users::content(tx.conn(), user_id).await?.ok_or(SaveError::Gone)?.content.username;
    decide(viewer, ObjectKind::CustUser, Action::Change { before: "", after: "" })?;
    if !saml_claims::refuse(tx.write_tx(), user_id, identity).await? {
        return Ok(Saved::nothing(user_id, &username));
    }
    record(tx, viewer, LogAction::Change, (ObjectKind::CustUser, user_id, &username), REFUSED).await?;
    Ok(Saved::changed(user_id, &username, REFUSED.to_owned()))
}

/// Links an account to an identifier for a command, whether or not it was asked for. Replaces the account's identifier.
///
/// # Errors
/// `Rejected` if the identifier is not one, or another account has it; `Gone`, `Store`.
pub async fn link_by_command(
    pool: &PgPool,
    tenant: &Tenant,
    (username, identifier): (&str, &str),
    program: &str,
) -> Result<Saved, SaveError> {
    check(identifier)?;
    let mut tx = Transaction::begin(pool, &tenant.schema).await?;
    let before = by_name(&mut tx, username).await?;
    if before.content.egi_id == identifier {
        return Ok(Saved::nothing(before.id, username));
    }
    set_identifier(&mut tx, Author::command(program), &before, identifier).await?;
    tx.commit().await?;
    report(tenant, username, identifier, program);
    Ok(Saved::changed(before.id, username, LINKED.to_owned()))
}

/// Removes the identifier of an account for a command. Sessions do not end.
///
/// # Errors
/// `Gone`, `Store`.
pub async fn unlink_by_command(
    pool: &PgPool,
    tenant: &Tenant,
    username: &str,
    program: &str,
) -> Result<Saved, SaveError> {
    let mut tx = Transaction::begin(pool, &tenant.schema).await?;
    let before = by_name(&mut tx, username).await?;
    if before.content.egi_id.is_empty() {
        return Ok(Saved::nothing(before.id, username));
    }
    let after = UserContent { egi_id: String::new(), ..before.content.clone() };
    users::update(tx.write_tx(), before.id, &after).await?;
    let object = (ObjectKind::CustUser, before.id, username);
    record(&mut tx, Author::command(program), LogAction::Change, object, UNLINKED).await?;
    tx.commit().await?;
    log::info!(target: LOG_TARGET, "{}: {username} was unlinked from its identifier by {program}", tenant.name);
    Ok(Saved::changed(before.id, username, UNLINKED.to_owned()))
}

/// Adds an error if a text cannot be an identifier.
fn check(identifier: &str) -> Result<(), SaveError> {
    let length = identifier.chars().count();
    let problem = match () {
        () if identifier.trim() != identifier || identifier.is_empty() => "it is empty or has blanks at its ends",
        () if identifier.chars().any(char::is_control) => "it has control characters",
        () if length > MAX_IDENTIFIER => "it has more than 255 characters",
        () => return Ok(()),
    };
    Err(ValidationErrors::at("egi_id", format!("This cannot be an identifier: {problem}.")).into())
}

async fn by_name(tx: &mut Transaction, username: &str) -> Result<Loaded<UserContent>, SaveError> {
    let found = users::by_names(tx.conn(), &[username.to_owned()]).await?;
    let (id, _) = found.into_iter().next().ok_or(SaveError::Gone)?;
    users::content(tx.conn(), id).await?.ok_or(SaveError::Gone)
}

/// Sets the identifier of an account, adds the log entry, and ends all claims on the account. Sessions do not end.
///
/// # Errors
/// `Rejected` if another account has the identifier, in any case of its letters.
pub(super) async fn set_identifier(
    tx: &mut Transaction,
    author: impl Into<Author<'_>>,
    before: &Loaded<UserContent>,
    identifier: &str,
) -> Result<(), SaveError> {
    let holders = users::by_identifiers(tx.conn(), &[identifier.to_owned()]).await?;
    if holders.iter().any(|holder| holder.id != before.id) {
        return Err(ValidationErrors::at("egi_id", words::exists("User", "eduPersonUniqueId")).into());
    }
    let after = UserContent { egi_id: identifier.to_owned(), ..before.content.clone() };
    users::update(tx.write_tx(), before.id, &after).await?;
    saml_claims::delete_of_user(tx.write_tx(), before.id).await?;
    let object = (ObjectKind::CustUser, before.id, before.content.username.as_str());
    record(tx, author, LogAction::Change, object, LINKED).await?;
    Ok(())
}

/// Logs that an account was linked.
pub(super) fn report(tenant: &Tenant, username: &str, identifier: &str, by: &str) {
    let (tenant, identifier) = (&tenant.name, in_log(identifier));
    log::info!(target: LOG_TARGET, "{tenant}: {username} was linked to {identifier} by {by}");
}
