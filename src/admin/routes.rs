//! The addresses of the admin. What is asked for by nobody who is logged in leads to the login.

use rocket::http::ContentType;
use rocket::{Route, get, post, routes};

use super::core::{Answered, Entity, Inside, kept, suggest};
use super::{entity, index, log_entry, password, public, search, service};
use crate::auth::login_required::LoginRequired;
use crate::auth::posted::Posted;
use crate::domain::model::log_entry::ObjectKind;
use crate::error::{AppError, NOT_FOUND};
use crate::http::redirect::RedirectTo;
use crate::pages::Page;
use crate::pages::login::LoginPage;

pub fn routes() -> Vec<Route> {
    let own = routes![
        index_page,
        poem_index,
        list,
        add_form,
        add,
        change_form,
        change,
        clone_form,
        clone,
        delete_form,
        delete,
        history,
        compare,
        version,
        restore,
        suggestions,
        search_page,
        services,
        log_entries,
        log_entry_page,
        password_form,
        set_password,
        login_first,
        login_first_then_post
    ];
    own.into_iter().chain(public::routes()).collect()
}

/// The entity of an address: `poem/probe`, `rest_framework_api_key/apikey`.
fn entity_at(app: &str, model: &str) -> Result<&'static dyn Entity, AppError> {
    let kind: ObjectKind = model.parse().map_err(|()| NOT_FOUND)?;
    let its_app = if kind == ObjectKind::ApiKey { "rest_framework_api_key" } else { "poem" };
    if app != its_app {
        return Err(NOT_FOUND);
    }
    entity(kind).ok_or(NOT_FOUND)
}

/// The number of an object or a version. (Numbers have one form: 07 is none.)
pub fn number(text: &str) -> Result<i64, AppError> {
    let number: i64 = text.parse().map_err(|_| NOT_FOUND)?;
    if number.to_string() == text { Ok(number) } else { Err(NOT_FOUND) }
}

#[get("/poem/admin")]
async fn index_page(visit: Inside<'_>) -> Answered {
    index::page(&visit.0).await
}

#[get("/poem/admin/poem")]
async fn poem_index(visit: Inside<'_>) -> Answered {
    index::page(&visit.0).await
}

#[get("/poem/admin/<app>/<model>", rank = 5)]
async fn list(visit: Inside<'_>, app: &str, model: &str) -> Answered {
    entity_at(app, model)?.list(&visit.0).await
}

#[get("/poem/admin/<app>/<model>/add", rank = 5)]
async fn add_form(visit: Inside<'_>, app: &str, model: &str) -> Answered {
    entity_at(app, model)?.add_form(&visit.0).await
}

#[post("/poem/admin/<app>/<model>/add", data = "<posted>", rank = 5)]
async fn add(visit: Inside<'_>, app: &str, model: &str, posted: Posted) -> Answered {
    entity_at(app, model)?.add(&visit.0, &posted).await
}

#[get("/poem/admin/<app>/<model>/<id>/change", rank = 5)]
async fn change_form(visit: Inside<'_>, app: &str, model: &str, id: &str) -> Answered {
    entity_at(app, model)?.change_form(&visit.0, number(id)?).await
}

#[post("/poem/admin/<app>/<model>/<id>/change", data = "<posted>", rank = 5)]
async fn change(visit: Inside<'_>, app: &str, model: &str, id: &str, posted: Posted) -> Answered {
    entity_at(app, model)?.change(&visit.0, number(id)?, &posted).await
}

#[get("/poem/admin/<app>/<model>/<id>/change/clone", rank = 5)]
async fn clone_form(visit: Inside<'_>, app: &str, model: &str, id: &str) -> Answered {
    entity_at(app, model)?.clone_form(&visit.0, number(id)?).await
}

#[post("/poem/admin/<app>/<model>/<id>/change/clone", data = "<posted>", rank = 5)]
async fn clone(visit: Inside<'_>, app: &str, model: &str, id: &str, posted: Posted) -> Answered {
    entity_at(app, model)?.clone(&visit.0, number(id)?, &posted).await
}

#[get("/poem/admin/<app>/<model>/<id>/delete", rank = 5)]
async fn delete_form(visit: Inside<'_>, app: &str, model: &str, id: &str) -> Answered {
    entity_at(app, model)?.delete_form(&visit.0, number(id)?).await
}

#[post("/poem/admin/<app>/<model>/<id>/delete", data = "<posted>", rank = 5)]
async fn delete(visit: Inside<'_>, app: &str, model: &str, id: &str, posted: Posted) -> Answered {
    entity_at(app, model)?.delete(&visit.0, number(id)?, &posted).await
}

#[get("/poem/admin/<app>/<model>/<id>/history", rank = 5)]
async fn history(visit: Inside<'_>, app: &str, model: &str, id: &str) -> Answered {
    entity_at(app, model)?.history(&visit.0, number(id)?).await
}

#[get("/poem/admin/<app>/<model>/<id>/history/compare", rank = 5)]
async fn compare(visit: Inside<'_>, app: &str, model: &str, id: &str) -> Answered {
    entity_at(app, model)?.compare(&visit.0, number(id)?).await
}

#[get("/poem/admin/<app>/<model>/<id>/history/<of>", rank = 6)]
async fn version(visit: Inside<'_>, app: &str, model: &str, id: &str, of: &str) -> Answered {
    entity_at(app, model)?.version_page(&visit.0, number(id)?, number(of)?).await
}

#[post("/poem/admin/<app>/<model>/<id>/history/<of>", data = "<_posted>", rank = 5)]
async fn restore(visit: Inside<'_>, app: &str, model: &str, id: &str, of: &str, _posted: Posted) -> Answered {
    entity_at(app, model)?.restore_version(&visit.0, number(id)?, number(of)?).await
}

#[get("/poem/admin/suggest/<name>")]
async fn suggestions(visit: Inside<'_>, name: &str) -> Result<(ContentType, String), AppError> {
    Ok((ContentType::JSON, suggest::answer(&visit.0, name).await?))
}

#[get("/poem/admin/search")]
async fn search_page(visit: Inside<'_>) -> Answered {
    search::page(&visit.0).await
}

#[get("/poem/admin/poem/service")]
async fn services(visit: Inside<'_>) -> Answered {
    kept::page(&visit.0, service::page(&visit.0)).await
}

#[get("/poem/admin/admin/logentry")]
async fn log_entries(visit: Inside<'_>) -> Answered {
    log_entry::list(&visit.0).await
}

#[get("/poem/admin/admin/logentry/<id>/change")]
async fn log_entry_page(visit: Inside<'_>, id: &str) -> Answered {
    log_entry::page(&visit.0, number(id)?).await
}

#[get("/poem/admin/poem/custuser/<id>/password")]
async fn password_form(visit: Inside<'_>, id: &str) -> Answered {
    password::form(&visit.0, number(id)?).await
}

#[post("/poem/admin/poem/custuser/<id>/password", data = "<posted>")]
async fn set_password(visit: Inside<'_>, id: &str, posted: Posted) -> Answered {
    password::set(&visit.0, number(id)?, &posted).await
}

/// Nobody is logged in: the login leads back here. Who is has asked for a page that is not there.
#[get("/poem/admin/<_..>", rank = 20)]
fn login_first(first: LoginRequired<'_>) -> RedirectTo {
    first.lead()
}

/// A form that comes back after its session has ended: nothing of what was typed is lost.
#[post("/poem/admin/<_..>", data = "<posted>", rank = 20)]
async fn login_first_then_post(first: LoginRequired<'_>, posted: Posted) -> Page<LoginPage> {
    first.again(&posted).await
}
