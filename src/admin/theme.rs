//! The choice between light and dark pages, for everyone. It is kept by the browser, in a cookie.

use std::convert::Infallible;

use rocket::http::{Cookie, SameSite};
use rocket::request::{FromRequest, Outcome};
use rocket::time::Duration;
use rocket::{Request, Route, post, routes};

use crate::auth::posted::PostedForm;
use crate::domain::web::redirect_target::NextPath;
use crate::domain::web::theme::{COOKIE, Theme};
use crate::http::client_ip;
use crate::http::redirect::RedirectTo;
use crate::templates::urls::INDEX;

/// The time for which a browser keeps the choice.
const LIFETIME: Duration = Duration::days(365);

/// Returns the route to which the switch at the foot of pages is posted.
pub fn routes() -> Vec<Route> {
    routes![choose]
}

/// Keeps the choice and leads back. Pages that need no login have no CSRF token, and there is nothing to protect: the
/// guard refuses forms of other sites.
#[post("/poem/admin/theme", data = "<form>")]
fn choose(browser: Browser<'_>, form: PostedForm) -> RedirectTo {
    let Browser(request) = browser;
    if let Some(theme) = form.get("theme").and_then(|name| name.parse().ok()) {
        request.cookies().add(cookie(theme, client_ip::is_tls(request)));
    }
    RedirectTo::see_other(page_before(request))
}

/// The guard of the request itself.
struct Browser<'r>(&'r Request<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Browser<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(request))
    }
}

fn cookie(theme: Theme, is_tls: bool) -> Cookie<'static> {
    Cookie::build((COOKIE, theme.name()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_tls)
        .max_age(LIFETIME)
        .build()
}

/// Returns the path of the page with the form, from `Referer`; the index if the browser does not say it.
fn page_before(request: &Request<'_>) -> String {
    let address = request.headers().get_one("Referer").unwrap_or_default();
    let path = address.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
    path.and_then(NextPath::parse).map_or_else(|| INDEX.to_owned(), |path| path.to_string())
}
