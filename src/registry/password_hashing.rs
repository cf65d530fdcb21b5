//! Password hashing on the threads for blocking work, so that it delays no other request.
//!
//! The number of concurrent hashes is limited, because each takes much memory.

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::domain::security::password;
use crate::domain::security::secret::Secret;

/// The most hashes at the same time; each takes 19 MiB.
const MAX_CONCURRENT: usize = 2;

static PERMITS: Semaphore = Semaphore::const_new(MAX_CONCURRENT);

/// Checks the password against the stored hash.
///
/// Without a usable hash it takes as long and returns false.
pub async fn verify(stored: Option<&str>, password: &Secret) -> bool {
    let usable = stored.filter(|stored| password::is_usable(stored)).map(str::to_owned);
    let password = password.clone();
    with_permit(move || match usable {
        Some(stored) => password::verify(&stored, password.expose()),
        None => {
            password::verify(password::DUMMY_HASH, password.expose());
            false
        }
    })
    .await
}

/// Returns the hash to store.
pub async fn hash(password: &Secret) -> String {
    let password = password.clone();
    with_permit(move || password::hash(password.expose())).await
}

/// Runs the work on a blocking thread, with a permit.
///
/// The work owns the permit: it is released when the work ends, even if the request was dropped before. The semaphore
/// is never closed, so there always is a permit.
async fn with_permit<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let permit = PERMITS.acquire().await;
    let task = move || {
        let _permit = permit;
        work()
    };
    spawn_blocking(task).await.expect("hashing does not panic")
}
