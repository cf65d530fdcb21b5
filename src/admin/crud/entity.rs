//! The pages of an entity, as the routes call them. Implemented once, for every [`EntityAdmin`].

use rocket::async_trait;
use serde_json::Value;

use super::entity_admin::EntityAdmin;
use super::options::EntityOptions;
use super::request_context::RequestContext;
use super::response::PageResult;
use super::{
    bulk, cached_page, compare, delete, form, history, list, list_return, object_json, save, save_change, undelete,
    undo, used_by, versions, view, widgets,
};
use crate::auth::posted::{Posted, PostedForm};
use crate::templates::form_page::FieldsetView;

/// The pages of an entity, independent of the type of its content.
#[async_trait]
pub trait Entity: Send + Sync {
    /// Returns the options of the entity.
    fn options(&self) -> &'static EntityOptions;
    /// Returns the list.
    async fn list(&self, context: &RequestContext<'_>) -> PageResult;
    /// Returns the list as a file.
    async fn export_list(&self, context: &RequestContext<'_>) -> PageResult;
    /// Returns a stored content as a read-only form; `None` if it is not of this entity.
    fn content(&self, context: &RequestContext<'_>, content: &Value) -> Option<Vec<FieldsetView>>;
    /// Returns the form of a new object.
    async fn add_form(&self, context: &RequestContext<'_>) -> PageResult;
    /// Saves a new object.
    async fn add(&self, context: &RequestContext<'_>, form: &PostedForm) -> PageResult;
    /// Returns the page of an object, read-only.
    async fn view(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Returns the form of an object; read-only if the viewer may not change it.
    async fn change_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Saves the changes of an object.
    async fn change(&self, context: &RequestContext<'_>, id: i64, form: &PostedForm) -> PageResult;
    /// Returns the form of a copy of an object; 404 if the entity cannot be cloned.
    async fn clone_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Saves a copy of an object; 404 if the entity cannot be cloned.
    async fn clone(&self, context: &RequestContext<'_>, id: i64, form: &PostedForm) -> PageResult;
    /// Returns the confirmation page of a deletion.
    async fn delete_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Deletes an object.
    async fn delete(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult;
    /// Returns the page of an object as JSON.
    async fn json_page(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Returns an object as a file; 404 for a format that it does not have.
    async fn export(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Returns the form that reads the rows of an object from a table; 404 if the entity has no such rows.
    async fn import_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Does a step of a change of many objects; 404 if the entity has no such changes.
    async fn bulk(&self, context: &RequestContext<'_>, posted: &Posted) -> PageResult;
    /// Returns the history of an object.
    async fn history(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Returns the page of the objects that use an object; 404 for objects that others cannot use.
    async fn used_by(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Returns the page of a version; 404 if the entity has no versions.
    async fn version_page(&self, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult;
    /// Saves an old version (object, version) again; 404 unless the entity restores at once.
    async fn restore_version(&self, context: &RequestContext<'_>, of: (i64, i64), posted: &Posted) -> PageResult;
    /// Undoes the addition or change of an object (object, log entry).
    async fn undo(&self, context: &RequestContext<'_>, of: (i64, i64), posted: &Posted) -> PageResult;
    /// Returns the comparison of two versions, `?version_id1=` and `?version_id2=`.
    async fn compare(&self, context: &RequestContext<'_>, id: i64) -> PageResult;
    /// Returns the comparison of two objects, `?a=` and `?b=`, or the choice of the second one.
    async fn compare_objects(&self, context: &RequestContext<'_>) -> PageResult;
    /// Checks the declaration for mistakes that the compiler cannot see; `Err` describes the first.
    ///
    /// Every field must have a help text and be in exactly one fieldset, every name in a fieldset must be a field, and
    /// the list must be able to sort by every column with a key.
    fn check(&self) -> Result<(), String>;
}

#[async_trait]
impl<D: EntityAdmin> Entity for D {
    fn options(&self) -> &'static EntityOptions {
        EntityAdmin::options(self)
    }

    async fn list(&self, context: &RequestContext<'_>) -> PageResult {
        let options = EntityAdmin::options(self);
        cached_page::of_entity(options, context, list::cache_key(&options.list, context), list::page(self, context))
            .await
    }

    async fn export_list(&self, context: &RequestContext<'_>) -> PageResult {
        list::file(self, context).await
    }

    async fn add_form(&self, context: &RequestContext<'_>) -> PageResult {
        undelete::form(self, context).await
    }

    async fn add(&self, context: &RequestContext<'_>, form: &PostedForm) -> PageResult {
        save::add(self, context, form, None).await
    }

    async fn view(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        let query = list_return::cache_key(context);
        cached_page::of_entity(EntityAdmin::options(self), context, query, view::page(self, context, id)).await
    }

    async fn change_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        let query = form::cache_key(context);
        cached_page::of_entity(EntityAdmin::options(self), context, query, form::change(self, context, id)).await
    }

    async fn change(&self, context: &RequestContext<'_>, id: i64, form: &PostedForm) -> PageResult {
        save_change::change(self, context, id, form).await
    }

    async fn clone_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        form::clone_of(self, context, id).await
    }

    async fn clone(&self, context: &RequestContext<'_>, id: i64, form: &PostedForm) -> PageResult {
        save::add(self, context, form, Some(id)).await
    }

    async fn delete_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        delete::page(self, context, id).await
    }

    async fn delete(&self, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
        delete::delete(self, context, id, posted).await
    }

    async fn json_page(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        object_json::page(self, context, id).await
    }

    async fn export(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        object_json::file(self, context, id).await
    }

    async fn import_form(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        bulk::import_form(self, context, id).await
    }

    async fn bulk(&self, context: &RequestContext<'_>, posted: &Posted) -> PageResult {
        bulk::act(self, context, posted).await
    }

    fn content(&self, context: &RequestContext<'_>, content: &Value) -> Option<Vec<FieldsetView>> {
        let content = serde_json::from_value::<D::Content>(content.clone()).ok()?;
        Some(widgets::read_only(self, context, &content))
    }

    async fn history(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        let query = list_return::cache_key(context);
        cached_page::of_entity(EntityAdmin::options(self), context, query, history::page(self, context, id)).await
    }

    async fn used_by(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        used_by::page(self, context, id).await
    }

    async fn version_page(&self, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult {
        let page = versions::page(self, context, id, version);
        cached_page::of_entity(EntityAdmin::options(self), context, list_return::cache_key(context), page).await
    }

    async fn restore_version(&self, context: &RequestContext<'_>, of: (i64, i64), posted: &Posted) -> PageResult {
        versions::restore(self, context, of, posted).await
    }

    async fn undo(&self, context: &RequestContext<'_>, of: (i64, i64), posted: &Posted) -> PageResult {
        undo::undo(self, context, of, posted).await
    }

    async fn compare(&self, context: &RequestContext<'_>, id: i64) -> PageResult {
        let query = format!("{}&{}", list_return::cache_key(context), context.known_query(&versions::COMPARED));
        cached_page::of_entity(EntityAdmin::options(self), context, query, versions::compare(self, context, id)).await
    }

    async fn compare_objects(&self, context: &RequestContext<'_>) -> PageResult {
        let page = compare::page(self, context);
        cached_page::of_entity(EntityAdmin::options(self), context, compare::cache_key(context), page).await
    }

    fn check(&self) -> Result<(), String> {
        let placed: Vec<&str> =
            EntityAdmin::options(self).fieldsets.iter().flat_map(|set| set.fields).copied().collect();
        let declared: Vec<&str> = self.fields().iter().map(|field| field.name).collect();
        if let Some(field) = self.fields().iter().find(|field| field.help.is_empty()) {
            return Err(format!("the field {} has no help text", field.name));
        }
        for name in &declared {
            if placed.iter().filter(|placed| *placed == name).count() != 1 {
                return Err(format!("the field {name} is in no fieldset, or in several"));
            }
        }
        match placed.iter().find(|name| !declared.contains(name)) {
            Some(name) => Err(format!("a fieldset names {name}, which is not a field")),
            None => EntityAdmin::options(self).list.check(),
        }
    }
}
