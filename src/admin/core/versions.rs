//! Old versions: one as it was, two side by side, and one that comes back.

use sqlx::PgConnection;

use super::about::Restore;
use super::answer::{self, Answer, Answered};
use super::differences::differences;
use super::entity::{Declared, Found};
use super::form::old;
use super::history::{chrome, event};
use super::visit::{Visit, refused};
use super::widgets::{self, Form, Sources};
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::Rejection;
use crate::domain::model::policy::Wish;
use crate::error::{AppError, NOT_FOUND};
use crate::pages::form::FormPage;
use crate::pages::history::{ComparePage, Difference, Event, RevisionPage};
use crate::pages::{Link, Page};
use crate::registry::Target;
use crate::store::versions::{self, Neighbours, VersionRow};

/// A version of an object that exists, and the object as it is now; 404 where there are none.
async fn find<D: Declared>(
    conn: &mut PgConnection,
    entity: &D,
    (id, version): (i64, i64),
) -> Result<(Found<D::Content>, VersionRow, D::Content), AppError> {
    let found = entity.find(conn, id).await?.ok_or(NOT_FOUND)?;
    let (row, content) = old(conn, entity, (id, version)).await?;
    Ok((found, row, content))
}

pub async fn page<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64, version: i64) -> Answered {
    let about = entity.about();
    visit.may(about.kind, Wish::View)?;
    let mut tx = visit.read().await?;
    let (found, row, content) = find(tx.conn(), entity, (id, version)).await?;
    let Neighbours { previous, next } = versions::neighbours(tx.conn(), version).await?;
    let changes = match previous {
        Some(previous) => differences(entity.fields(), &old(tx.conn(), entity, (id, previous)).await?.1, &content),
        None => Vec::new(),
    };
    let at = visit.at();
    let event = Event { is_current: next.is_none(), ..event(entity, visit, &row, id) };
    let step = |label: &str, to: Option<i64>| to.map(|to| Link::new(label, at.version(about.kind, id, to)));
    let title = title(&event);
    let history = at.history(about.kind, id);
    let revision = RevisionPage {
        form: as_it_was(entity, visit, &content, &found),
        differences: changes.into_iter().filter(|change| change.change != "same").collect(),
        previous: step("Older version", previous),
        next: step("Newer version", next),
        restore: restore_link(entity, visit, &found, (version, &content)),
        restore_by_post: about.restore == Restore::AtOnce,
        event,
    };
    answer::page(Page::new(chrome(entity, visit, &found, &[("History", &history), (&title, "")]), revision))
}

fn title(event: &Event) -> String {
    if event.label.is_empty() { event.time.clone() } else { event.label.clone() }
}

/// The form of then, for reading.
fn as_it_was<D: Declared>(entity: &D, visit: &Visit<'_>, content: &D::Content, found: &Found<D::Content>) -> FormPage {
    let (draft, rejection) = (Draft::of(entity.fields(), content), Rejection::default());
    let form = Form { draft: &draft, rejection: &rejection, exists: true, read_only: true, more_rows: None };
    FormPage {
        heading: entity.about().title(),
        object: entity.name(content),
        action: visit.at().change(entity.about().kind, found.loaded.id),
        fieldsets: widgets::fieldsets(entity, visit, &form, &Sources::new()),
        read_only: "This is how it was then.".to_owned(),
        ..FormPage::default()
    }
}

/// For who may change the object as it is now, where that is not as it was then.
fn restore_link<D: Declared>(
    entity: &D,
    visit: &Visit<'_>,
    found: &Found<D::Content>,
    (version, content): (i64, &D::Content),
) -> Option<Link> {
    let (about, at, id) = (entity.about(), visit.at(), found.loaded.id);
    if differences(entity.fields(), &found.loaded.content, content).iter().all(|change| change.change == "same") {
        return None;
    }
    let href = match about.restore {
        Restore::Never => return None,
        Restore::InForm => at.restore(about.kind, id, version),
        Restore::AtOnce => at.version(about.kind, id, version),
    };
    visit
        .wishes(about.kind, Wish::StartChanging { group: entity.group(&found.loaded.content) })
        .then(|| Link::new("Restore this version", href))
}

pub async fn restore<D: Declared>(entity: &D, visit: &Visit<'_>, (id, version): (i64, i64)) -> Answered {
    let about = entity.about();
    if about.restore != Restore::AtOnce {
        return Err(NOT_FOUND);
    }
    let (mut tx, viewer) = visit.write().await.map_err(refused)?;
    let (found, row, _) = find(tx.conn(), entity, (id, version)).await?;
    // What is restored replaces whatever stands there now: there is no form that could be out of date.
    let target = Target { id, revision: found.loaded.revision };
    let saved = entity.restore(&mut tx, &viewer, target, version).await.map_err(refused)?;
    tx.commit().await?;
    let then = visit.time(row.created).0;
    let first = format!("The {} “{}” is as it was at {then}. {}", about.one, saved.name, saved.message);
    let said = std::iter::once(first).chain(saved.consequences).collect();
    Ok(Answer::done(visit.at().change(about.kind, id), said))
}

/// `?version_id1=…&version_id2=…`, in any order: the older stands on the left.
pub async fn compare<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64) -> Answered {
    let about = entity.about();
    visit.may(about.kind, Wish::View)?;
    let asked = |name: &str| visit.query(name).and_then(|version| version.parse::<i64>().ok());
    let (Some(one), Some(other)) = (asked("version_id1"), asked("version_id2")) else {
        return Err(AppError::Malformed("Two versions are needed: version_id1 and version_id2.".to_owned()));
    };
    let mut tx = visit.read().await?;
    let (found, before, content_before) = find(tx.conn(), entity, (id, one.min(other))).await?;
    let (after, content_after) = old(tx.conn(), entity, (id, one.max(other))).await?;
    let all = differences(entity.fields(), &content_before, &content_after);
    let (same, differences): (Vec<Difference>, Vec<Difference>) =
        all.into_iter().partition(|change| change.change == "same");
    let history = visit.at().history(about.kind, id);
    let content = ComparePage {
        object: found.name.clone(),
        back: Link::new("History", history.clone()),
        before: event(entity, visit, &before, id),
        after: event(entity, visit, &after, id),
        differences,
        same,
    };
    answer::page(Page::new(chrome(entity, visit, &found, &[("History", &history), ("Compare", "")]), content))
}
