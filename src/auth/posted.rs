//! The guard for posted forms: the decoded body, with the CSRF token checked.

use std::ops::Deref;

use rocket::Request;
use rocket::data::{Data, FromData, Outcome, ToByteUnit};

use crate::auth::csrf;
use crate::error::{AppError, remember};
use crate::http::body::FormBody;
use crate::http::original_request::OriginalRequest;
use crate::templates::urls::LOGIN;

/// The largest body of a form, in MiB.
const LIMIT_MIB: u64 = 8;
/// The largest body of the login form, in MiB: it may contain a whole form from an expired session, encoded twice.
const LOGIN_LIMIT_MIB: u64 = 3 * LIMIT_MIB;

/// A form with a valid CSRF token. The guard fails with 415 for another type of body, 413 for one that is too large,
/// 400 for one that is not text, 403 without the token.
#[derive(Debug)]
pub struct Posted(FormBody);

impl Posted {
    async fn read(request: &Request<'_>, data: Data<'_>) -> Result<Self, AppError> {
        let limit = if OriginalRequest::of(request).address() == LOGIN { LOGIN_LIMIT_MIB } else { LIMIT_MIB };
        let body = FormBody::read(request, data, limit.mebibytes()).await?;
        csrf::check_form(request, body.get(csrf::FIELD))?;
        Ok(Self(body))
    }
}

impl Deref for Posted {
    type Target = FormBody;

    fn deref(&self) -> &FormBody {
        &self.0
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Posted {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match Self::read(request, data).await {
            Ok(posted) => Outcome::Success(posted),
            Err(error) => Outcome::Error((remember(request, error), ())),
        }
    }
}
