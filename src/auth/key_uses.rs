//! The last uses of API keys. Requests only note them in memory; the database gets them once a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rocket::Request;
use sqlx::PgPool;

use crate::domain::model::tenant::SchemaName;
use crate::registry::api_key_uses;

/// The shortest time between two writes.
const WRITE_INTERVAL: Duration = Duration::from_secs(60);
/// The time between two looks at what is to be written.
const TICK: Duration = Duration::from_secs(1);

/// The time of the last use by the hash of the token.
type OfTenant = HashMap<Vec<u8>, DateTime<Utc>>;

/// The uses that are not written yet. While the database does not take changes, they stay here.
#[derive(Debug, Default)]
pub struct KeyUses(Mutex<HashMap<SchemaName, OfTenant>>);

impl KeyUses {
    /// The uses that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Arc<Self> {
        request.rocket().state().expect("app::build manages the uses of API keys")
    }

    /// Notes that a token of the tenant was used at this moment.
    pub fn note(&self, schema: &SchemaName, token_hash: &[u8]) {
        let now = Utc::now();
        let mut uses = self.uses();
        match uses.get_mut(schema).and_then(|of_tenant| of_tenant.get_mut(token_hash)) {
            Some(time) => *time = now,
            None => drop(uses.entry(schema.clone()).or_default().insert(token_hash.to_vec(), now)),
        }
    }

    /// Writes in the background, without end: a first use soon, further ones once a minute.
    pub async fn write_loop(&self, pool: &PgPool) {
        let mut next = Instant::now();
        loop {
            tokio::time::sleep(TICK).await;
            if Instant::now() >= next && self.write(pool).await {
                next = Instant::now() + WRITE_INTERVAL;
            }
        }
    }

    /// Writes what was noted; returns false if there was nothing. What cannot be written stays for the next time.
    pub async fn write(&self, pool: &PgPool) -> bool {
        let noted: Vec<(SchemaName, Vec<_>)> = {
            let copy = |(schema, uses): (&SchemaName, &OfTenant)| (schema.clone(), pairs(uses));
            self.uses().iter().map(copy).collect()
        };
        for (schema, uses) in &noted {
            match api_key_uses::record(pool, schema, uses).await {
                Ok(()) => self.forget(schema, uses),
                Err(error) => log::debug!("{schema}: the last uses of API keys were not written: {error}"),
            }
        }
        !noted.is_empty()
    }

    /// Removes uses that were written, unless the token was used again in the meantime.
    fn forget(&self, schema: &SchemaName, written: &[(Vec<u8>, DateTime<Utc>)]) {
        let mut uses = self.uses();
        let Some(of_tenant) = uses.get_mut(schema) else { return };
        for (hash, time) in written {
            if of_tenant.get(hash) == Some(time) {
                of_tenant.remove(hash);
            }
        }
        if of_tenant.is_empty() {
            uses.remove(schema);
        }
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<SchemaName, OfTenant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pairs(uses: &OfTenant) -> Vec<(Vec<u8>, DateTime<Utc>)> {
    uses.iter().map(|(hash, time)| (hash.clone(), *time)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_that_was_not_written_stays() {
        let (uses, schema) = (KeyUses::default(), SchemaName::parse("egi").unwrap());
        uses.note(&schema, b"one");
        uses.note(&schema, b"other");
        let written = pairs(&uses.uses()[&schema]);
        uses.uses().get_mut(&schema).unwrap().insert(b"one".to_vec(), DateTime::<Utc>::MAX_UTC);
        uses.forget(&schema, &written);
        assert_eq!(pairs(&uses.uses()[&schema]), [(b"one".to_vec(), DateTime::<Utc>::MAX_UTC)]);
        uses.forget(&schema, &[(b"one".to_vec(), DateTime::<Utc>::MAX_UTC)]);
        assert!(uses.uses().is_empty());
    }
}
