//! The cookie of a federated login: it shows that the answer comes back through the browser that asked.
//!
//! Each login has its own, so that logins in two tabs do not disturb each other. The answer is a form of another site,
//! so the cookie is `SameSite=None`; it gives no rights.

use rocket::Request;
use rocket::http::{Cookie, SameSite};
use rocket::time::Duration;

use crate::http::{client_ip, cookies};

/// The beginning of the name; the rest is derived from the request of the login.
const NAME: &str = "samlbrowser-";
/// The lifetime of the cookie and of the login.
const LIFETIME: Duration = Duration::hours(1);
/// The number of cookies above which a new login deletes the old ones: too many end in 400 at Apache.
const MOST: usize = 10;
/// The path of the cookie without TLS. Over TLS it has the prefix `__Host-`, which needs the path `/`.
const PATH: &str = "/poem/saml2/";

/// Sets the cookie of a login that begins. `suffix`: the end of its name.
pub fn set(request: &Request<'_>, suffix: &str, value: String) {
    let old = cookies::names(request, &cookies::own_name(request, NAME));
    if old.len() > MOST {
        for name in old {
            request.cookies().remove(build(request, name, String::new()));
        }
    }
    let mut cookie = build(request, name(request, suffix), value);
    cookie.set_max_age(LIFETIME);
    request.cookies().add(cookie);
}

/// Returns the values of the cookie of a login.
pub fn values<'r>(request: &'r Request<'_>, suffix: &str) -> Vec<&'r str> {
    cookies::values(request, &name(request, suffix))
}

/// Returns the values of the cookies of all logins of this browser.
pub fn all_values<'r>(request: &'r Request<'_>) -> Vec<&'r str> {
    let names = cookies::names(request, &cookies::own_name(request, NAME));
    names.iter().flat_map(|name| cookies::values(request, name)).collect()
}

/// Gives the cookie of a login its whole lifetime again.
pub fn renew(request: &Request<'_>, suffix: &str) {
    for value in values(request, suffix) {
        let mut cookie = build(request, name(request, suffix), value.to_owned());
        cookie.set_max_age(LIFETIME);
        request.cookies().add(cookie);
    }
}

/// Removes the cookie of a login that has ended.
pub fn remove(request: &Request<'_>, suffix: &str) {
    request.cookies().remove(build(request, name(request, suffix), String::new()));
}

fn name(request: &Request<'_>, suffix: &str) -> String {
    cookies::own_name(request, &format!("{NAME}{suffix}"))
}

fn build(request: &Request<'_>, name: String, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path(if client_ip::is_tls(request) { "/" } else { PATH })
        .http_only(true)
        // Also without TLS: browsers accept that from localhost, and SameSite=None needs it.
        .secure(true)
        .same_site(SameSite::None)
        .build()
}
