//! A superuser sets the password of a user.

use rocket::http::Status;

use super::core::visit::refused;
use super::core::{Answer, Answered, Visit, answer};
use crate::auth::posted::Posted;
use crate::domain::form::validation_error::Rejection;
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::security::password_rules;
use crate::domain::security::secret::Secret;
use crate::error::NOT_FOUND;
use crate::pages::Page;
use crate::pages::login::PasswordPage;
use crate::registry::{Refusal, password_hashing, users as registry};
use crate::store::users;

const NEW: &str = "new_password1";
const AGAIN: &str = "new_password2";

pub async fn form(visit: &Visit<'_>, id: i64) -> Answered {
    show(visit, id, &Rejection::default()).await
}

pub async fn set(visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered {
    visit.superusers_only()?;
    let mut tx = visit.read().await?;
    let user = users::content(tx.conn(), id).await?.ok_or(NOT_FOUND)?.content;
    tx.commit().await?;
    let (new, again) = (posted.get(NEW).unwrap_or_default(), posted.get(AGAIN).unwrap_or_default());
    if let Err(rejection) = password_rules::check((new, again), user.owner(), (NEW, AGAIN)) {
        return show(visit, id, &rejection).await;
    }
    let hash = password_hashing::hash(&Secret::new(new)).await;
    let (mut tx, viewer) = visit.write().await.map_err(refused)?;
    match registry::set_password(&mut tx, &viewer, id, &hash).await {
        Ok(saved) => {
            tx.commit().await?;
            let said =
                format!("The password of “{}” was changed, and the sessions of the user have ended.", saved.name);
            Ok(Answer::done(visit.at().change(ObjectKind::CustUser, id), vec![said]))
        }
        Err(Refusal::Rejected(rejection)) => show(visit, id, &rejection).await,
        Err(refusal) => Err(refused(refusal)),
    }
}

/// The form, with what is wrong with what was typed; the passwords themselves are not shown again.
async fn show(visit: &Visit<'_>, id: i64, rejection: &Rejection) -> Answered {
    visit.superusers_only()?;
    let mut tx = visit.read().await?;
    let username = users::content(tx.conn(), id).await?.ok_or(NOT_FOUND)?.content.username;
    let heading = format!("Set the password of {username}");
    let action = format!("{}{id}/password/", visit.at().list(ObjectKind::CustUser));
    let fields = [(NEW, "New password"), (AGAIN, "New password, again")];
    let content = PasswordPage::new(&heading, &action, &fields, &password_rules::ADVICE, rejection);
    let at = visit.at();
    let (list, form) = (at.list(ObjectKind::CustUser), at.change(ObjectKind::CustUser, id));
    let chrome = visit.chrome(&heading, &[("Users", &list), (&username, &form), ("Password", "")]);
    let status = if rejection.is_empty() { Status::Ok } else { Status::UnprocessableEntity };
    answer::page_with(Page::new(chrome, content), status)
}
