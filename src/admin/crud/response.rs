//! What a page's route answers.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Redirect, Responder};

use super::flash;
use crate::error::AppError;
use crate::templates::page::{Html, Rendered};
use crate::templates::{Content, Page};

pub type PageResult = Result<PageResponse, AppError>;

/// A page, or another address.
#[derive(Debug)]
pub enum PageResponse {
    Page(Box<Rendered>),
    /// A page from the page cache.
    Cached(Html),
    /// After an action: the address of the next page, and the flash messages that it shows.
    Redirect {
        address: String,
        flash_lines: Vec<String>,
    },
}

impl PageResponse {
    pub fn redirect(address: impl Into<String>, flash_lines: Vec<String>) -> Self {
        Self::Redirect { address: address.into(), flash_lines }
    }
}

impl<'r> Responder<'r, 'static> for PageResponse {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::Cached(html) => html.respond_to(request),
            Self::Redirect { address, flash_lines } => {
                if !flash_lines.is_empty() {
                    flash::set(request, &flash_lines);
                }
                Redirect::to(address).respond_to(request)
            }
        }
    }
}

/// A page with 200.
pub fn page<C: Content>(page: Page<C>) -> PageResult {
    Ok(PageResponse::Page(Box::new(page.into())))
}

/// A form that has to be mended, or that clashed with another's: the page, but no success.
pub fn page_with<C: Content>(page: Page<C>, status: Status) -> PageResult {
    self::page(page.with_status(status))
}
