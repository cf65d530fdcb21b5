//! Lists that feeds fill: comparing, and writing in one transaction for each tenant and feed.
//!
//! A list that is equal to its feed gets no writing statement: its statement triggers would replace the stamp of the
//! tenant, and with it every cached response.

use sqlx::{PgConnection, PgPool};

use super::Transaction;
use crate::domain::model::service::Service;
use crate::domain::model::sync_feed::{Compared, FeedContent, FeedEntries, ListChanges, SyncFeed};
use crate::domain::model::sync_status::{SyncAttempt, SyncResult};
use crate::domain::model::tenant::SchemaName;
use crate::store::{ReadTx, Result, service_flavours, services, sync_status, vos};

/// The removals that are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovalGuard {
    /// The most that may be removed, in percent of the list. Five entries may always be removed.
    pub max_percent: u8,
    /// True if everything may be removed, this once.
    pub is_off: bool,
}

/// Compares a list with its feed and writes nothing.
///
/// # Errors
/// The database fails.
pub async fn compare(
    pool: &PgPool,
    schema: &SchemaName,
    feed: SyncFeed,
    content: &FeedContent,
    guard: RemovalGuard,
) -> Result<Compared> {
    let mut tx = ReadTx::begin(pool, schema).await?;
    let compared = compared(tx.conn(), feed, content, guard).await?;
    tx.commit().await?;
    Ok(compared)
}

/// Makes the list equal to its feed, unless the guard refuses, and records the attempt. Returns what was compared and
/// the attempt, with the numbers of rows that were written.
///
/// # Errors
/// The database fails; the list is then as before.
pub async fn apply(
    pool: &PgPool,
    schema: &SchemaName,
    feed: SyncFeed,
    content: &FeedContent,
    (guard, attempt): (RemovalGuard, &SyncAttempt),
) -> Result<(Compared, SyncAttempt)> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let compared = compared(tx.conn(), feed, content, guard).await?;
    let mut attempt = SyncAttempt {
        left_out: content.left_out,
        in_feed: content.entries.len() + content.untouched.len(),
        listed: compared.changes.listed,
        result: SyncResult::UpToDate,
        ..attempt.clone()
    };
    if compared.is_refused {
        attempt.result = SyncResult::Refused;
    } else if !compared.changes.is_empty() {
        write(&mut tx, feed, &compared.changes, &mut attempt).await?;
        attempt.result = SyncResult::Changed;
        attempt.listed = compared.changes.listed + attempt.added - attempt.removed;
    }
    attempt.message = message(&compared, guard);
    sync_status::record(tx.write_tx(), schema, &attempt).await?;
    tx.commit().await?;
    Ok((compared, attempt))
}

/// Records an attempt that did not get as far as the list.
///
/// # Errors
/// The database fails.
pub async fn record(pool: &PgPool, schema: &SchemaName, attempt: &SyncAttempt) -> Result<()> {
    let mut tx = Transaction::bookkeeping(pool, schema).await?;
    sync_status::record(tx.write_tx(), schema, attempt).await?;
    tx.commit().await
}

/// The sentence that is stored with a refusal, or with a list that has more than its feed.
fn message(compared: &Compared, guard: RemovalGuard) -> String {
    let changes = &compared.changes;
    if compared.is_refused {
        let (removed, listed) = (changes.removed.len(), changes.listed);
        return format!("{removed} of {listed} would be deleted: more than {} %", guard.max_percent);
    }
    match changes.only_listed {
        0 => String::new(),
        count => format!("{count} listed are not in the feed; profiles use {} of them", compared.only_listed_used),
    }
}

async fn compared(
    conn: &mut PgConnection,
    feed: SyncFeed,
    content: &FeedContent,
    guard: RemovalGuard,
) -> Result<Compared> {
    let changes = ListChanges::between(feed, &entries(conn, feed).await?, content);
    let mut compared =
        Compared { is_refused: !guard.is_off && changes.removes_too_much(guard.max_percent), ..Compared::default() };
    if feed == SyncFeed::Vos && !changes.removed.is_empty() {
        let removed: Vec<String> = changes.removed.iter().cloned().collect();
        compared.owners = vos::owners(conn, &removed).await?;
    }
    if changes.only_listed > 0 {
        let names: Vec<String> = content.entries.keys().chain(&content.untouched).cloned().collect();
        compared.only_listed_used = service_flavours::used_besides(conn, &names).await?;
    }
    Ok(Compared { changes, ..compared })
}

/// Returns the entries of a list.
async fn entries(conn: &mut PgConnection, feed: SyncFeed) -> Result<FeedEntries> {
    Ok(match feed {
        SyncFeed::ServiceTypes => {
            let listed = service_flavours::descriptions(conn).await?;
            listed.into_iter().map(|(name, description)| (name, vec![description])).collect()
        }
        SyncFeed::Vos => vos::names(conn).await?.into_iter().map(|name| (name, Vec::new())).collect(),
        SyncFeed::Services => {
            let listed = services::all(conn).await?;
            listed.into_iter().map(|service| (service.id.clone(), service.values())).collect()
        }
    })
}

/// Writes the changes: removals first, so that no key collides. Counts the rows.
async fn write(tx: &mut Transaction, feed: SyncFeed, changes: &ListChanges, attempt: &mut SyncAttempt) -> Result<()> {
    let tx = tx.write_tx();
    let removed: Vec<String> = changes.removed.iter().cloned().collect();
    let added = changes.added.clone();
    let changed: FeedEntries = changes.changed.iter().map(|(name, (_, new))| (name.clone(), new.clone())).collect();
    let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    if !removed.is_empty() {
        attempt.removed = count(match feed {
            SyncFeed::Vos => vos::delete(tx, &removed).await?,
            SyncFeed::Services => services::delete(tx, &removed).await?,
            // Never removed: `ListChanges` has none.
            SyncFeed::ServiceTypes => 0,
        });
    }
    for (entries, written) in [(changed, &mut attempt.changed), (added, &mut attempt.added)] {
        if !entries.is_empty() {
            *written = count(put(tx, feed, entries).await?);
        }
    }
    Ok(())
}

/// Adds entries or replaces their fields.
async fn put(tx: &mut crate::store::WriteTx<'_>, feed: SyncFeed, entries: FeedEntries) -> Result<u64> {
    match feed {
        SyncFeed::Vos => vos::insert(tx, &entries.into_keys().collect::<Vec<_>>()).await,
        SyncFeed::ServiceTypes => {
            let (names, values): (Vec<String>, Vec<Vec<String>>) = entries.into_iter().unzip();
            service_flavours::upsert(tx, &names, &values.concat()).await
        }
        SyncFeed::Services => {
            let services: Vec<Service> =
                entries.into_iter().map(|(id, values)| Service::from_values(id, values)).collect();
            services::upsert(tx, &services).await
        }
    }
}
