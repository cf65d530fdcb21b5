//! The page on which users change their own password. Superusers set those of others in `admin::password`.

use rocket::http::{Header, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::Responder;
use rocket::{Request, Route, get, post, routes};

use crate::auth::login::retry_after;
use crate::auth::login_context::LoginContext;
use crate::auth::posted::Posted;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::security::password_rules::ADVICE;
use crate::domain::security::secret::Secret;
use crate::error::AppError;
use crate::http::redirect::RedirectTo;
use crate::registry::login::{self as registry, LoginError, NEW_PASSWORD, NEW_PASSWORD_AGAIN, OLD_PASSWORD};
use crate::store::sessions::SessionUser;
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
    routes![form, change, done]
}

/// The guard of these pages. It forwards a user who is not logged in to the last routes, which lead to the login.
struct OwnPasswordPage<'r>(LoginContext<'r>, SessionUser);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for OwnPasswordPage<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.guard::<LoginContext<'r>>().await {
            Outcome::Success(mut context) => match context.user.take() {
                Some(user) => Outcome::Success(Self(context, user)),
                None => Outcome::Forward(Status::Unauthorized),
            },
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}

/// The form, with the errors of the last attempt.
fn page(OwnPasswordPage(context, user): &OwnPasswordPage<'_>, errors: &ValidationErrors) -> Page<PasswordPage> {
    Page::new(context.user_layout(TITLE, user), PasswordPage::new(TITLE, PASSWORD, &FIELDS, &ADVICE, errors))
}

#[get("/poem/admin/password_change")]
fn form(inside: OwnPasswordPage<'_>) -> Page<PasswordPage> {
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

#[post("/poem/admin/password_change", data = "<posted>")]
async fn change(inside: OwnPasswordPage<'_>, posted: Posted) -> Result<Changed, AppError> {
    let [old, new, again] = FIELDS.map(|(name, _)| Secret::new(posted.get(name).unwrap_or_default()));
    let OwnPasswordPage(context, user) = &inside;
    let refused = |errors: &ValidationErrors| Box::new(page(&inside, errors));
    match registry::change_password(context.login_request(), user, &old, (&new, &again)).await {
        Ok(session) => {
            context.set_session_cookie(session);
            Ok(Changed::RedirectTo(RedirectTo::see_other(DONE)))
        }
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Refused) => Ok(Changed::Page(refused(&ValidationErrors::at(OLD_PASSWORD, WRONG_PASSWORD)))),
        Err(LoginError::Rejected(errors)) => Ok(Changed::Page(refused(&errors))),
        Err(LoginError::TooMany(wait)) => {
            let page = refused(&ValidationErrors::of_form(LoginError::TooMany(wait).to_string()));
            Ok(Changed::TooMany(Box::new(page.with_status(Status::TooManyRequests)), retry_after(&wait)))
        }
    }
}

#[get("/poem/admin/password_change/done")]
fn done(inside: OwnPasswordPage<'_>) -> Page<PasswordPage> {
    let OwnPasswordPage(context, user) = &inside;
    let content = PasswordPage { heading: "Password changed".to_owned(), is_done: true, ..PasswordPage::default() };
    Page::new(context.user_layout("Password changed", user), content)
}
