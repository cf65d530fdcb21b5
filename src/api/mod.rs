//! The REST API: v2 with an API key, v0.2 without authentication, v2/internal with a login session.
//!
//! Addresses, JSON and messages are a contract: monitoring clients fetch them every hour.

mod body; //          JSON bodies that v2 and v0.2 share
mod fields; //        the fields of a request that writes, with their validation
mod internal; //      v2/internal
mod openapi; //       the OpenAPI document of v2
mod other_methods; // OPTIONS and 405
mod v0_2; //          v0.2
mod v2; //            v2

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response, Route};

/// The rank by which the routes for monitoring clients precede all others. Rocket compares a request with one route
/// after the other, and the pages have many.
const RANK_OFFSET: isize = 100;

/// The routes of everything under `/poem/api`.
pub fn routes() -> Vec<Route> {
    let mut for_clients = [v2::routes(), v0_2::routes()].concat();
    for_clients.iter_mut().for_each(|route| route.rank -= RANK_OFFSET);
    [for_clients, internal::routes(), openapi::routes()].concat()
}

/// The fairing that adds `Allow` and `Cache-Control` to every response of the API.
///
/// Caches must revalidate each time (`no-cache`). Responses of v2 are not for shared caches (`private`).
pub struct ApiHeaders;

#[rocket::async_trait]
impl Fairing for ApiHeaders {
    fn info(&self) -> Info {
        Info { name: "API headers", kind: Kind::Response }
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
