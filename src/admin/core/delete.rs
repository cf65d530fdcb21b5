//! Deleting: a confirmation that names what else is affected, then the deed.

use rocket::http::Status;

use super::answer::{self, Answer, Answered};
use super::entity::Declared;
use super::save::REVISION;
use super::visit::{Visit, refused};
use crate::auth::posted::Posted;
use crate::domain::model::policy::Wish;
use crate::error::NOT_FOUND;
use crate::pages::others::DeletePage;
use crate::pages::{Link, Page};

pub async fn page<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64) -> Answered {
    show(entity, visit, id, Status::Ok).await
}

/// The confirmation; with 409 where the object is another than the one it was asked for.
async fn show<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64, status: Status) -> Answered {
    let about = entity.about();
    let mut tx = visit.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    visit.may(about.kind, Wish::Delete { group: entity.group(&found.loaded.content) })?;
    let affected = entity.affected(tx.conn(), &found.loaded, visit).await?;
    let at = visit.at();
    let (list, form) = (at.list(about.kind), at.change(about.kind, id));
    let chrome =
        visit.chrome(&format!("Delete {}", found.name), &[(about.many, &list), (&found.name, &form), ("Delete", "")]);
    let content = DeletePage {
        kind: about.one.to_owned(),
        object: found.name,
        action: at.delete(about.kind, id),
        back: Link::new("No, take me back", form),
        revision: found.loaded.revision.to_string(),
        affected,
        is_stale: status == Status::Conflict,
    };
    answer::page_with(Page::new(chrome, content), status)
}

pub async fn delete<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered {
    let about = entity.about();
    let (mut tx, viewer) = visit.write().await.map_err(refused)?;
    let found = entity.load(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    if posted.get(REVISION).is_some_and(|seen| seen != found.revision.to_string()) {
        drop(tx);
        return show(entity, visit, id, Status::Conflict).await;
    }
    let saved = entity.remove(&mut tx, &viewer, id).await.map_err(refused)?;
    tx.commit().await?;
    let first = format!("The {} “{}” was deleted.", about.one, saved.name);
    let said = std::iter::once(first).chain(saved.consequences).collect();
    Ok(Answer::done(visit.at().list(about.kind), said))
}
