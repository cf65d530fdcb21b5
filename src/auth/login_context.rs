//! The context of the login, logout and password pages, and the layout around pages without another context.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};
use sqlx::PgPool;

use crate::auth::csrf;
use crate::auth::federated::providers::{FederatedLogin, FederatedLogins};
use crate::auth::known_browser;
use crate::auth::session::{self, OptionalSession};
use crate::config::reload::LiveConfig;
use crate::domain::security::session::Client;
use crate::error::{AppError, refuse};
use crate::http::client_ip;
use crate::http::cookies;
use crate::http::database::Db;
use crate::http::original_request::OriginalRequest;
use crate::registry::login_request::LoginRequest;
use crate::store::sessions::{Session, SessionUser};
use crate::templates::Layout;
use crate::templates::urls::is_public;
use crate::tenants::guard::CurrentTenant;

/// The guard of the login, logout and password pages: it accepts every client, and has all that starts or ends a session.
pub struct LoginContext<'r> {
    /// The tenant of the request.
    pub tenant: CurrentTenant<'r>,
    /// The session; `None` if the client is not logged in.
    pub session: Option<Session>,
    /// The configuration of the server.
    pub config: &'r LiveConfig,
    request: &'r Request<'r>,
    pool: &'r PgPool,
    csrf: String,
    /// The requested path with its query string.
    pub path_and_query: String,
}

impl<'r> LoginContext<'r> {
    async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        let OptionalSession { tenant, session } = OptionalSession::find(request).await?;
        let original = OriginalRequest::of(request);
        Ok(Self {
            tenant,
            session,
            config: request.rocket().state().expect("app::build manages the configuration"),
            request,
            pool: Db::of(request).pool(),
            csrf: csrf::token(request),
            path_and_query: original.with_query(original.address()),
        })
    }

    /// The user who is logged in; `None` without a valid session.
    pub fn user(&self) -> Option<&SessionUser> {
        self.session.as_ref().map(|session| &session.user)
    }

    /// The facts that every login operation of the registry needs.
    pub fn login_request(&self) -> LoginRequest<'r> {
        let client = Client {
            address: client_ip::client_address(self.request),
            user_agent: self.request.headers().get_one("User-Agent").unwrap_or_default(),
        };
        LoginRequest { pool: self.pool, tenant: self.tenant.tenant(), limits: session::limits(self.request), client }
    }

    /// The federated login of the tenant.
    pub async fn federated_login(&self) -> FederatedLogin {
        let logins = self.request.rocket().state::<FederatedLogins>();
        let logins = logins.expect("app::build manages the federated logins");
        logins.of_tenant(self.config, self.tenant.tenant()).await
    }

    /// Returns the id of this browser, if it has logged in to the account before.
    pub fn known_browser(&self, username: &str) -> Option<String> {
        known_browser::find(self.request, (self.tenant.schema().as_str(), username))
    }

    /// Sets the cookies after a login: the session, and the one by which the account knows this browser.
    pub fn set_login_cookies(&self, id: String, username: &str) {
        self.set_session_cookie(id);
        known_browser::set_cookie(self.request, (self.tenant.schema().as_str(), username));
    }

    /// Sets the session cookie to this id. The browser deletes it when it is closed.
    pub fn set_session_cookie(&self, id: String) {
        self.request.cookies().add(cookies::own(self.request, session::COOKIE, id));
    }

    /// Removes the session cookie.
    pub fn remove_session_cookie(&self) {
        cookies::remove(self.request, session::COOKIE);
    }

    /// The layout of a page for a user who is not logged in.
    pub fn anonymous_layout(&self, title: &str) -> Layout {
        let tenant = self.tenant.tenant().name.clone();
        let branding = self.config.current().branding_of(&tenant);
        Layout { title: title.to_owned(), tenant, csrf: self.csrf.clone(), branding, ..Layout::default() }
    }

    /// The layout of a page for a user who is logged in.
    pub fn user_layout(&self, title: &str, user: &SessionUser) -> Layout {
        let tenant = &self.tenant.tenant().name;
        let branding = self.config.current().branding_of(tenant);
        Layout { branding, ..user_layout(title, tenant, user, &self.path_and_query, self.csrf.clone()) }
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
    let config = request.rocket().state::<LiveConfig>().map(LiveConfig::current);
    let branding = config.map(|config| config.branding_of(tenant)).unwrap_or_default();
    let layout = match session::known(request) {
        // Public pages name no users, whoever looks.
        _ if is_public(path) && !tenant.is_empty() => Layout::new(title, tenant, None, path, &[]),
        Some(session) => user_layout(title, tenant, &session.user, path, csrf::token(request)),
        None => Layout { title: title.to_owned(), tenant: tenant.to_owned(), ..Layout::default() },
    };
    Layout { branding, ..layout }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoginContext<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::find(request).await {
            Ok(context) => Outcome::Success(context),
            Err(error) => refuse(request, error),
        }
    }
}
