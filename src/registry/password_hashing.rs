//! Hashes of passwords, made where they keep no request waiting that wants none: few at once, for the memory they take.

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::domain::security::password;
use crate::domain::security::secret::Secret;

/// Each takes 19 MiB.
const AT_ONCE: usize = 2;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Whether the password fits the stored hash; as slow where there is none, and never then.
pub async fn verify(stored: Option<&str>, password: &Secret) -> bool {
    let usable = stored.filter(|stored| password::is_usable(stored)).map(str::to_owned);
    let password = password.clone();
    in_turn(move || match usable {
        Some(stored) => password::verify(&stored, password.expose()),
        None => {
            password::verify(password::NOBODYS, password.expose());
            false
        }
    })
    .await
}

/// The hash to store.
pub async fn hash(password: &Secret) -> String {
    let password = password.clone();
    in_turn(move || password::hash(password.expose())).await
}

/// The turn ends with the work, also where nobody waits for it any more. (Nobody closes the semaphore, so there always is
/// one.)
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = TURNS.acquire().await;
    let in_it = move || {
        let _turn = turn;
        work()
    };
    spawn_blocking(in_it).await.expect("hashing does not panic")
}
