//! The cache of one tenant in one state of its data: its index, and the responses rendered from it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::index::Index;
use crate::http::encoded_body::EncodedBody;

/// The estimated memory of an entry in addition to its key and body, in bytes.
const ENTRY_BYTES: usize = 200;

/// The cache of one tenant and state. Dropped as a whole when the data change: the next state has a new cache.
pub struct TenantCache {
    /// The stamp of the data that all entries were rendered from.
    pub stamp: String,
    /// The names and API keys in this state.
    pub index: Index,
    entries: Mutex<HashMap<String, Entry>>,
    /// A counter of accesses: the logical time for `last_used`.
    clock: AtomicU64,
}

/// A place for a response; empty until it is rendered.
type Cell = Arc<OnceCell<Arc<EncodedBody>>>;

/// A cached response and the logical time of its last use.
struct Entry {
    body: Cell,
    last_used: u64,
}

impl TenantCache {
    /// Creates an empty cache.
    pub fn new(stamp: String, index: Index) -> Self {
        Self { stamp, index, entries: Mutex::default(), clock: AtomicU64::new(0) }
    }

    /// Returns the cell of a response. The first request fills it; simultaneous requests wait for that.
    pub fn cell(&self, key: &str) -> Cell {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(key) {
            entry.last_used = now;
            return entry.body.clone();
        }
        let body = Cell::default();
        entries.insert(key.to_owned(), Entry { body: body.clone(), last_used: now });
        body
    }

    /// The response; `None` if it is not rendered yet.
    pub fn get(&self, key: &str) -> Option<Arc<EncodedBody>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get_mut(key)?;
        entry.last_used = now;
        entry.body.get().cloned()
    }

    /// Removes a response, or its empty cell.
    pub fn remove(&self, key: &str) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// The memory that all entries take, in bytes.
    pub fn bytes(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(key, entry)| key.len() + ENTRY_BYTES + size(entry)).sum()
    }

    /// The number of responses that are rendered.
    pub fn entries(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().filter(|entry| entry.body.initialized()).count()
    }

    /// Evicts the least recently used entry (LRU). Returns false if there is none.
    pub fn evict_oldest(&self) -> bool {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = entries.iter().min_by_key(|(_, entry)| entry.last_used).map(|(key, _)| key.clone());
        oldest.is_some_and(|key| entries.remove(&key).is_some())
    }
}

/// The size of the body; 0 if it is not rendered yet.
fn size(entry: &Entry) -> usize {
    entry.body.get().map_or(0, |body| body.size())
}
