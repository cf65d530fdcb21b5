//! A page: its layout and content, rendered by its template into an HTTP response.
//!
//! A large page takes long. So a route does not render its page: the wrapper of the routes, [`with_rendering`], does it on
//! a thread for blocking work, within a time limit of its own.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rocket::Data;
use rocket::fairing::Fairing;
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::route::{Handler, Outcome, Route};
use rocket_dyn_templates::Template;
use rocket_dyn_templates::tera::{Context, Tera};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::html::{Html, chosen_theme, head};
use super::layout::Layout;
use super::urls::{ABOUT, HELP, INDEX, LOGOUT, PASSWORD, REST_API, SESSIONS, THEME};
use crate::blocking::PAGES;

/// The content of a page, which its template sees as `it`.
pub trait Content: Serialize + Send + 'static {
    /// The path of the template below `templates/`, without `.html.tera`.
    const TEMPLATE: &'static str;
}

/// A page with its typed content.
#[derive(Debug, Clone)]
pub struct Page<C> {
    /// The HTTP status; 200 by default.
    pub status: Status,
    /// The layout around the content.
    pub layout: Layout,
    /// The content for the template.
    pub content: C,
}

/// A page of any kind of content that is still to be rendered.
pub struct Unrendered {
    /// The HTTP status.
    pub status: Status,
    rendering: Rendering,
    /// In their order.
    afterwards: Vec<Afterwards>,
}

/// What happens to a page after it is rendered.
type Afterwards = Box<dyn FnOnce(Html) -> Html + Send>;

/// The rendering of a page into HTML, or into the cause of a failure.
type Rendering = Box<dyn FnOnce(&Tera) -> Result<String, String> + Send>;

/// The template engine, for every thread. Rocket's own can be used only with a reference to the server.
#[derive(Debug, Clone, Default)]
pub struct TemplateEngine(Arc<RwLock<Arc<Tera>>>);

impl TemplateEngine {
    /// Returns the fairing that loads the templates; in a debug build again after each of their changes.
    pub fn fairing(&self) -> impl Fairing + use<> {
        let loaded = self.0.clone();
        Template::custom(move |engines| {
            *loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(engines.tera.clone());
        })
    }

    fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state().expect("app::build manages the template engine")
    }

    fn current(&self) -> Arc<Tera> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The version of this POEM.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The variables of the templates: the layout as `page`, the content as `it`, the addresses of every page as `at`, and
/// the version of POEM.
#[derive(Serialize)]
struct Given<'a, C> {
    page: &'a Layout,
    it: &'a C,
    at: Addresses<'a>,
    version: &'static str,
}

/// The addresses that every page links to.
#[derive(Serialize)]
struct Addresses<'a> {
    /// The target of the logo: on public pages the first public list, so that it does not lead to the login.
    home: &'a str,
    logout: &'static str,
    password: &'static str,
    sessions: &'static str,
    help: &'static str,
    api: &'static str,
    about: &'static str,
    theme: &'static str,
}

impl<C: Content> Page<C> {
    /// Returns a page with the status 200.
    pub fn new(layout: Layout, content: C) -> Self {
        Self { status: Status::Ok, layout, content }
    }

    /// Replaces the status.
    pub fn with_status(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// Returns the variables of the template as JSON; tests render pages from it without a request.
    pub fn as_json(&self) -> Value {
        let Layout { user, navigation, .. } = &self.layout;
        let home = match (user, navigation.first()) {
            (None, Some(public)) => &public.href,
            _ => INDEX,
        };
        let at = Addresses {
            home,
            logout: LOGOUT,
            password: PASSWORD,
            sessions: SESSIONS,
            help: HELP,
            api: REST_API,
            about: ABOUT,
            theme: THEME,
        };
        // Only map keys that are not strings could fail, and there are none.
        serde_json::to_value(Given { page: &self.layout, it: &self.content, at, version: VERSION }).unwrap_or_default()
    }
}

impl<C: Content> Page<C> {
    fn html(&self, tera: &Tera) -> Result<String, String> {
        let html = Context::from_value(self.as_json()).and_then(|given| tera.render(C::TEMPLATE, &given));
        html.map_err(|error| with_causes(&error))
    }
}

/// Joins the texts of an error and of its causes.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

impl<C: Content> From<Page<C>> for Unrendered {
    fn from(page: Page<C>) -> Self {
        Self { status: page.status, rendering: Box::new(move |tera| page.html(tera)), afterwards: Vec::new() }
    }
}

impl Unrendered {
    /// Has the rendered page kept, as it is then.
    pub fn kept_by(self, keep: impl FnOnce(&Html) + Send + 'static) -> Self {
        self.changed_by(move |html| {
            keep(&html);
            html
        })
    }

    /// Has the rendered page changed.
    pub fn changed_by(mut self, change: impl FnOnce(Html) -> Html + Send + 'static) -> Self {
        self.afterwards.push(Box::new(change));
        self
    }

    /// Renders the page on a thread for blocking work.
    async fn render(self, engine: &TemplateEngine) -> Result<Html, String> {
        let (tera, rendering) = (engine.current(), self.rendering);
        let html = PAGES.run(move || rendering(&tera)).await?;
        let html = Html::new(self.status, html);
        Ok(self.afterwards.into_iter().fold(html, |html, then| then(html)))
    }
}

impl fmt::Debug for Unrendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page with the status {}", self.status)
    }
}

/// The page that a route has returned, stored in the request's local cache until it is rendered.
#[derive(Default)]
struct Pending(Mutex<Option<Unrendered>>);

impl Pending {
    fn of<'r>(request: &'r Request<'_>) -> &'r Mutex<Option<Unrendered>> {
        &request.local_cache(Self::default).0
    }
}

impl<'r, C: Content> Responder<'r, 'static> for Page<C> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Unrendered::from(self).respond_to(request)
    }
}

/// Responds without a body, which [`with_rendering`] adds.
impl<'r> Responder<'r, 'static> for Unrendered {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let head = head(self.status);
        *Pending::of(request).lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
        Ok(head)
    }
}

/// Renders the pages that the routes return. A page that takes longer than `limit` becomes 503.
pub fn with_rendering(routes: Vec<Route>, limit: Duration) -> Vec<Route> {
    let rendering = |mut route: Route| {
        route.handler = Box::new(WithRendering(route.handler, limit));
        route
    };
    routes.into_iter().map(rendering).collect()
}

/// A handler whose page is rendered.
#[derive(Clone)]
struct WithRendering(Box<dyn Handler>, Duration);

#[rocket::async_trait]
impl Handler for WithRendering {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let outcome = self.0.handle(request, data).await;
        let pending = Pending::of(request).lock().unwrap_or_else(PoisonError::into_inner).take();
        match (outcome, pending) {
            (Outcome::Success(mut response), Some(page)) => {
                match timeout(self.1, page.render(TemplateEngine::of(request))).await {
                    Ok(Ok(html)) => {
                        html.in_theme(chosen_theme(request)).put_into(&mut response);
                        Outcome::Success(response)
                    }
                    Ok(Err(cause)) => Outcome::Error(log_failure(&cause)),
                    Err(_) => Outcome::Error(Status::ServiceUnavailable),
                }
            }
            (outcome, _) => outcome,
        }
    }
}

/// A page whose size does not depend on the input: that of an error. It is rendered at once.
pub struct SmallPage<C>(pub Page<C>);

impl<'r, C: Content> Responder<'r, 'static> for SmallPage<C> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let html = self.0.html(&TemplateEngine::of(request).current()).map_err(|cause| log_failure(&cause))?;
        Html::new(self.0.status, html).respond_to(request)
    }
}

fn log_failure(cause: &str) -> Status {
    log::error!("a page could not be rendered: {cause}");
    Status::InternalServerError
}
