//! The login and logout pages.

use chrono::TimeDelta;
use rocket::http::{Header, Status};
use rocket::response::Responder;
use rocket::{Route, get, post, routes};

use crate::auth::csrf;
use crate::auth::federated::providers::FederatedLogin;
use crate::auth::login_context::LoginContext;
use crate::auth::posted::{Posted, PostedForm};
use crate::domain::security::secret::Secret;
use crate::domain::web::redirect_target::NextPath;
use crate::error::AppError;
use crate::http::body::FormBody;
use crate::http::redirect::RedirectTo;
use crate::registry::login::{self as registry, Credentials, LoginSuccess};
use crate::registry::login_request::{LoginError, in_seconds};
use crate::registry::single_logout;
use crate::saml::service_provider::{LOGIN_PATH, LOGOUT_PATH};
use crate::templates::Page;
use crate::templates::login_page::{LOGGED_IN, LoggedInAgainPage, LoginPage, LogoutPage, RESUME, TYPED};
use crate::templates::urls::{INDEX, LOGIN, LOGOUT, public_of};

/// The first page after the login of a user who is not a superuser.
const PROFILES: &str = "/poem/admin/poem/profile/";

/// The title of the login page.
pub const TITLE: &str = "Log in";

/// The routes of the login and logout pages.
pub fn routes() -> Vec<Route> {
    routes![login_page, log_in, logout_page, log_out]
}

/// The response of the login page.
#[derive(Responder)]
enum LoginResponse {
    /// The form, with a message if the login failed.
    Page(Page<LoginPage>),
    /// The form with 429 and `Retry-After`.
    TooMany(Page<LoginPage>, Header<'static>),
    /// The page that sends a restored form, after a session had expired.
    Again(Page<LoggedInAgainPage>),
    /// A redirect after the login.
    RedirectTo(RedirectTo),
}

/// The address of the login page that returns to `next` afterwards.
pub fn address(next: &str) -> String {
    with_next(LOGIN, next)
}

/// Appends `next` to an address, as a query string.
pub fn with_next(address: &str, next: &str) -> String {
    format!("{address}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish())
}

/// The address that begins a federated login and returns to `next` afterwards.
pub fn federated_address(next: &str) -> String {
    with_next(LOGIN_PATH, next)
}

/// The content of an empty login page.
pub async fn content(context: &LoginContext<'_>, next: Option<&NextPath>) -> LoginPage {
    let next = next.map(NextPath::to_string).unwrap_or_default();
    let public = public_of(&next).unwrap_or_default();
    let page = LoginPage { action: LOGIN.to_owned(), next, public, ..LoginPage::default() };
    match context.federated_login().await {
        FederatedLogin::Off => page,
        FederatedLogin::Broken(_) => LoginPage { federated_unavailable: true, ..page },
        FederatedLogin::Ready(_) => {
            let federated_href = with_next(LOGIN_PATH, &page.next);
            LoginPage { federated: federated_label(context), federated_href, ..page }
        }
    }
}

/// The label of the button for the federated login.
fn federated_label(context: &LoginContext<'_>) -> String {
    let label = context.config.current().general_of(&context.tenant.tenant().name).saml_login_string;
    if label.is_empty() { "Log in with your institution".to_owned() } else { label }
}

/// The target after a login: `next`, or else the first page of the user.
pub fn after_login(next: Option<NextPath>, is_superuser: bool) -> String {
    let first = if is_superuser { INDEX } else { PROFILES };
    next.map_or(first.to_owned(), |next| next.to_string())
}

/// Shows the login form; redirects a user who is logged in already.
#[get("/poem/admin/login?<next>")]
async fn login_page(context: LoginContext<'_>, next: Option<&str>) -> LoginResponse {
    let next = next.and_then(NextPath::parse);
    match context.user() {
        Some(user) => LoginResponse::RedirectTo(RedirectTo::found(after_login(next, user.is_superuser))),
        None => LoginResponse::Page(Page::new(context.anonymous_layout(TITLE), content(&context, next.as_ref()).await)),
    }
}

/// Logs a user in, and replaces the session.
#[post("/poem/admin/login?<next>", data = "<form>")]
async fn log_in(context: LoginContext<'_>, next: Option<&str>, form: PostedForm) -> Result<LoginResponse, AppError> {
    let next = form.get("next").or(next).and_then(NextPath::parse);
    let PostedForm::Verified(posted) = &form else {
        let page = refused(&context, next.as_ref(), &form, csrf::NOT_VERIFIED.to_owned()).await;
        return Ok(LoginResponse::Page(page.with_status(Status::Forbidden)));
    };
    if posted.get(LOGGED_IN).is_some() {
        return Ok(go_on(&context, next, &form, posted).await);
    }
    let username = posted.get("username").unwrap_or_default().trim();
    let browser = context.known_browser(username);
    let credentials = Credentials {
        username,
        password: Secret::new(posted.get("password").unwrap_or_default()),
        old_session: context.session.as_ref().map(|session| session.id_hash.as_slice()),
        browser: browser.as_deref(),
    };
    match registry::log_in(context.login_request(), credentials).await {
        Ok(LoginSuccess { session, is_superuser }) => {
            context.set_login_cookies(session, username);
            Ok(logged_in(&context, posted, next, is_superuser))
        }
        Err(LoginError::Store(error)) if !error.is_transient() => Err(error.into()),
        Err(refusal) => {
            let page = refused(&context, next.as_ref(), &form, problem(&refusal)).await;
            Ok(match refusal {
                LoginError::TooMany(wait) | LoginError::Busy(wait) => {
                    LoginResponse::TooMany(page.with_status(Status::TooManyRequests), retry_after(&wait))
                }
                LoginError::Store(error) => {
                    log::warn!("POST {LOGIN}: {error}");
                    LoginResponse::Page(page.with_status(Status::ServiceUnavailable))
                }
                // A refused password is 200, as 2.3 had it: the form is shown again.
                _ => LoginResponse::Page(page),
            })
        }
    }
}

/// The response after a login: the form that was sent after the session had expired, or the page to return to.
fn logged_in(context: &LoginContext<'_>, posted: &Posted, next: Option<NextPath>, is_superuser: bool) -> LoginResponse {
    match (restored_form(posted), next) {
        (Some(typed), Some(next)) => again(context, typed, &next),
        (_, next) => LoginResponse::RedirectTo(RedirectTo::see_other(after_login(next, is_superuser))),
    }
}

/// The response to a user who has logged in in another tab; without a session, the page stays.
async fn go_on(context: &LoginContext<'_>, next: Option<NextPath>, form: &FormBody, posted: &Posted) -> LoginResponse {
    match context.user() {
        Some(user) => logged_in(context, posted, next, user.is_superuser),
        None => {
            let problem = "You are not logged in yet. Log in in the other tab first.".to_owned();
            LoginResponse::Page(refused(context, next.as_ref(), form, problem).await)
        }
    }
}

/// The message of the login page; the cause of an error of the database is only logged.
fn problem(refusal: &LoginError) -> String {
    match refusal {
        LoginError::Store(_) => {
            "Nobody can log in at the moment: the database does not take changes. Please try again shortly.".to_owned()
        }
        refusal => refusal.to_string(),
    }
}

/// The login page again, with the reason why the login failed.
async fn refused(
    context: &LoginContext<'_>,
    next: Option<&NextPath>,
    form: &FormBody,
    problem: String,
) -> Page<LoginPage> {
    let content = LoginPage {
        username: form.get("username").unwrap_or_default().to_owned(),
        problem,
        typed: form.get(TYPED).unwrap_or_default().to_owned(),
        ..content(context, next).await
    };
    Page::new(context.anonymous_layout(TITLE), content)
}

/// The header `Retry-After`, in seconds, for a login that is refused for too many attempts.
pub fn retry_after(wait: &TimeDelta) -> Header<'static> {
    Header::new("Retry-After", in_seconds(wait).to_string())
}

/// The form that was sent after the session had expired; `None` if there is none.
fn restored_form(posted: &Posted) -> Option<FormBody> {
    let typed = posted.get(TYPED).filter(|typed| !typed.is_empty())?;
    // The login page has encoded it. If someone has tampered with it, dropping it is no loss.
    FormBody::decode(typed.as_bytes()).ok()
}

/// The page that sends the restored form to `next`, marked as resumed.
fn again(context: &LoginContext<'_>, typed: FormBody, next: &NextPath) -> LoginResponse {
    let mut typed = typed.pairs().to_vec();
    typed.push((RESUME.to_owned(), "1".to_owned()));
    let content = LoggedInAgainPage { action: next.to_string(), typed };
    LoginResponse::Again(Page::new(context.anonymous_layout("You are logged in again"), content))
}

/// The logout page: the button, or the confirmation. `idp`: the name of the identity provider at which the user is still
/// logged in, and the address that logs out there.
fn logout(context: &LoginContext<'_>, is_logged_out: bool, idp: Option<(String, String)>) -> Page<LogoutPage> {
    let (idp, idp_logout) = idp.unwrap_or_default();
    let content = LogoutPage { action: LOGOUT.to_owned(), login: LOGIN.to_owned(), is_logged_out, idp, idp_logout };
    match context.user().filter(|_| !is_logged_out) {
        Some(user) => Page::new(context.user_layout("Log out", user), content),
        None => Page::new(context.anonymous_layout("Log out"), content),
    }
}

/// Shows a button: a GET (a mere link) must not end a session.
#[get("/poem/admin/logout")]
fn logout_page(context: LoginContext<'_>) -> Page<LogoutPage> {
    logout(&context, context.session.is_none(), None)
}

/// Ends the session.
#[post("/poem/admin/logout", data = "<_posted>")]
async fn log_out(context: LoginContext<'_>, _posted: Posted) -> Result<Page<LogoutPage>, AppError> {
    let mut idp = None;
    if let Some(session) = &context.session {
        idp = logout_at_idp(&context, &session.id_hash).await?;
        registry::log_out(context.login_request(), &session.id_hash).await?;
    }
    context.remove_session_cookie();
    Ok(logout(&context, true, idp))
}

/// Returns the name of the identity provider of a session, and the address that logs out there; `None` if the session
/// has none, or it cannot be asked.
async fn logout_at_idp(context: &LoginContext<'_>, id_hash: &[u8]) -> Result<Option<(String, String)>, AppError> {
    let FederatedLogin::Ready(federation) = context.federated_login().await else { return Ok(None) };
    if !federation.sp.has_single_logout() || federation.idp.logout.is_none() {
        return Ok(None);
    }
    let handle = single_logout::handle(context.login_request(), id_hash).await?;
    Ok(handle.map(|handle| (federation.idp.name.clone(), format!("{LOGOUT_PATH}?h={handle}"))))
}
