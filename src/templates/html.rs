//! The text of a rendered page, and its response.
//!
//! The theme of a page is set when the page is sent, so a cached page is the same for all themes.

use std::io::Cursor;
use std::sync::Arc;

use rocket::http::{ContentType, Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};

use crate::domain::web::cookie_header;
use crate::domain::web::theme::{COOKIE, Theme};

/// The `Content-Security-Policy` of pages: only own scripts and styles, forms only to this server, no framing.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The size of the chunks in which Rocket sends a page, in bytes; most pages fit into one.
const CHUNK: usize = 64 * 1024;

/// Returns the theme that the browser has chosen.
pub(super) fn chosen_theme(request: &Request<'_>) -> Theme {
    let mut chosen = request.headers().get("Cookie").flat_map(|header| cookie_header::values(header, COOKIE));
    chosen.find_map(|name| name.parse().ok()).unwrap_or_default()
}

/// The rendered text of a page. A clone shares the text.
#[derive(Debug, Clone)]
pub struct Html {
    status: Status,
    bytes: Arc<[u8]>,
}

impl Html {
    /// Returns a rendered page.
    pub(super) fn new(status: Status, text: String) -> Self {
        Self { status, bytes: text.into_bytes().into() }
    }

    /// Returns the page, rendered in the theme of the system, in another one: its root element, and the pressed button of
    /// the switch.
    pub(super) fn in_theme(self, theme: Theme) -> Self {
        let name = theme.name();
        let button = |name: &str, is_pressed: bool| format!("value=\"{name}\" aria-pressed=\"{is_pressed}\"");
        match theme {
            Theme::System => self,
            Theme::Light | Theme::Dark => self
                .replacing("data-theme=\"system\"", &format!("data-theme=\"{name}\""))
                .replacing_last(&button("system", true), &button("system", false))
                .replacing_last(&button(name, false), &button(name, true)),
        }
    }

    /// Returns the page with the first occurrence of a marker replaced; unchanged if it has none.
    pub fn replacing(self, marker: &str, by: &str) -> Self {
        let place = self.bytes.windows(marker.len()).position(|window| window == marker.as_bytes());
        self.replacing_at(place, marker, by)
    }

    /// Returns the page with the last occurrence of a marker replaced; unchanged if it has none.
    fn replacing_last(self, marker: &str, by: &str) -> Self {
        let place = self.bytes.windows(marker.len()).rposition(|window| window == marker.as_bytes());
        self.replacing_at(place, marker, by)
    }

    fn replacing_at(self, place: Option<usize>, marker: &str, by: &str) -> Self {
        let Some(place) = place else { return self };
        let bytes = [&self.bytes[..place], by.as_bytes(), &self.bytes[place + marker.len()..]].concat();
        Self { bytes: bytes.into(), ..self }
    }

    /// Returns the size of the text in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn put_into(self, response: &mut Response<'_>) {
        response.set_sized_body(self.size(), Cursor::new(self.bytes));
        response.set_max_chunk_size(CHUNK);
    }
}

impl<'r> Responder<'r, 'static> for Html {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = head(self.status);
        self.in_theme(chosen_theme(request)).put_into(&mut response);
        Ok(response)
    }
}

/// Returns a response with the status and the headers of pages, without a body.
pub(super) fn head(status: Status) -> Response<'static> {
    let mut response = Response::build();
    response.status(status).header(ContentType::HTML);
    response.header(Header::new("Content-Security-Policy", CONTENT_SECURITY_POLICY));
    response.header(Header::new("Referrer-Policy", "same-origin"));
    // A page shows what its viewer may see at this moment; the next viewer may see less.
    response.header(Header::new("Cache-Control", "private, no-store"));
    response.finalize()
}
