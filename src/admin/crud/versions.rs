//! Old versions: the page of one, the comparison of two, and the restoring of one.

use sqlx::PgConnection;

use super::diff;
use super::entity_admin::EntityAdmin;
use super::history::{event, layout};
use super::named_object::NamedObject;
use super::object_tabs;
use super::old_version::old;
use super::options::Restore;
use super::request_context::{RequestContext, refused};
use super::response::{self, PageResponse, PageResult};
use super::save_input;
use super::undo;
use super::widgets;
use crate::auth::posted::Posted;
use crate::domain::model::policy::Action;
use crate::domain::model::wording;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::ExpectedRevision;
use crate::registry::undo::offer;
use crate::store::versions::{self, Neighbours, VersionRow};
use crate::templates::form_page::FormPage;
use crate::templates::history_page::{ComparePage, Difference, Event, RevisionPage};
use crate::templates::object_tabs::ObjectTab;
use crate::templates::{Link, Page};

/// The parameters of the address with the versions to compare.
pub const COMPARED: [&str; 2] = ["version_id1", "version_id2"];

/// Loads an object, and one of its versions with its content; 404 if there is no such object or version.
async fn find<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    (id, version): (i64, i64),
) -> Result<(NamedObject<D::Content>, VersionRow, D::Content), AppError> {
    let found = entity.find(conn, id).await?.ok_or(NOT_FOUND)?;
    let (row, content) = old(conn, entity, (id, version)).await?;
    Ok((found, row, content))
}

/// Returns the page of a version.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64, version: i64) -> PageResult {
    let options = entity.options();
    context.may(options.kind, Action::View)?;
    let mut tx = context.read().await?;
    let (found, row, content) = find(tx.conn(), entity, (id, version)).await?;
    let Neighbours { previous, next, newest } = versions::neighbours(tx.conn(), version).await?;
    let before = match previous {
        Some(previous) => Some(old(tx.conn(), entity, (id, previous)).await?.1),
        None => None,
    };
    tx.commit().await?;
    let changes = match before {
        Some(before) => diff::compare(entity.fields(), before, content.clone()).await,
        None => Vec::new(),
    };
    let restore = restore_link(entity, context, &found, (version, &content)).await;
    let at = context.at();
    let event = Event { is_current: next.is_none(), ..event(entity, context, &row, id) };
    let step = |label: &str, to: Option<i64>| to.map(|to| Link::new(label, at.version(options.kind, id, to)));
    let title = title(&event);
    let history = at.history(options.kind, id);
    let revision = RevisionPage {
        tabs: object_tabs::tabs(entity, context, &found, ObjectTab::History),
        form: old_form(entity, context, &content, &found),
        differences: changes.into_iter().filter(|change| change.change != "same").collect(),
        previous: step("Older version", previous),
        next: step("Newer version", next),
        compare: newest.filter(|newest| *newest != version).map(|newest| {
            let [older, newer] = COMPARED;
            let query = format!("?{older}={version}&{newer}={newest}");
            Link::new("Compare with current", at.compare(options.kind, id) + &query)
        }),
        restore,
        restore_by_post: options.restore == Restore::AtOnce,
        event,
    };
    response::page(Page::new(layout(entity, context, &found, &[("History", &history), (&title, "")]), revision))
}

/// Returns the label of a version, or its time if it has no label.
fn title(event: &Event) -> String {
    if event.label.is_empty() { event.time.clone() } else { event.label.clone() }
}

/// Returns the form with the content of an old version, read-only.
fn old_form<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    content: &D::Content,
    found: &NamedObject<D::Content>,
) -> FormPage {
    let (object, tag) = entity.heading(content);
    FormPage {
        heading: entity.options().kind.info().title(),
        object,
        tag,
        action: context.at().change(entity.options().kind, found.loaded.id),
        fieldsets: widgets::read_only(entity, context, content),
        read_only: "This is an old version (read-only).".to_owned(),
        ..FormPage::default()
    }
}

/// Returns the link that restores a version; `None` if the viewer may not change the object, or nothing would change.
async fn restore_link<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    found: &NamedObject<D::Content>,
    (version, content): (i64, &D::Content),
) -> Option<Link> {
    let (options, at, id) = (entity.options(), context.at(), found.loaded.id);
    let changes = diff::compare(entity.fields(), found.loaded.content.clone(), content.clone()).await;
    if changes.iter().all(|change| change.change == "same") {
        return None;
    }
    let href = match options.restore {
        Restore::Never => return None,
        Restore::InForm => at.restore(options.kind, id, version),
        Restore::AtOnce => at.version(options.kind, id, version),
    };
    context
        .allows(options.kind, Action::StartChanging { group: entity.group(&found.loaded.content) })
        .then(|| Link::new("Restore this version", href))
}

/// Saves an old version again, and redirects to the object.
pub async fn restore<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    (id, version): (i64, i64),
    posted: &Posted,
) -> PageResult {
    let options = entity.options();
    if options.restore != Restore::AtOnce {
        return Err(NOT_FOUND);
    }
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let reason = save_input::reason(posted).map_err(|errors| AppError::Malformed(errors.to_string()))?;
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    tx.set_change_reason(reason);
    let (found, row, _) = find(tx.conn(), entity, (id, version)).await?;
    // The old version replaces the current one, whatever that is: there is no form that could be out of date.
    let target = ExpectedRevision { id, revision: found.loaded.revision };
    let mut saved = entity.restore(&mut tx, &viewer, target, version).await.map_err(refused)?;
    offer(tx.conn(), options.kind, &mut saved).await?;
    tx.commit().await?;
    let time = context.time(row.created).0;
    // Without a change, the same form was sent twice.
    let changes = if saved.message == wording::NOTHING { String::new() } else { format!(" {}", saved.message) };
    let first = format!("Restored “{}” to the version of {time}.{changes}", saved.name);
    let first = undo::button(context, options.kind, &saved, &first);
    let messages = std::iter::once(first).chain(saved.side_effects).collect();
    Ok(PageResponse::redirect(context.at().view(options.kind, id), messages))
}

/// Returns the comparison of `?version_id1=…&version_id2=…`, given in any order; the older is on the left.
pub async fn compare<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let options = entity.options();
    context.may(options.kind, Action::View)?;
    let [first, second] = COMPARED;
    let id_of = |name: &str| context.query(name).and_then(|version| version.parse::<i64>().ok());
    let (Some(one), Some(other)) = (id_of(first), id_of(second)) else {
        return Err(AppError::Malformed("Two versions are needed: version_id1 and version_id2.".to_owned()));
    };
    let mut tx = context.read().await?;
    let (found, before, content_before) = find(tx.conn(), entity, (id, one.min(other))).await?;
    let (after, content_after) = old(tx.conn(), entity, (id, one.max(other))).await?;
    tx.commit().await?;
    let restore = restore_link(entity, context, &found, (before.id, &content_before)).await;
    let all = diff::compare(entity.fields(), content_before, content_after).await;
    let (same, differences): (Vec<Difference>, Vec<Difference>) =
        all.into_iter().partition(|change| change.change == "same");
    let history = context.at().history(options.kind, id);
    let content = ComparePage {
        object: found.name.clone(),
        tabs: object_tabs::tabs(entity, context, &found, ObjectTab::History),
        before: event(entity, context, &before, id),
        after: event(entity, context, &after, id),
        differences,
        same,
        restore: restore.map(|link| Link::new("Restore the older version", link.href)),
        restore_by_post: options.restore == Restore::AtOnce,
    };
    let mut other_side = context.other_side().compare(options.kind, id);
    if !other_side.is_empty() {
        other_side += &format!("?{first}={}&{second}={}", one.min(other), one.max(other));
    }
    let layout = layout(entity, context, &found, &[("History", &history), ("Compare", "")]);
    response::page(Page::new(context.beside(layout, &other_side), content))
}
