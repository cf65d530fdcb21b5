//! The guard of the addresses below `/poem/saml2/`.
//!
//! Messages arrive here by forms of another site, without our Lax cookies. So no page of this guard has a form of its
//! own, and it sets no CSRF token: a new one would break the forms that are open in other tabs.

use std::sync::Arc;
use std::time::Duration;

use rocket::Request;
use rocket::http::{Method, Status};
use rocket::request::{FromRequest, Outcome};

use super::pages::{self, Notice};
use super::providers::{FederatedLogin, FederatedLogins};
use super::response::FederatedResponse;
use crate::auth::session;
use crate::blocking::SIGNATURES;
use crate::config::reload::LiveConfig;
use crate::domain::security::keys::random_hex;
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::domain::security::session::Client;
use crate::error::{AppError, refuse};
use crate::http::client_ip;
use crate::http::database::Db;
use crate::http::original_request::OriginalRequest;
use crate::registry::login_request::LoginRequest;
use crate::saml::federation::Federation;
use crate::saml::refusal::{Refusal, RefusalClass};
use crate::templates::Layout;
use crate::tenants::federated_logins::FederatedLoginCounts;
use crate::tenants::guard::CurrentTenant;

/// The random bytes of a reference.
const REFERENCE_BYTES: usize = 4;

/// The longest time for which a message waits until its signature can be checked.
const SIGNATURE_WAIT: Duration = Duration::from_secs(1);

/// The outcome of a piece of the checks.
pub enum Turn<T> {
    /// It passed.
    Done(T),
    /// The message is refused.
    Refused(Refusal),
    /// Too many signatures are being checked.
    Busy,
}

/// The guard of all requests of the federated login.
pub struct FederatedContext<'r> {
    /// The tenant of the request.
    pub tenant: CurrentTenant<'r>,
    /// The configuration of the server.
    pub config: &'r LiveConfig,
    /// The request.
    pub request: &'r Request<'r>,
}

impl<'r> FederatedContext<'r> {
    async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        let original = OriginalRequest::of(request);
        // A HEAD would make the state of a login, or use up a message, that nobody sees.
        if original.method() == Method::Head {
            return Err(AppError::MethodNotAllowed(Method::Head));
        }
        let tenant = CurrentTenant::find(request).await?;
        let config = request.rocket().state().expect("app::build manages the configuration");
        Ok(Self { tenant, config, request })
    }

    /// The facts that every login operation of the registry needs.
    pub fn login_request(&self) -> LoginRequest<'r> {
        let client = Client {
            address: client_ip::client_address(self.request),
            user_agent: self.request.headers().get_one("User-Agent").unwrap_or_default(),
        };
        LoginRequest {
            pool: Db::of(self.request).pool(),
            tenant: self.tenant.tenant(),
            limits: session::limits(self.request),
            client,
        }
    }

    /// Returns both sides of the federated login of the tenant.
    ///
    /// # Errors
    /// The page that says why there is none.
    pub async fn federation(&self) -> Result<Arc<Federation>, Box<FederatedResponse>> {
        let logins: &FederatedLogins = self.request.rocket().state().expect("app::build manages the federated logins");
        match logins.of_tenant(self.config, self.tenant.tenant()).await {
            FederatedLogin::Ready(federation) => Ok(federation),
            FederatedLogin::Off => Err(Box::new(self.page(pages::not_set_up()))),
            FederatedLogin::Broken(_) => Err(Box::new(self.page(pages::not_available()))),
        }
    }

    /// Returns a page.
    pub fn page(&self, notice: Notice) -> FederatedResponse {
        let name = self.tenant.tenant().name.clone();
        let branding = self.config.current().branding_of(&name);
        let layout = Layout { title: notice.content.heading.clone(), tenant: name, branding, ..Layout::default() };
        FederatedResponse::page(layout, notice)
    }

    /// Logs and counts a login that was refused, and returns its page.
    ///
    /// `next`: the path of the login, if it is known.
    pub fn refused(&self, federation: &Federation, refusal: &Refusal, next: Option<&str>) -> FederatedResponse {
        let reference = random_hex(REFERENCE_BYTES);
        let cause = &refusal.cause;
        match refusal.class {
            RefusalClass::Idp => {
                let (tenant, address) = (&self.tenant.tenant().name, client_ip::client_address(self.request));
                let idp = &federation.idp.entity_id;
                log::info!(
                    target: LOG_TARGET,
                    "{tenant}: federated login ended at {idp} [{reference}] from {address}: {cause}"
                );
            }
            _ => self.log_refusal(&reference, cause),
        }
        self.count(refusal.class.word());
        self.page(pages::of_refusal(refusal, federation, next).with_reference(reference))
    }

    /// Counts a login by its result: `ok`, or the class of the refusal.
    pub fn count(&self, result: &'static str) {
        let counts: &Arc<FederatedLoginCounts> =
            self.request.rocket().state().expect("app::build manages the counts of federated logins");
        counts.add(&self.tenant.tenant().name, result);
    }

    /// Does work of the checks on a thread for blocking work: libxml2's nodes cannot leave it, and it takes milliseconds.
    pub async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Turn<T> {
        match SIGNATURES.run_within(SIGNATURE_WAIT, work).await {
            Some(Ok(done)) => Turn::Done(done),
            Some(Err(refusal)) => Turn::Refused(refusal),
            None => Turn::Busy,
        }
    }

    /// Logs a login that was refused.
    pub fn log_refusal(&self, reference: &str, cause: &str) {
        let (tenant, address) = (&self.tenant.tenant().name, client_ip::client_address(self.request));
        log::warn!(target: LOG_TARGET, "{tenant}: federated login refused [{reference}] from {address}: {cause}");
    }

    /// Logs the end of a logout at the identity provider, unless all went well.
    pub fn log_logout(&self, federation: &Federation, status: &str) {
        if status != "Success" {
            let (tenant, idp) = (&self.tenant.tenant().name, &federation.idp.entity_id);
            log::info!(target: LOG_TARGET, "{tenant}: logout at {idp} ended with {status}");
        }
    }

    /// Logs and counts a logout message that was refused, and returns its page.
    pub fn message_refused(&self, federation: &Federation, refusal: &Refusal) -> FederatedResponse {
        let reference = random_hex(REFERENCE_BYTES);
        let (tenant, address) = (&self.tenant.tenant().name, client_ip::client_address(self.request));
        let cause = &refusal.cause;
        log::warn!(target: LOG_TARGET, "{tenant}: logout message refused [{reference}] from {address}: {cause}");
        self.page(pages::of_logout_refusal(refusal, federation).with_reference(reference))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FederatedContext<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::find(request).await {
            Ok(context) => Outcome::Success(context),
            Err(error) => refuse(request, error),
        }
    }
}

/// The page for a method that an address does not take, with the method that it takes.
pub fn method_not_allowed(context: &FederatedContext<'_>, allowed: &'static str) -> FederatedResponse {
    context.page(pages::not_a_page()).with_status(Status::MethodNotAllowed).with_allow(allowed)
}
