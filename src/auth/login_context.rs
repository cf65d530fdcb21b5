//! Who is at the login: with or without a session, and all that is needed to begin or end one.

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

/// The guard of the pages around the login. Lets everybody in.
pub struct LoginContext<'r> {
    pub tenant: CurrentTenant<'r>,
    pub user: Option<SessionUser>,
    pub config: &'r LiveConfig,
    cookies: &'r CookieJar<'r>,
    pool: &'r PgPool,
    limits: SessionLimits,
    client_ip: IpAddr,
    is_tls: bool,
    csrf: String,
    /// The path that was asked for, with its query string.
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

    pub fn login_request(&self) -> LoginRequest<'r> {
        LoginRequest { pool: self.pool, tenant: self.tenant.tenant(), limits: self.limits, client_ip: self.client_ip }
    }

    /// The id of the browser's session, whether or not it is in force.
    pub fn session(&self) -> Option<String> {
        self.cookies.get(session::COOKIE).map(|cookie| cookie.value().to_owned())
    }

    pub fn set_session_cookie(&self, id: String) {
        session::set_cookie(self.cookies, id, self.is_tls);
    }

    pub fn remove_session_cookie(&self) {
        session::remove_cookie(self.cookies);
    }

    /// What surrounds the page, for nobody who is logged in.
    pub fn outside(&self, title: &str) -> Layout {
        let tenant = self.tenant.tenant().name.clone();
        Layout { title: title.to_owned(), tenant, csrf: self.csrf.clone(), ..Layout::default() }
    }

    /// What surrounds the page of somebody who is logged in.
    pub fn inside(&self, title: &str, user: &SessionUser) -> Layout {
        inside(title, &self.tenant.tenant().name, user, &self.path_and_query, self.csrf.clone())
    }
}

fn inside(title: &str, tenant: &str, user: &SessionUser, path: &str, csrf: String) -> Layout {
    let viewer = user.clone().viewer();
    Layout { csrf, ..Layout::new(title, tenant, Some(&viewer), path, &[(title, "")]) }
}

/// What surrounds a page that says why there is nothing to see: as much as is known by then of who asks. The database is
/// not asked: it may be what failed.
pub fn layout_context(request: &Request<'_>, title: &str) -> Layout {
    let tenant = CurrentTenant::known(request).map(|current| current.tenant().name.as_str()).unwrap_or_default();
    let path = OriginalRequest::of(request).address();
    match session::known(request) {
        Some(user) => inside(title, tenant, user, path, csrf::token(request)),
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
