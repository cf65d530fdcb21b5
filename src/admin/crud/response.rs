//! The result of the route of a page: a page, a file, or a redirect with flash messages.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Redirect, Responder};

use crate::auth::flash;
use crate::error::AppError;
use crate::http::download::Download;
use crate::templates::html::Html;
use crate::templates::page::Unrendered;
use crate::templates::{Content, Page, Severity};

/// The result of the route of a page.
pub type PageResult = Result<PageResponse, AppError>;

/// A page, a file, or a redirect.
#[derive(Debug)]
pub enum PageResponse {
    /// A page that is still to be rendered.
    Page(Unrendered),
    /// A page from the page cache.
    Rendered(Html),
    /// A file to save.
    File(Box<Download>),
    /// A redirect after an action.
    Redirect {
        /// The address of the next page.
        address: String,
        /// The flash messages that the next page shows.
        flash_lines: Vec<String>,
        /// The severity of the messages.
        tone: Severity,
    },
}

impl PageResponse {
    /// Returns a redirect with flash messages, which may be empty.
    pub fn redirect(address: impl Into<String>, flash_lines: Vec<String>) -> Self {
        Self::Redirect { address: address.into(), flash_lines, tone: Severity::Success }
    }

    /// Returns a redirect after an action that was not done, with the reason.
    pub fn refusal(address: impl Into<String>, reason: String) -> Self {
        Self::Redirect { address: address.into(), flash_lines: vec![reason], tone: Severity::Warning }
    }
}

impl<'r> Responder<'r, 'static> for PageResponse {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::Rendered(html) => html.respond_to(request),
            Self::File(file) => file.respond_to(request),
            Self::Redirect { address, flash_lines, tone } => {
                if !flash_lines.is_empty() {
                    flash::set(request, tone, &flash_lines);
                }
                Redirect::to(address).respond_to(request)
            }
        }
    }
}

/// Returns a page with its own status, usually 200.
pub fn page<C: Content>(page: Page<C>) -> PageResult {
    Ok(PageResponse::Page(page.into()))
}

/// Returns a page with another status, for a form that was not saved.
pub fn page_with<C: Content>(page: Page<C>, status: Status) -> PageResult {
    self::page(page.with_status(status))
}
