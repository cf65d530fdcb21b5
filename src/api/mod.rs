//! The REST API. Its shapes are a contract with clients that fetch every hour: v2 with a key, v0.2 open,
//! v2/internal for the pages.

mod body;
mod fields;
mod internal;
mod openapi;
mod other_methods;
mod v0_2;
mod v2;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response, Route};

/// How far before all others the routes are tried that machines ask for: a request is compared with one route after the
/// other, and those of pages are many.
const AHEAD: isize = 100;

/// Everything under /poem/api.
pub fn routes() -> Vec<Route> {
    let mut for_machines = [v2::routes(), v0_2::routes()].concat();
    for_machines.iter_mut().for_each(|route| route.rank -= AHEAD);
    [for_machines, internal::routes(), openapi::routes()].concat()
}

/// The fairing: every answer of an address of the API says which methods it has, and that it
/// may be kept only to ask whether it still holds; v2's by nobody but the client.
pub struct ApiHeaders;

#[rocket::async_trait]
impl Fairing for ApiHeaders {
    fn info(&self) -> Info {
        Info { name: "Headers of the API", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let path = request.uri().path();
        if request.route().is_none() || !path.starts_with("/poem/api/") {
            return;
        }
        let writable = path.starts_with("/poem/api/v2/internal/aggregations");
        let allow = if writable { "GET, POST, PUT, HEAD, OPTIONS" } else { "GET, HEAD, OPTIONS" };
        response.set_header(Header::new("Allow", allow));
        let caching = if path.starts_with("/poem/api/v2/") { "private, no-cache" } else { "no-cache" };
        response.set_header(Header::new("Cache-Control", caching));
    }
}
