//! Forms that are sent twice: by a double click, or again because the first response got lost. The second submit leads
//! where the first one led. What is stored decides: who has just changed the object, and whether a save would change
//! anything.

use sqlx::PgConnection;

use super::entity_admin::{EntityAdmin, SaveContext};
use super::request_context::RequestContext;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::wording;
use crate::error::AppError;
use crate::registry::{ExpectedRevision, SaveError, Saved};
use crate::store::audit_log;

/// Returns the object that the viewer added a moment ago with this content; `None` if there is none.
pub async fn added<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    content: &D::Content,
    extra: &SaveContext<'_>,
) -> Result<Option<Saved>, AppError> {
    let (kind, viewer) = (entity.options().kind, context.viewer()?);
    let mut same_name = Vec::new();
    let mut tx = context.read().await?;
    for id in audit_log::recently_added(tx.conn(), kind, viewer.id).await? {
        let found = entity.find(tx.conn(), id).await?;
        // A clone that was sent without a new name is no repetition of its original.
        if extra.clone_of != Some(id) && found.is_some_and(|found| found.name == entity.name(content)) {
            same_name.push(id);
        }
    }
    tx.commit().await?;
    for id in same_name {
        if entity.has_secret(context, id, content).await?
            && let Some(saved) = unchanged(entity, context, id, content, extra).await?
        {
            return Ok(Some(saved));
        }
    }
    Ok(None)
}

/// Returns the object if the viewer changed it a moment ago and it has this content since then; else `None`.
pub async fn changed<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    content: &D::Content,
    extra: &SaveContext<'_>,
) -> Result<Option<Saved>, AppError> {
    let mut tx = context.read().await?;
    let newest = newest(tx.conn(), context, entity.options().kind, id).await?;
    tx.commit().await?;
    match newest {
        Some((LogAction::Add | LogAction::Change, _)) => unchanged(entity, context, id, content, extra).await,
        _ => Ok(None),
    }
}

/// Returns the name of the object if the viewer deleted it a moment ago; else `None`.
pub async fn deleted(
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    kind: ObjectKind,
    id: i64,
) -> Result<Option<String>, AppError> {
    let newest = newest(conn, context, kind, id).await?;
    Ok(newest.filter(|(action, _)| *action == LogAction::Delete).map(|(_, name)| name))
}

/// Returns the last action on an object and its name, if the viewer was the last and it was a moment ago.
pub async fn newest(
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    kind: ObjectKind,
    id: i64,
) -> Result<Option<(LogAction, String)>, AppError> {
    let entry = audit_log::recent_of_user(conn, kind, id, context.viewer()?.id).await?;
    Ok(entry.map(|entry| (entry.action, entry.object_name)))
}

/// Returns the object if saving this content would change nothing; else `None`. Nothing is saved in either case.
async fn unchanged<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    content: &D::Content,
    extra: &SaveContext<'_>,
) -> Result<Option<Saved>, AppError> {
    if let Some(remote) = entity.remote() {
        let found = entity.find(context.read().await?.conn(), id).await?;
        let same = found.filter(|found| remote.is_same(&found.loaded.content, content));
        return Ok(same.map(|found| Saved::nothing(id, &found.name)));
    }
    let attempt = async {
        let (mut tx, viewer) = context.write().await?;
        let revision = entity.load(tx.conn(), id).await?.ok_or(SaveError::Gone)?.revision;
        // The transaction ends here, without a commit.
        entity.change(&mut tx, &viewer, ExpectedRevision { id, revision }, content, extra).await
    };
    match attempt.await {
        Ok(saved) => Ok(Some(saved).filter(|saved| saved.message == wording::NOTHING)),
        Err(SaveError::Store(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}
