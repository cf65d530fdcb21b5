//! The index: every list with its number of objects, and the newest actions.

use super::crud::response;
use super::crud::{PageResponse, PageResult, RequestContext};
use super::entities::{BLOCKS, entity};
use super::log_entry;
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Action;
use crate::store::audit_log;
use crate::store::counts::{self, Counts};
use crate::templates::index_page::{IndexBlock, IndexPage, IndexRow};
use crate::templates::urls::LOG_ENTRIES;
use crate::templates::{Link, Page};

/// Actions that the index shows.
const RECENT: i64 = 10;

/// For superusers; others are led to the profiles.
pub async fn page(context: &RequestContext<'_>) -> PageResult {
    if !context.viewer()?.is_superuser {
        return Ok(PageResponse::redirect(context.at().list(ObjectKind::Profile), Vec::new()));
    }
    let mut tx = context.read().await?;
    let counts = counts::all(tx.conn()).await?;
    let recent = audit_log::recent(tx.conn(), RECENT).await?;
    let mut blocks: Vec<IndexBlock> = BLOCKS
        .iter()
        .map(|(label, kinds)| IndexBlock {
            label: (*label).to_owned(),
            rows: kinds.iter().map(|kind| row(context, *kind, &counts)).collect(),
        })
        .collect();
    let logs = IndexRow { list: Link::new("Log entries", LOG_ENTRIES), add: None, count: counts.log_entries };
    blocks.insert(1, IndexBlock { label: "Logs".to_owned(), rows: vec![logs] });
    let content = IndexPage { blocks, recent: recent.iter().map(|entry| log_entry::event(context, entry)).collect() };
    response::page(Page::new(context.layout("Administration", &[]), content))
}

fn row(context: &RequestContext<'_>, kind: ObjectKind, counts: &Counts) -> IndexRow {
    let (label, one) =
        entity(kind).map_or(("Services", "service"), |entity| (entity.options().many, entity.options().one));
    let may_add = context.allows(kind, Action::StartAdding);
    IndexRow {
        list: Link::new(label, context.at().list(kind)),
        add: may_add.then(|| Link::new(format!("Add {one}"), context.at().addition(kind))),
        count: counts.of(kind),
    }
}
