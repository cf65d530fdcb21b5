//! What everybody may read without login, under its old addresses; links stay among these pages.

use rocket::request::FromParam;
use rocket::{Route, get, routes};

use super::core::{Answered, Entity, Public, kept};
use super::routes::number;
use super::{entity, service};
use crate::domain::model::log_entry::ObjectKind;

pub fn routes() -> Vec<Route> {
    routes![services, list, form, history, compare, version]
}

/// The entity of `public_probe`; what is none goes on to the pages behind.
struct PublicModel(&'static dyn Entity);

impl FromParam<'_> for PublicModel {
    type Error = ();

    fn from_param(model: &str) -> Result<Self, ()> {
        let kind: ObjectKind = model.strip_prefix("public_").ok_or(())?.parse()?;
        entity(kind).filter(|entity| entity.about().is_public).map(Self).ok_or(())
    }
}

#[get("/poem/admin/poem/public_service")]
async fn services(visit: Public<'_>) -> Answered {
    kept::page(&visit.0, service::page(&visit.0)).await
}

#[get("/poem/admin/poem/<model>")]
async fn list(model: PublicModel, visit: Public<'_>) -> Answered {
    model.0.list(&visit.0).await
}

#[get("/poem/admin/poem/<model>/<id>/change")]
async fn form(model: PublicModel, visit: Public<'_>, id: &str) -> Answered {
    model.0.change_form(&visit.0, number(id)?).await
}

#[get("/poem/admin/poem/<model>/<id>/history")]
async fn history(model: PublicModel, visit: Public<'_>, id: &str) -> Answered {
    model.0.history(&visit.0, number(id)?).await
}

#[get("/poem/admin/poem/<model>/<id>/history/compare", rank = 1)]
async fn compare(model: PublicModel, visit: Public<'_>, id: &str) -> Answered {
    model.0.compare(&visit.0, number(id)?).await
}

#[get("/poem/admin/poem/<model>/<id>/history/<of>", rank = 2)]
async fn version(model: PublicModel, visit: Public<'_>, id: &str, of: &str) -> Answered {
    model.0.version_page(&visit.0, number(id)?, number(of)?).await
}
