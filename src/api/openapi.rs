//! The OpenAPI document of the v2 API, for developers and client generators.

use rocket::http::ContentType;
use rocket::{Route, get, routes};

use super::other_methods::{Access, other_methods};
use crate::domain::web::api_description::DOCUMENT;
use crate::http::encoded_body::JSON;
use crate::tenants::guard::CurrentTenant;

/// The route of the document. It needs no key.
pub fn routes() -> Vec<Route> {
    let others = other_methods("/poem/api/v2/openapi.json", Access::Public, &[]);
    routes![document].into_iter().chain(others).collect()
}

#[get("/poem/api/v2/openapi.json")]
fn document(_tenant: CurrentTenant<'_>) -> (ContentType, &'static str) {
    (JSON, DOCUMENT)
}
