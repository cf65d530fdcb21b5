//! One tenant in one state of its data: its index, and the answers that were made of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::body::Body;
use super::index::Index;

/// Bytes that an entry takes besides its body.
const ENTRY_BYTES: usize = 200;

/// Dropped as a whole when the data change.
pub struct Generation {
    pub stamp: String,
    pub index: Index,
    entries: Mutex<HashMap<String, Entry>>,
    clock: AtomicU64,
}

type Cell = Arc<OnceCell<Arc<Body>>>;

struct Entry {
    body: Cell,
    last_used: u64,
}

impl Generation {
    pub fn new(stamp: String, index: Index) -> Self {
        Self { stamp, index, entries: Mutex::default(), clock: AtomicU64::new(0) }
    }

    /// The place of an answer. Who comes first fills it, the others wait for that.
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

    /// The answer, where it is ready.
    pub fn ready_body(&self, key: &str) -> Option<Arc<Body>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get_mut(key)?;
        entry.last_used = now;
        entry.body.get().cloned()
    }

    pub fn forget(&self, key: &str) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// What its ready answers take in memory.
    pub fn bytes(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(key, entry)| key.len() + ENTRY_BYTES + size(entry)).sum()
    }

    /// How many of its answers are ready.
    pub fn ready(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().filter(|entry| entry.body.initialized()).count()
    }

    /// Lets go of the answer that was not asked for the longest; false where there is none.
    pub fn forget_oldest(&self) -> bool {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = entries.iter().min_by_key(|(_, entry)| entry.last_used).map(|(key, _)| key.clone());
        oldest.is_some_and(|key| entries.remove(&key).is_some())
    }
}

fn size(entry: &Entry) -> usize {
    entry.body.get().map_or(0, |body| body.size())
}
