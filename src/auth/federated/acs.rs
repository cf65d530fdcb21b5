//! The end of a federated login: the answer of the identity provider (AssertionConsumerService).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rocket::data::{Data, ToByteUnit};
use rocket::{Request, get, post};

use super::context::{FederatedContext, Turn, method_not_allowed};
use super::login_cookie;
use super::pages;
use super::response::FederatedResponse;
use crate::auth::flash;
use crate::auth::login;
use crate::auth::session;
use crate::domain::model::federated_account::WELCOME;
use crate::domain::security::keys::random_hex;
use crate::domain::web::redirect_target::NextPath;
use crate::error::AppError;
use crate::http::body::FormBody;
use crate::http::cookies;
use crate::http::redirect::RedirectTo;
use crate::registry::federated_accounts::{FederatedOutcome, FederatedSuccess};
use crate::registry::federated_login::{
    self as registry, AcceptedResponse, CheckedLogin, LoginState, OpenLogin, cookie_suffix,
};
use crate::saml::assertion::CheckedAssertion;
use crate::saml::attributes::Attributes;
use crate::saml::federation::Federation;
use crate::saml::refusal::{Refusal, RefusalClass};
use crate::saml::response::{LoginFacts, ReceivedResponse};
use crate::saml::service_provider::ACCOUNT_PATH;
use crate::templates::Severity;

/// The largest body, in mebibytes.
const LARGEST_BODY: u64 = 1;

/// The reason why a login did not end with a session.
enum Failure {
    /// The message is refused; holds the path of the login, if it is known.
    Refused(Refusal, Option<String>),
    /// Too many signatures are being checked.
    Busy,
    /// The request or the database.
    Error(AppError),
}

impl<E: Into<AppError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, None)
    }
}

/// Returns what a piece of the checks has found out.
fn passed<T>(turn: Turn<T>) -> Result<T, Failure> {
    match turn {
        Turn::Done(done) => Ok(done),
        Turn::Refused(refusal) => Err(refusal.into()),
        Turn::Busy => Err(Failure::Busy),
    }
}

/// People bookmark the address of the answer.
#[get("/poem/saml2/acs")]
pub(super) fn not_a_page(context: FederatedContext<'_>) -> FederatedResponse {
    method_not_allowed(&context, "POST")
}

/// Takes the answer to a login, and starts the session.
#[post("/poem/saml2/acs", data = "<data>")]
pub(super) async fn acs(context: FederatedContext<'_>, data: Data<'_>) -> Result<FederatedResponse, AppError> {
    let federation = match context.federation().await {
        Ok(federation) => federation,
        Err(page) => return Ok(*page),
    };
    match finish(&context, &federation, data).await {
        Ok(response) => Ok(response),
        Err(Failure::Refused(refusal, next)) => Ok(context.refused(&federation, &refusal, next.as_deref())),
        Err(Failure::Busy) => Ok(context.page(pages::busy())),
        Err(Failure::Error(error)) => Err(error),
    }
}

async fn finish(
    context: &FederatedContext<'_>,
    federation: &Arc<Federation>,
    data: Data<'_>,
) -> Result<FederatedResponse, Failure> {
    let form = FormBody::read(context.request, data, LARGEST_BODY.mebibytes()).await?;
    let encoded = only_message(&form)?.to_owned();
    let shared = federation.clone();
    let received = context.in_turn(move || ReceivedResponse::read(&encoded, &shared.sp, &shared.idp)).await;
    let received = match passed(received) {
        Err(Failure::Refused(refusal, None)) => {
            let next = way_back(context, &refusal).await;
            return Err(Failure::Refused(refusal, next));
        }
        received => received?,
    };
    let (request_id, login) = awaited(context, federation, &received).await?;
    let next = login.next.clone();
    let checked = check(context, federation, received, (&request_id, login.created)).await;
    let end = match checked {
        Ok((assertion, attributes)) => enter(context, federation, (&request_id, login), assertion, &attributes).await,
        Err(failure) => Err(failure),
    };
    // From here on the path to return to is known.
    end.map_err(|failure| match failure {
        Failure::Refused(refusal, None) => Failure::Refused(refusal, next),
        failure => failure,
    })
}

/// Returns the path of the login that the identity provider has refused, so that the person can try again.
async fn way_back(context: &FederatedContext<'_>, refusal: &Refusal) -> Option<String> {
    let id = refusal.failed_login.as_ref()?.request.as_deref()?;
    match registry::find_login(context.login_request(), id).await {
        Ok(LoginState::Open(login)) => login.next,
        // Without the path the person begins at the first page.
        _ => None,
    }
}

/// Returns the message of a form that has exactly one.
fn only_message(form: &FormBody) -> Result<&str, Refusal> {
    let mut found = form.pairs().iter().filter(|(name, _)| name == "SAMLResponse").map(|(_, value)| value.as_str());
    match (found.next(), found.next()) {
        (Some(message), None) => Ok(message),
        (None, _) => Err(RefusalClass::Malformed.because("no SAMLResponse")),
        (Some(_), Some(_)) => Err(RefusalClass::Malformed.because("two SAMLResponse")),
    }
}

/// Finds the login that a message responds to (steps 10 and 11).
async fn awaited(
    context: &FederatedContext<'_>,
    federation: &Federation,
    received: &ReceivedResponse,
) -> Result<(String, OpenLogin), Failure> {
    let Some(id) = received.in_response_to() else {
        return Err(RefusalClass::Unsolicited
            .because("an answer to no request of ours: it has no InResponseTo")
            .into());
    };
    let login = match registry::find_login(context.login_request(), id).await? {
        LoginState::Open(login) if login.idp == federation.idp.entity_id => login,
        LoginState::Open(login) => {
            let refusal = RefusalClass::Expired.because("its login began with another identity provider");
            return Err(Failure::Refused(refusal, login.next));
        }
        LoginState::Used { next } => {
            return Err(Failure::Refused(RefusalClass::Used.because("its login was used"), next));
        }
        LoginState::Unknown => {
            let cause = "an answer to a login that is unknown here, or began more than an hour ago";
            return Err(RefusalClass::Expired.because(cause).into());
        }
    };
    let cookies = login_cookie::values(context.request, &cookie_suffix(id));
    match cookies.into_iter().any(|cookie| login.is_from(cookie)) {
        true => Ok((id.to_owned(), login)),
        false => {
            let refusal = RefusalClass::Browser.because("it came through another browser than the one that asked");
            Err(Failure::Refused(refusal, login.next))
        }
    }
}

/// Checks the signatures and what they cover (steps 12 to 17).
async fn check(
    context: &FederatedContext<'_>,
    federation: &Arc<Federation>,
    received: ReceivedResponse,
    (request_id, begun): (&str, DateTime<Utc>),
) -> Result<(CheckedAssertion, Attributes), Failure> {
    let (federation, request_id) = (federation.clone(), request_id.to_owned());
    let work = move || {
        let Federation { sp, idp, metadata_file } = &*federation;
        let verified = received.verify(idp, &metadata_file.display().to_string())?;
        let facts = LoginFacts { request_id: &request_id, begun: Some(begun), now: Utc::now() };
        let assertion = verified.check(sp, idp, &facts)?;
        Ok::<_, Refusal>((assertion, verified.attributes()?))
    };
    passed(context.in_turn(work).await)
}

/// Finds the account of the person and starts the session (steps 18 to 21).
async fn enter(
    context: &FederatedContext<'_>,
    federation: &Federation,
    (request_id, login): (&str, OpenLogin),
    assertion: CheckedAssertion,
    attributes: &Attributes,
) -> Result<FederatedResponse, Failure> {
    let (request, settings) = (context.login_request(), &federation.sp.settings);
    if registry::was_used(request, &federation.idp.entity_id, &assertion.id).await? {
        return Err(RefusalClass::Used.because("its assertion was used").into());
    }
    let identity = attributes.identity(settings, &federation.idp.entity_id)?;
    let response = AcceptedResponse { request_id, assertion_id: &assertion.id, assertion_expires: assertion.expires };
    if let Err(refusal) = attributes.check_entitlements(settings) {
        registry::refuse(request, &identity, response).await?;
        return Err(refusal.into());
    }
    let old = session::find(context.request, context.tenant).await?;
    let federated = CheckedLogin {
        response,
        identity: &identity,
        session: &assertion.session,
        old_session: old.as_ref().map(|session| session.id_hash.as_slice()),
        create_users: settings.create_users,
    };
    let outcome = registry::log_in(request, federated).await?;
    respond(context, federation, request_id, outcome, login.next.as_deref())
}

fn respond(
    context: &FederatedContext<'_>,
    federation: &Federation,
    request_id: &str,
    outcome: FederatedOutcome,
    next: Option<&str>,
) -> Result<FederatedResponse, Failure> {
    let refused = |class: RefusalClass, cause: String| Err(class.because(cause).into());
    match outcome {
        FederatedOutcome::LoggedIn(success) => {
            context.count("ok");
            greet(context.request, &success);
            context.request.cookies().add(cookies::own(context.request, session::COOKIE, success.session));
            login_cookie::remove(context.request, &cookie_suffix(request_id));
            let to = login::after_login(next.and_then(NextPath::parse), success.is_superuser);
            Ok(FederatedResponse::redirect(RedirectTo::see_other(to)))
        }
        // A redirect, so that the next request has our own cookies again.
        FederatedOutcome::Pending { token } => {
            context.count("asked");
            // As long as the question: the cookie of the login may be nearly an hour old.
            login_cookie::renew(context.request, &cookie_suffix(request_id));
            Ok(FederatedResponse::redirect(RedirectTo::see_other(format!("{ACCOUNT_PATH}?t={token}"))))
        }
        FederatedOutcome::MayNot => {
            refused(RefusalClass::Account, "the account is not active, or not staff".to_owned())
        }
        FederatedOutcome::AlreadyUsed => refused(RefusalClass::Used, "its login or assertion was used".to_owned()),
        outcome @ (FederatedOutcome::Ambiguous(_) | FederatedOutcome::NoAccount { .. }) => {
            Ok(without_account(context, federation, outcome))
        }
    }
}

/// Lets the first page tell a person whose account is new what it is good for.
pub(super) fn greet(request: &Request<'_>, success: &FederatedSuccess) {
    if success.is_new {
        flash::set_for_new_session(request, &success.session, Severity::Success, &[WELCOME.to_owned()]);
    }
}

/// Returns the page for a person who has no account, or two.
pub(super) fn without_account(
    context: &FederatedContext<'_>,
    federation: &Federation,
    outcome: FederatedOutcome,
) -> FederatedResponse {
    let (notice, cause) = match outcome {
        FederatedOutcome::NoAccount { identifier } => {
            (pages::no_account(federation, &identifier), format!("no account has the identifier {identifier:?}"))
        }
        FederatedOutcome::Ambiguous(usernames) => {
            (pages::two_accounts(federation), format!("its identifiers belong to {}", usernames.join(" and ")))
        }
        FederatedOutcome::MayNot => (pages::may_not(federation), "the account is not active, or not staff".to_owned()),
        _ => (pages::too_late(), "its login is over".to_owned()),
    };
    let reference = random_hex(4);
    context.log_refusal(&reference, &cause);
    context.count(RefusalClass::Account.word());
    context.page(notice.with_reference(reference))
}
