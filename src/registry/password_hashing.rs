//! Password hashing on the threads for blocking work, so that it delays no other request.
//!
//! The number of concurrent hashes is limited, because each takes much memory.

use crate::blocking::BlockingLimit;
use crate::domain::security::password;
use crate::domain::security::secret::Secret;

/// The most hashes at the same time; each takes 19 MiB.
const MAX_CONCURRENT: usize = 2;

static HASHING: BlockingLimit = BlockingLimit::new(MAX_CONCURRENT);

/// Checks the password against the stored hash.
///
/// Without a usable hash it takes as long and returns false.
pub async fn verify(stored: Option<&str>, password: &Secret) -> bool {
    let usable = stored.filter(|stored| password::is_usable(stored)).map(str::to_owned);
    let password = password.clone();
    let check = move || match usable {
        Some(stored) => password::verify(&stored, password.expose()),
        None => {
            password::verify(password::DUMMY_HASH, password.expose());
            false
        }
    };
    HASHING.run(check).await
}

/// Returns the hash to store.
pub async fn hash(password: &Secret) -> String {
    let password = password.clone();
    HASHING.run(move || password::hash(password.expose())).await
}
