//! The page on which a superuser sets the password of a user. (Users change their own in `auth::password_change`.)

use rocket::http::Status;

use super::crud::request_context::refused;
use super::crud::{PageResponse, PageResult, RequestContext, repeat, response};
use super::user::has_password;
use crate::auth::posted::Posted;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::security::password_rules;
use crate::domain::security::secret::Secret;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::{SaveError, password_hashing, users as registry};
use crate::store::users;
use crate::templates::Page;
use crate::templates::login_page::PasswordPage;

const NEW: &str = "new_password1";
const AGAIN: &str = "new_password2";
const CHANGED_BY_OTHERS: &str = "Someone else has changed this password in the meantime.";

/// Returns the form.
pub async fn form(context: &RequestContext<'_>, id: i64) -> PageResult {
    show(context, id, &ValidationErrors::default()).await
}

/// Sets the password, and ends the sessions of the user.
pub async fn set(context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    context.superusers_only()?;
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let mut tx = context.read().await?;
    let user = users::content(tx.conn(), id).await?.ok_or(NOT_FOUND)?.content;
    let stored = users::password(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    tx.commit().await?;
    let (new, again) = (posted.get(NEW).unwrap_or_default(), posted.get(AGAIN).unwrap_or_default());
    if let Err(errors) = password_rules::check((new, again), user.owner(&context.tenant.tenant().name), (NEW, AGAIN)) {
        return show(context, id, &errors).await;
    }
    let new = Secret::new(new);
    if was_set(context, id, &new).await? {
        return Ok(done(context, id, &user.username));
    }
    let hash = password_hashing::hash(&new).await;
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    match registry::set_password(&mut tx, &viewer, id, (&stored, &hash)).await {
        Ok(saved) => {
            tx.commit().await?;
            Ok(done(context, id, &saved.name))
        }
        Err(SaveError::Rejected(errors)) => show(context, id, &errors).await,
        Err(SaveError::Stale) => {
            drop(tx);
            // The same form, sent twice at the same time.
            match was_set(context, id, &new).await? {
                true => Ok(done(context, id, &user.username)),
                false => show(context, id, &ValidationErrors::of_form(CHANGED_BY_OTHERS)).await,
            }
        }
        Err(refusal) => Err(refused(refusal)),
    }
}

/// Returns whether the viewer has set this password a moment ago.
async fn was_set(context: &RequestContext<'_>, id: i64, new: &Secret) -> Result<bool, AppError> {
    let mut tx = context.read().await?;
    let newest = repeat::newest(tx.conn(), context, ObjectKind::CustUser, id).await?;
    tx.commit().await?;
    match newest {
        Some((LogAction::Change, _)) => has_password(context, id, new).await,
        _ => Ok(false),
    }
}

fn done(context: &RequestContext<'_>, id: i64, username: &str) -> PageResponse {
    let message = format!("The password of “{username}” was changed. All sessions of this user have ended.");
    PageResponse::redirect(context.at().view(ObjectKind::CustUser, id), vec![message])
}

/// Returns the form with its errors; passwords that were typed are not shown again.
async fn show(context: &RequestContext<'_>, id: i64, errors: &ValidationErrors) -> PageResult {
    context.superusers_only()?;
    let mut tx = context.read().await?;
    let username = users::content(tx.conn(), id).await?.ok_or(NOT_FOUND)?.content.username;
    let heading = format!("Set the password of {username}");
    let action = format!("{}{id}/password/", context.at().list(ObjectKind::CustUser));
    let fields = [(NEW, "New password"), (AGAIN, "New password again")];
    let content = PasswordPage::new(&heading, &action, &fields, &password_rules::ADVICE, errors);
    let at = context.at();
    let (list, user) = (at.list(ObjectKind::CustUser), at.view(ObjectKind::CustUser, id));
    let layout = context.layout(&heading, &[("Users", &list), (&username, &user), ("Password", "")]);
    let layout = layout.with_errors(!errors.is_empty());
    let status = if errors.is_empty() { Status::Ok } else { Status::UnprocessableEntity };
    response::page_with(Page::new(layout, content), status)
}
