//! The context of a request for a page: the tenant, the viewer, and the query.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use sqlx::PgPool;

use super::page_cache::PageCache;
use super::page_cache::PageKey;
use super::response::PageResponse;
use crate::argo_webapi::client::WebApiClient;
use crate::auth::csrf;
use crate::auth::flash;
use crate::auth::login;
use crate::auth::posted::{Posted, other_user};
use crate::auth::session::{self, OptionalSession};
use crate::config::Config;
use crate::config::reload::LiveConfig;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{self, Action, Denial, Viewer};
use crate::domain::model::search_text;
use crate::domain::security::keys::Keys;
use crate::domain::web::branding::Branding;
use crate::error::{AppError, NO_PERMISSION, refuse};
use crate::http::database::Db;
use crate::http::original_request::{self, OriginalRequest};
use crate::registry::Transaction;
use crate::registry::{SaveError, viewers};
use crate::store::sessions::Session;
use crate::store::{ReadTx, sessions};
use crate::templates::urls::{inside_of, public_of};
use crate::templates::{Addresses, Layout, Link, Message};
use crate::tenants::guard::CurrentTenant;
use crate::tenants::sync_states::SyncStates;
use crate::webapi_sync::access::TenantAccess;
use crate::webapi_sync::cache::RemoteCache;

/// The name of the search text in the address.
pub const SEARCHED: &str = "q";

/// The context of a request for a page.
pub struct RequestContext<'r> {
    /// The tenant of the request's host.
    pub tenant: CurrentTenant<'r>,
    /// The user with their rights; `None` on public pages.
    pub viewer: Option<Viewer>,
    /// The user who is logged in and looks at a public page, which never names them; `None` on all other pages.
    pub visitor: Option<Viewer>,
    /// The server's keys.
    pub keys: &'r Keys,
    /// The configuration at the time of the request.
    pub config: Arc<Config>,
    /// The requested path, without its query.
    pub path: &'r str,
    /// The scheme, host and port that the request was sent to: `https://poem.example.org`.
    pub origin: String,
    /// The stamp of the tenant's data when the request came.
    pub stamp: String,
    /// The page cache.
    pub pages: &'r PageCache,
    /// The hash of the session; empty on public pages.
    session: Vec<u8>,
    /// The states of the feeds of all tenants.
    pub feeds: &'r SyncStates,
    /// What pages have read from the ARGO WEB-API.
    pub remote_cache: &'r RemoteCache,
    web_api: &'r Arc<WebApiClient>,
    pool: &'r PgPool,
    query: Vec<(String, String)>,
    /// The CSRF token; empty on public pages, which write nothing.
    csrf: String,
    /// True if the token was made for this request, so that the browser does not know it yet.
    is_csrf_fresh: bool,
    messages: Vec<Message>,
}

/// The guard of pages that need a login. Without one the request is forwarded to the routes that lead to the login.
pub struct LoggedInPage<'r>(pub RequestContext<'r>);

/// The guard of public pages.
pub struct PublicPage<'r>(pub RequestContext<'r>);

/// The guard of pages that have one address with and without a login.
pub struct OpenPage<'r>(pub RequestContext<'r>);

impl<'r> RequestContext<'r> {
    fn begin(request: &'r Request<'_>, tenant: CurrentTenant<'r>, session: Option<Session>) -> Self {
        let original = OriginalRequest::of(request);
        let rocket = request.rocket();
        let config = rocket.state::<LiveConfig>().expect("app::build manages the configuration").current();
        // Flash messages belong to a session: public pages have none.
        let messages = if session.is_some() { flash::take(request) } else { Vec::new() };
        let (stamp, viewer, session) = match session {
            Some(Session { user, stamp, id_hash, .. }) => (stamp, Some(user.viewer()), id_hash),
            None => (tenant.state.stamp.clone(), None, Vec::new()),
        };
        Self {
            is_csrf_fresh: csrf::known(request).is_none(),
            csrf: if viewer.is_some() { csrf::token(request) } else { String::new() },
            tenant,
            viewer,
            visitor: None,
            keys: rocket.state::<Keys>().expect("app::build manages the keys"),
            config,
            path: original.address(),
            origin: original_request::origin(request),
            stamp,
            pages: rocket.state::<PageCache>().expect("app::build manages the page cache"),
            feeds: SyncStates::managed(rocket),
            remote_cache: rocket.state::<RemoteCache>().expect("app::build manages the cache of the WEB-API"),
            web_api: rocket.state::<Arc<WebApiClient>>().expect("app::build manages the client of the WEB-API"),
            session,
            pool: Db::of(request).pool(),
            query: form_urlencoded::parse(original.query().as_bytes()).into_owned().collect(),
            messages,
        }
    }

    /// Returns the user who is logged in.
    ///
    /// # Errors
    /// 403 on public pages.
    pub fn viewer(&self) -> Result<&Viewer, AppError> {
        self.viewer.as_ref().ok_or(NO_PERMISSION)
    }

    /// Checks that the viewer is a superuser; 403 for all others.
    pub fn superusers_only(&self) -> Result<(), AppError> {
        if self.viewer()?.is_superuser { Ok(()) } else { Err(NO_PERMISSION) }
    }

    /// Checks that the viewer may do this; else 403. On public pages, everyone may view.
    pub fn may(&self, kind: ObjectKind, action: Action<'_>) -> Result<(), AppError> {
        match &self.viewer {
            None if action == Action::View => Ok(()),
            None => Err(NO_PERMISSION),
            Some(viewer) => policy::decide(viewer, kind, action).map_err(denied),
        }
    }

    /// Returns true if the viewer may do this.
    pub fn allows(&self, kind: ObjectKind, action: Action<'_>) -> bool {
        self.may(kind, action).is_ok()
    }

    /// Returns the response to a form that another user has opened in this browser: its page again, with a message that
    /// says who is logged in now. `None` if the viewer has opened it.
    pub fn refusal_of_other_user(&self, posted: &Posted) -> Option<PageResponse> {
        self.refusal_of_other_user_at(posted, self.path)
    }

    /// As [`Self::refusal_of_other_user`], for a form whose address has no page: `address` is the page to return to.
    pub fn refusal_of_other_user_at(&self, posted: &Posted, address: &str) -> Option<PageResponse> {
        let viewer = self.viewer.as_ref().filter(|viewer| !posted.is_of(viewer.id))?;
        Some(PageResponse::refusal(address, other_user(&viewer.username)))
    }

    /// Returns the access to both stores of aggregation profiles; `None` without `[WEBAPI]`.
    pub fn web_api(&self) -> Option<TenantAccess<'_>> {
        TenantAccess::new((self.pool, self.tenant.tenant()), &self.config, self.web_api, self.keys)
    }

    /// Returns the client of the ARGO WEB-API, for work that goes on after the response.
    pub fn web_api_client(&self) -> &Arc<WebApiClient> {
        self.web_api
    }

    /// Begins a transaction that only reads.
    pub async fn read(&self) -> Result<ReadTx, AppError> {
        Ok(ReadTx::begin(self.pool, self.tenant.schema()).await?)
    }

    /// Begins a transaction that writes.
    ///
    /// Returns the viewer as read in it: their rights may have changed since the request began, and the session may have
    /// ended.
    pub async fn write(&self) -> Result<(Transaction, Viewer), SaveError> {
        let before = self.viewer.as_ref().ok_or(SaveError::Denied(Denial::Never))?;
        let mut tx = Transaction::begin(self.pool, self.tenant.schema()).await?;
        let is_live = sessions::is_live(tx.conn(), &self.session).await?;
        let viewer = viewers::find(tx.conn(), before.id).await?.filter(|_| is_live);
        Ok((tx, viewer.ok_or(SaveError::Denied(Denial::Never))?))
    }

    /// Returns the name of the user who did something, or why they did it, as this page shows it: empty on public pages, which
    /// name no users.
    pub fn author(&self, text: &str) -> String {
        self.viewer.as_ref().map_or_else(String::new, |_| text.to_owned())
    }

    /// Returns the addresses for this viewer.
    pub fn at(&self) -> Addresses {
        Addresses { is_public: self.viewer.is_none() }
    }

    /// Returns the addresses on the other side: those of public pages for users, and the reverse.
    pub fn other_side(&self) -> Addresses {
        Addresses { is_public: self.viewer.is_some() }
    }

    /// Returns the link from a public page to the form of the object, for a visitor who may change it; else `None`.
    pub fn edit_link(&self, kind: ObjectKind, id: i64, group: &str) -> Option<Link> {
        let visitor = self.visitor.as_ref()?;
        policy::decide(visitor, kind, Action::StartChanging { group }).ok()?;
        Some(Link::new("Edit", self.other_side().change(kind, id)))
    }

    /// Returns the key of the page in the page cache. `query` has the parameters of the address that it depends on.
    ///
    /// It is `None` for a page that is shown only once: with flash messages, or with a CSRF token that is new.
    pub fn page_key(&self, query: String) -> Option<PageKey> {
        let is_seen_once = !self.messages.is_empty() || (self.viewer.is_some() && self.is_csrf_fresh);
        (!is_seen_once).then(|| PageKey {
            tenant: self.tenant.state.id,
            path: self.path.to_owned(),
            query,
            viewer: self.viewer.clone().or_else(|| self.visitor.clone()),
            csrf: self.csrf.clone(),
            timezone: self.config.general.timezone,
            namespace: self.namespace(),
            branding: self.branding(),
            has_web_api: self.config.webapi.is_some(),
        })
    }

    /// Encodes the parameters of the address with these names, in the order of the names; of several values the last.
    pub fn known_query(&self, known: &[&str]) -> String {
        let pairs = known.iter().filter_map(|name| Some((name, self.query(name)?)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// Returns the parameters of the address, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.query
    }

    /// Returns the flash messages of this page.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Returns the last value of this parameter of the address.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Returns all values of this parameter of the address, in order.
    pub fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Returns the search text without white space around it; empty without a search.
    pub fn search(&self) -> String {
        search_text::trimmed(self.query(SEARCHED).unwrap_or_default())
    }

    /// Returns the namespace before the names of profiles in the API; empty if none is configured.
    pub fn namespace(&self) -> String {
        self.config.general_of(&self.tenant.tenant().name).namespace
    }

    fn branding(&self) -> Branding {
        self.config.branding_of(&self.tenant.tenant().name)
    }

    /// Returns the namespace as pages show it before the names of profiles: `hr.cro-ngi.TEST-`; empty without one.
    pub fn prefix(&self) -> String {
        match self.namespace() {
            none if none.is_empty() => none,
            namespace => namespace + "-",
        }
    }

    /// Formats a time in the configured time zone: to the minute for people, and in RFC 3339 for `datetime=`.
    pub fn time(&self, moment: DateTime<Utc>) -> (String, String) {
        let local = moment.with_timezone(&self.config.general.timezone);
        (local.format("%Y-%m-%d %H:%M").to_string(), local.to_rfc3339())
    }

    /// Formats a time for people, or says that there was none.
    pub fn time_or_never(&self, moment: Option<DateTime<Utc>>) -> String {
        moment.map_or_else(|| "Never".to_owned(), |moment| self.time(moment).0)
    }

    /// Formats the day of a time in the configured time zone: `2026-11-03`.
    pub fn day(&self, moment: DateTime<Utc>) -> String {
        moment.with_timezone(&self.config.general.timezone).format("%Y-%m-%d").to_string()
    }

    /// Returns the first moment of a day in the configured time zone.
    pub fn beginning_of(&self, day: NaiveDate) -> DateTime<Utc> {
        beginning_of(day, self.config.general.timezone)
    }

    /// Returns the layout of a page; `trail` has the breadcrumbs after the index, the last one without address.
    pub fn layout(&self, title: &str, trail: &[(&str, &str)]) -> Layout {
        let tenant = &self.tenant.tenant().name;
        let layout = Layout {
            messages: self.messages.clone(),
            csrf: self.csrf.clone(),
            branding: self.branding(),
            timezone: self.config.general.timezone.name(),
            ..Layout::new(title, tenant, self.viewer.as_ref(), self.path, trail)
        };
        let other_side = if self.viewer.is_some() { public_of(self.path) } else { inside_of(self.path) };
        self.beside(layout, &other_side.unwrap_or_default())
    }

    /// Adds the address of the page on the other side: the public page, or the one for users; empty if there is none.
    ///
    /// It is made of nothing but what the page cache knows of this page.
    pub fn beside(&self, layout: Layout, other_side: &str) -> Layout {
        let (public, inside) = match (&self.viewer, &self.visitor) {
            (Some(_), _) => (other_side.to_owned(), Link::default()),
            (None, Some(_)) => (String::new(), Link::new("Open in POEM", other_side)),
            (None, None) => (String::new(), Link::new("Log in", login::address(other_side))),
        };
        Layout { public, inside, ..layout }
    }
}

/// Returns the first moment of a day in a time zone.
///
/// If clocks go forward at midnight, the day begins later; by a whole day if an island crossed the date line.
fn beginning_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let after = |minutes| midnight.checked_add_signed(TimeDelta::minutes(minutes));
    let first = (0..=24 * 60).find_map(|minutes| zone.from_local_datetime(&after(minutes)?).earliest());
    first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
}

/// Converts a denial to the error of a page.
pub fn denied(denial: Denial) -> AppError {
    match denial {
        Denial::Never | Denial::NoGroup => NO_PERMISSION,
        Denial::ForeignObject(_) | Denial::ForeignGroup(_) => AppError::NotMember(denial.to_string()),
    }
}

/// Converts a save error to the error of a page, if there is no form that could show it.
pub fn refused(refusal: SaveError) -> AppError {
    match refusal {
        SaveError::Rejected(errors) => AppError::Malformed(errors.to_string()),
        SaveError::Denied(denial) => denied(denial),
        SaveError::Stale => {
            AppError::Malformed("Someone else has changed this object. Please review it again.".to_owned())
        }
        SaveError::Unconfirmed(_) => AppError::Malformed(refusal.to_string()),
        SaveError::Gone => crate::error::NOT_FOUND,
        SaveError::Store(error) => error.into(),
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoggedInPage<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match OptionalSession::find(request).await {
            Ok(OptionalSession { tenant, session: Some(session) }) => {
                Outcome::Success(Self(RequestContext::begin(request, tenant, Some(session))))
            }
            Ok(OptionalSession { session: None, .. }) => Outcome::Forward(Status::Unauthorized),
            Err(error) => refuse(request, error),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for PublicPage<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match CurrentTenant::find(request).await {
            Ok(tenant) => {
                let visitor = visitor(request, tenant).await;
                Outcome::Success(Self(RequestContext { visitor, ..RequestContext::begin(request, tenant, None) }))
            }
            Err(error) => refuse(request, error),
        }
    }
}

/// Returns the user who looks at a public page. It needs no session, so it is shown even if that cannot be read.
async fn visitor(request: &Request<'_>, tenant: CurrentTenant<'_>) -> Option<Viewer> {
    match session::find(request, tenant).await {
        Ok(session) => session.map(|session| session.user.viewer()),
        Err(error) => {
            log::warn!("{}: the session of a visitor could not be read: {error}", tenant.tenant().name);
            None
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for OpenPage<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match OptionalSession::find(request).await {
            Ok(OptionalSession { tenant, session }) => {
                Outcome::Success(Self(RequestContext::begin(request, tenant, session)))
            }
            Err(error) => refuse(request, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(day: &str, zone: Tz) -> String {
        beginning_of(day.parse().unwrap(), zone).format("%Y-%m-%d %H:%MZ").to_string()
    }

    #[test]
    fn a_day_begins_with_its_first_existing_moment() {
        assert_eq!(begins("2024-07-01", Tz::Europe__Zagreb), "2024-06-30 22:00Z");
        // Clocks went from 00:00 to 01:00.
        assert_eq!(begins("2024-04-26", Tz::Africa__Cairo), "2024-04-25 22:00Z");
        assert_eq!(begins("2024-09-08", Tz::America__Santiago), "2024-09-08 04:00Z");
        // From 24:00 back to 23:00, and from 01:00 back to 00:00.
        assert_eq!(begins("2024-11-01", Tz::Africa__Cairo), "2024-10-31 22:00Z");
        assert_eq!(begins("2024-11-03", Tz::America__Havana), "2024-11-03 04:00Z");
        // This day does not exist: the island crossed the date line.
        assert_eq!(begins("2011-12-30", Tz::Pacific__Apia), begins("2011-12-31", Tz::Pacific__Apia));
    }
}
