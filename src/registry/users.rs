//! Users: the first superuser, whom a command adds, and the operations of superusers on accounts.

use sqlx::PgPool;

use super::Transaction;
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::tenant::SchemaName;
use crate::domain::model::user::{UserContent, groups_field};
use crate::domain::model::username::normalized;
use crate::domain::model::wording::missing_in;
use crate::store::{StoreError, groups, saml_claims, sessions, taken_names, users};

use super::audit_log::{record, record_addition, record_change, record_deletion};
use super::{ExpectedRevision, SaveError, Saved};

const LAST_SUPERUSER: &str = "This is the last superuser who can log in. At least one must remain.";

/// Adds a superuser; returns false if the name is taken: that user and their password stay unchanged.
///
/// Writes no log entry: when data are loaded, a tenant with only its first superuser must still count as empty.
pub async fn create_superuser(
    pool: &PgPool,
    schema: &SchemaName,
    username: &str,
    password_hash: &str,
    email: &str,
) -> Result<bool, StoreError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let id = users::insert_superuser(tx.write_tx(), username, password_hash, email).await?;
    tx.commit().await?;
    Ok(id.is_some())
}

/// Adds a user of the tenant. The password is already hashed, by [`super::password_hashing::hash`].
pub async fn create(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &UserContent,
    (tenant, password_hash): (&str, &str),
) -> Result<Saved, SaveError> {
    decide(viewer, ObjectKind::CustUser, Action::Add { group: "" })?;
    let before = UserContent::default();
    let mut errors = ValidationErrors::default();
    check_taken(tx, None, content, &mut errors).await?;
    content.check_username(&mut errors);
    content.check_scripts(&mut errors);
    content.check_password(tenant, &mut errors);
    let moves = choose_groups(tx, &before, content, &mut errors).await?;
    errors.check()?;
    let id = users::insert(tx.write_tx(), content, password_hash).await?;
    apply(tx, id, &moves).await?;
    record_addition(tx, viewer, (ObjectKind::CustUser, id, &content.username), content, "").await?;
    Ok(Saved::plain(id, &content.username))
}

/// Saves the content of a form. A user who may no longer log in loses all sessions.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    content: &UserContent,
) -> Result<Saved, SaveError> {
    let before = users::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?;
    decide(viewer, ObjectKind::CustUser, Action::Change { before: "", after: "" })?;
    target.check(before.revision)?;
    let before = before.content;
    let mut content = content.clone();
    // The form normalizes the name; a loaded one that is not normalized stays as it is.
    if normalized(&before.username) == content.username {
        content.username.clone_from(&before.username);
    }
    let content = &content;
    let changes = before.changes(content);
    if changes.is_empty() {
        return Ok(Saved::nothing(target.id, &content.username));
    }
    let mut errors = ValidationErrors::default();
    check_taken(tx, Some(target.id), content, &mut errors).await?;
    // Accounts of POEM 2.3 may have names that are no longer valid.
    if before.username != content.username {
        content.check_username(&mut errors);
    }
    check_remaining(tx, target.id, &before, content, &mut errors).await?;
    let moves = choose_groups(tx, &before, content, &mut errors).await?;
    errors.check()?;
    users::update(tx.write_tx(), target.id, content).await?;
    apply(tx, target.id, &moves).await?;
    if before.username != content.username {
        increment_group_revisions(tx, content).await?;
    }
    if !(content.is_active && content.is_staff) {
        sessions::end_of_user(tx.write_tx(), target.id).await?;
    }
    if before.egi_id != content.egi_id && !content.egi_id.is_empty() {
        // Whose account it is has been decided.
        saml_claims::delete_of_user(tx.write_tx(), target.id).await?;
    }
    let message = changes.in_words();
    record_change(tx, viewer, (ObjectKind::CustUser, target.id, &content.username), changes).await?;
    Ok(Saved::changed(target.id, &content.username, message))
}

/// Removes a user with their sessions. Versions and log entries keep the user's name.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<Saved, SaveError> {
    let before = users::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::CustUser, Action::Delete { group: "" })?;
    if before.is_administrator() && !users::is_another_administrator(tx.conn(), id).await? {
        return Err(ValidationErrors::of_form(LAST_SUPERUSER).into());
    }
    // The log entry comes first: it refers to its author, who may be the removed user.
    record_deletion(tx, viewer, (ObjectKind::CustUser, id, &before.username), &before).await?;
    increment_group_revisions(tx, &before).await?;
    users::delete(tx.write_tx(), id).await?;
    Ok(Saved::plain(id, &before.username))
}

/// Sets a user's password, hashed as for [`create`], and ends their sessions.
///
/// # Errors
/// `Stale` if the stored hash is no longer `stored`; `Gone`, `Denied`.
pub async fn set_password(
    tx: &mut Transaction,
    viewer: &Viewer,
    id: i64,
    (stored, password_hash): (&str, &str),
) -> Result<Saved, SaveError> {
    let username = users::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content.username;
    decide(viewer, ObjectKind::CustUser, Action::Change { before: "", after: "" })?;
    if !users::replace_password(tx.write_tx(), id, stored, password_hash).await? {
        return Err(SaveError::Stale);
    }
    sessions::end_of_user(tx.write_tx(), id).await?;
    let message = "Changed password.";
    record(tx, viewer, LogAction::Change, (ObjectKind::CustUser, id, &username), message).await?;
    Ok(Saved::changed(id, &username, message.to_owned()))
}

/// Adds an error at each name that another user has.
async fn check_taken(
    tx: &mut Transaction,
    id: Option<i64>,
    content: &UserContent,
    errors: &mut ValidationErrors,
) -> Result<(), StoreError> {
    let taken = taken_names::user(tx.conn(), id, (&content.username, &content.egi_id)).await?;
    if taken.username {
        errors.add(Place::Field("username"), words::exists("User", "Username"));
    }
    // Logins find an identifier in whatever case.
    let same = match content.egi_id.as_str() {
        "" => Vec::new(),
        identifier => users::by_identifiers(tx.conn(), &[identifier.to_owned()]).await?,
    };
    if taken.egi_id || same.iter().any(|user| Some(user.id) != id) {
        errors.add(Place::Field("egi_id"), words::exists("User", "eduPersonUniqueId"));
    }
    Ok(())
}

/// Adds an error at each removed flag if no other superuser could log in.
async fn check_remaining(
    tx: &mut Transaction,
    id: i64,
    before: &UserContent,
    after: &UserContent,
    errors: &mut ValidationErrors,
) -> Result<(), StoreError> {
    let loses = before.is_administrator() && !after.is_administrator();
    if !loses || users::is_another_administrator(tx.conn(), id).await? {
        return Ok(());
    }
    let flags = [("is_active", after.is_active), ("is_staff", after.is_staff), ("is_superuser", after.is_superuser)];
    for (field, _) in flags.into_iter().filter(|(_, stays)| !stays) {
        errors.add(Place::Field(field), LAST_SUPERUSER);
    }
    Ok(())
}

/// The groups of one kind that a user joins or leaves, as (id, name).
struct Moves {
    kind: GroupKind,
    joined: Vec<(i64, String)>,
    left: Vec<(i64, String)>,
}

/// Resolves the groups that differ; unknown groups are errors at the field of their kind.
async fn choose_groups(
    tx: &mut Transaction,
    before: &UserContent,
    after: &UserContent,
    errors: &mut ValidationErrors,
) -> Result<Vec<Moves>, StoreError> {
    let mut moves = Vec::new();
    for kind in GroupKind::ALL {
        let wanted = missing_in(before.groups(kind), after.groups(kind));
        let unwanted = missing_in(after.groups(kind), before.groups(kind));
        if wanted.is_empty() && unwanted.is_empty() {
            continue;
        }
        let joined = groups::by_names(tx.conn(), kind, &wanted).await?;
        if joined.len() < wanted.len() {
            errors.add(Place::Field(groups_field(kind)), words::NO_CHOICE);
        }
        let left = groups::by_names(tx.conn(), kind, &unwanted).await?;
        moves.push(Moves { kind, joined, left });
    }
    Ok(moves)
}

async fn apply(tx: &mut Transaction, id: i64, moves: &[Moves]) -> Result<(), StoreError> {
    let ids = |groups: &[(i64, String)]| groups.iter().map(|group| group.0).collect::<Vec<_>>();
    for Moves { kind, joined, left } in moves {
        groups::add_users(tx.write_tx(), *kind, &ids(joined), &[id]).await?;
        groups::remove_users(tx.write_tx(), *kind, &ids(left), &[id]).await?;
        let names: Vec<String> = joined.iter().chain(left).map(|group| group.1.clone()).collect();
        groups::increment_revisions(tx.write_tx(), *kind, &names).await?;
    }
    Ok(())
}

/// Raises the revisions of the user's groups: their forms list the username.
async fn increment_group_revisions(tx: &mut Transaction, content: &UserContent) -> Result<(), StoreError> {
    for kind in GroupKind::ALL {
        groups::increment_revisions(tx.write_tx(), kind, content.groups(kind)).await?;
    }
    Ok(())
}
