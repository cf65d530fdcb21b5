//! Pages that are read through the page cache.

use rocket::http::Status;

use super::options::EntityOptions;
use super::request_context::RequestContext;
use super::response::{PageResponse, PageResult};

/// Returns a page of an entity, from the page cache if every table that it shows changes the stamp.
pub async fn of_entity(
    options: &EntityOptions,
    context: &RequestContext<'_>,
    query: String,
    rendering: impl Future<Output = PageResult>,
) -> PageResult {
    match options.kind.info().is_public {
        true => page(context, query, rendering).await,
        false => rendering.await,
    }
}

/// Returns the page from the cache, or one that is cached when it is rendered.
///
/// `query` has the parameters of the address that the page depends on: with others it is the same page. The stamp was read
/// before the page's data, so a cached page may be newer than its stamp, but never older.
pub async fn page(
    context: &RequestContext<'_>,
    query: String,
    rendering: impl Future<Output = PageResult>,
) -> PageResult {
    let Some(key) = context.page_key(query) else { return rendering.await };
    if let Some(html) = context.pages.get(&key, &context.stamp) {
        return Ok(PageResponse::Rendered(html));
    }
    Ok(match rendering.await? {
        PageResponse::Page(page) if page.status == Status::Ok => {
            let (pages, stamp) = (context.pages.clone(), context.stamp.clone());
            PageResponse::Page(page.kept_by(move |html| pages.insert(key, &stamp, html)))
        }
        other => other,
    })
}
