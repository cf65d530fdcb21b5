//! The icons of tenants. They depend on nothing but their address.

use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::{Request, Route, get, routes};

use crate::domain::web::branding::TenantIcon;

/// The routes of the icons.
pub fn routes() -> Vec<Route> {
    routes![icon]
}

struct Svg(TenantIcon);

#[get("/poem/icon/<name>")]
fn icon(name: &str) -> Result<Svg, Status> {
    TenantIcon::parse(name).map(Svg).ok_or(Status::NotFound)
}

impl<'r> Responder<'r, 'static> for Svg {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build_from(self.0.to_string().respond_to(request)?);
        response.header(ContentType::SVG);
        // A later POEM may draw it differently.
        response.header(Header::new("Cache-Control", "public, max-age=86400"));
        response.ok()
    }
}
