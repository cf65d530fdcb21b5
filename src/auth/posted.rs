//! The guard for posted forms: the decoded body, with the CSRF token checked.

use std::ops::Deref;

use rocket::Request;
use rocket::data::{Data, FromData, Outcome};

use crate::auth::csrf::{self, FormCheck};
use crate::auth::form_limit::FormLimit;
use crate::error::{AppError, remember};
use crate::http::body::FormBody;
use crate::templates::login_page::TYPED;

/// A form with a valid CSRF token. The guard fails with 415 for another type of body, 413 for one that is too large,
/// 400 for one that is not text, 403 without the token. Without input, it is the form of a page that is shown first.
#[derive(Debug, Default)]
pub struct Posted(FormBody);

/// A form whose page can show it again if its CSRF token does not match, so that no typed input is lost. Only a verified
/// form may be obeyed. The guard fails as that of [`Posted`], with 403 only if another site has sent the form.
#[derive(Debug)]
pub enum PostedForm {
    /// The token matches.
    Verified(Posted),
    /// The token does not match.
    Unverified(FormBody),
}

/// The hidden field with the id of the user who has opened the form.
pub const USER: &str = "_user";

/// Returns the message for a form that another user has opened in this browser, before `username` logged in.
pub fn other_user(username: &str) -> String {
    format!(
        "Another user has opened this form. You are now logged in as {username}. Nothing was saved. \
         Check the input and send the form again if you want to do this as {username}."
    )
}

impl Posted {
    /// Returns whether this user has opened the form, as far as it says.
    pub fn is_of(&self, user_id: i64) -> bool {
        self.get(USER).is_none_or(|user| user == user_id.to_string())
    }
}

impl PostedForm {
    async fn read(request: &Request<'_>, data: Data<'_>) -> Result<Self, AppError> {
        let limit = FormLimit::of(request).await?;
        let body = FormBody::read(request, data, limit.size()).await.map_err(|error| limit.explain(error))?;
        limit.check_kept(body.get(TYPED).unwrap_or_default())?;
        Ok(match csrf::check_form(request, body.get(csrf::FIELD))? {
            FormCheck::Ours => Self::Verified(Posted(body)),
            FormCheck::Unverified => Self::Unverified(body),
        })
    }
}

impl Deref for Posted {
    type Target = FormBody;

    fn deref(&self) -> &FormBody {
        &self.0
    }
}

impl Deref for PostedForm {
    type Target = FormBody;

    fn deref(&self) -> &FormBody {
        match self {
            Self::Verified(Posted(body)) | Self::Unverified(body) => body,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for PostedForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match Self::read(request, data).await {
            Ok(posted) => Outcome::Success(posted),
            Err(error) => Outcome::Error((remember(request, error), ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Posted {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match PostedForm::from_data(request, data).await {
            Outcome::Success(PostedForm::Verified(posted)) => Outcome::Success(posted),
            Outcome::Success(PostedForm::Unverified(_)) => Outcome::Error((remember(request, csrf::NOT_OUR_FORM), ())),
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(forward) => Outcome::Forward(forward),
        }
    }
}
