//! Objects that were deleted: the page at their history, and adding them again, at once or in the form of a new object.
//!
//! The address of the form has the log entry of the deletion. A name that is taken, or any other error, is shown in the
//! form, as for every new object.

use rocket::http::Status;

use super::entity_admin::EntityAdmin;
use super::form::{self, FormView};
use super::list_return;
use super::request_context::{RequestContext, refused};
use super::response::{self, PageResponse, PageResult};
use super::widgets::read_only;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer};
use crate::error::{AppError, NOT_FOUND};
use crate::registry::undelete::{self, DeletedObject, can_return};
use crate::registry::{SaveError, Saved, Transaction};
use crate::store::undo;
use crate::templates::history_page::DeletedPage;
use crate::templates::urls::{AT_ONCE, DELETED};
use crate::templates::{Link, Page};

/// An object that is to be added again.
pub struct Returning<C> {
    /// The log entry of its deletion.
    pub entry: i64,
    /// Its content, without what no longer exists.
    pub content: C,
    /// Sentences about what no longer exists.
    pub left_out: Vec<String>,
    /// It is to be saved without showing the form first.
    pub at_once: bool,
}

impl<C> Returning<C> {
    /// Returns the message above its form.
    pub fn notice(&self) -> String {
        let first = "This was deleted. Save to restore it.".to_owned();
        std::iter::once(first).chain(self.left_out.iter().cloned()).collect::<Vec<_>>().join(" ")
    }
}

/// The deleted object in the address of a form of a new object.
pub enum Asked<C> {
    /// The address has none.
    None,
    /// It is to be added again.
    Returning(Box<Returning<C>>),
    /// The viewer has added it again already.
    Repeated(Saved),
    /// Another user has added it again already.
    Refused(PageResponse),
}

/// Reads the address of a form of a new object.
///
/// # Errors
/// 404 if there is no such deletion, 403 if the viewer may not undo it.
pub async fn asked<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>) -> Result<Asked<D::Content>, AppError> {
    let kind = entity.options().kind;
    let Some(entry) = context.query(DELETED).filter(|_| can_return(kind)) else { return Ok(Asked::None) };
    let entry = entry.parse().map_err(|_| NOT_FOUND)?;
    let viewer = context.viewer()?;
    let mut tx = context.read().await?;
    if let Some(by) = undo::undone_by(tx.conn(), entry).await?.filter(|by| by.kind == kind) {
        let saved = Saved::plain(by.object_id, &by.object_name);
        let words = format!("{} has restored “{}” already.", by.username, by.object_name);
        return Ok(match by.user_id == Some(viewer.id) {
            true => Asked::Repeated(saved),
            false => Asked::Refused(PageResponse::refusal(context.at().view(kind, by.object_id), words)),
        });
    }
    let deleted = undelete::find(tx.conn(), viewer, kind, entry).await.map_err(refused)?;
    let content = serde_json::from_value(deleted.content).map_err(|_| NOT_FOUND)?;
    let at_once = context.query(AT_ONCE).is_some();
    Ok(Asked::Returning(Box::new(Returning { entry, content, left_out: deleted.left_out, at_once })))
}

/// Adds a deleted object again, with the content of a form.
pub async fn restore<C: serde::Serialize + Sync>(
    tx: &mut Transaction,
    viewer: &Viewer,
    (kind, entry): (ObjectKind, i64),
    content: &C,
) -> Result<Saved, SaveError> {
    let deleted = undelete::find(tx.conn(), viewer, kind, entry).await?;
    let content = serde_json::to_value(content).map_err(|_| SaveError::Gone)?;
    undelete::restore(tx, viewer, &deleted, &content).await
}

/// Returns the message about an object that was added again.
pub fn was_restored(kind: ObjectKind, name: &str) -> String {
    format!("The {} “{name}” was restored.", kind.info().one)
}

/// Returns the form of a new object: blank, or filled with a deleted object.
pub async fn form<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>) -> PageResult {
    let kind = entity.options().kind;
    context.may(kind, Action::StartAdding)?;
    match asked(entity, context).await? {
        Asked::None => form::add(entity, context).await,
        Asked::Refused(refusal) => Ok(refusal),
        Asked::Repeated(saved) => Ok(PageResponse::redirect(context.at().view(kind, saved.id), Vec::new())),
        Asked::Returning(returning) => {
            let (draft, nothing) = (Draft::of(entity.fields(), &returning.content), ValidationErrors::default());
            let shown = FormView { notice: returning.notice(), ..FormView::fresh(&draft, &nothing) };
            form::again(entity, context, None, shown).await
        }
    }
}

/// Returns the page of a deleted object at the address of its history, for a viewer who may add it again; 404 for others.
/// Its status is 404, too.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let kind = entity.options().kind;
    let viewer = context.viewer.as_ref().filter(|_| can_return(kind)).ok_or(NOT_FOUND)?;
    let mut tx = context.read().await?;
    let entry = undelete::last_deletion(tx.conn(), kind, id).await?.ok_or(NOT_FOUND)?;
    let deleted = undelete::find(tx.conn(), viewer, kind, entry).await.map_err(|_| NOT_FOUND)?;
    tx.commit().await?;
    let content: D::Content = serde_json::from_value(deleted.content.clone()).map_err(|_| NOT_FOUND)?;
    let (object, tag) = entity.heading(&content);
    let list = list_return::address(entity.options(), context);
    let title = format!("History: {}", deleted.deletion.object_name);
    let trail = [(kind.info().many, list.as_str()), (&deleted.deletion.object_name, ""), ("History", "")];
    let page = DeletedPage {
        kind: kind.info().one.to_owned(),
        object,
        tag,
        user: deleted.deletion.username.clone(),
        time: context.time(deleted.deletion.time).0,
        iso: context.time(deleted.deletion.time).1,
        left_out: deleted.left_out.clone(),
        restore: restore_link(context, &deleted),
        edit: Link::new("Edit before restoring", context.at().addition_again(kind, Some(&entry.to_string()))),
        content: read_only(entity, context, &content),
    };
    response::page_with(Page::new(context.layout(&title, &trail), page), Status::NotFound)
}

/// Returns the button that adds a deleted object again at once.
pub fn restore_link(context: &RequestContext<'_>, deleted: &DeletedObject) -> Link {
    Link::new("Restore", context.at().restoration(deleted.deletion.kind, deleted.deletion.entry))
}
