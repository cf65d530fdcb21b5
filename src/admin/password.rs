//! The page on which a superuser sets the password of a user. (Users change their own in `auth::password_change`.)

use rocket::http::Status;

use super::crud::request_context::refused;
use super::crud::{PageResponse, PageResult, RequestContext, response};
use crate::auth::posted::Posted;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::security::password_rules;
use crate::domain::security::secret::Secret;
use crate::error::NOT_FOUND;
use crate::registry::{SaveError, password_hashing, users as registry};
use crate::store::users;
use crate::templates::Page;
use crate::templates::login_page::PasswordPage;

const NEW: &str = "new_password1";
const AGAIN: &str = "new_password2";

/// Returns the form.
pub async fn form(context: &RequestContext<'_>, id: i64) -> PageResult {
    show(context, id, &ValidationErrors::default()).await
}

/// Sets the password, and ends the sessions of the user.
pub async fn set(context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    context.superusers_only()?;
    let mut tx = context.read().await?;
    let user = users::content(tx.conn(), id).await?.ok_or(NOT_FOUND)?.content;
    tx.commit().await?;
    let (new, again) = (posted.get(NEW).unwrap_or_default(), posted.get(AGAIN).unwrap_or_default());
    if let Err(errors) = password_rules::check((new, again), user.owner(), (NEW, AGAIN)) {
        return show(context, id, &errors).await;
    }
    let hash = password_hashing::hash(&Secret::new(new)).await;
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    match registry::set_password(&mut tx, &viewer, id, &hash).await {
        Ok(saved) => {
            tx.commit().await?;
            let message =
                format!("The password of “{}” was changed. All sessions of this user have ended.", saved.name);
            Ok(PageResponse::redirect(context.at().change(ObjectKind::CustUser, id), vec![message]))
        }
        Err(SaveError::Rejected(errors)) => show(context, id, &errors).await,
        Err(refusal) => Err(refused(refusal)),
    }
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
    let (list, form) = (at.list(ObjectKind::CustUser), at.change(ObjectKind::CustUser, id));
    let layout = context.layout(&heading, &[("Users", &list), (&username, &form), ("Password", "")]);
    let status = if errors.is_empty() { Status::Ok } else { Status::UnprocessableEntity };
    response::page_with(Page::new(layout, content), status)
}
