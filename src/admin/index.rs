//! The index: every list with its number of objects, and the newest actions.

use super::core::answer;
use super::core::{Answer, Answered, Visit};
use super::{BLOCKS, entity, log_entry};
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Wish;
use crate::pages::address::LOG_ENTRIES;
use crate::pages::others::{IndexBlock, IndexPage, IndexRow};
use crate::pages::{Link, Page};
use crate::store::audit_log;
use crate::store::counts::{self, Counts};

/// Actions that the index shows.
const RECENT: i64 = 10;

/// For superusers; others are led to the profiles.
pub async fn page(visit: &Visit<'_>) -> Answered {
    if !visit.viewer()?.is_superuser {
        return Ok(Answer::done(visit.at().list(ObjectKind::Profile), Vec::new()));
    }
    let mut tx = visit.read().await?;
    let counts = counts::all(tx.conn()).await?;
    let recent = audit_log::recent(tx.conn(), RECENT).await?;
    let mut blocks: Vec<IndexBlock> = BLOCKS
        .iter()
        .map(|(label, kinds)| IndexBlock {
            label: (*label).to_owned(),
            rows: kinds.iter().map(|kind| row(visit, *kind, &counts)).collect(),
        })
        .collect();
    let logs = IndexRow { list: Link::new("Log entries", LOG_ENTRIES), add: None, count: counts.log_entries };
    blocks.insert(1, IndexBlock { label: "Logs".to_owned(), rows: vec![logs] });
    let content = IndexPage { blocks, recent: recent.iter().map(|entry| log_entry::event(visit, entry)).collect() };
    answer::page(Page::new(visit.chrome("Administration", &[]), content))
}

fn row(visit: &Visit<'_>, kind: ObjectKind, counts: &Counts) -> IndexRow {
    let (label, one) = entity(kind).map_or(("Services", "service"), |entity| (entity.about().many, entity.about().one));
    let may_add = visit.wishes(kind, Wish::StartAdding);
    IndexRow {
        list: Link::new(label, visit.at().list(kind)),
        add: may_add.then(|| Link::new(format!("Add {one}"), visit.at().addition(kind))),
        count: counts.of(kind),
    }
}
