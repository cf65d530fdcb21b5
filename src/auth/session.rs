//! Login sessions: the guards of what needs a login, and the cookie.

use std::sync::OnceLock;

use rocket::Request;
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::request::{FromRequest, Outcome};

use crate::auth::csrf;
use crate::domain::model::policy::Viewer;
use crate::domain::security::keys::session_hash;
use crate::domain::security::session::SessionLimits;
use crate::error::{AppError, NO_CREDENTIALS, refuse};
use crate::http::database::Db;
use crate::registry::sessions as registry;
use crate::store::ReadTx;
use crate::store::sessions::{self, Session, SessionUser};
use crate::tenants::guard::CurrentTenant;

/// The cookie that holds the session's id.
pub const COOKIE: &str = "sessionid";

/// A user who is logged in to this tenant. Everybody else: 403. A request that writes needs a CSRF token as well.
pub struct ApiSession<'r> {
    pub tenant: CurrentTenant<'r>,
    pub user: SessionUser,
}

/// Whoever asks this tenant, logged in or not: for pages that decide themselves. The CSRF token of what writes is
/// looked at where the body is read ([`crate::auth::posted::Posted`]).
pub struct OptionalSession<'r> {
    pub tenant: CurrentTenant<'r>,
    pub session: Option<Session>,
}

impl<'r> ApiSession<'r> {
    /// The guard for hand-written routes.
    pub async fn check(request: &'r Request<'_>) -> Result<Self, AppError> {
        let OptionalSession { tenant, session } = OptionalSession::find(request).await?;
        let user = session.ok_or(NO_CREDENTIALS)?.user;
        csrf::check(request)?;
        Ok(Self { tenant, user })
    }
}

impl<'r> OptionalSession<'r> {
    /// The guard for hand-written routes.
    pub async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        let tenant = CurrentTenant::find(request).await?;
        Ok(Self { tenant, session: find(request, tenant).await? })
    }
}

/// Kept with the request, so that it is looked up once.
#[derive(Default)]
struct Found(OnceLock<Option<Session>>);

/// Who is logged in, where somebody looked it up for this request and there is one.
pub fn known<'r>(request: &'r Request<'_>) -> Option<&'r SessionUser> {
    request.local_cache(Found::default).0.get()?.as_ref().map(|session| &session.user)
}

/// The request's session, if it has one that is in force here. Its use is written down.
pub async fn find(request: &Request<'_>, tenant: CurrentTenant<'_>) -> Result<Option<Session>, AppError> {
    let found = &request.local_cache(Found::default).0;
    if found.get().is_none() {
        let session = look_up(request, tenant).await?;
        found.get_or_init(|| session);
    }
    Ok(found.get().cloned().flatten())
}

async fn look_up(request: &Request<'_>, tenant: CurrentTenant<'_>) -> Result<Option<Session>, AppError> {
    let Some(cookie) = request.cookies().get(COOKIE) else { return Ok(None) };
    let pool = Db::of(request).pool();
    let mut tx = ReadTx::begin(pool, tenant.schema()).await?;
    let session = sessions::find(tx.conn(), &session_hash(cookie.value())).await?;
    tx.commit().await?;
    let Some(session) = session else { return Ok(None) };
    if session.is_due {
        let limits = limits(request);
        // Whoever is logged in is served, also where that cannot be written down.
        if let Err(error) = registry::touch(pool, tenant.schema(), cookie.value(), limits).await {
            log::warn!("{}: the use of a session is not written down: {error}", tenant.tenant().name);
        }
    }
    Ok(Some(session))
}

impl SessionUser {
    /// As the rules of who may do what see them.
    pub fn viewer(self) -> Viewer {
        let groups = self.groups.into_iter().map(|(kind, _, name)| (kind, name)).collect();
        Viewer { id: self.id, username: self.username, is_superuser: self.is_superuser, groups }
    }
}

/// How long logins last.
pub fn limits(request: &Request<'_>) -> SessionLimits {
    *request.rocket().state().expect("app::build manages the limits of sessions")
}

/// Gives the browser the id of its session, until it is closed.
pub fn set_cookie(cookies: &CookieJar<'_>, id: String, is_tls: bool) {
    let cookie = Cookie::build((COOKIE, id)).path("/").http_only(true).same_site(SameSite::Lax).secure(is_tls);
    cookies.add(cookie);
}

/// Takes it back.
pub fn remove_cookie(cookies: &CookieJar<'_>) {
    cookies.remove(Cookie::build(COOKIE).path("/"));
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
