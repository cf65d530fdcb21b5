//! Who is at the login: with or without a session, and all that is needed to begin or end one.

use std::net::IpAddr;

use rocket::Request;
use rocket::http::CookieJar;
use rocket::request::{FromRequest, Outcome};
use sqlx::PgPool;

use crate::auth::csrf;
use crate::auth::front_door::Asked;
use crate::auth::proxy;
use crate::auth::session::{self, MaybeLoggedIn};
use crate::auth::tenant::CurrentTenant;
use crate::config::live::LiveConfig;
use crate::domain::security::session::SessionLimits;
use crate::error::{AppError, refuse};
use crate::pages::Chrome;
use crate::pages::address::is_public;
use crate::registry::login::Entrance;
use crate::store::Db;
use crate::store::sessions::SessionUser;

/// The guard of the pages around the login. Lets everybody in.
pub struct Visitor<'r> {
    pub tenant: CurrentTenant<'r>,
    pub user: Option<SessionUser>,
    pub config: &'r LiveConfig,
    cookies: &'r CookieJar<'r>,
    pool: &'r PgPool,
    limits: SessionLimits,
    address: IpAddr,
    is_tls: bool,
    csrf: String,
    /// The address that was asked for, with its query string.
    pub asked: String,
}

impl<'r> Visitor<'r> {
    async fn find(request: &'r Request<'_>, cookies: &'r CookieJar<'r>) -> Result<Self, AppError> {
        let MaybeLoggedIn { tenant, session } = MaybeLoggedIn::find(request).await?;
        let asked = Asked::of(request);
        Ok(Self {
            tenant,
            user: session.map(|session| session.user),
            config: request.rocket().state().expect("app::build manages the configuration"),
            cookies,
            pool: Db::of(request).pool(),
            limits: session::limits(request),
            address: proxy::client_address(request),
            is_tls: proxy::is_tls(request),
            csrf: csrf::token(request),
            asked: asked.with_query(asked.address()),
        })
    }

    pub fn entrance(&self) -> Entrance<'r> {
        Entrance { pool: self.pool, tenant: self.tenant.tenant(), limits: self.limits, address: self.address }
    }

    /// The id of the browser's session, whether or not it is in force.
    pub fn session(&self) -> Option<String> {
        self.cookies.get(session::COOKIE).map(|cookie| cookie.value().to_owned())
    }

    pub fn give_session(&self, id: String) {
        session::give(self.cookies, id, self.is_tls);
    }

    pub fn take_session(&self) {
        session::take(self.cookies);
    }

    /// What surrounds the page, for nobody who is logged in.
    pub fn outside(&self, title: &str) -> Chrome {
        let tenant = self.tenant.tenant().name.clone();
        Chrome { title: title.to_owned(), tenant, csrf: self.csrf.clone(), ..Chrome::default() }
    }

    /// What surrounds the page of somebody who is logged in.
    pub fn inside(&self, title: &str, user: &SessionUser) -> Chrome {
        inside(title, &self.tenant.tenant().name, user, &self.asked, self.csrf.clone())
    }
}

fn inside(title: &str, tenant: &str, user: &SessionUser, path: &str, csrf: String) -> Chrome {
    let viewer = user.clone().viewer();
    Chrome { csrf, ..Chrome::around(title, tenant, Some(&viewer), path, &[(title, "")]) }
}

/// What surrounds a page that says why there is nothing to see: as much as is known by then of who asks. The database is
/// not asked: it may be what failed.
pub fn surroundings(request: &Request<'_>, title: &str) -> Chrome {
    let tenant = CurrentTenant::known(request).map(|current| current.tenant().name.as_str()).unwrap_or_default();
    let path = Asked::of(request).address();
    match session::known(request) {
        Some(user) => inside(title, tenant, user, path, csrf::token(request)),
        None if is_public(path) && !tenant.is_empty() => Chrome::around(title, tenant, None, path, &[]),
        None => Chrome { title: title.to_owned(), tenant: tenant.to_owned(), ..Chrome::default() },
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::find(request, request.cookies()).await {
            Ok(visitor) => Outcome::Success(visitor),
            Err(error) => refuse(request, error),
        }
    }
}
