//! The login page and the end of the session.

use chrono::TimeDelta;
use rocket::http::{Header, Status};
use rocket::response::Responder;
use rocket::{Route, get, post, routes};

use crate::auth::login_context::LoginContext;
use crate::auth::posted::Posted;
use crate::domain::security::secret::Secret;
use crate::domain::web::redirect_target::NextPath;
use crate::error::AppError;
use crate::http::body::FormBody;
use crate::http::redirect::RedirectTo;
use crate::registry::login::{self as registry, Credentials, LoginError, LoginSuccess};
use crate::templates::Page;
use crate::templates::login_page::{LoggedInAgainPage, LoginPage, LogoutPage, RESUME, TYPED};
use crate::templates::urls::{INDEX, LOGIN, LOGOUT};

/// What users see first who are no superusers.
const PROFILES: &str = "/poem/admin/poem/profile/";
/// The federated login.
const SAML_LOGIN: &str = "/poem/saml2/login/";

pub const TITLE: &str = "Log in";

pub fn routes() -> Vec<Route> {
    routes![login_page, log_in, logout_page, log_out]
}

#[derive(Responder)]
enum LoginResponse {
    Page(Page<LoginPage>),
    TooMany(Page<LoginPage>, Header<'static>),
    Again(Page<LoggedInAgainPage>),
    RedirectTo(RedirectTo),
}

/// The login page's address, with the way back.
pub fn address(next: &str) -> String {
    with_next(LOGIN, next)
}

fn with_next(address: &str, next: &str) -> String {
    format!("{address}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish())
}

/// An empty login page.
pub async fn content(context: &LoginContext<'_>, next: Option<&NextPath>) -> LoginPage {
    let next = next.map(NextPath::to_string).unwrap_or_default();
    let federated = federated(context).await.unwrap_or_default();
    let federated_href = if federated.is_empty() { String::new() } else { with_next(SAML_LOGIN, &next) };
    LoginPage { action: LOGIN.to_owned(), next, federated, federated_href, ..LoginPage::default() }
}

/// The words of the federated button; `None` where the tenant has no identity provider.
async fn federated(context: &LoginContext<'_>) -> Option<String> {
    let tenant = context.tenant.tenant();
    let config = context.config.current();
    let metadata = config.venv.join(format!("etc/poem/metadata-{}.xml", tenant.schema));
    if !tokio::fs::try_exists(metadata).await.unwrap_or(false) {
        return None;
    }
    let words = config.tenant_general(&tenant.name).ok().flatten().map(|general| general.saml_login_string);
    Some(words.filter(|words| !words.is_empty()).unwrap_or_else(|| "Log in with your institution".to_owned()))
}

/// Where a login leads: where it was wanted, or to what the user sees first.
fn after_login(next: Option<NextPath>, is_superuser: bool) -> String {
    let first = if is_superuser { INDEX } else { PROFILES };
    next.map_or(first.to_owned(), |next| next.to_string())
}

#[get("/poem/admin/login?<next>")]
async fn login_page(context: LoginContext<'_>, next: Option<&str>) -> LoginResponse {
    let next = next.and_then(NextPath::parse);
    match &context.user {
        Some(user) => LoginResponse::RedirectTo(RedirectTo::found(after_login(next, user.is_superuser))),
        None => LoginResponse::Page(Page::new(context.outside(TITLE), content(&context, next.as_ref()).await)),
    }
}

#[post("/poem/admin/login?<next>", data = "<posted>")]
async fn log_in(context: LoginContext<'_>, next: Option<&str>, posted: Posted) -> Result<LoginResponse, AppError> {
    let next = posted.get("next").or(next).and_then(NextPath::parse);
    let old_session = context.session();
    let credentials = Credentials {
        username: posted.get("username").unwrap_or_default().trim(),
        password: Secret::new(posted.get("password").unwrap_or_default()),
        old_session: old_session.as_deref(),
    };
    match registry::log_in(context.login_request(), credentials).await {
        Ok(LoginSuccess { session, is_superuser }) => {
            context.set_session_cookie(session);
            Ok(match (resumed(&posted), next) {
                (Some(typed), Some(next)) => again(&context, typed, &next),
                (_, next) => LoginResponse::RedirectTo(RedirectTo::see_other(after_login(next, is_superuser))),
            })
        }
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(refusal) => {
            let content = LoginPage {
                username: posted.get("username").unwrap_or_default().to_owned(),
                problem: refusal.to_string(),
                typed: posted.get(TYPED).unwrap_or_default().to_owned(),
                ..content(&context, next.as_ref()).await
            };
            let page = Page::new(context.outside(TITLE), content);
            Ok(match refusal {
                LoginError::TooMany(wait) => {
                    LoginResponse::TooMany(page.with_status(Status::TooManyRequests), retry_after(&wait))
                }
                // A refused password is 200, as 2.3 had it: the form is shown again.
                _ => LoginResponse::Page(page),
            })
        }
    }
}

/// The header that says when another attempt is allowed.
pub fn retry_after(wait: &TimeDelta) -> Header<'static> {
    Header::new("Retry-After", registry::in_seconds(wait).to_string())
}

/// What was typed when the session had ended; `None` where there is nothing of it.
fn resumed(posted: &Posted) -> Option<FormBody> {
    let typed = posted.get(TYPED).filter(|typed| !typed.is_empty())?;
    // The login page wrote it; where somebody changed it, it is no loss.
    FormBody::decode(typed.as_bytes()).ok()
}

fn again(context: &LoginContext<'_>, typed: FormBody, next: &NextPath) -> LoginResponse {
    let mut typed = typed.pairs().to_vec();
    typed.push((RESUME.to_owned(), "1".to_owned()));
    let content = LoggedInAgainPage { action: next.to_string(), typed };
    LoginResponse::Again(Page::new(context.outside("You are logged in again"), content))
}

fn logout(context: &LoginContext<'_>, is_logged_out: bool) -> Page<LogoutPage> {
    let content = LogoutPage { action: LOGOUT.to_owned(), login: LOGIN.to_owned(), is_logged_out };
    match context.user.as_ref().filter(|_| !is_logged_out) {
        Some(user) => Page::new(context.inside("Log out", user), content),
        None => Page::new(context.outside("Log out"), content),
    }
}

/// A button: a mere link must not end a session.
#[get("/poem/admin/logout")]
fn logout_page(context: LoginContext<'_>) -> Page<LogoutPage> {
    logout(&context, context.user.is_none())
}

#[post("/poem/admin/logout", data = "<_posted>")]
async fn log_out(context: LoginContext<'_>, _posted: Posted) -> Result<Page<LogoutPage>, AppError> {
    if let Some(session) = context.session() {
        registry::log_out(context.login_request(), &session).await?;
        context.remove_session_cookie();
    }
    Ok(logout(&context, true))
}
