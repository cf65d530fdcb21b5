//! Redirects after forms and to the login page.

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder, Response};

/// A redirect. The location is sent unencoded, so it must be a constant or a checked path.
#[derive(Debug)]
pub struct RedirectTo {
    status: Status,
    location: String,
}

impl RedirectTo {
    /// Redirects with 302, from a page that is not for this user.
    pub fn found(location: impl Into<String>) -> Self {
        Self { status: Status::Found, location: location.into() }
    }

    /// Redirects with 303, after a form was processed.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self { status: Status::SeeOther, location: location.into() }
    }
}

impl<'r> Responder<'r, 'static> for RedirectTo {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(Response::build().status(self.status).raw_header("Location", self.location).finalize())
    }
}
