//! The beginning of a federated login: the way to the identity provider.

use chrono::Utc;
use rocket::get;

use super::context::FederatedContext;
use super::login_cookie;
use super::pages;
use super::response::FederatedResponse;
use crate::auth::login;
use crate::auth::session;
use crate::domain::security::keys::random_hex;
use crate::domain::web::redirect_target::NextPath;
use crate::error::AppError;
use crate::http::original_request::OriginalRequest;
use crate::http::redirect::RedirectTo;
use crate::registry::federated_login::{self as registry, FederatedError, NewFederatedLogin, cookie_suffix};
use crate::saml::authn_request;
use crate::saml::federation::Federation;
use crate::saml::redirect_binding::{self, MessageKind, OutgoingMessage};
use crate::saml::service_provider::LOGIN_PATH;

/// The random bytes of the id of a request.
const ID_BYTES: usize = 20;
/// The random bytes of the cookie.
const COOKIE_BYTES: usize = 32;

/// Returns a new id for a message.
pub(super) fn new_id() -> String {
    // An XML id does not begin with a digit.
    format!("_{}", random_hex(ID_BYTES))
}

/// Sends the browser to the identity provider; a user who is logged in goes to `next`.
#[get("/poem/saml2/login?<next>")]
pub(super) async fn begin(context: FederatedContext<'_>, next: Option<&str>) -> Result<FederatedResponse, AppError> {
    let next = next.and_then(NextPath::parse);
    let federation = match context.federation().await {
        Ok(federation) => federation,
        Err(page) => return Ok(*page),
    };
    if let Some(session) = session::find(context.request, context.tenant).await? {
        let to = login::after_login(next, session.user.is_superuser);
        return Ok(FederatedResponse::redirect(RedirectTo::found(to)));
    }
    let next = next.as_ref().map(NextPath::as_str);
    // The cookie must be set at the host to which the answer comes.
    if let Some(own) = own_address(&context, &federation, next) {
        return Ok(FederatedResponse::redirect(RedirectTo::found(own)));
    }
    let (id, browser) = (new_id(), random_hex(COOKIE_BYTES));
    let new = NewFederatedLogin { request_id: &id, browser: &browser, idp: &federation.idp.entity_id, next };
    match registry::begin(context.login_request(), new).await {
        Ok(()) => {}
        Err(FederatedError::TooMany(wait)) => {
            context.count("limit");
            return Ok(context.page(pages::too_many(&wait, next)));
        }
        Err(FederatedError::Store(error)) => return Err(error.into()),
    }
    let address = request_address(&federation, &id)?;
    login_cookie::set(context.request, &cookie_suffix(&id), browser);
    Ok(FederatedResponse::redirect(RedirectTo::found(address)))
}

/// Returns the address of the login at the tenant's own host; `None` if this is it.
fn own_address(context: &FederatedContext<'_>, federation: &Federation, next: Option<&str>) -> Option<String> {
    let host = OriginalRequest::of(context.request).host.as_ref()?;
    (host.as_str() != federation.sp.host())
        .then(|| federation.sp.at(&login::with_next(LOGIN_PATH, next.unwrap_or_default())))
}

fn request_address(federation: &Federation, id: &str) -> Result<String, AppError> {
    let Federation { sp, idp, .. } = federation;
    let request = authn_request::document(sp, id, &idp.login, Utc::now());
    let key = sp.key.as_ref().filter(|_| sp.signs_requests(idp));
    let message = OutgoingMessage { kind: MessageKind::Request, xml: &request, relay_state: id };
    redirect_binding::address(&idp.login, message, key).map_err(|error| AppError::Internal(error.to_string()))
}
