//! Work that takes long (hashing, rendering, comparing) without holding up the threads that serve requests.
//!
//! A request that computes for a second on such a thread delays all others, also those of the API, and no time limit can
//! end it.

use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{block_in_place, spawn_blocking};
use tokio::time::timeout;

/// The pages that are rendered and compared at the same time: one per processor, and at least two.
pub static PAGES: LazyLock<BlockingLimit> =
    LazyLock::new(|| BlockingLimit::new(available_parallelism().map_or(2, |count| count.get().max(2))));

/// The messages whose signatures are checked at the same time, likewise.
pub static SIGNATURES: LazyLock<BlockingLimit> =
    LazyLock::new(|| BlockingLimit::new(available_parallelism().map_or(2, |count| count.get().max(2))));

/// A limit on the number of concurrent pieces of work of one type.
pub struct BlockingLimit(Semaphore);

impl BlockingLimit {
    /// Returns a limit of `max` pieces of work at the same time; the others wait.
    pub const fn new(max: usize) -> Self {
        Self(Semaphore::const_new(max))
    }

    /// Runs the work on a thread for blocking work.
    ///
    /// The work owns its permit: it is released when the work ends, even if the request was dropped before. The
    /// semaphore is never closed, so there always is a permit.
    pub async fn run<T: Send + 'static>(&'static self, work: impl FnOnce() -> T + Send + 'static) -> T {
        Self::run_with(self.0.acquire().await.ok(), work).await
    }

    /// Runs the work as [`Self::run`] does; `None` if it would have to wait longer than this for its turn.
    pub async fn run_within<T: Send + 'static>(
        &'static self,
        wait: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let permit = timeout(wait, self.0.acquire()).await.ok()?;
        Some(Self::run_with(permit.ok(), work).await)
    }

    async fn run_with<T: Send + 'static>(
        permit: Option<SemaphorePermit<'static>>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let task = move || {
            let _permit = permit;
            work()
        };
        spawn_blocking(task).await.expect("work on blocking threads does not panic")
    }
}

/// Runs bounded work on this thread, and lets other threads take over the requests that it serves.
///
/// For work that borrows. Its duration must be bounded, because no time limit can end it.
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// The work ends only when a task on the only worker thread has run.
    #[test]
    fn the_worker_thread_is_free_during_the_work() {
        static LIMIT: BlockingLimit = BlockingLimit::new(1);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let outcome = runtime.block_on(async {
            let (sender, receiver) = mpsc::channel();
            let work = tokio::spawn(LIMIT.run(move || receiver.recv()));
            tokio::spawn(async move { sender.send(1) });
            let (sender, receiver) = mpsc::channel();
            let in_place = tokio::spawn(async move {
                tokio::spawn(async move { sender.send(2) });
                super::in_place(|| receiver.recv())
            });
            (work.await.unwrap(), in_place.await.unwrap())
        });
        assert_eq!(outcome, (Ok(1), Ok(2)));
    }

    #[test]
    fn work_in_place_needs_no_runtime() {
        assert_eq!(in_place(|| 1), 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(async { in_place(|| 2) }), 2);
    }
}
