//! The numbers of federated logins, for the metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The federated logins of this server, by tenant and result. A result is `ok` or the class of a refusal.
#[derive(Debug, Default)]
pub struct FederatedLoginCounts(Mutex<BTreeMap<(String, &'static str), u64>>);

impl FederatedLoginCounts {
    /// Counts a login.
    pub fn add(&self, tenant: &str, result: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((tenant.to_owned(), result)).or_default() += 1;
    }

    /// Returns all counts.
    pub fn all(&self) -> Vec<((String, &'static str), u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(labels, count)| (labels.clone(), *count)).collect()
    }
}
