//! Pages of the admin asked for by somebody who is not logged in: the login comes first, and nothing typed is lost.

use form_urlencoded::Serializer;
use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use crate::auth::csrf;
use crate::auth::login;
use crate::auth::login_context::LoginContext;
use crate::auth::posted::Posted;
use crate::domain::web::redirect_target::NextPath;
use crate::error::{NOT_FOUND, refuse};
use crate::http::body::FormBody;
use crate::http::redirect::RedirectTo;
use crate::templates::Page;
use crate::templates::login_page::{LoginPage, RESUME, TYPED};

/// The guard of the routes behind all others, for whoever is not logged in; who is gets 404: there is no such page.
pub struct LoginRequired<'r>(LoginContext<'r>);

impl LoginRequired<'_> {
    /// To the login page, and from there back.
    pub fn lead(&self) -> RedirectTo {
        RedirectTo::found(login::address(&self.0.path_and_query))
    }

    /// The login page in place of the answer to a form (403): it keeps what was typed.
    pub async fn again(&self, posted: &Posted) -> Page<LoginPage> {
        let next = NextPath::parse(&self.0.path_and_query);
        // Without a way back there is nothing to keep it for.
        let typed = next.as_ref().map(|_| typed(posted)).unwrap_or_default();
        let content = LoginPage { typed, ..login::content(&self.0, next.as_ref()).await };
        Page::new(self.0.outside(login::TITLE), content).with_status(Status::Forbidden)
    }
}

/// What was typed, as a form would send it: without passwords. '' where there is nothing else, as where something was to
/// be deleted: to confirm that, people are led to where they are asked again.
fn typed(posted: &FormBody) -> String {
    let is_kept =
        |name: &str| !name.to_lowercase().contains("password") && ![csrf::FIELD, RESUME, TYPED].contains(&name);
    let kept = || posted.pairs().iter().filter(|(name, _)| is_kept(name));
    // Names with _ are those of buttons, and what the form carries along.
    if kept().all(|(name, _)| name.starts_with('_')) {
        return String::new();
    }
    Serializer::new(String::new()).extend_pairs(kept()).finish()
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LoginRequired<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.guard::<LoginContext<'r>>().await {
            Outcome::Success(LoginContext { user: Some(_), .. }) => refuse(request, NOT_FOUND),
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
            b"name=a+b&csrfmiddlewaretoken=t&new_password1=x&Password=y&_resume=1&_typed=z&rows-1-key=%26&name=c";
        assert_eq!(typed(&FormBody::decode(body).unwrap()), "name=a+b&rows-1-key=%26&name=c");
        assert_eq!(typed(&FormBody::decode(b"old_password=x").unwrap()), "");
    }

    #[test]
    fn the_way_back_goes_along() {
        let address = login::address("/poem/admin/poem/probe/?q=a&p=2");
        assert_eq!(address, "/poem/admin/login/?next=%2Fpoem%2Fadmin%2Fpoem%2Fprobe%2F%3Fq%3Da%26p%3D2");
    }
}
