//! The index: every list with its number of objects, and the recent activity.

use chrono::Utc;

use super::crud::response;
use super::crud::{PageResponse, PageResult, RequestContext};
use super::{attention, first_steps, log_entry, waiting};
use crate::domain::model::object_kind::{IndexSection, KINDS, KindInfo, ObjectKind};
use crate::domain::model::policy::Action;
use crate::domain::model::sync_status::SyncStatus;
use crate::domain::model::synced_list::SyncedList;
use crate::store::audit_log;
use crate::store::counts::{self, Counts};
use crate::store::sync_status;
use crate::templates::index_page::{IndexBlock, IndexPage, IndexRow};
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
    let recent = recent.iter().map(|entry| log_entry::event(context, entry)).collect();
    let first_steps = first_steps::steps(context, &counts, &states);
    let content = IndexPage { first_steps, blocks, sync: sync_lines(context, &states), waiting, attention, recent };
    response::page(Page::new(context.layout("Administration", &[]), content))
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
