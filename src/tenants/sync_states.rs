//! The states of the feeds of all tenants, read in the background: no request and no metric waits for the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rocket::{Orbit, Rocket};
use sqlx::PgPool;

use crate::domain::model::sync_status::SyncStatus;
use crate::domain::model::synced_list::SyncedList;
use crate::domain::model::tenant::SchemaName;
use crate::store::{Result, sync_status};

/// The time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The states by schema, as of the last poll.
type States = HashMap<String, Vec<SyncStatus>>;

/// The states of the feeds, at most half a minute old.
#[derive(Debug, Default)]
pub struct SyncStates(RwLock<Arc<States>>);

impl SyncStates {
    /// The states that the server manages.
    pub fn managed(rocket: &Rocket<Orbit>) -> &Arc<Self> {
        rocket.state().expect("app::build manages the states of the feeds")
    }

    /// Returns the state of a tenant's list; `None` if it was never fetched, or is not known yet.
    pub fn of(&self, schema: &SchemaName, list: SyncedList) -> Option<SyncStatus> {
        self.all().get(schema.as_str())?.iter().find(|status| status.list == list).cloned()
    }

    /// Returns the states of all tenants by schema.
    pub fn all(&self) -> Arc<States> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Polls in the background, without end. While the database is unreachable, the last states stay.
    pub async fn poll_loop(&self, pool: &PgPool) {
        loop {
            match read(pool).await {
                Ok(states) => *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(states),
                Err(error) => log::debug!("the states of the feeds could not be read: {error}"),
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

async fn read(pool: &PgPool) -> Result<States> {
    let mut conn = pool.acquire().await?;
    let mut states = States::new();
    for (schema, status) in sync_status::all(&mut conn).await? {
        states.entry(schema).or_default().push(status);
    }
    Ok(states)
}
