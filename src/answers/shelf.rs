//! The generations of all tenants, within the memory that is allowed. Who has most gives up first, so that a tenant
//! with little is not pushed out by one with much.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::generation::Generation;

pub struct Shelf {
    memory: usize,
    /// By the tenant's id.
    generations: RwLock<HashMap<i64, Arc<Generation>>>,
}

impl Shelf {
    pub fn new(memory: usize) -> Self {
        Self { memory, generations: RwLock::default() }
    }

    /// The tenant's generation, if it is of this state.
    pub fn get(&self, tenant: i64, stamp: &str) -> Option<Arc<Generation>> {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        generations.get(&tenant).filter(|generation| generation.stamp == stamp).cloned()
    }

    /// Puts it in the place of what the tenant had; gives the one of the same state that another request put there
    /// meanwhile, where there is one.
    pub fn put(&self, tenant: i64, new: Arc<Generation>) -> Arc<Generation> {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        match generations.get(&tenant) {
            Some(known) if known.stamp == new.stamp => known.clone(),
            _ => {
                generations.insert(tenant, new.clone());
                new
            }
        }
    }

    /// How many answers are ready, of all tenants, and the bytes they take.
    pub fn held(&self) -> (usize, usize) {
        let generations = self.generations();
        generations.iter().fold((0, 0), |(ready, bytes), one| (ready + one.ready(), bytes + one.bytes()))
    }

    fn generations(&self) -> Vec<Arc<Generation>> {
        self.generations.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// To be called after an answer was added.
    pub fn keep_within_memory(&self) {
        let generations = self.generations();
        let mut sizes: Vec<_> = generations.iter().map(|generation| generation.bytes()).collect();
        let mut total: usize = sizes.iter().sum();
        while total > self.memory {
            let Some(largest) = (0..sizes.len()).max_by_key(|&at| sizes[at]) else { return };
            if !generations[largest].forget_oldest() {
                return;
            }
            let now = generations[largest].bytes();
            total = total - sizes[largest] + now;
            sizes[largest] = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::{Body, Index};

    const MEMORY: usize = 100_000;

    fn generation(shelf: &Shelf, tenant: i64) -> Arc<Generation> {
        shelf.put(tenant, Arc::new(Generation::new("a".to_owned(), Index::default())))
    }

    /// Bytes that do not compress.
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

    async fn add(shelf: &Shelf, generation: &Generation, key: &str, length: usize) {
        let body = Arc::new(Body::compressed(noise(length)).await);
        generation.cell(key).get_or_init(async || body).await;
        shelf.keep_within_memory();
    }

    fn has(generation: &Generation, key: &str) -> bool {
        generation.cell(key).initialized()
    }

    #[tokio::test]
    async fn who_has_much_pushes_out_nobody_but_itself() {
        let shelf = Shelf::new(MEMORY);
        let small: Vec<_> = (0..5).map(|tenant| generation(&shelf, tenant)).collect();
        for (number, tenant) in small.iter().enumerate() {
            for key in ["first", "second"] {
                add(&shelf, tenant, key, 500 * (number + 1)).await;
            }
        }
        let huge = generation(&shelf, 100);
        for number in 0..40 {
            add(&shelf, &huge, &number.to_string(), 10_000).await;
            assert!(shelf.held().1 <= MEMORY);
        }
        assert!(small.iter().all(|tenant| has(tenant, "first") && has(tenant, "second")));
        assert!(has(&huge, "39") && !has(&huge, "0"), "its own oldest made room for its newest");
        // One answer larger than all memory is not kept, and costs nobody else theirs.
        add(&shelf, &huge, "larger than all", MEMORY + 1).await;
        assert!(!has(&huge, "larger than all") && shelf.held().1 <= MEMORY);
        assert!(small.iter().all(|tenant| has(tenant, "first") && has(tenant, "second")));
    }

    #[tokio::test]
    async fn what_was_asked_for_stays_longer() {
        let shelf = Shelf::new(MEMORY);
        let tenant = generation(&shelf, 1);
        for number in 0..20 {
            add(&shelf, &tenant, &number.to_string(), 10_000).await;
            assert!(has(&tenant, "0"), "asked for again and again");
        }
        assert!(!has(&tenant, "1"));
    }
}
