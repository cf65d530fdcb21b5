//! The guard of what needs a login. The login page starts the sessions.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::auth::csrf;
use crate::auth::tenant::CurrentTenant;
use crate::domain::keys::session_hash;
use crate::error::{AppError, NO_CREDENTIALS, refuse};
use crate::store::sessions::{self, SessionUser};
use crate::store::{Db, TenantTx};

/// The cookie that holds the session's id.
pub const COOKIE: &str = "sessionid";

/// A user who is logged in to this tenant. Everybody else: 403. A request that writes needs a CSRF token as well.
pub struct LoggedIn<'r> {
    pub tenant: CurrentTenant<'r>,
    pub user: SessionUser,
}

impl<'r> LoggedIn<'r> {
    /// The guard for hand-written routes.
    pub async fn check(request: &'r Request<'_>) -> Result<Self, AppError> {
        let tenant = CurrentTenant::find(request).await?;
        let user = user_of(request, tenant).await?.ok_or(NO_CREDENTIALS)?;
        csrf::check(request)?;
        Ok(Self { tenant, user })
    }
}

/// The user of the request's session, if it has one that is in force here.
pub async fn user_of(request: &Request<'_>, tenant: CurrentTenant<'_>) -> Result<Option<SessionUser>, AppError> {
    let Some(cookie) = request.cookies().get(COOKIE) else { return Ok(None) };
    let mut tx = TenantTx::read(Db::of(request).pool(), tenant.schema()).await?;
    let user = sessions::user_of(tx.conn(), &session_hash(cookie.value())).await?;
    tx.commit().await?;
    Ok(user)
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoggedIn<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::check(request).await {
            Ok(logged_in) => Outcome::Success(logged_in),
            Err(error) => refuse(request, error),
        }
    }
}
