//! The largest form that a client may send. A client that POEM does not know gets a small limit, because what it sends is
//! shown again on the login page.

use rocket::Request;
use rocket::data::ByteUnit;

use crate::auth::session;
use crate::error::AppError;
use crate::http::original_request::OriginalRequest;
use crate::templates::urls::LOGIN;

/// The largest body of a form, in bytes.
const LARGE: u64 = 8 * 1024 * 1024;
/// The largest body of a form from a client without a session, in bytes.
const SMALL: u64 = 512 * 1024;
/// The login form may contain a whole form from an expired session, encoded twice: its body is larger by this factor.
const ENCODED_TWICE: u64 = 3;

/// The limit of a request's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormLimit {
    /// The largest body, in bytes.
    bytes: u64,
    /// True for a client without a session, and without one that ended lately.
    is_small: bool,
}

impl FormLimit {
    /// Finds the limit of a request. The database is queried only if the form is large and there is no session.
    ///
    /// A client that presents the id of a session that ended within the last day keeps the large limit, so that no form is
    /// lost because its session has ended.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(request: &Request<'_>) -> Result<Self, AppError> {
        let is_login = OriginalRequest::of(request).address() == LOGIN;
        let factor = if is_login { ENCODED_TWICE } else { 1 };
        let length = request.headers().get_one("Content-Length").and_then(|length| length.parse::<u64>().ok());
        let is_large = length.is_none_or(|length| length > SMALL);
        let is_small = session::known(request).is_none() && !(is_large && session::has_ended_lately(request).await?);
        Ok(Self { bytes: factor * if is_small { SMALL } else { LARGE }, is_small })
    }

    /// Returns the largest body.
    pub fn size(self) -> ByteUnit {
        ByteUnit::from(self.bytes)
    }

    /// Checks the input of an earlier form, which the login page shows again if the login fails.
    ///
    /// # Errors
    /// 413 if it is larger than the form of this client may be.
    pub fn check_kept(self, typed: &str) -> Result<(), AppError> {
        if self.is_small && typed.len() as u64 > SMALL { Err(self.explain(AppError::TooLarge)) } else { Ok(()) }
    }

    /// Says what to do, if the form of a client without a session is too large.
    pub fn explain(self, error: AppError) -> AppError {
        match error {
            AppError::TooLarge if self.is_small => AppError::TooMany(
                "This form is larger than POEM takes without a login. Log in in another tab first, then go back in your \
                 browser and send the form again."
                    .to_owned(),
            ),
            error => error,
        }
    }
}
