//! Requests for admin pages without a login: they lead to the login page, and no typed input is lost.

use form_urlencoded::Serializer;
use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use crate::auth::csrf;
use crate::auth::login;
use crate::auth::login_context::LoginContext;
use crate::domain::model::api_key;
use crate::domain::web::redirect_target::NextPath;
use crate::error::{NOT_FOUND, refuse};
use crate::http::body::FormBody;
use crate::http::redirect::RedirectTo;
use crate::store::sessions::Session;
use crate::templates::Page;
use crate::templates::login_page::{LoginPage, RESUME, TYPED};

/// The guard of the last routes, for users who are not logged in. A user who is logged in gets 404: no page matched.
pub struct LoginRequired<'r>(LoginContext<'r>);

impl LoginRequired<'_> {
    /// Redirects to the login page, which returns to the requested page.
    pub fn redirect_to_login(&self) -> RedirectTo {
        RedirectTo::found(login::address(&self.0.path_and_query))
    }

    /// Returns the login page (403) in response to a form. It carries the typed input along.
    pub async fn login_form(&self, posted: &FormBody) -> Page<LoginPage> {
        let next = NextPath::parse(&self.0.path_and_query);
        // Without a page to return to, the input is of no use.
        let typed = next.as_ref().map(|_| encoded_input(posted)).unwrap_or_default();
        let content = LoginPage { typed, ..login::content(&self.0, next.as_ref()).await };
        Page::new(self.0.anonymous_layout(login::TITLE), content).with_status(Status::Forbidden)
    }
}

/// The guard of the own pages of a user who is logged in. It forwards a client without a login to the last routes, which
/// lead to the login.
pub struct LoggedIn<'r>(pub LoginContext<'r>, pub Session);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoggedIn<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.guard::<LoginContext<'r>>().await {
            Outcome::Success(mut context) => match context.session.take() {
                Some(session) => Outcome::Success(Self(context, session)),
                None => Outcome::Forward(Status::Unauthorized),
            },
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}

/// Encodes the typed input like a form, without passwords, tokens and CSRF token. `''` if there is no other input, as in the
/// confirmation of a deletion: the user is asked again after the login.
fn encoded_input(posted: &FormBody) -> String {
    let is_input = |name: &str| {
        !name.to_lowercase().contains("password") && ![csrf::FIELD, RESUME, TYPED, api_key::TOKEN].contains(&name)
    };
    let inputs = || posted.pairs().iter().filter(|(name, _)| is_input(name));
    // Names that begin with _ belong to buttons and hidden fields.
    if inputs().all(|(name, _)| name.starts_with('_')) {
        return String::new();
    }
    Serializer::new(String::new()).extend_pairs(inputs()).finish()
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoginRequired<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.guard::<LoginContext<'r>>().await {
            Outcome::Success(LoginContext { session: Some(_), .. }) => refuse(request, NOT_FOUND),
            context => context.map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_are_not_kept() {
        let body =
            b"name=a+b&csrfmiddlewaretoken=t&new_password1=x&Password=y&_resume=1&token=s&_typed=z&rows-1-key=%26&name=c";
        assert_eq!(encoded_input(&FormBody::decode(body).unwrap()), "name=a+b&rows-1-key=%26&name=c");
        assert_eq!(encoded_input(&FormBody::decode(b"old_password=x").unwrap()), "");
    }

    #[test]
    fn the_login_address_contains_the_requested_page() {
        let address = login::address("/poem/admin/poem/probe/?q=a&p=2");
        assert_eq!(address, "/poem/admin/login/?next=%2Fpoem%2Fadmin%2Fpoem%2Fprobe%2F%3Fq%3Da%26p%3D2");
    }
}
