//! The page on which users change their own password. Superusers set those of others in `admin::password`.

use rocket::http::{Header, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::Responder;
use rocket::{Request, Route, get, post, routes};

use crate::auth::login::retry_after;
use crate::auth::login_required::LoggedIn;
use crate::auth::posted::{Posted, PostedForm, other_user};
use crate::auth::{csrf, session};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::security::password_rules::ADVICE;
use crate::domain::security::secret::Secret;
use crate::error::{AppError, NO_PERMISSION, refuse};
use crate::http::redirect::RedirectTo;
use crate::registry::login_request::LoginError;
use crate::registry::own_password::{self as registry, NEW_PASSWORD, NEW_PASSWORD_AGAIN, OLD_PASSWORD, PasswordChange};
use crate::templates::Page;
use crate::templates::login_page::PasswordPage;
use crate::templates::urls::PASSWORD;

/// The address of the confirmation.
const DONE: &str = "/poem/admin/password_change/done/";
const TITLE: &str = "Change password";
const WRONG_PASSWORD: &str = "Your current password is wrong. Please enter it again.";

/// The names and labels of the form's fields.
const FIELDS: [(&str, &str); 3] =
    [(OLD_PASSWORD, "Current password"), (NEW_PASSWORD, "New password"), (NEW_PASSWORD_AGAIN, "New password again")];

/// The routes of these pages.
pub fn routes() -> Vec<Route> {
    routes![form, change, changed_before, done]
}

/// The form, with the errors of the last attempt.
fn page(LoggedIn(context, session): &LoggedIn<'_>, errors: &ValidationErrors) -> Page<PasswordPage> {
    let layout = context.user_layout(TITLE, &session.user).with_errors(!errors.is_empty());
    Page::new(layout, PasswordPage::new(TITLE, PASSWORD, &FIELDS, &ADVICE, errors))
}

#[get("/poem/admin/password_change")]
fn form(inside: LoggedIn<'_>) -> Page<PasswordPage> {
    page(&inside, &ValidationErrors::default())
}

/// The response to a change of the password.
#[derive(Responder)]
enum Changed {
    /// The form with its errors.
    Page(Box<Page<PasswordPage>>),
    /// The form with 429 and `Retry-After`.
    TooMany(Box<Page<PasswordPage>>, Header<'static>),
    /// A redirect to the confirmation.
    RedirectTo(RedirectTo),
}

#[post("/poem/admin/password_change", data = "<form>")]
async fn change(inside: LoggedIn<'_>, form: PostedForm) -> Result<Changed, AppError> {
    let LoggedIn(context, session) = &inside;
    let refused = |errors: &ValidationErrors| Box::new(page(&inside, errors));
    let PostedForm::Verified(posted) = &form else {
        let page = refused(&ValidationErrors::of_form(csrf::NOT_VERIFIED));
        return Ok(Changed::Page(Box::new(page.with_status(Status::Forbidden))));
    };
    if !posted.is_of(session.user.id) {
        let page = refused(&ValidationErrors::of_form(other_user(&session.user.username)));
        return Ok(Changed::Page(Box::new(page.with_status(Status::Conflict))));
    }
    let mut errors = ValidationErrors::default();
    for (name, _) in FIELDS.into_iter().filter(|(name, _)| posted.get(name).unwrap_or_default().is_empty()) {
        errors.add(Place::Field(name), words::REQUIRED);
    }
    if !errors.is_empty() {
        return Ok(Changed::Page(refused(&errors)));
    }
    let [old, new, again] = FIELDS.map(|(name, _)| Secret::new(posted.get(name).unwrap_or_default()));
    match registry::change(context.login_request(), session, &old, (&new, &again)).await {
        Ok(PasswordChange::Done(session)) => {
            context.set_session_cookie(session);
            Ok(Changed::RedirectTo(RedirectTo::see_other(DONE)))
        }
        Ok(PasswordChange::DoneBefore) => Ok(Changed::RedirectTo(RedirectTo::see_other(DONE))),
        Ok(PasswordChange::SessionEnded) => Err(NO_PERMISSION),
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Refused) => Ok(Changed::Page(refused(&ValidationErrors::at(OLD_PASSWORD, WRONG_PASSWORD)))),
        Err(LoginError::Rejected(errors)) => Ok(Changed::Page(refused(&errors))),
        Err(problem @ (LoginError::TooMany(wait) | LoginError::Busy(wait))) => {
            let page = refused(&ValidationErrors::of_form(problem.to_string()));
            Ok(Changed::TooMany(Box::new(page.with_status(Status::TooManyRequests)), retry_after(&wait)))
        }
    }
}

/// The guard for a form that comes with a session which the same form has replaced a moment ago.
struct ReplacedSession;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ReplacedSession {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match session::was_replaced(request).await {
            Ok(true) => Outcome::Success(Self),
            Ok(false) => Outcome::Forward(Status::Unauthorized),
            Err(error) => refuse(request, error),
        }
    }
}

/// Leads to the confirmation: the form was sent twice, and the first submit has ended the session of the second.
#[post("/poem/admin/password_change", data = "<_posted>", rank = 2)]
fn changed_before(_replaced: ReplacedSession, _posted: Posted) -> RedirectTo {
    RedirectTo::see_other(DONE)
}

#[get("/poem/admin/password_change/done")]
fn done(inside: LoggedIn<'_>) -> Page<PasswordPage> {
    let LoggedIn(context, session) = &inside;
    let content = PasswordPage { heading: "Password changed".to_owned(), is_done: true, ..PasswordPage::default() };
    Page::new(context.user_layout("Password changed", &session.user), content)
}
