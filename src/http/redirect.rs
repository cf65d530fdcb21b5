//! Redirects.

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder, Response};

/// A redirect to an address, which is sent as it is: it is text of POEM's own, or was checked.
#[derive(Debug)]
pub struct RedirectTo {
    status: Status,
    location: String,
}

impl RedirectTo {
    /// 302: away from a page that is not for this visitor.
    pub fn found(location: impl Into<String>) -> Self {
        Self { status: Status::Found, location: location.into() }
    }

    /// 303: after a form has done what it is for.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self { status: Status::SeeOther, location: location.into() }
    }
}

impl<'r> Responder<'r, 'static> for RedirectTo {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(Response::build().status(self.status).raw_header("Location", self.location).finalize())
    }
}
