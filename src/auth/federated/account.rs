//! The question whether an account of POEM 2.3 belongs to the person whom the identity provider has named.

use rocket::http::{Header, Status};
use rocket::response::Responder;
use rocket::{get, post};

use super::acs::{welcome, without_account};
use super::context::FederatedContext;
use super::login_cookie;
use super::pages;
use super::response::FederatedResponse;
use crate::auth::login;
use crate::auth::login_context::LoginContext;
use crate::auth::posted::Posted;
use crate::domain::security::secret::Secret;
use crate::domain::web::redirect_target::NextPath;
use crate::error::AppError;
use crate::http::redirect::RedirectTo;
use crate::registry::federated_accounts::FederatedOutcome;
use crate::registry::identity_question::{self as registry, PendingLogin};
use crate::registry::login_request::LoginError;
use crate::saml::federation::Federation;
use crate::saml::service_provider::ACCOUNT_PATH;
use crate::templates::Page;
use crate::templates::federated_page::FederatedAccountPage;

/// The value of the button that says that the account is not theirs.
const NOT_MINE: &str = "not mine";

/// The response to the question.
#[derive(Responder)]
pub(super) enum AccountResponse {
    /// The question.
    Page(Page<FederatedAccountPage>, Header<'static>),
    /// The question again, with `Retry-After`.
    TooMany(Page<FederatedAccountPage>, Header<'static>, Header<'static>),
    /// Another page, or the redirect after the login.
    Other(FederatedResponse),
}

/// Shows the question.
#[get("/poem/saml2/account?<t>")]
pub(super) async fn ask(
    context: LoginContext<'_>,
    federated: FederatedContext<'_>,
    t: Option<&str>,
) -> Result<AccountResponse, AppError> {
    let federation = match federated.federation().await {
        Ok(federation) => federation,
        Err(page) => return Ok(AccountResponse::Other(*page)),
    };
    let token = t.unwrap_or_default();
    Ok(match pending(&federated, token).await? {
        Some(pending) => question(&context, &federation, (&pending, token), ""),
        None => AccountResponse::Other(federated.page(pages::too_late())),
    })
}

/// Takes the answer: a password that proves the account, or that it is not theirs.
#[post("/poem/saml2/account", data = "<posted>")]
pub(super) async fn decide(
    context: LoginContext<'_>,
    federated: FederatedContext<'_>,
    posted: Posted,
) -> Result<AccountResponse, AppError> {
    let federation = match federated.federation().await {
        Ok(federation) => federation,
        Err(page) => return Ok(AccountResponse::Other(*page)),
    };
    let token = posted.get("t").unwrap_or_default();
    let Some(pending) = pending(&federated, token).await? else {
        return Ok(AccountResponse::Other(federated.page(pages::too_late())));
    };
    let old_session = context.session.as_ref().map(|session| session.id_hash.as_slice());
    let request = context.login_request();
    if posted.get("answer") == Some(NOT_MINE) {
        let create_users = federation.sp.settings.create_users;
        let outcome = registry::not_mine(request, &pending, old_session, create_users).await?;
        return Ok(AccountResponse::Other(finish(&context, &federated, &federation, &pending, outcome)));
    }
    let password = Secret::new(posted.get("password").unwrap_or_default());
    let browser = context.known_browser(&pending.login.username);
    match registry::link_by_password(request, &pending, &password, (old_session, browser.as_deref())).await {
        Ok(outcome) => Ok(AccountResponse::Other(finish(&context, &federated, &federation, &pending, outcome))),
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(refusal) => Ok(wrong(&context, &federation, (&pending, token), &refusal)),
    }
}

/// Returns the identity that the token stands for, if this is the browser of its login.
async fn pending(federated: &FederatedContext<'_>, token: &str) -> Result<Option<PendingLogin>, AppError> {
    let browsers = login_cookie::all_values(federated.request);
    Ok(registry::pending(federated.login_request(), token, &browsers).await?)
}

fn question(
    context: &LoginContext<'_>,
    federation: &Federation,
    (pending, token): (&PendingLogin, &str),
    problem: &str,
) -> AccountResponse {
    let content = FederatedAccountPage {
        action: ACCOUNT_PATH.to_owned(),
        token: token.to_owned(),
        username: pending.login.username.clone(),
        idp: federation.idp.name.clone(),
        has_password: pending.has_password,
        problem: problem.to_owned(),
    };
    let page = Page::new(context.anonymous_layout("Is this account yours?"), content).with_status(Status::Forbidden);
    AccountResponse::Page(page, Header::new("Cache-Control", "no-store"))
}

/// The question again, after a password that was refused.
fn wrong(
    context: &LoginContext<'_>,
    federation: &Federation,
    pending: (&PendingLogin, &str),
    refusal: &LoginError,
) -> AccountResponse {
    let problem = match refusal {
        LoginError::Refused => "This is not the password of the account, or the account may not log in.".to_owned(),
        refusal => refusal.to_string(),
    };
    match (question(context, federation, pending, &problem), refusal) {
        (AccountResponse::Page(page, no_store), LoginError::TooMany(wait) | LoginError::Busy(wait)) => {
            AccountResponse::TooMany(page.with_status(Status::TooManyRequests), no_store, login::retry_after(wait))
        }
        (response, _) => response,
    }
}

/// Ends the question with a session, or with the page that says why not.
fn finish(
    context: &LoginContext<'_>,
    federated: &FederatedContext<'_>,
    federation: &Federation,
    pending: &PendingLogin,
    outcome: FederatedOutcome,
) -> FederatedResponse {
    let FederatedOutcome::LoggedIn(success) = outcome else {
        return match outcome {
            // The next name that POEM 2.3 would have made belongs to an account too.
            FederatedOutcome::Pending { token } => {
                FederatedResponse::redirect(RedirectTo::see_other(format!("{ACCOUNT_PATH}?t={token}")))
            }
            outcome => without_account(federated, federation, outcome),
        };
    };
    federated.count("ok");
    welcome(federated, &success);
    context.set_login_cookies(success.session, &success.username);
    login_cookie::remove(federated.request, &pending.cookie);
    let next = NextPath::parse(&pending.login.next);
    FederatedResponse::redirect(RedirectTo::see_other(login::after_login(next, success.is_superuser)))
}
