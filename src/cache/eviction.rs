//! The caches of all tenants within a memory limit. Eviction is fair: a tenant with many responses does not displace
//! the responses of others.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::tenant_cache::TenantCache;

/// The caches of all tenants, one per tenant.
pub struct CacheStore {
    /// The memory limit, in bytes.
    memory: usize,
    /// The caches by the id of the tenant.
    caches: RwLock<HashMap<i64, Arc<TenantCache>>>,
}

impl CacheStore {
    /// Creates an empty store. `memory`: the memory limit in bytes.
    pub fn new(memory: usize) -> Self {
        Self { memory, caches: RwLock::default() }
    }

    /// The tenant's cache; `None` if there is none for the state with this stamp.
    pub fn get(&self, tenant: i64, stamp: &str) -> Option<Arc<TenantCache>> {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        caches.get(&tenant).filter(|cache| cache.stamp == stamp).cloned()
    }

    /// Replaces the tenant's cache. Returns the cache to use: that of another request, if it stored one of the same
    /// state first.
    pub fn put(&self, tenant: i64, new: Arc<TenantCache>) -> Arc<TenantCache> {
        let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
        match caches.get(&tenant) {
            Some(known) if known.stamp == new.stamp => known.clone(),
            _ => {
                caches.insert(tenant, new.clone());
                new
            }
        }
    }

    /// Returns the number of cached responses of all tenants, and the bytes they take.
    pub fn held(&self) -> (usize, usize) {
        self.caches().iter().fold((0, 0), |(entries, bytes), cache| (entries + cache.entries(), bytes + cache.bytes()))
    }

    fn caches(&self) -> Vec<Arc<TenantCache>> {
        self.caches.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Evicts entries until the memory limit is met. Must be called after an entry was added.
    ///
    /// Each round evicts the least recently used entry of the tenant that takes the most memory at that moment, not the
    /// oldest entry of all: a tenant that renders many responses evicts its own. The sizes are measured once, and then
    /// only that of the tenant that lost an entry. The loop ends early if the largest tenant has no entry left: another
    /// request has evicted them in the meantime.
    pub fn keep_within_memory(&self) {
        let caches = self.caches();
        let mut sizes: Vec<_> = caches.iter().map(|cache| cache.bytes()).collect();
        let mut total: usize = sizes.iter().sum();
        while total > self.memory {
            let Some(largest) = (0..sizes.len()).max_by_key(|&at| sizes[at]) else { return };
            if !caches[largest].evict_oldest() {
                return;
            }
            let now = caches[largest].bytes();
            total = total - sizes[largest] + now;
            sizes[largest] = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::index::Index;
    use crate::http::encoded_body::EncodedBody;

    const MEMORY: usize = 100_000;

    /// Puts an empty cache of the tenant into the store.
    fn new_cache(store: &CacheStore, tenant: i64) -> Arc<TenantCache> {
        store.put(tenant, Arc::new(TenantCache::new("a".to_owned(), Index::default())))
    }

    /// Returns pseudo-random bytes, which do not compress.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 88_172_645_463_325_252_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        (0..length).map(|_| next()).collect()
    }

    async fn add(store: &CacheStore, cache: &TenantCache, key: &str, length: usize) {
        let body = Arc::new(EncodedBody::compressed(noise(length)).await);
        cache.cell(key).get_or_init(async || body).await;
        store.keep_within_memory();
    }

    fn has(cache: &TenantCache, key: &str) -> bool {
        cache.cell(key).initialized()
    }

    #[tokio::test]
    async fn a_huge_tenant_evicts_only_its_own_entries() {
        let store = CacheStore::new(MEMORY);
        let small: Vec<_> = (0..5).map(|tenant| new_cache(&store, tenant)).collect();
        for (number, tenant) in small.iter().enumerate() {
            for key in ["first", "second"] {
                add(&store, tenant, key, 500 * (number + 1)).await;
            }
        }
        let huge = new_cache(&store, 100);
        for number in 0..40 {
            add(&store, &huge, &number.to_string(), 10_000).await;
            assert!(store.held().1 <= MEMORY);
        }
        assert!(small.iter().all(|tenant| has(tenant, "first") && has(tenant, "second")));
        assert!(has(&huge, "39") && !has(&huge, "0"), "its own oldest entries were evicted");
        // A response larger than the limit is not cached, and evicts no entry of another tenant.
        add(&store, &huge, "larger than all", MEMORY + 1).await;
        assert!(!has(&huge, "larger than all") && store.held().1 <= MEMORY);
        assert!(small.iter().all(|tenant| has(tenant, "first") && has(tenant, "second")));
    }

    #[tokio::test]
    async fn a_requested_entry_stays_longer() {
        let store = CacheStore::new(MEMORY);
        let tenant = new_cache(&store, 1);
        for number in 0..20 {
            add(&store, &tenant, &number.to_string(), 10_000).await;
            assert!(has(&tenant, "0"), "it is requested in every round");
        }
        assert!(!has(&tenant, "1"));
    }
}
