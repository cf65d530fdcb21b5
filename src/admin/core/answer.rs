//! What a page's route answers.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Redirect, Responder};

use super::said;
use crate::error::AppError;
use crate::pages::page::{Html, Rendered};
use crate::pages::{Content, Page};

pub type Answered = Result<Answer, AppError>;

/// A page, or another address.
#[derive(Debug)]
pub enum Answer {
    Page(Box<Rendered>),
    /// A page that is kept.
    Ready(Html),
    /// After something was done: the address that shows it, and what was done, a line each. Nothing is said where there
    /// is no line.
    Elsewhere {
        address: String,
        said: Vec<String>,
    },
}

impl Answer {
    pub fn done(address: impl Into<String>, said: Vec<String>) -> Self {
        Self::Elsewhere { address: address.into(), said }
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::Ready(html) => html.respond_to(request),
            Self::Elsewhere { address, said } => {
                if !said.is_empty() {
                    said::keep(request, &said);
                }
                Redirect::to(address).respond_to(request)
            }
        }
    }
}

/// A page with 200.
pub fn page<C: Content>(page: Page<C>) -> Answered {
    Ok(Answer::Page(Box::new(page.into())))
}

/// A form that has to be mended, or that clashed with another's: the page, but no success.
pub fn page_with<C: Content>(page: Page<C>, status: Status) -> Answered {
    self::page(page.with_status(status))
}
