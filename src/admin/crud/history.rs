//! The history of an object: its versions, or its log entries if the entity has no versions.

use sqlx::PgConnection;

use super::entity_admin::EntityAdmin;
use super::list_return;
use super::named_object::NamedObject;
use super::object_tabs;
use super::request_context::RequestContext;
use super::response::{self, PageResult};
use super::undelete;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::policy::Action;
use crate::error::{AppError, NOT_FOUND};
use crate::store::lists::log_entries::LogRow;
use crate::store::versions::VersionRow;
use crate::store::{audit_log, versions};
use crate::templates::Page;
use crate::templates::history_page::{Event, HistoryPage};
use crate::templates::object_tabs::ObjectTab;

/// The maximum number of log entries in the history of an object; the log has them all.
const LOG_ENTRIES: i64 = 500;

/// Returns the history page; 404 on public pages of entities without versions.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let options = entity.options();
    context.may(options.kind, Action::View)?;
    if context.viewer.is_none() && !options.has_versions() {
        return Err(NOT_FOUND);
    }
    let mut tx = context.read().await?;
    let Some(found) = entity.find(tx.conn(), id).await? else {
        drop(tx);
        return undelete::page(entity, context, id).await;
    };
    let (events, older) = match options.has_versions() {
        true => (of_versions(entity, context, versions::list(tx.conn(), options.kind, id).await?, id), 0),
        false => of_log(context, tx.conn(), entity, id).await?,
    };
    let at = context.at();
    let can_compare = options.has_versions() && events.len() > 1;
    let content = HistoryPage {
        tabs: object_tabs::tabs(entity, context, &found, ObjectTab::History),
        compare: if can_compare { at.compare(options.kind, id) } else { String::new() },
        is_labelled: events.iter().any(|event| !event.label.is_empty()),
        events,
        older,
        names_users: context.viewer.is_some(),
        empty: "No history yet.".to_owned(),
        object: found.name.clone(),
    };
    response::page(Page::new(layout(entity, context, &found, &[("History", "")]), content))
}

/// Returns the layout of a page below an object; `steps` has the breadcrumbs after the object.
pub fn layout<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    found: &NamedObject<D::Content>,
    steps: &[(&str, &str)],
) -> crate::templates::Layout {
    let options = entity.options();
    let list = list_return::address(options, context);
    let object = list_return::carry(options, context, context.at().view(options.kind, found.loaded.id));
    let mut trail: Vec<(&str, &str)> = vec![(options.kind.info().many, &list), (&found.name, &object)];
    trail.extend(steps);
    let last = steps.last().map_or("", |(label, _)| *label);
    context.layout(&format!("{last}: {}", found.name), &trail)
}

fn of_versions<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, rows: Vec<VersionRow>, id: i64) -> Vec<Event> {
    let newest = rows.first().map(|row| row.id);
    rows.into_iter()
        .map(|row| Event { is_current: Some(row.id) == newest, ..event(entity, context, &row, id) })
        .collect()
}

/// Converts a version to a line of the history.
pub fn event<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, row: &VersionRow, id: i64) -> Event {
    let (time, iso) = context.time(row.created);
    Event {
        id: row.id.to_string(),
        label: row.label.clone(),
        href: context.at().version(entity.options().kind, id, row.id),
        time,
        iso,
        user: context.author(&row.username),
        message: row.message.clone(),
        reason: context.author(&row.change_reason),
        ..Event::default()
    }
}

/// Returns the newest log entries of an object, and the number of older ones.
async fn of_log<D: EntityAdmin>(
    context: &RequestContext<'_>,
    conn: &mut PgConnection,
    entity: &D,
    id: i64,
) -> Result<(Vec<Event>, i64), AppError> {
    let found = audit_log::of_object(conn, entity.options().kind, &id.to_string(), 1, LOG_ENTRIES).await?;
    let events: Vec<_> = found.rows.iter().map(|row| log_event(context, row)).collect();
    Ok((events, (found.total - LOG_ENTRIES).max(0)))
}

/// Converts a log entry to a line of the history.
pub fn log_event(context: &RequestContext<'_>, row: &LogRow) -> Event {
    let (time, iso) = context.time(row.time);
    Event {
        time,
        iso,
        user: context.author(&row.username),
        message: in_words(row),
        reason: context.author(&row.change_reason),
        ..Event::default()
    }
}

/// Returns the words of a log entry, or the action if it has none.
pub fn in_words(row: &LogRow) -> String {
    let words = row.words();
    if !words.is_empty() {
        return words;
    }
    match row.action {
        LogAction::Add => "Added.".to_owned(),
        LogAction::Change => "Changed.".to_owned(),
        LogAction::Delete => "Deleted.".to_owned(),
    }
}
