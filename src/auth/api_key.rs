//! The API-key guard of the v2 API.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::auth::key_uses::KeyUses;
use crate::auth::session;
use crate::cache::{CachedTenant, ResponseCache};
use crate::domain::security::keys::Keys;
use crate::error::{AppError, NO_CREDENTIALS, NO_PERMISSION, refuse};
use crate::tenants::guard::CurrentTenant;

/// The request header that holds the token.
const HEADER: &str = "X-API-KEY";

/// A client with an unrevoked API key of this tenant. All others get 403, as in 2.3, never 401.
pub struct ApiClient<'r> {
    /// The tenant, in the state in which the key was found. The response must come from the same state.
    pub tenant: CachedTenant<'r>,
}

impl<'r> ApiClient<'r> {
    /// Checks the API key of the request. The guard in the form for handlers without Rocket's macros.
    ///
    /// # Errors
    /// `NO_CREDENTIALS` without a valid key; `NO_PERMISSION` if there is a login session instead; those of
    /// [`CurrentTenant::find`].
    pub async fn check(request: &'r Request<'_>) -> Result<Self, AppError> {
        let tenant = CurrentTenant::find(request).await?;
        let token = request.headers().get_one(HEADER).unwrap_or_default();
        if !token.is_empty() {
            let cached = ResponseCache::of(request).tenant(tenant.state).await?;
            if let Some(hash) = known_hash(request, &cached, token) {
                KeyUses::of(request).note(tenant.schema(), &hash);
                return Ok(Self { tenant: cached });
            }
        }
        match Box::pin(session::find(request, tenant)).await? {
            Some(_) => Err(NO_PERMISSION),
            None => Err(NO_CREDENTIALS),
        }
    }
}

/// Returns the hash of a token that is an unrevoked key of the tenant, under the current or the previous secret key.
fn known_hash(request: &Request<'_>, tenant: &CachedTenant<'_>, token: &str) -> Option<Vec<u8>> {
    let keys = request.rocket().state::<Keys>().expect("app::build manages the keys");
    keys.token_hashes(token).find(|hash| tenant.index().has_key(hash))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ApiClient<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::check(request).await {
            Ok(client) => Outcome::Success(client),
            Err(error) => refuse(request, error),
        }
    }
}
