//! Login sessions: the guards for requests with a login, and the session cookie.

use std::sync::OnceLock;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::auth::csrf;
use crate::domain::model::policy::Viewer;
use crate::domain::security::keys::session_hash;
use crate::domain::security::session::SessionLimits;
use crate::error::{AppError, NO_CREDENTIALS, refuse};
use crate::http::cookies;
use crate::http::database::Db;
use crate::http::log_fields::LogFields;
use crate::registry::sessions as registry;
use crate::store::ReadTx;
use crate::store::sessions::{self, Session, SessionUser};
use crate::tenants::guard::CurrentTenant;

/// The name of the cookie that holds the session id; over TLS, it is `__Host-sessionid`.
///
/// Over TLS nothing else is read as a session. Without TLS, other hosts of the domain can set a cookie of this name too:
/// the one that names a live session here counts; if two do, neither.
pub const COOKIE: &str = "sessionid";

/// The guard for a user who is logged in to this tenant; 403 otherwise. A request that writes needs a CSRF token too.
pub struct ApiSession<'r> {
    /// The tenant of the request.
    pub tenant: CurrentTenant<'r>,
    /// The user who is logged in.
    pub user: SessionUser,
}

/// The session of a request, if any: for pages that decide themselves who may see them. The CSRF token of a form is
/// checked when its body is read ([`crate::auth::posted::Posted`]).
pub struct OptionalSession<'r> {
    /// The tenant of the request.
    pub tenant: CurrentTenant<'r>,
    /// The session; `None` if the client is not logged in.
    pub session: Option<Session>,
}

impl<'r> ApiSession<'r> {
    /// Checks the login and the CSRF token. The guard in the form for handlers without Rocket's macros.
    ///
    /// # Errors
    /// `NO_CREDENTIALS` without a valid session; those of [`csrf::check`] and [`OptionalSession::find`].
    pub async fn check(request: &'r Request<'_>) -> Result<Self, AppError> {
        let OptionalSession { tenant, session } = OptionalSession::find(request).await?;
        let user = session.ok_or(NO_CREDENTIALS)?.user;
        csrf::check(request)?;
        Ok(Self { tenant, user })
    }
}

impl<'r> OptionalSession<'r> {
    /// Finds the session of the request. The guard in the form for handlers without Rocket's macros.
    ///
    /// # Errors
    /// Those of [`CurrentTenant::find`] and of the database.
    pub async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        let tenant = CurrentTenant::find(request).await?;
        Ok(Self { tenant, session: find(request, tenant).await? })
    }
}

/// The result of the lookup, stored in the request's local cache so that there is only one.
#[derive(Default)]
struct Found(OnceLock<Option<Session>>);

/// Returns the session; `None` if no guard has looked it up, or there is none.
pub fn known<'r>(request: &'r Request<'_>) -> Option<&'r Session> {
    request.local_cache(Found::default).0.get()?.as_ref()
}

/// Returns the hashes of the session ids in the cookies, of sessions that may have ended.
pub fn presented(request: &Request<'_>) -> Vec<Vec<u8>> {
    let ids = cookies::values(request, &cookies::own_name(request, COOKIE));
    ids.into_iter().filter(|id| !id.is_empty()).map(session_hash).collect()
}

/// Returns the request's session, if it is valid for this tenant, and records its use.
///
/// # Errors
/// Those of the database.
pub async fn find(request: &Request<'_>, tenant: CurrentTenant<'_>) -> Result<Option<Session>, AppError> {
    let found = &request.local_cache(Found::default).0;
    if found.get().is_none() {
        let session = look_up(request, tenant).await?;
        if let Some(session) = &session {
            LogFields::of(request).set_user(&session.user.username);
        }
        found.get_or_init(|| session);
    }
    Ok(found.get().cloned().flatten())
}

/// Returns whether the request comes with a session that a change of the password has replaced a moment ago.
///
/// # Errors
/// Those of [`CurrentTenant::find`] and of the database.
pub async fn was_replaced(request: &Request<'_>) -> Result<bool, AppError> {
    let tenant = CurrentTenant::find(request).await?;
    let mut tx = ReadTx::begin(Db::of(request).pool(), tenant.schema()).await?;
    let was_replaced = sessions::was_replaced(tx.conn(), &presented(request)).await?;
    tx.commit().await?;
    Ok(was_replaced)
}

/// Returns true if the request presents the id of a session of this tenant that has ended within the last day.
///
/// # Errors
/// Those of [`CurrentTenant::find`] and of the database.
pub async fn has_ended_lately(request: &Request<'_>) -> Result<bool, AppError> {
    let presented = presented(request);
    if presented.is_empty() {
        return Ok(false);
    }
    let tenant = CurrentTenant::find(request).await?;
    let mut tx = ReadTx::begin(Db::of(request).pool(), tenant.schema()).await?;
    let has_ended = sessions::has_ended_lately(tx.conn(), &presented).await?;
    tx.commit().await?;
    Ok(has_ended)
}

/// Looks the session up in the database. Its last use is recorded only if that is due: not at every request.
async fn look_up(request: &Request<'_>, tenant: CurrentTenant<'_>) -> Result<Option<Session>, AppError> {
    let presented = presented(request);
    if presented.is_empty() {
        return Ok(None);
    }
    let pool = Db::of(request).pool();
    let mut tx = ReadTx::begin(pool, tenant.schema()).await?;
    let session = sessions::find(tx.conn(), &presented).await?;
    tx.commit().await?;
    let Some(session) = session else { return Ok(None) };
    if session.is_due {
        let limits = limits(request);
        // A failure to record the use is no reason to refuse the user.
        if let Err(error) = registry::touch(pool, tenant.schema(), &session.id_hash, limits).await {
            log::warn!("{}: the use of a session could not be recorded: {error}", tenant.tenant().name);
        }
    }
    Ok(Some(session))
}

impl SessionUser {
    /// The user in the form that the permission rules need.
    pub fn viewer(self) -> Viewer {
        let groups = self.groups.into_iter().map(|(kind, _, name)| (kind, name)).collect();
        Viewer { id: self.id, username: self.username, is_superuser: self.is_superuser, groups }
    }
}

/// The time limits of sessions, from the configuration.
pub fn limits(request: &Request<'_>) -> SessionLimits {
    *request.rocket().state().expect("app::build manages the limits of sessions")
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ApiSession<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::check(request).await {
            Ok(logged_in) => Outcome::Success(logged_in),
            Err(error) => refuse(request, error),
        }
    }
}
