//! The API-key guard of the v2 API.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::answers::Answers;
use crate::auth::session;
use crate::auth::tenant::CurrentTenant;
use crate::domain::security::keys::Keys;
use crate::error::{AppError, NO_CREDENTIALS, NO_PERMISSION, refuse};

const HEADER: &str = "X-API-KEY";

/// A client with an unrevoked API key of this tenant. Everybody else: 403, as 2.3 said it; never 401.
pub struct ApiClient<'r> {
    pub tenant: CurrentTenant<'r>,
}

impl<'r> ApiClient<'r> {
    /// The guard for hand-written routes.
    pub async fn check(request: &'r Request<'_>) -> Result<Self, AppError> {
        let tenant = CurrentTenant::find(request).await?;
        let token = request.headers().get_one(HEADER).unwrap_or_default();
        if !token.is_empty() && is_valid(request, tenant, token).await? {
            return Ok(Self { tenant });
        }
        match Box::pin(session::find(request, tenant)).await? {
            Some(_) => Err(NO_PERMISSION),
            None => Err(NO_CREDENTIALS),
        }
    }
}

async fn is_valid(request: &Request<'_>, tenant: CurrentTenant<'_>, token: &str) -> Result<bool, AppError> {
    let keys = request.rocket().state::<Keys>().expect("app::build manages the keys");
    let generation = Answers::of(request).generation(tenant.state).await?;
    Ok(keys.token_hashes(token).any(|hash| generation.index.has_key(&hash)))
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
