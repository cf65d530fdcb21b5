//! What forms show of another server that stores the objects as well; nothing if POEM alone does.

use super::entity_admin::EntityAdmin;
use super::named_object::NamedObject;
use super::remote_store::{RemotePart, RemoteView};
use super::request_context::RequestContext;
use crate::blocking::in_place;
use crate::domain::form::submitted::Draft;
use crate::error::AppError;
use crate::store::ReadTx;

/// Asks for what a form shows; nothing if POEM alone stores the objects.
pub async fn view<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    of: Option<&NamedObject<D::Content>>,
) -> Result<RemoteView<D::Content>, AppError> {
    match entity.remote() {
        Some(remote) => remote.view(context, of).await,
        None => Ok(RemoteView::default()),
    }
}

/// Returns what a form shows that is shown again; nothing if POEM alone stores the objects.
pub async fn view_again<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
) -> Result<RemoteView<D::Content>, AppError> {
    match entity.remote() {
        Some(remote) => remote.view_again(context).await,
        None => Ok(RemoteView::default()),
    }
}

/// Asks another server for the object, and returns it as it is there, with what the form shows.
pub async fn with_view<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    mut found: NamedObject<D::Content>,
) -> Result<(NamedObject<D::Content>, RemoteView<D::Content>), AppError> {
    let view = view(entity, context, Some(&found)).await?;
    if let Some(content) = &view.content {
        found.loaded.content = content.clone();
        found.name = entity.name(content);
    }
    Ok((found, view))
}

/// Asks another server for an object that a transaction has read, and returns the object as it is there, with what its
/// pages show. No connection is held in the meantime: the transaction that is returned may be another one.
pub async fn opened<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    tx: ReadTx,
    found: NamedObject<D::Content>,
) -> Result<(ReadTx, NamedObject<D::Content>, RemoteView<D::Content>), AppError> {
    if entity.remote().is_none() {
        return Ok((tx, found, RemoteView::default()));
    }
    tx.commit().await?;
    let (found, view) = with_view(entity, context, found).await?;
    Ok((context.read().await?, found, view))
}

/// Asks another server for what the form with this input shows. `base` is what the object has.
pub async fn for_draft<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    draft: &Draft,
    base: &D::Content,
) -> Result<RemotePart, AppError> {
    let shown = part(entity, draft, base, view(entity, context, None).await?);
    // The input can still be edited if the other server does not respond.
    Ok(RemotePart { read_only: String::new(), ..shown })
}

/// As [`for_draft`], but asks nothing: the save has just done that.
pub async fn again_for<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    draft: &Draft,
    base: &D::Content,
) -> Result<RemotePart, AppError> {
    Ok(part(entity, draft, base, view_again(entity, context).await?))
}

fn part<D: EntityAdmin>(entity: &D, draft: &Draft, base: &D::Content, view: RemoteView<D::Content>) -> RemotePart {
    if entity.remote().is_none() {
        return RemotePart::default();
    }
    let (typed, _) = in_place(|| draft.parse_change_all(entity.fields(), base.clone()));
    view.for_content(&typed)
}
