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
    /// A page that is kept.
    Cached(Html),
    /// After something was done: the address that shows it, and what was done, a line each. Nothing is said where there
    /// is no line.
    Redirect {
        address: String,
        said: Vec<String>,
    },
}

impl PageResponse {
    pub fn redirect(address: impl Into<String>, said: Vec<String>) -> Self {
        Self::Redirect { address: address.into(), said }
    }
}

impl<'r> Responder<'r, 'static> for PageResponse {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::Cached(html) => html.respond_to(request),
            Self::Redirect { address, said } => {
                if !said.is_empty() {
                    flash::keep(request, &said);
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
