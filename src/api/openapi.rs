//! The description of the v2 API, for people and generators of clients.

use rocket::http::ContentType;
use rocket::{Route, get, routes};

use super::other_methods::{Access, other_methods};
use crate::http::encoded_body::JSON;
use crate::tenants::guard::CurrentTenant;

const DOCUMENT: &str = include_str!("openapi.json");

pub fn routes() -> Vec<Route> {
    let others = other_methods("/poem/api/v2/openapi.json", Access::Everybody, &[]);
    routes![document].into_iter().chain(others).collect()
}

#[get("/poem/api/v2/openapi.json")]
fn document(_tenant: CurrentTenant<'_>) -> (ContentType, &'static str) {
    (JSON, DOCUMENT)
}
