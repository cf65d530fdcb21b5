//! The page on which somebody who is logged in changes the password.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::response::Responder;
use rocket::{Request, Route, get, post, routes};

use crate::auth::form::{Leads, LoginFirst, Posted};
use crate::auth::visitor::Visitor;
use crate::domain::password_rules::ADVICE;
use crate::domain::rejection::{Complaint, Place, Rejection};
use crate::domain::secret::Secret;
use crate::error::AppError;
use crate::pages::Page;
use crate::pages::form::{Problem, Widget};
use crate::pages::login::{LoginPage, PasswordPage};
use crate::registry::login::{self as registry, LoginError, NEW_PASSWORD, NEW_PASSWORD_AGAIN, OLD_PASSWORD};
use crate::store::sessions::SessionUser;

const ADDRESS: &str = "/poem/admin/password_change/";
const DONE: &str = "/poem/admin/password_change/done/";
const TITLE: &str = "Change password";

/// Names and labels.
const FIELDS: [(&str, &str); 3] =
    [(OLD_PASSWORD, "Old password"), (NEW_PASSWORD, "New password"), (NEW_PASSWORD_AGAIN, "New password again")];

pub fn routes() -> Vec<Route> {
    routes![form, change, done, login_first, login_first_then_post]
}

/// The guard of these pages: forwards whoever is not logged in to the routes of [`LoginFirst`].
struct Inside<'r>(Visitor<'r>, SessionUser);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Inside<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.guard::<Visitor<'r>>().await {
            Outcome::Success(mut visitor) => match visitor.user.take() {
                Some(user) => Outcome::Success(Self(visitor, user)),
                None => Outcome::Forward(Status::Unauthorized),
            },
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}

fn page(Inside(visitor, user): &Inside<'_>, rejection: &Rejection) -> Page<PasswordPage> {
    let complaint = match rejection.complaints.len() {
        0 => "",
        1 => "Please correct the error below.",
        _ => "Please correct the errors below.",
    };
    let problem = |complaint: &Complaint| Problem {
        text: complaint.message.clone(),
        href: match complaint.place {
            Place::Field(name) => format!("#id_{name}"),
            _ => String::new(),
        },
    };
    let widget = |(name, label): (&'static str, &str)| Widget {
        name: name.to_owned(),
        label: label.to_owned(),
        required: true,
        input_type: "password",
        errors: rejection.of(Place::Field(name)).into_iter().map(str::to_owned).collect(),
        ..Widget::default()
    };
    let content = PasswordPage {
        heading: TITLE.to_owned(),
        action: ADDRESS.to_owned(),
        complaint: complaint.to_owned(),
        problems: rejection.complaints.iter().map(problem).collect(),
        widgets: FIELDS.map(widget).into(),
        rules: ADVICE.map(str::to_owned).into(),
        is_done: false,
    };
    Page::new(visitor.inside(TITLE, user), content)
}

#[get("/poem/admin/password_change")]
fn form(inside: Inside<'_>) -> Page<PasswordPage> {
    page(&inside, &Rejection::default())
}

#[derive(Responder)]
enum Changed {
    Page(Box<Page<PasswordPage>>),
    Leads(Leads),
}

#[post("/poem/admin/password_change", data = "<posted>")]
async fn change(inside: Inside<'_>, posted: Posted) -> Result<Changed, AppError> {
    let [old, new, again] = FIELDS.map(|(name, _)| Secret::new(posted.get(name).unwrap_or_default()));
    let Inside(visitor, user) = &inside;
    let refused =
        |rejection: &Rejection, status| Ok(Changed::Page(Box::new(page(&inside, rejection).with_status(status))));
    match registry::change_password(visitor.place(), user, &old, (&new, &again)).await {
        Ok(session) => {
            visitor.give_session(session);
            Ok(Changed::Leads(Leads::after_post(DONE)))
        }
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Rejected(rejection)) => refused(&rejection, Status::Ok),
        Err(too_many) => refused(&Rejection::of_form(too_many.to_string()), Status::TooManyRequests),
    }
}

#[get("/poem/admin/password_change/done")]
fn done(inside: Inside<'_>) -> Page<PasswordPage> {
    let Inside(visitor, user) = &inside;
    let content = PasswordPage { heading: "Password changed".to_owned(), is_done: true, ..PasswordPage::default() };
    Page::new(visitor.inside("Password changed", user), content)
}

#[get("/poem/admin/password_change/<_..>", rank = 20)]
fn login_first(first: LoginFirst<'_>) -> Leads {
    first.lead()
}

#[post("/poem/admin/password_change/<_..>", data = "<posted>", rank = 20)]
async fn login_first_then_post(first: LoginFirst<'_>, posted: Posted) -> Page<LoginPage> {
    first.again(&posted).await
}
