//! Undo: the button in the message of a save or deletion, and what it does. It works for as long as nothing else was done
//! to the object; after that it says who did it.

use super::entity_admin::EntityAdmin;
use super::list_return;
use super::request_context::{RequestContext, refused};
use super::response::{PageResponse, PageResult};
use crate::auth::flash;
use crate::auth::posted::Posted;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Action;
use crate::domain::model::wording;
use crate::registry::undo::{self, Since};
use crate::registry::{SaveError, Saved};
use crate::store::undo::LoggedAction;

/// Adds the button that undoes an operation to its message.
pub fn button(context: &RequestContext<'_>, kind: ObjectKind, saved: &Saved, line: &str) -> String {
    match saved.undo {
        None => line.to_owned(),
        Some((LogAction::Delete, entry)) => flash::with_undo(line, &context.at().restoration(kind, entry)),
        Some((LogAction::Add | LogAction::Change, entry)) => {
            flash::with_undo(line, &context.at().undo(kind, saved.id, entry))
        }
    }
}

/// Undoes the addition or change of an object that a log entry records.
pub async fn undo<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    (id, entry): (i64, i64),
    posted: &Posted,
) -> PageResult {
    let kind = entity.options().kind;
    context.may(kind, Action::View)?;
    if let Some(refusal) = context.refusal_of_other_user_at(posted, &context.at().view(kind, id)) {
        return Ok(refusal);
    }
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    let asked = undo::find(tx.conn(), kind, (id, entry)).await.map_err(refused)?;
    let action = &asked.action;
    match asked.since {
        Since::Nothing => {}
        Since::Undone(by) if by.user_id == Some(viewer.id) => {
            let lines = vec![was_undone(action, &by.object_name)];
            return Ok(PageResponse::redirect(after(entity, context, action), lines));
        }
        Since::Undone(by) => return Ok(refusal(entity, context, &by, "undone it already")),
        Since::Changed(by) => {
            let verb = if by.action == LogAction::Delete { "deleted" } else { "changed" };
            return Ok(refusal(entity, context, &by, &format!("{verb} “{}” since", by.object_name)));
        }
    }
    let mut saved = match undo::revert(&mut tx, &viewer, action).await {
        Err(SaveError::Rejected(errors)) => {
            let words = format!("“{}” stays as it is. {errors}", action.object_name);
            return Ok(PageResponse::refusal(context.at().view(kind, id), words));
        }
        reverted => reverted.map_err(refused)?,
    };
    if saved.message == wording::NOTHING {
        let words = std::iter::once("There was nothing left to undo.".to_owned()).chain(saved.side_effects);
        return Ok(PageResponse::redirect(context.at().view(kind, id), words.collect()));
    }
    undo::offer(tx.conn(), kind, &mut saved).await?;
    tx.commit().await?;
    let first = format!("{} {}", was_undone(action, &saved.name), saved.message);
    let first = match action.action {
        LogAction::Add => first.trim_end().to_owned(),
        _ => flash::about(first.trim_end(), &context.at().view(kind, id)),
    };
    let lines = std::iter::once(button(context, kind, &saved, &first)).chain(saved.side_effects).collect();
    Ok(PageResponse::redirect(after(entity, context, action), lines))
}

fn was_undone(action: &LoggedAction, name: &str) -> String {
    let one = action.kind.info().one;
    match action.action {
        LogAction::Add => format!("The {one} “{name}” was deleted: its addition is undone."),
        _ => format!("The change of the {one} “{name}” is undone."),
    }
}

/// Returns the address after an undo: the list if the object is gone, else the object.
fn after<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, action: &LoggedAction) -> String {
    match action.action {
        LogAction::Add => list_return::address(entity.options(), context),
        _ => context.at().view(action.kind, action.object_id),
    }
}

/// Returns the response to an undo that another action prevents. `what` follows “You have” or “ada has”.
fn refusal<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, by: &LoggedAction, what: &str) -> PageResponse {
    let is_own = context.viewer.as_ref().is_some_and(|viewer| by.user_id == Some(viewer.id));
    let who = if is_own { "You have".to_owned() } else { format!("{} has", by.username) };
    let words = format!("Nothing was undone: {who} {what} ({}).", context.time(by.time).0);
    let address = match by.action {
        LogAction::Delete => list_return::address(entity.options(), context),
        _ => context.at().view(by.kind, by.object_id),
    };
    PageResponse::refusal(address, words)
}
