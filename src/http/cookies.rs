//! The cookies of a request, and those that POEM sets.
//!
//! The header is read cookie by cookie, so that a malformed cookie of another application on this domain does no harm.
//! Other hosts of the domain can set cookies of our names too, and browsers do not say which is ours. So every cookie of
//! a name is looked at, and its value must prove itself. Over TLS, POEM's own cookies have the prefix `__Host-`, which
//! browsers accept only from the host itself (RFC 6265bis).

use rocket::Request;
use rocket::http::{Cookie, SameSite};

use super::client_ip;
use crate::domain::web::cookie_header;

/// The most cookies of one name that are looked at.
const MOST_OF_A_NAME: usize = 4;

/// Returns the values of the cookies with this name, undecoded, in the order of the header; four at most.
pub fn values<'r>(request: &'r Request<'_>, name: &str) -> Vec<&'r str> {
    request
        .headers()
        .get("Cookie")
        .flat_map(|header| cookie_header::values(header, name))
        .take(MOST_OF_A_NAME)
        .collect()
}

/// Returns the names of the cookies that begin with a prefix.
pub fn names(request: &Request<'_>, prefix: &str) -> Vec<String> {
    let names = request.headers().get("Cookie").flat_map(|header| header.split(';'));
    let names = names.filter_map(|one| Some(one.split_once('=')?.0.trim()));
    names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
}

/// Returns the name of an own cookie: over TLS with the prefix `__Host-`.
pub fn own_name(request: &Request<'_>, name: &str) -> String {
    if client_ip::is_tls(request) { format!("__Host-{name}") } else { name.to_owned() }
}

/// Returns an own cookie, for the whole host and not for scripts. The browser drops it when it is closed.
pub fn own(request: &Request<'_>, name: &str, value: String) -> Cookie<'static> {
    Cookie::build((own_name(request, name), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(client_ip::is_tls(request))
        .build()
}

/// Removes an own cookie, with the attributes with which it was set.
pub fn remove(request: &Request<'_>, name: &str) {
    request.cookies().remove(own(request, name, String::new()));
}
