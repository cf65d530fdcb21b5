//! The requests that a server got, for tests to look at.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::messages::ReceivedRequest;

/// The number of requests that are kept.
const MAX_REQUESTS: usize = 1000;

/// The last requests.
#[derive(Debug, Default)]
pub struct RequestMemory {
    requests: Mutex<VecDeque<ReceivedRequest>>,
    arrived: Condvar,
}

impl RequestMemory {
    fn lock(&self) -> MutexGuard<'_, VecDeque<ReceivedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request, and drops the oldest if there are too many.
    pub fn record(&self, request: &ReceivedRequest) {
        let mut requests = self.lock();
        if requests.len() == MAX_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request.clone());
        self.arrived.notify_all();
    }

    /// The requests, oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets the requests.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Waits until there are so many requests. Returns false after the time limit.
    pub fn wait_for(&self, count: usize, limit: Duration) -> bool {
        let waited = self.arrived.wait_timeout_while(self.lock(), limit, |requests| requests.len() < count);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
