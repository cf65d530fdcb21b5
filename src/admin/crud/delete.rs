//! The deletion of an object: a confirmation that names what else is affected, and the deletion itself.

use rocket::http::Status;

use super::entity_admin::EntityAdmin;
use super::form_fields::REVISION;
use super::list_return;
use super::options::EntityOptions;
use super::remote_store::{RemoteRefusal, RemoteStore};
use super::repeat;
use super::request_context::{RequestContext, refused};
use super::response::{self, PageResponse, PageResult};
use super::save_input;
use super::undo;
use super::widgets;
use crate::auth::posted::Posted;
use crate::domain::form::change_reason;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::Action;
use crate::error::NOT_FOUND;
use crate::registry::undo::offer;
use crate::templates::delete_page::DeletePage;
use crate::templates::{Link, Page};

/// Returns the confirmation page.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    show(entity, context, id, Status::Ok).await
}

/// Returns the confirmation page, with status 409 if the object was changed after the confirmation was shown.
async fn show<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64, status: Status) -> PageResult {
    show_with(entity, context, id, Refusal { status, ..Refusal::default() }).await
}

/// Why the confirmation page is shown again.
#[derive(Default)]
struct Refusal {
    status: Status,
    /// The reason why the object was not deleted; empty at first.
    failure: String,
    /// Why the user deletes the object, as typed.
    typed_reason: String,
    errors: ValidationErrors,
}

impl Refusal {
    fn of_reason(posted: &Posted, errors: ValidationErrors) -> Self {
        let typed_reason = posted.get(change_reason::INPUT).unwrap_or_default().to_owned();
        let failure = "It was not deleted.".to_owned();
        Self { status: Status::UnprocessableEntity, failure, typed_reason, errors }
    }
}

/// Returns the confirmation page with the reason why the object was not deleted.
async fn show_with<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    Refusal { status, failure, typed_reason, errors }: Refusal,
) -> PageResult {
    let options = entity.options();
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    context.may(options.kind, Action::Delete { group: entity.group(&found.loaded.content) })?;
    let mut affected = entity.affected(tx.conn(), &found.loaded, context).await?;
    let tick = entity.deletion_tick(tx.conn(), &found.loaded, context).await?;
    tx.commit().await?;
    if let Some(remote) = entity.remote() {
        affected.extend(remote.before_deletion(context, &found).await?);
    }
    let at = context.at();
    let list = list_return::address(options, context);
    let object = list_return::carry(options, context, at.view(options.kind, id));
    let form = list_return::carry(options, context, at.change(options.kind, id));
    let layout = context.layout(
        &format!("Delete {}", found.name),
        &[(options.kind.info().many, &list), (&found.name, &object), ("Delete", "")],
    );
    let content = DeletePage {
        kind: options.kind.info().one.to_owned(),
        object: found.name,
        action: list_return::carry(options, context, at.delete(options.kind, id)),
        back: Link::new("Cancel", form),
        revision: found.loaded.revision.to_string(),
        affected,
        tick,
        change_reason: entity.remote().is_none().then(|| widgets::change_reason(&typed_reason, &errors)),
        is_stale: status == Status::Conflict && failure.is_empty(),
        failure,
    };
    response::page_with(Page::new(layout, content), status)
}

/// Deletes the object, unless it was changed after the confirmation was shown.
pub async fn delete<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    let options = entity.options();
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let reason = match save_input::reason(posted) {
        Ok(reason) => reason,
        Err(errors) => return show_with(entity, context, id, Refusal::of_reason(posted, errors)).await,
    };
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    tx.set_change_reason(reason);
    let Some(found) = entity.load(tx.conn(), id).await? else {
        // The same confirmation, sent twice.
        let name = repeat::deleted(tx.conn(), context, options.kind, id).await?.ok_or(NOT_FOUND)?;
        return Ok(PageResponse::redirect(context.at().list(options.kind), vec![was_deleted(options, &name)]));
    };
    if posted.get(REVISION).is_some_and(|seen| seen != found.revision.to_string()) {
        drop(tx);
        return show(entity, context, id, Status::Conflict).await;
    }
    if let Some(remote) = entity.remote() {
        drop(tx);
        return delete_remotely(remote, entity, context, id).await;
    }
    let mut saved = entity.remove(&mut tx, &viewer, id).await.map_err(refused)?;
    offer(tx.conn(), options.kind, &mut saved).await?;
    tx.commit().await?;
    let first = undo::button(context, options.kind, &saved, &was_deleted(options, &saved.name));
    let messages = std::iter::once(first).chain(saved.side_effects).collect();
    Ok(PageResponse::redirect(list_return::address(options, context), messages))
}

/// Deletes the object on the other server and in POEM. After a failure, the confirmation page says what happened.
async fn delete_remotely<D: EntityAdmin>(
    remote: &dyn RemoteStore<D::Content>,
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
) -> PageResult {
    match remote.delete(context, id).await {
        Ok(saved) => {
            let messages = vec![was_deleted(entity.options(), &saved.name)];
            Ok(PageResponse::redirect(list_return::address(entity.options(), context), messages))
        }
        Err(RemoteRefusal::Save(refusal)) => Err(refused(refusal)),
        Err(RemoteRefusal::Failed(status, message)) => {
            show_with(entity, context, id, Refusal { status, failure: message, ..Refusal::default() }).await
        }
        Err(RemoteRefusal::Changed(..) | RemoteRefusal::Missing(_)) => {
            show(entity, context, id, Status::Conflict).await
        }
    }
}

fn was_deleted(options: &EntityOptions, name: &str) -> String {
    format!("The {} “{name}” was deleted.", options.kind.info().one)
}
