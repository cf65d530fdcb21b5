//! The routes of the admin. Requests without a login are led to the login page.

use rocket::http::ContentType;
use rocket::{Route, get, post, routes};

use super::crud::{Entity, LoggedInPage, OpenPage, PageResponse, PageResult, RequestContext, autocomplete, new_names};
use super::entities::configured;
use super::object_id::ObjectId;
use super::{
    about, aggregation_remote, aggregation_take_over, api_key, claims, help, index, log_entry, metric_profile, names,
    password, public, rest_api, search, service, theme,
};
use crate::auth::login_required::LoginRequired;
use crate::auth::posted::{Posted, PostedForm};
use crate::domain::model::object_kind::ObjectKind;
use crate::error::{AppError, NOT_FOUND};
use crate::http::download::Download;
use crate::http::redirect::RedirectTo;
use crate::templates::Page;
use crate::templates::login_page::LoginPage;

/// Returns the routes of the admin, including the public pages.
pub fn routes() -> Vec<Route> {
    let own = routes![
        index_page,
        poem_index,
        list,
        export_list,
        add_form,
        add,
        change_form,
        view,
        change,
        clone_form,
        clone,
        delete_form,
        delete,
        json_page,
        export,
        import_form,
        bulk,
        after_bulk,
        history,
        used_by,
        compare,
        compare_objects,
        version,
        restore,
        undo,
        suggestions,
        service_flavours_of_profile,
        take_over,
        export_aggregation,
        metric_profile_page,
        act_on_metric_profile,
        new_names_of,
        search_page,
        help_page,
        api_page,
        about_page,
        services,
        export_services,
        metric_names,
        export_metric_names,
        remove_metric_names,
        service_flavours,
        export_service_flavours,
        remove_service_flavours,
        log_entries,
        export_log_entries,
        log_entry_page,
        password_form,
        set_password,
        decide_claim,
        decided_claim,
        renewed_token,
        renew_token,
        login_required,
        login_required_post
    ];
    own.into_iter().chain(public::routes()).chain(theme::routes()).collect()
}

/// Returns the entity of an address (`poem/probe`, `rest_framework_api_key/apikey`); 404 if there is none.
fn entity_at(context: &RequestContext<'_>, app: &str, model: &str) -> Result<&'static dyn Entity, AppError> {
    let kind: ObjectKind = model.parse().map_err(|()| NOT_FOUND)?;
    if app != kind.info().app {
        return Err(NOT_FOUND);
    }
    configured(kind, &context.config).ok_or(NOT_FOUND)
}

#[get("/poem/admin")]
async fn index_page(context: LoggedInPage<'_>) -> PageResult {
    index::page(&context.0).await
}

#[get("/poem/admin/poem")]
async fn poem_index(context: LoggedInPage<'_>) -> PageResult {
    index::page(&context.0).await
}

#[get("/poem/admin/<app>/<model>", rank = 5)]
async fn list(context: LoggedInPage<'_>, app: &str, model: &str) -> PageResult {
    entity_at(&context.0, app, model)?.list(&context.0).await
}

#[get("/poem/admin/<app>/<model>/export", rank = 5)]
async fn export_list(context: LoggedInPage<'_>, app: &str, model: &str) -> PageResult {
    entity_at(&context.0, app, model)?.export_list(&context.0).await
}

#[get("/poem/admin/<app>/<model>/add", rank = 5)]
async fn add_form(context: LoggedInPage<'_>, app: &str, model: &str) -> PageResult {
    entity_at(&context.0, app, model)?.add_form(&context.0).await
}

#[post("/poem/admin/<app>/<model>/add", data = "<form>", rank = 5)]
async fn add(context: LoggedInPage<'_>, app: &str, model: &str, form: PostedForm) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    metric_profile::after_save(&context.0, entity.options().kind, entity.add(&context.0, &form).await).await
}

#[get("/poem/admin/<app>/<model>/<id>/change", rank = 5)]
async fn change_form(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.change_form(&context.0, id.0).await
}

#[get("/poem/admin/<app>/<model>/<id>", rank = 6)]
async fn view(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.view(&context.0, id.0).await
}

#[post("/poem/admin/<app>/<model>/<id>/change", data = "<form>", rank = 5)]
async fn change(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId, form: PostedForm) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    metric_profile::after_save(&context.0, entity.options().kind, entity.change(&context.0, id.0, &form).await).await
}

#[get("/poem/admin/<app>/<model>/<id>/change/clone", rank = 5)]
async fn clone_form(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.clone_form(&context.0, id.0).await
}

#[post("/poem/admin/<app>/<model>/<id>/change/clone", data = "<form>", rank = 5)]
async fn clone(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId, form: PostedForm) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    metric_profile::after_save(&context.0, entity.options().kind, entity.clone(&context.0, id.0, &form).await).await
}

#[get("/poem/admin/<app>/<model>/<id>/delete", rank = 5)]
async fn delete_form(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.delete_form(&context.0, id.0).await
}

#[post("/poem/admin/<app>/<model>/<id>/delete", data = "<posted>", rank = 5)]
async fn delete(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId, posted: Posted) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    let kind = entity.options().kind;
    if let Some(refusal) = metric_profile::before_deletion(&context.0, (kind, id.0), &posted).await? {
        return Ok(refusal);
    }
    metric_profile::after_save(&context.0, kind, entity.delete(&context.0, id.0, &posted).await).await
}

#[get("/poem/admin/<app>/<model>/<id>/json", rank = 5)]
async fn json_page(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.json_page(&context.0, id.0).await
}

#[get("/poem/admin/<app>/<model>/<id>/export", rank = 5)]
async fn export(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.export(&context.0, id.0).await
}

#[get("/poem/admin/<app>/<model>/<id>/import", rank = 5)]
async fn import_form(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.import_form(&context.0, id.0).await
}

#[post("/poem/admin/<app>/<model>/bulk", data = "<posted>", rank = 5)]
async fn bulk(context: LoggedInPage<'_>, app: &str, model: &str, posted: Posted) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    metric_profile::after_save(&context.0, entity.options().kind, entity.bulk(&context.0, &posted).await).await
}

/// Leads to the list, for a browser that reloads the address of a step.
#[get("/poem/admin/<app>/<model>/bulk", rank = 5)]
fn after_bulk(context: LoggedInPage<'_>, app: &str, model: &str) -> PageResult {
    let kind = entity_at(&context.0, app, model)?.options().kind;
    Ok(PageResponse::redirect(context.0.at().list(kind), Vec::new()))
}

#[get("/poem/admin/<app>/<model>/<id>/history", rank = 5)]
async fn history(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.history(&context.0, id.0).await
}

#[get("/poem/admin/<app>/<model>/<id>/usedby", rank = 5)]
async fn used_by(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.used_by(&context.0, id.0).await
}

#[get("/poem/admin/<app>/<model>/<id>/history/compare", rank = 5)]
async fn compare(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.compare(&context.0, id.0).await
}

#[get("/poem/admin/<app>/<model>/compare", rank = 5)]
async fn compare_objects(context: LoggedInPage<'_>, app: &str, model: &str) -> PageResult {
    entity_at(&context.0, app, model)?.compare_objects(&context.0).await
}

#[get("/poem/admin/<app>/<model>/<id>/history/<of>", rank = 6)]
async fn version(context: LoggedInPage<'_>, app: &str, model: &str, id: ObjectId, of: ObjectId) -> PageResult {
    entity_at(&context.0, app, model)?.version_page(&context.0, id.0, of.0).await
}

#[post("/poem/admin/<app>/<model>/<id>/history/<of>", data = "<posted>", rank = 5)]
async fn restore(
    context: LoggedInPage<'_>,
    app: &str,
    model: &str,
    id: ObjectId,
    of: ObjectId,
    posted: Posted,
) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    metric_profile::after_save(
        &context.0,
        entity.options().kind,
        entity.restore_version(&context.0, (id.0, of.0), &posted).await,
    )
    .await
}

#[post("/poem/admin/<app>/<model>/<id>/undo/<entry>", data = "<posted>", rank = 5)]
async fn undo(
    context: LoggedInPage<'_>,
    app: &str,
    model: &str,
    id: ObjectId,
    entry: ObjectId,
    posted: Posted,
) -> PageResult {
    let entity = entity_at(&context.0, app, model)?;
    let undone = entity.undo(&context.0, (id.0, entry.0), &posted).await;
    metric_profile::after_save(&context.0, entity.options().kind, undone).await
}

#[get("/poem/admin/suggest/<name>")]
async fn suggestions(context: LoggedInPage<'_>, name: &str) -> Result<(ContentType, String), AppError> {
    Ok((ContentType::JSON, autocomplete::answer(&context.0, name).await?))
}

#[get("/poem/admin/suggest/<name>/new")]
async fn new_names_of(context: LoggedInPage<'_>, name: &str) -> Result<(ContentType, String), AppError> {
    Ok((ContentType::JSON, new_names::answer(&context.0, name).await?))
}

#[get("/poem/admin/suggest/metric-profile-services")]
async fn service_flavours_of_profile(context: LoggedInPage<'_>) -> Result<(ContentType, String), AppError> {
    Ok((ContentType::JSON, aggregation_remote::service_flavours(&context.0).await?))
}

#[post("/poem/admin/poem/aggregation/takeover", data = "<posted>")]
async fn take_over(context: LoggedInPage<'_>, posted: Posted) -> PageResult {
    aggregation_take_over::take_over(&context.0, &posted).await
}

#[get("/poem/admin/poem/aggregation/<id>/change/export")]
async fn export_aggregation(context: LoggedInPage<'_>, id: ObjectId) -> Result<Download, AppError> {
    let (name, text) = aggregation_remote::export(&context.0, id.0).await?;
    Ok(Download::json(&name, text))
}

#[get("/poem/admin/poem/profile/<id>/metricprofile")]
async fn metric_profile_page(context: LoggedInPage<'_>, id: ObjectId) -> PageResult {
    metric_profile::page(&context.0, id.0).await
}

#[post("/poem/admin/poem/profile/<id>/metricprofile", data = "<posted>")]
async fn act_on_metric_profile(context: LoggedInPage<'_>, id: ObjectId, posted: Posted) -> PageResult {
    metric_profile::act(&context.0, id.0, &posted).await
}

#[get("/poem/admin/search")]
async fn search_page(context: LoggedInPage<'_>) -> PageResult {
    search::page(&context.0).await
}

#[get("/poem/admin/help")]
fn help_page(context: OpenPage<'_>) -> PageResult {
    help::page(&context.0)
}

#[get("/poem/admin/api")]
fn api_page(context: OpenPage<'_>) -> PageResult {
    rest_api::page(&context.0)
}

#[get("/poem/admin/about")]
async fn about_page(context: OpenPage<'_>) -> PageResult {
    about::page(&context.0).await
}

#[get("/poem/admin/poem/service")]
async fn services(context: LoggedInPage<'_>) -> PageResult {
    service::page(&context.0).await
}

#[get("/poem/admin/poem/service/export")]
async fn export_services(context: LoggedInPage<'_>) -> PageResult {
    service::export(&context.0).await
}

#[get("/poem/admin/poem/metricname")]
async fn metric_names(context: LoggedInPage<'_>) -> PageResult {
    names::page(&context.0, &names::OF_METRICS).await
}

#[get("/poem/admin/poem/metricname/export")]
async fn export_metric_names(context: LoggedInPage<'_>) -> PageResult {
    names::export(&context.0, &names::OF_METRICS).await
}

#[post("/poem/admin/poem/metricname", data = "<posted>")]
async fn remove_metric_names(context: LoggedInPage<'_>, posted: Posted) -> PageResult {
    names::remove(&context.0, &names::OF_METRICS, &posted).await
}

#[get("/poem/admin/poem/serviceflavour")]
async fn service_flavours(context: LoggedInPage<'_>) -> PageResult {
    names::page(&context.0, &names::OF_FLAVOURS).await
}

#[get("/poem/admin/poem/serviceflavour/export")]
async fn export_service_flavours(context: LoggedInPage<'_>) -> PageResult {
    names::export(&context.0, &names::OF_FLAVOURS).await
}

#[post("/poem/admin/poem/serviceflavour", data = "<posted>")]
async fn remove_service_flavours(context: LoggedInPage<'_>, posted: Posted) -> PageResult {
    names::remove(&context.0, &names::OF_FLAVOURS, &posted).await
}

#[get("/poem/admin/admin/logentry")]
async fn log_entries(context: LoggedInPage<'_>) -> PageResult {
    log_entry::list(&context.0).await
}

#[get("/poem/admin/admin/logentry/export")]
async fn export_log_entries(context: LoggedInPage<'_>) -> PageResult {
    log_entry::export(&context.0).await
}

#[get("/poem/admin/admin/logentry/<id>/change")]
async fn log_entry_page(context: LoggedInPage<'_>, id: ObjectId) -> PageResult {
    log_entry::page(&context.0, id.0).await
}

#[get("/poem/admin/poem/custuser/<id>/password")]
async fn password_form(context: LoggedInPage<'_>, id: ObjectId) -> PageResult {
    password::form(&context.0, id.0).await
}

#[post("/poem/admin/poem/custuser/<id>/password", data = "<posted>")]
async fn set_password(context: LoggedInPage<'_>, id: ObjectId, posted: Posted) -> PageResult {
    password::set(&context.0, id.0, &posted).await
}

#[post("/poem/admin/poem/custuser/<id>/claim", data = "<posted>")]
async fn decide_claim(context: LoggedInPage<'_>, id: ObjectId, posted: Posted) -> PageResult {
    claims::decide(&context.0, id.0, &posted).await
}

/// Leads on to the form, for a browser that reloads the address.
#[get("/poem/admin/poem/custuser/<id>/claim")]
fn decided_claim(context: LoggedInPage<'_>, id: ObjectId) -> RedirectTo {
    RedirectTo::found(context.0.at().change(ObjectKind::CustUser, id.0))
}

#[get("/poem/admin/rest_framework_api_key/apikey/<id>/token")]
fn renewed_token(_context: LoggedInPage<'_>, id: ObjectId) -> RedirectTo {
    api_key::after_renewal(id.0)
}

#[post("/poem/admin/rest_framework_api_key/apikey/<id>/token", data = "<posted>")]
async fn renew_token(context: LoggedInPage<'_>, id: ObjectId, posted: Posted) -> PageResult {
    api_key::renew(&context.0, id.0, &posted).await
}

/// Redirects to the login page, which leads back here; 404 for a user who is logged in.
#[get("/poem/admin/<_..>", rank = 20)]
fn login_required(first: LoginRequired<'_>) -> RedirectTo {
    first.redirect_to_login()
}

/// Returns the login page with the input of a form whose session has expired, so that nothing is lost.
#[post("/poem/admin/<_..>", data = "<form>", rank = 20)]
async fn login_required_post(first: LoginRequired<'_>, form: PostedForm) -> Page<LoginPage> {
    first.login_form(&form).await
}
