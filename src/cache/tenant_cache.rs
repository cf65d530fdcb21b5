//! The cache of one tenant in one state of its data: its index, and the responses rendered from it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::index::Index;
use crate::http::encoded_body::EncodedBody;

/// Bytes that an entry takes in addition to its body.
const ENTRY_BYTES: usize = 200;

/// Dropped as a whole when the data change: the next state has a cache of its own.
pub struct TenantCache {
    /// The stamp of the data that all entries are made from.
    pub stamp: String,
    /// The names and keys in this state.
    pub index: Index,
    entries: Mutex<HashMap<String, Entry>>,
    clock: AtomicU64,
}

type Cell = Arc<OnceCell<Arc<EncodedBody>>>;

struct Entry {
    body: Cell,
    last_used: u64,
}

impl TenantCache {
    /// An empty cache.
    pub fn new(stamp: String, index: Index) -> Self {
        Self { stamp, index, entries: Mutex::default(), clock: AtomicU64::new(0) }
    }

    /// The cell of a response. The first request fills it, the others wait for that.
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

    /// The response; `None` unless it is rendered already.
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

    /// The memory that its entries take.
    pub fn bytes(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(key, entry)| key.len() + ENTRY_BYTES + size(entry)).sum()
    }

    /// The number of responses that are rendered.
    pub fn entries(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().filter(|entry| entry.body.initialized()).count()
    }

    /// Evicts the least recently used entry (LRU); false if there is none.
    pub fn evict_oldest(&self) -> bool {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = entries.iter().min_by_key(|(_, entry)| entry.last_used).map(|(key, _)| key.clone());
        oldest.is_some_and(|key| entries.remove(&key).is_some())
    }
}

fn size(entry: &Entry) -> usize {
    entry.body.get().map_or(0, |body| body.size())
}
