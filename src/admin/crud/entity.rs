//! The pages of an entity, whatever its content is: what the routes call. Implemented once, for every [`EntityAdmin`].

use rocket::async_trait;

use super::entity_admin::EntityAdmin;
use super::options::EntityOptions;
use super::request_context::RequestContext;
use super::response::PageResult;
use super::{cached_page, delete, form, history, list, save, versions};
use crate::auth::posted::Posted;

/// The pages of an entity, whatever its content is.
#[async_trait]
pub trait Entity: Send + Sync {
    fn options(&self) -> &'static EntityOptions;
    async fn list(&self, context: &RequestContext<'_>) -> PageResult;
    async fn add_form(&self, context: &RequestContext<'_>) -> PageResult;
    async fn add(&self, context: &RequestContext<'_>, posted: &Posted) -> PageResult;
    async fn change_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    async fn change(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult;
    async fn clone_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    async fn clone(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult;
    async fn delete_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    async fn delete(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult;
    async fn history(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    async fn version_page(&self, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult;
    async fn restore_version(&self, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult;
    async fn compare(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Whether every field stands in one fieldset, every name of a fieldset is a field, and every column is one that the
    /// list's query sorts by: what the compiler cannot see. `Err` says what is wrong.
    fn check(&self) -> std::result::Result<(), String>;
}

#[async_trait]
impl<D: EntityAdmin> Entity for D {
    fn options(&self) -> &'static EntityOptions {
        EntityAdmin::options(self)
    }

    async fn list(&self, context: &RequestContext<'_>) -> PageResult {
        cached_page::of_entity(EntityAdmin::options(self), context, list::page(self, context)).await
    }

    async fn add_form(&self, context: &RequestContext<'_>) -> PageResult {
        form::add(self, context).await
    }

    async fn add(&self, context: &RequestContext<'_>, posted: &Posted) -> PageResult {
        save::add(self, context, posted, None).await
    }

    async fn change_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        cached_page::of_entity(EntityAdmin::options(self), context, form::change(self, context, id)).await
    }

    async fn change(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
        save::change(self, context, id, posted).await
    }

    async fn clone_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        form::clone_of(self, context, id).await
    }

    async fn clone(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
        save::add(self, context, posted, Some(id)).await
    }

    async fn delete_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        delete::page(self, context, id).await
    }

    async fn delete(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
        delete::delete(self, context, id, posted).await
    }

    async fn history(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        cached_page::of_entity(EntityAdmin::options(self), context, history::page(self, context, id)).await
    }

    async fn version_page(&self, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult {
        cached_page::of_entity(EntityAdmin::options(self), context, versions::page(self, context, id, version)).await
    }

    async fn restore_version(&self, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult {
        versions::restore(self, context, (id, version)).await
    }

    async fn compare(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        cached_page::of_entity(EntityAdmin::options(self), context, versions::compare(self, context, id)).await
    }

    fn check(&self) -> std::result::Result<(), String> {
        let placed: Vec<&str> =
            EntityAdmin::options(self).fieldsets.iter().flat_map(|set| set.fields).copied().collect();
        let declared: Vec<&str> = self.fields().iter().map(|field| field.name).collect();
        for name in &declared {
            if placed.iter().filter(|placed| *placed == name).count() != 1 {
                return Err(format!("the field {name} stands in no fieldset, or in several"));
            }
        }
        match placed.iter().find(|name| !declared.contains(name)) {
            Some(name) => Err(format!("a fieldset names {name}, which is no field")),
            None => EntityAdmin::options(self).list.check(),
        }
    }
}
