//! The single logout: begun here by the link of the logout page, or at the identity provider.

use std::sync::Arc;

use chrono::Utc;
use rocket::data::{Data, ToByteUnit};
use rocket::{get, post};

use super::begin::new_id;
use super::context::{FederatedContext, Turn, method_not_allowed};
use super::pages;
use super::response::FederatedResponse;
use crate::auth::session;
use crate::domain::model::federated_identity::FederatedSession;
use crate::error::{AppError, NOT_FOUND};
use crate::http::body::FormBody;
use crate::http::original_request::OriginalRequest;
use crate::http::redirect::RedirectTo;
use crate::registry::single_logout::{self as registry, IdpLogout};
use crate::saml::federation::Federation;
use crate::saml::logout::{self, LogoutFacts, LogoutRequest, LogoutResponse};
use crate::saml::post_binding;
use crate::saml::redirect_binding::{
    self, LONGEST_RELAY_STATE, MessageKind, OutgoingMessage, ReceivedMessage, encoded,
};
use crate::saml::refusal::{Refusal, RefusalClass};
use crate::saml::service_provider::{LOGOUT_POST_PATH, LOGOUT_REDIRECT_PATH};
use crate::templates::urls::LOGOUT;

/// The largest body of a message, in kibibytes: 64 KiB of text, in base64 and percent-encoded.
const LARGEST_BODY: u64 = 512;

/// A message about a logout whose signature was verified.
struct Verified {
    kind: MessageKind,
    text: String,
    /// Percent-encoded; '' for none.
    relay_state: String,
}

/// Sends the browser to the identity provider, to log out there as well. Without a handle: to the logout page, because a
/// mere link must not end a session.
#[get("/poem/saml2/logout?<h>")]
pub(super) async fn begin(context: FederatedContext<'_>, h: Option<&str>) -> Result<FederatedResponse, AppError> {
    let Some(handle) = h else { return Ok(FederatedResponse::redirect(RedirectTo::found(LOGOUT))) };
    let federation = match context.federation().await {
        Ok(federation) => federation,
        Err(page) => return Ok(*page),
    };
    let Some(session) = registry::take_handle(context.login_request(), handle).await? else {
        return Ok(context.page(pages::link_is_over()));
    };
    match request_address(&context, &federation, &session).await? {
        Some(address) => Ok(FederatedResponse::redirect(RedirectTo::found(address))),
        None => Ok(context.page(pages::logged_out_of_poem())),
    }
}

/// Returns the address that asks the identity provider for the logout; `None` if it can no longer be asked.
async fn request_address(
    context: &FederatedContext<'_>,
    federation: &Federation,
    session: &FederatedSession,
) -> Result<Option<String>, AppError> {
    let Federation { sp, idp, .. } = federation;
    let Some(addresses) = idp.logout.as_ref().filter(|_| sp.has_single_logout() && session.idp == idp.entity_id) else {
        return Ok(None);
    };
    let id = new_id();
    registry::begin_logout(context.login_request(), &id, &idp.entity_id).await?;
    let request = logout::request(sp, &id, &addresses.request, session, Utc::now());
    let message = OutgoingMessage { kind: MessageKind::Request, xml: &request, relay_state: "" };
    signed_address(federation, &addresses.request, message).map(Some)
}

fn signed_address(federation: &Federation, to: &str, message: OutgoingMessage<'_>) -> Result<String, AppError> {
    redirect_binding::address(to, message, federation.sp.key.as_ref())
        .map_err(|error| AppError::Internal(error.to_string()))
}

/// Takes a message in the query.
#[get("/poem/saml2/ls")]
pub(super) async fn by_redirect(context: FederatedContext<'_>) -> Result<FederatedResponse, AppError> {
    let federation = match offered(&context).await? {
        Ok(federation) => federation,
        Err(page) => return Ok(*page),
    };
    let has = |name: &str| OriginalRequest::of(context.request).query().split('&').any(|pair| pair.starts_with(name));
    let is_response = has("SAMLResponse=") && !has("SAMLRequest=");
    let (query, shared) = (OriginalRequest::of(context.request).query().to_owned(), federation.clone());
    let work = move || {
        let message = ReceivedMessage::read(&query)?;
        message.verify(&shared.idp.certificates, &shared.metadata_file.display().to_string())?;
        Ok(Verified { kind: message.kind, text: message.xml, relay_state: message.relay_state })
    };
    let verified = context.in_turn(work).await;
    answer(&context, &federation, (verified, is_response), LOGOUT_REDIRECT_PATH).await
}

/// The address of messages in the query takes no forms.
#[post("/poem/saml2/ls")]
pub(super) fn no_form(context: FederatedContext<'_>) -> FederatedResponse {
    method_not_allowed(&context, "GET")
}

/// The address of messages in forms is not a page.
#[get("/poem/saml2/ls/post")]
pub(super) fn no_page(context: FederatedContext<'_>) -> FederatedResponse {
    method_not_allowed(&context, "POST")
}

/// Takes a message in a form.
#[post("/poem/saml2/ls/post", data = "<data>")]
pub(super) async fn by_post(context: FederatedContext<'_>, data: Data<'_>) -> Result<FederatedResponse, AppError> {
    let federation = match offered(&context).await? {
        Ok(federation) => federation,
        Err(page) => return Ok(*page),
    };
    let form = FormBody::read(context.request, data, LARGEST_BODY.kibibytes()).await?;
    let shared = federation.clone();
    let is_response = form.get("SAMLResponse").is_some() && form.get("SAMLRequest").is_none();
    let verified = context.in_turn(move || verified_form(&form, &shared)).await;
    answer(&context, &federation, (verified, is_response), LOGOUT_POST_PATH).await
}

fn verified_form(form: &FormBody, federation: &Federation) -> Result<Verified, Refusal> {
    let values = |wanted: &str| -> Vec<&str> {
        form.pairs().iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    };
    let (kind, message) = match (&values("SAMLRequest")[..], &values("SAMLResponse")[..]) {
        ([message], []) => (MessageKind::Request, *message),
        ([], [message]) => (MessageKind::Response, *message),
        _ => return Err(RefusalClass::Malformed.because("not one SAML message")),
    };
    let file = federation.metadata_file.display().to_string();
    let text = post_binding::verified(kind, message, &federation.idp.certificates, &file)?;
    let relay_state = match values("RelayState")[..] {
        [state] if state.len() <= LONGEST_RELAY_STATE => encoded(state),
        _ => String::new(),
    };
    Ok(Verified { kind, text, relay_state })
}

/// Returns the federated login of a tenant that offers single logouts.
///
/// # Errors
/// `NOT_FOUND` if it does not.
async fn offered(context: &FederatedContext<'_>) -> Result<Result<Arc<Federation>, Box<FederatedResponse>>, AppError> {
    match context.federation().await {
        Ok(federation) if !federation.sp.has_single_logout() => Err(NOT_FOUND),
        found => Ok(found),
    }
}

/// Does what a message asks for. `path`: the address at which it arrived.
async fn answer(
    context: &FederatedContext<'_>,
    federation: &Federation,
    (verified, is_response): (Turn<Verified>, bool),
    path: &str,
) -> Result<FederatedResponse, AppError> {
    let verified = match verified {
        Turn::Done(verified) => verified,
        Turn::Refused(refusal) if is_response => return not_confirmed(context, federation, &refusal, path).await,
        Turn::Refused(refusal) => return Ok(context.message_refused(federation, &refusal)),
        Turn::Busy => return Ok(context.page(pages::busy())),
    };
    let facts = LogoutFacts {
        address: &federation.sp.at(path),
        idp: &federation.idp,
        now: Utc::now(),
        skew: federation.sp.settings.clock_skew,
    };
    let outcome = match verified.kind {
        MessageKind::Request => match LogoutRequest::read(&verified.text, &facts) {
            Ok(request) => end_sessions(context, federation, &request, &verified.relay_state).await?,
            Err(refusal) => Err(refusal),
        },
        MessageKind::Response => match LogoutResponse::read(&verified.text, &facts) {
            Ok(response) => confirm(context, federation, &response).await?,
            Err(refusal) => Err(refusal),
        },
    };
    match outcome {
        Ok(response) => Ok(response),
        Err(refusal) if is_response => not_confirmed(context, federation, &refusal, path).await,
        Err(refusal) => Ok(context.message_refused(federation, &refusal)),
    }
}

/// Returns the page for a LogoutResponse that confirms nothing: many identity providers do not sign it. Without a session
/// the user is logged out, whatever it says. A form of another site comes without our cookie, so it does not tell.
async fn not_confirmed(
    context: &FederatedContext<'_>,
    federation: &Federation,
    refusal: &Refusal,
    path: &str,
) -> Result<FederatedResponse, AppError> {
    let refused = context.message_refused(federation, refusal);
    let has_session = path == LOGOUT_POST_PATH || session::find(context.request, context.tenant).await?.is_some();
    Ok(if has_session { refused } else { context.page(pages::logged_out_of_poem()) })
}

/// Ends the sessions that the identity provider names, and tells it so.
async fn end_sessions(
    context: &FederatedContext<'_>,
    federation: &Federation,
    request: &LogoutRequest,
    relay_state: &str,
) -> Result<Result<FederatedResponse, Refusal>, AppError> {
    let ended = IdpLogout {
        idp: &federation.idp.entity_id,
        message_id: &request.id,
        expires: request.expires,
        name_id: &request.name_id,
        session_indexes: &request.session_indexes,
    };
    if registry::end_sessions(context.login_request(), ended).await?.is_none() {
        return Ok(Err(RefusalClass::Used.because("the message was used")));
    }
    let Some(addresses) = &federation.idp.logout else {
        return Ok(Ok(context.page(pages::logged_out_of_poem())));
    };
    let response = logout::response(&federation.sp, &new_id(), &addresses.response, &request.id, Utc::now());
    let message = OutgoingMessage { kind: MessageKind::Response, xml: &response, relay_state };
    let address = signed_address(federation, &addresses.response, message)?;
    Ok(Ok(FederatedResponse::redirect(RedirectTo::found(address))))
}

/// Says how the logout at the identity provider has ended. A response never ends a session.
async fn confirm(
    context: &FederatedContext<'_>,
    federation: &Federation,
    response: &LogoutResponse,
) -> Result<Result<FederatedResponse, Refusal>, AppError> {
    if registry::end_logout(context.login_request(), &response.in_response_to).await? {
        context.log_logout(federation, &response.status);
        return Ok(Ok(context.page(pages::logged_out(federation, response.status == "Success"))));
    }
    Ok(Err(RefusalClass::Unsolicited.because("it responds to no logout of ours")))
}
