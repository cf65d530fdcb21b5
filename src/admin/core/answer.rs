//! What a page's route answers.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Flash, Redirect, Responder};

use crate::error::AppError;
use crate::pages::chrome::Tone;
use crate::pages::page::Rendered;
use crate::pages::{Content, Page};

pub type Answered = Result<Answer, AppError>;

/// A page, or another address.
#[derive(Debug)]
pub enum Answer {
    Page(Box<Rendered>),
    /// After something was done: the address that shows it, and what was done, a line each. Nothing is said where there
    /// is no line.
    Elsewhere {
        address: String,
        said: Vec<String>,
        tone: Tone,
    },
}

impl Answer {
    pub fn done(address: impl Into<String>, said: Vec<String>) -> Self {
        Self::Elsewhere { address: address.into(), said, tone: Tone::Success }
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::Elsewhere { address, said, .. } if said.is_empty() => Redirect::to(address).respond_to(request),
            Self::Elsewhere { address, said, tone } => {
                let kind = match tone {
                    Tone::Success => "success",
                    Tone::Warning => "warning",
                    Tone::Error => "error",
                };
                Flash::new(Redirect::to(address), kind, said.join("\n")).respond_to(request)
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
