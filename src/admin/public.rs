//! The public pages, readable without a login, at the addresses of POEM 2.3. Their links lead only to public pages.
//!
//! An invalid id is 404 here: the request must not be forwarded to the next route, which leads to the login.

use rocket::request::FromParam;
use rocket::{Route, get, routes};

use super::crud::{Entity, PageResponse, PageResult, PublicPage};
use super::entities::entity;
use super::object_id::ObjectId;
use super::{search, service};
use crate::domain::model::object_kind::ObjectKind;
use crate::error::AppError;

/// Returns the routes of the public pages.
pub fn routes() -> Vec<Route> {
    routes![
        search_page,
        services,
        export_services,
        list,
        export_list,
        object,
        form,
        history,
        compare,
        compare_objects,
        version
    ]
}

/// The entity in an address such as `public_probe`; other addresses are forwarded to the routes that need a login.
struct PublicModel(&'static dyn Entity);

impl FromParam<'_> for PublicModel {
    type Error = ();

    fn from_param(model: &str) -> Result<Self, ()> {
        let kind: ObjectKind = model.strip_prefix("public_").ok_or(())?.parse()?;
        entity(kind).filter(|entity| entity.options().kind.info().is_public).map(Self).ok_or(())
    }
}

#[get("/poem/admin/poem/public_search")]
async fn search_page(context: PublicPage<'_>) -> PageResult {
    search::page(&context.0).await
}

#[get("/poem/admin/poem/public_service")]
async fn services(context: PublicPage<'_>) -> PageResult {
    service::page(&context.0).await
}

#[get("/poem/admin/poem/<model>")]
async fn list(model: PublicModel, context: PublicPage<'_>) -> PageResult {
    model.0.list(&context.0).await
}

#[get("/poem/admin/poem/public_service/export")]
async fn export_services(context: PublicPage<'_>) -> PageResult {
    service::export(&context.0).await
}

#[get("/poem/admin/poem/<model>/export", rank = 2)]
async fn export_list(model: PublicModel, context: PublicPage<'_>) -> PageResult {
    model.0.export_list(&context.0).await
}

/// Leads on to the page of the object, as Django did. What is no id (`add`) leads to the login.
#[get("/poem/admin/poem/<model>/<id>", rank = 3)]
fn object(model: PublicModel, context: PublicPage<'_>, id: ObjectId) -> PageResult {
    Ok(PageResponse::redirect(context.0.at().change(model.0.options().kind, id.0), Vec::new()))
}

#[get("/poem/admin/poem/<model>/<id>/change")]
async fn form(model: PublicModel, context: PublicPage<'_>, id: Result<ObjectId, AppError>) -> PageResult {
    model.0.change_form(&context.0, id?.0).await
}

#[get("/poem/admin/poem/<model>/<id>/history")]
async fn history(model: PublicModel, context: PublicPage<'_>, id: Result<ObjectId, AppError>) -> PageResult {
    model.0.history(&context.0, id?.0).await
}

#[get("/poem/admin/poem/<model>/<id>/history/compare", rank = 1)]
async fn compare(model: PublicModel, context: PublicPage<'_>, id: Result<ObjectId, AppError>) -> PageResult {
    model.0.compare(&context.0, id?.0).await
}

#[get("/poem/admin/poem/<model>/compare", rank = 2)]
async fn compare_objects(model: PublicModel, context: PublicPage<'_>) -> PageResult {
    model.0.compare_objects(&context.0).await
}

#[get("/poem/admin/poem/<model>/<id>/history/<of>", rank = 2)]
async fn version(
    model: PublicModel,
    context: PublicPage<'_>,
    id: Result<ObjectId, AppError>,
    of: Result<ObjectId, AppError>,
) -> PageResult {
    model.0.version_page(&context.0, id?.0, of?.0).await
}
