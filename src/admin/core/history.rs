//! What happened to an object: its versions where it has any, its log entries else.

use sqlx::PgConnection;

use super::answer::{self, Answered};
use super::entity::{Declared, Found};
use super::visit::Visit;
use crate::domain::model::log_entry::Action;
use crate::domain::model::policy::Wish;
use crate::error::{AppError, NOT_FOUND};
use crate::pages::history::{Event, HistoryPage};
use crate::pages::{Link, Page};
use crate::store::lists::log_entries::LogRow;
use crate::store::versions::VersionRow;
use crate::store::{audit_log, versions};

/// Of an object without versions, the newest so many are shown; the log has them all.
const LOG_ENTRIES: i64 = 500;

pub async fn page<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64) -> Answered {
    let about = entity.about();
    visit.may(about.kind, Wish::View)?;
    if visit.viewer.is_none() && !about.has_versions() {
        return Err(NOT_FOUND);
    }
    let mut tx = visit.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let (events, older) = match about.has_versions() {
        true => (of_versions(entity, visit, versions::list(tx.conn(), about.kind, id).await?, id), 0),
        false => of_log(visit, tx.conn(), entity, id).await?,
    };
    let at = visit.at();
    let can_compare = about.has_versions() && events.len() > 1;
    let content = HistoryPage {
        back: Link::new(format!("Back to the {}", about.one), at.change(about.kind, id)),
        compare: if can_compare { at.compare(about.kind, id) } else { String::new() },
        is_labelled: events.iter().any(|event| !event.label.is_empty()),
        events,
        older,
        empty: "Nothing is known of its history.".to_owned(),
        object: found.name.clone(),
    };
    answer::page(Page::new(chrome(entity, visit, &found, &[("History", "")]), content))
}

/// The chrome of a page below the history of an object.
pub fn chrome<D: Declared>(
    entity: &D,
    visit: &Visit<'_>,
    found: &Found<D::Content>,
    steps: &[(&str, &str)],
) -> crate::pages::Chrome {
    let about = entity.about();
    let (list, form) = (visit.at().list(about.kind), visit.at().change(about.kind, found.loaded.id));
    let mut trail: Vec<(&str, &str)> = vec![(about.many, &list), (&found.name, &form)];
    trail.extend(steps);
    let last = steps.last().map_or("", |(label, _)| *label);
    visit.chrome(&format!("{last}: {}", found.name), &trail)
}

fn of_versions<D: Declared>(entity: &D, visit: &Visit<'_>, rows: Vec<VersionRow>, id: i64) -> Vec<Event> {
    let newest = rows.first().map(|row| row.id);
    rows.into_iter().map(|row| Event { is_current: Some(row.id) == newest, ..event(entity, visit, &row, id) }).collect()
}

/// A version as a line of the history.
pub fn event<D: Declared>(entity: &D, visit: &Visit<'_>, row: &VersionRow, id: i64) -> Event {
    let (time, iso) = visit.time(row.created);
    Event {
        id: row.id.to_string(),
        label: row.label.clone(),
        href: visit.at().version(entity.about().kind, id, row.id),
        time,
        iso,
        user: row.username.clone(),
        message: row.message.clone(),
        ..Event::default()
    }
}

/// The newest log entries of an object, and how many older ones it has.
async fn of_log<D: Declared>(
    visit: &Visit<'_>,
    conn: &mut PgConnection,
    entity: &D,
    id: i64,
) -> Result<(Vec<Event>, i64), AppError> {
    let found = audit_log::of_object(conn, entity.about().kind, &id.to_string(), 1, LOG_ENTRIES).await?;
    let events: Vec<_> = found.rows.iter().map(|row| log_event(visit, row)).collect();
    Ok((events, (found.total - LOG_ENTRIES).max(0)))
}

/// A log entry as a line of a history.
pub fn log_event(visit: &Visit<'_>, row: &LogRow) -> Event {
    let (time, iso) = visit.time(row.time);
    Event { time, iso, user: row.username.clone(), message: in_words(row), ..Event::default() }
}

/// What an entry says was done.
pub fn in_words(row: &LogRow) -> String {
    if !row.message.is_empty() {
        return row.message.clone();
    }
    match row.action {
        Action::Add => "Added.".to_owned(),
        Action::Change => "Changed.".to_owned(),
        Action::Delete => "Deleted.".to_owned(),
    }
}
