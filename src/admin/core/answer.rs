//! What a page's route answers.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Flash, Redirect, Responder};

use crate::error::AppError;
use crate::pages::chrome::Tone;
use crate::pages::page::{Html, Rendered};
use crate::pages::{Content, Page};

/// Browsers keep cookies of 4 KB; what is said goes through one, percent-encoded, with its attributes.
const MOST_SAID: usize = 3_500;

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
            Self::Ready(html) => html.respond_to(request),
            Self::Elsewhere { address, said, .. } if said.is_empty() => Redirect::to(address).respond_to(request),
            Self::Elsewhere { address, said, tone } => {
                let kind = match tone {
                    Tone::Success => "success",
                    Tone::Warning => "warning",
                    Tone::Error => "error",
                };
                Flash::new(Redirect::to(address), kind, in_a_cookie(&said)).respond_to(request)
            }
        }
    }
}

/// As many of the lines as a cookie holds, and that there are more.
fn in_a_cookie(said: &[String]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>();
    let mut room = MOST_SAID;
    let mut text = String::new();
    for c in said.join("\n").chars() {
        let size = encoded(c.encode_utf8(&mut [0; 4]));
        if size > room {
            return text + " …";
        }
        room -= size;
        text.push(c);
    }
    text
}

/// A page with 200.
pub fn page<C: Content>(page: Page<C>) -> Answered {
    Ok(Answer::Page(Box::new(page.into())))
}

/// A form that has to be mended, or that clashed with another's: the page, but no success.
pub fn page_with<C: Content>(page: Page<C>, status: Status) -> Answered {
    self::page(page.with_status(status))
}
