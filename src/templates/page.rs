//! A page on its way to the browser.

use std::io::Cursor;
use std::sync::Arc;

use rocket::http::{ContentType, Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::{Orbit, Rocket};
use rocket_dyn_templates::Template;
use serde::Serialize;
use serde_json::Value;

use super::layout::Layout;
use super::urls::{INDEX, LOGIN, LOGOUT, PASSWORD};

/// No script and no style but our own files; forms go to ourselves; nobody frames us.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The most that Rocket copies of a page at once; most pages fit.
const CHUNK: usize = 64 * 1024;

/// What a template is given as `it`.
pub trait Content: Serialize {
    /// Below templates/, without `.html.tera`.
    const TEMPLATE: &'static str;
}

/// A page: 200 unless said otherwise.
#[derive(Debug, Clone)]
pub struct Page<C> {
    pub status: Status,
    pub layout: Layout,
    pub content: C,
}

/// A page of any kind of content, as its template is given it.
#[derive(Debug)]
pub struct Rendered {
    pub status: Status,
    template: &'static str,
    given: Value,
}

/// What the templates see: the layout as `page`, the content as `it`, and what is at the same address everywhere as `at`.
#[derive(Serialize)]
struct Given<'a, C> {
    page: &'a Layout,
    it: &'a C,
    at: Addresses<'a>,
}

/// What every page leads to.
#[derive(Serialize)]
struct Addresses<'a> {
    /// On public pages one of them: whoever reads them need not be led to the login.
    home: &'a str,
    login: &'static str,
    logout: &'static str,
    password: &'static str,
}

impl<C: Content> Page<C> {
    pub fn new(layout: Layout, content: C) -> Self {
        Self { status: Status::Ok, layout, content }
    }

    pub fn with_status(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// What its template is given, for whoever wants to look at a page without a request.
    pub fn as_json(&self) -> Value {
        let Layout { user, navigation, .. } = &self.layout;
        let home = match (user, navigation.first()) {
            (None, Some(public)) => &public.href,
            _ => INDEX,
        };
        let at = Addresses { home, login: LOGIN, logout: LOGOUT, password: PASSWORD };
        // Nothing of ours has keys that are no text, which is all that could fail.
        serde_json::to_value(Given { page: &self.layout, it: &self.content, at }).unwrap_or_default()
    }
}

impl<C: Content> From<Page<C>> for Rendered {
    fn from(page: Page<C>) -> Self {
        Self { status: page.status, template: C::TEMPLATE, given: page.as_json() }
    }
}

impl<'r, C: Content> Responder<'r, 'static> for Page<C> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Rendered::from(self).respond_to(request)
    }
}

impl Rendered {
    /// `None` where the template fails; Rocket's engine has said why by then. (It recommends `show` for tests, as a
    /// response is all that most need; it renders the same.)
    pub fn render(self, rocket: &Rocket<Orbit>) -> Option<Html> {
        let html = Template::show(rocket, self.template, self.given)?;
        Some(Html { status: self.status, bytes: html.into_bytes().into() })
    }
}

impl<'r> Responder<'r, 'static> for Rendered {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.render(request.rocket()).ok_or(Status::InternalServerError)?.respond_to(request)
    }
}

/// A page as it is sent. A clone shares the text.
#[derive(Debug, Clone)]
pub struct Html {
    status: Status,
    bytes: Arc<[u8]>,
}

impl Html {
    /// In bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl<'r> Responder<'r, 'static> for Html {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut answer = Response::build();
        answer.status(self.status).header(ContentType::HTML);
        answer.header(Header::new("Content-Security-Policy", CONTENT_SECURITY_POLICY));
        answer.header(Header::new("Referrer-Policy", "same-origin"));
        // A page shows what its viewer may see at this moment.
        answer.header(Header::new("Cache-Control", "private, no-store"));
        answer.sized_body(self.size(), Cursor::new(self.bytes)).max_chunk_size(CHUNK);
        Ok(answer.finalize())
    }
}
