//! A page on its way to the browser.

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::chrome::Chrome;

/// No script and no style but our own files; forms go to ourselves; nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a template is given as `it`.
pub trait Content: Serialize {
    /// Below templates/, without `.html.tera`.
    const TEMPLATE: &'static str;
}

/// A page: 200 unless said otherwise.
#[derive(Debug, Clone)]
pub struct Page<C> {
    pub status: Status,
    pub chrome: Chrome,
    pub content: C,
}

/// What the templates see: the chrome as `page`, the content as `it`.
#[derive(Serialize)]
struct Given<'a, C> {
    page: &'a Chrome,
    it: &'a C,
}

impl<C: Content> Page<C> {
    pub fn new(chrome: Chrome, content: C) -> Self {
        Self { status: Status::Ok, chrome, content }
    }

    pub fn with_status(self, status: Status) -> Self {
        Self { status, ..self }
    }
}

impl<'r, C: Content> Responder<'r, 'static> for Page<C> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let given = Given { page: &self.chrome, it: &self.content };
        let mut response = Template::render(C::TEMPLATE, given).respond_to(request)?;
        response.set_status(self.status);
        response.set_header(Header::new("Content-Security-Policy", CONTENT_SECURITY_POLICY));
        response.set_header(Header::new("Referrer-Policy", "same-origin"));
        // A page shows what its viewer may see at this moment.
        response.set_header(Header::new("Cache-Control", "private, no-store"));
        Ok(response)
    }
}
