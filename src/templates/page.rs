//! A page: its layout and content, rendered by its template into an HTTP response.

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

/// The `Content-Security-Policy` of pages: only own scripts and styles, forms only to this server, no framing.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The size of the chunks in which Rocket sends a page, in bytes; most pages fit into one.
const CHUNK: usize = 64 * 1024;

/// The content of a page, which its template sees as `it`.
pub trait Content: Serialize {
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

/// A page of any kind of content, as JSON for its template.
#[derive(Debug)]
pub struct Rendered {
    /// The HTTP status.
    pub status: Status,
    template: &'static str,
    given: Value,
}

/// The variables of the templates: the layout as `page`, the content as `it`, and the addresses of every page as `at`.
#[derive(Serialize)]
struct Given<'a, C> {
    page: &'a Layout,
    it: &'a C,
    at: Addresses<'a>,
}

/// The addresses that every page links to.
#[derive(Serialize)]
struct Addresses<'a> {
    /// The target of the logo: on public pages the first public list, so that it does not lead to the login.
    home: &'a str,
    login: &'static str,
    logout: &'static str,
    password: &'static str,
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
        let at = Addresses { home, login: LOGIN, logout: LOGOUT, password: PASSWORD };
        // Only map keys that are not strings could fail, and there are none.
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
    /// Renders the page. Returns `None` if the template fails; Rocket has logged the cause by then.
    ///
    /// (Rocket documents `Template::show` for tests; it renders the same text as a response does.)
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

/// The rendered text of a page. A clone shares the text.
#[derive(Debug, Clone)]
pub struct Html {
    status: Status,
    bytes: Arc<[u8]>,
}

impl Html {
    /// Returns the size of the text in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl<'r> Responder<'r, 'static> for Html {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build();
        response.status(self.status).header(ContentType::HTML);
        response.header(Header::new("Content-Security-Policy", CONTENT_SECURITY_POLICY));
        response.header(Header::new("Referrer-Policy", "same-origin"));
        // A page shows what its viewer may see at this moment; the next viewer may see less.
        response.header(Header::new("Cache-Control", "private, no-store"));
        response.sized_body(self.size(), Cursor::new(self.bytes)).max_chunk_size(CHUNK);
        Ok(response.finalize())
    }
}
