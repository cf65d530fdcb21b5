//! The context of the login, logout and password pages, and the layout around pages without another context.

use std::net::IpAddr;

use rocket::Request;
use rocket::http::CookieJar;
use rocket::request::{FromRequest, Outcome};
use sqlx::PgPool;

use crate::auth::csrf;
use crate::auth::session::{self, OptionalSession};
use crate::config::reload::LiveConfig;
use crate::domain::security::session::SessionLimits;
use crate::error::{AppError, refuse};
use crate::http::client_ip;
use crate::http::database::Db;
use crate::http::original_request::OriginalRequest;
use crate::registry::login::LoginRequest;
use crate::store::sessions::SessionUser;
use crate::templates::Layout;
use crate::templates::urls::is_public;
use crate::tenants::guard::CurrentTenant;

/// The guard of the login, logout and password pages: it accepts every client, and has all that starts or ends a session.
pub struct LoginContext<'r> {
    /// The tenant of the request.
    pub tenant: CurrentTenant<'r>,
    /// The user who is logged in; `None` without a valid session.
    pub user: Option<SessionUser>,
    /// The configuration of the server.
    pub config: &'r LiveConfig,
    cookies: &'r CookieJar<'r>,
    pool: &'r PgPool,
    limits: SessionLimits,
    client_ip: IpAddr,
    is_tls: bool,
    csrf: String,
    /// The requested path with its query string.
    pub path_and_query: String,
}

impl<'r> LoginContext<'r> {
    async fn find(request: &'r Request<'_>, cookies: &'r CookieJar<'r>) -> Result<Self, AppError> {
        let OptionalSession { tenant, session } = OptionalSession::find(request).await?;
        let original = OriginalRequest::of(request);
        Ok(Self {
            tenant,
            user: session.map(|session| session.user),
            config: request.rocket().state().expect("app::build manages the configuration"),
            cookies,
            pool: Db::of(request).pool(),
            limits: session::limits(request),
            client_ip: client_ip::client_address(request),
            is_tls: client_ip::is_tls(request),
            csrf: csrf::token(request),
            path_and_query: original.with_query(original.address()),
        })
    }

    /// The facts that every login operation of the registry needs.
    pub fn login_request(&self) -> LoginRequest<'r> {
        LoginRequest { pool: self.pool, tenant: self.tenant.tenant(), limits: self.limits, client_ip: self.client_ip }
    }

    /// The session id in the cookie, which may have expired; `None` without a cookie.
    pub fn session(&self) -> Option<String> {
        self.cookies.get(session::COOKIE).map(|cookie| cookie.value().to_owned())
    }

    /// Sets the session cookie to this id.
    pub fn set_session_cookie(&self, id: String) {
        session::set_cookie(self.cookies, id, self.is_tls);
    }

    /// Removes the session cookie.
    pub fn remove_session_cookie(&self) {
        session::remove_cookie(self.cookies);
    }

    /// The layout of a page for a user who is not logged in.
    pub fn anonymous_layout(&self, title: &str) -> Layout {
        let tenant = self.tenant.tenant().name.clone();
        Layout { title: title.to_owned(), tenant, csrf: self.csrf.clone(), ..Layout::default() }
    }

    /// The layout of a page for a user who is logged in.
    pub fn user_layout(&self, title: &str, user: &SessionUser) -> Layout {
        user_layout(title, &self.tenant.tenant().name, user, &self.path_and_query, self.csrf.clone())
    }
}

/// The layout of a page for a user who is logged in.
fn user_layout(title: &str, tenant: &str, user: &SessionUser, path: &str, csrf: String) -> Layout {
    let viewer = user.clone().viewer();
    Layout { csrf, ..Layout::new(title, tenant, Some(&viewer), path, &[(title, "")]) }
}

/// The layout of an error page, from what earlier guards have found out about tenant and user.
///
/// The database is not queried: it may be what failed.
pub fn layout_context(request: &Request<'_>, title: &str) -> Layout {
    let tenant = CurrentTenant::known(request).map(|current| current.tenant().name.as_str()).unwrap_or_default();
    let path = OriginalRequest::of(request).address();
    match session::known(request) {
        Some(user) => user_layout(title, tenant, user, path, csrf::token(request)),
        None if is_public(path) && !tenant.is_empty() => Layout::new(title, tenant, None, path, &[]),
        None => Layout { title: title.to_owned(), tenant: tenant.to_owned(), ..Layout::default() },
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoginContext<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::find(request, request.cookies()).await {
            Ok(context) => Outcome::Success(context),
            Err(error) => refuse(request, error),
        }
    }
}
