//! The responses of the federated login: pages and redirects that nobody stores.

use rocket::Request;
use rocket::http::{Header, Status};
use rocket::response::{self, Responder, Response};

use super::pages::Notice;
use crate::http::redirect::RedirectTo;
use crate::templates::federated_page::FederatedPage;
use crate::templates::{Layout, Page};

/// A response of the federated login, with `Cache-Control: no-store`.
pub struct FederatedResponse {
    body: Body,
    /// Further headers.
    headers: Vec<Header<'static>>,
}

enum Body {
    Page(Box<Page<FederatedPage>>),
    Redirect(RedirectTo),
}

impl FederatedResponse {
    /// Returns a page.
    pub fn page(layout: Layout, notice: Notice) -> Self {
        let page = Page::new(layout, notice.content).with_status(notice.status);
        let headers = notice.retry_after.map(|seconds| Header::new("Retry-After", seconds.to_string()));
        Self { body: Body::Page(Box::new(page)), headers: headers.into_iter().collect() }
    }

    /// Returns a redirect.
    pub fn redirect(to: RedirectTo) -> Self {
        Self { body: Body::Redirect(to), headers: Vec::new() }
    }

    /// Replaces the status of a page.
    pub fn with_status(mut self, status: Status) -> Self {
        if let Body::Page(page) = &mut self.body {
            page.status = status;
        }
        self
    }

    /// Adds the header `Allow`.
    pub fn with_allow(mut self, method: &'static str) -> Self {
        self.headers.push(Header::new("Allow", method));
        self
    }
}

impl<'r> Responder<'r, 'static> for FederatedResponse {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response: Response<'static> = match self.body {
            Body::Page(page) => page.respond_to(request)?,
            Body::Redirect(to) => to.respond_to(request)?,
        };
        response.set_raw_header("Cache-Control", "no-store");
        for header in self.headers {
            response.set_header(header);
        }
        Ok(response)
    }
}
