//! An object as JSON: the content that its form shows, and the request that returns the object from the REST API.

use super::entity_admin::EntityAdmin;
use super::export::Format;
use super::history::layout;
use super::named_object::NamedObject;
use super::object_tabs;
use super::request_context::RequestContext;
use super::response::{self, PageResponse, PageResult};
use crate::blocking::in_place;
use crate::domain::form::rows_edit;
use crate::domain::model::policy::Action;
use crate::domain::web::api_description::{YOUR_TOKEN, curl_line};
use crate::error::{AppError, NOT_FOUND};
use crate::http::download::Download;
use crate::templates::Page;
use crate::templates::json_page::JsonPage;
use crate::templates::object_tabs::ObjectTab;

/// The longest text that the page shows, in bytes. The file has all of it.
const MOST_SHOWN: usize = 64 * 1024;

/// Returns the page of an object as JSON.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let kind = entity.options().kind;
    let found = find(entity, context, id).await?;
    let json = json(&found.loaded.content)?;
    let path = entity.api_path(&found.loaded.content);
    let (name, tag) = entity.heading(&found.loaded.content);
    let content = JsonPage {
        kind: kind.info().title(),
        object: name,
        tag,
        tabs: object_tabs::tabs(entity, context, &found, ObjectTab::Json),
        download: context.at().export_of(kind, id, Format::Json.name()),
        bytes: json.len(),
        json: if json.len() <= MOST_SHOWN { json } else { String::new() },
        curl: path.map_or_else(String::new, |path| curl_line(&context.origin, &path, Some(YOUR_TOKEN))),
    };
    response::page(Page::new(layout(entity, context, &found, &[("JSON", "")]), content))
}

/// Returns an object as a file: JSON, or the rows of its table as CSV.
pub async fn file<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let format = Format::read(context)?;
    let found = find(entity, context, id).await?;
    let name = format!("{} {} {}", context.tenant.tenant().name, entity.options().kind.info().one, found.name);
    let table = entity.fields().iter().find(|field| rows_edit::is_table(field));
    let file = match (format, table) {
        (Format::Json, _) => Download::json(&name, json(&found.loaded.content)?),
        (Format::Csv, Some(field)) => Download::csv(&name, in_place(|| rows_edit::table(field, &found.loaded.content))),
        _ => return Err(NOT_FOUND),
    };
    Ok(PageResponse::File(Box::new(file)))
}

async fn find<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
) -> Result<NamedObject<D::Content>, AppError> {
    context.may(entity.options().kind, Action::View)?;
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    tx.commit().await?;
    Ok(found)
}

/// Returns the content as indented JSON. Secrets are no part of it.
fn json<C: serde::Serialize>(content: &C) -> Result<String, AppError> {
    let text = in_place(|| serde_json::to_string_pretty(content));
    text.map(|text| text + "\n").map_err(|error| AppError::Internal(error.to_string()))
}
