//! The index: every list with its number of objects, and the recent activity.

use chrono::{NaiveDate, Utc};

use super::crud::response;
use super::crud::{PageResponse, PageResult, RequestContext};
use super::{attention, first_steps, log_entry, waiting};
use crate::domain::model::object_kind::{IndexSection, KINDS, KindInfo, ObjectKind};
use crate::domain::model::policy::Action;
use crate::domain::model::sync_status::SyncStatus;
use crate::domain::model::synced_list::SyncedList;
use crate::store::audit_log;
use crate::store::counts::{self, Counts};
use crate::store::lists::log_entries::LogRow;
use crate::store::sync_status;
use crate::templates::index_page::{IndexBlock, IndexPage, IndexRow, RecentDay};
use crate::templates::sync_line::SyncLine;
use crate::templates::urls::{LOG_ENTRIES, METRIC_NAMES, SERVICE_FLAVOURS};
use crate::templates::{Link, Page};

/// The blocks of the index with their headings. The log comes last.
const BLOCKS: [(&str, IndexSection); 3] = [
    ("Registry", IndexSection::Registry),
    ("Users and groups", IndexSection::Users),
    ("API keys", IndexSection::ApiKeys),
];
/// The number of log entries that the index shows.
const RECENT: i64 = 10;

/// Returns the index for superusers; others are redirected to the profiles.
pub async fn page(context: &RequestContext<'_>) -> PageResult {
    if !context.viewer()?.is_superuser {
        return Ok(PageResponse::redirect(context.at().list(ObjectKind::Profile), Vec::new()));
    }
    let mut tx = context.read().await?;
    let counts = counts::all(tx.conn()).await?;
    let recent = audit_log::recent(tx.conn(), RECENT).await?;
    let waiting = waiting::lines(tx.conn(), context).await?;
    let states = sync_status::of_tenant(tx.conn(), &context.tenant.tenant().schema).await?;
    let attention = attention::lines(tx.conn(), context, &states).await?;
    let mut blocks: Vec<IndexBlock> = BLOCKS
        .iter()
        .map(|(label, section)| {
            let kinds = KINDS.iter().filter(|info| info.section == *section);
            IndexBlock { label: (*label).to_owned(), rows: kinds.map(|info| row(context, info, &counts)).collect() }
        })
        .collect();
    for (label, address, count) in
        [("Metric names", METRIC_NAMES, counts.metric_names), ("Service flavours", SERVICE_FLAVOURS, counts.flavours)]
    {
        blocks[0].rows.push(IndexRow { list: Link::new(label, address), add: None, count });
    }
    let logs = IndexRow { list: Link::new("Log entries", LOG_ENTRIES), add: None, count: counts.log_entries };
    blocks.push(IndexBlock { label: "Activity log".to_owned(), rows: vec![logs] });
    let recent = by_day(context, &recent);
    let log = LOG_ENTRIES.to_owned();
    let first_steps = first_steps::steps(context, &counts, &states);
    let content =
        IndexPage { first_steps, blocks, sync: sync_lines(context, &states), waiting, attention, recent, log };
    response::page(Page::new(context.layout("Administration", &[]), content))
}

/// Groups log entries, newest first, by the day in the configured time zone.
fn by_day(context: &RequestContext<'_>, entries: &[LogRow]) -> Vec<RecentDay> {
    let day = |entry: &LogRow| entry.time.with_timezone(&context.config.general.timezone).date_naive();
    let today = Utc::now().with_timezone(&context.config.general.timezone).date_naive();
    let days = entries.chunk_by(|one, next| day(one) == day(next));
    let events = |of_day: &[LogRow]| of_day.iter().map(|entry| log_entry::event(context, entry)).collect();
    days.map(|of_day| RecentDay { label: in_words(day(&of_day[0]), today), events: events(of_day) }).collect()
}

/// Returns a day in words.
fn in_words(day: NaiveDate, today: NaiveDate) -> String {
    match (today - day).num_days() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => day.format("%A, %-d %B %Y").to_string(),
    }
}

fn row(context: &RequestContext<'_>, info: &KindInfo, counts: &Counts) -> IndexRow {
    let may_add = context.allows(info.kind, Action::StartAdding);
    IndexRow {
        list: Link::new(info.many, context.at().list(info.kind)),
        add: may_add.then(|| Link::new(format!("Add {}", info.one), context.at().addition(info.kind))),
        count: counts.of(info.kind),
    }
}

/// Describes the states of all lists that are filled from outside, also of those that never were.
fn sync_lines(context: &RequestContext<'_>, states: &[SyncStatus]) -> Vec<SyncLine> {
    let of = |list| states.iter().find(|status| status.list == list);
    let now = Utc::now();
    SyncedList::ALL.into_iter().map(|list| SyncLine::new(list, of(list), now, |time| context.time(time))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_days_have_names() {
        let day = |day| NaiveDate::from_ymd_opt(2024, 3, day).unwrap();
        let words = [5, 4, 3].map(|of| in_words(day(of), day(5)));
        assert_eq!(words, ["Today", "Yesterday", "Sunday, 3 March 2024"]);
    }
}
