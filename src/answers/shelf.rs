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
