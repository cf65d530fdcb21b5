//! What pages read from the WEB-API, kept for a few seconds. Saves and the sync never use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::access::TenantAccess;
use crate::argo_webapi::failure::CallFailure;
use crate::argo_webapi::object::WebApiObject;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::keys::session_hash;
use crate::domain::security::secret::Secret;
use crate::http_client::error::FetchError;

/// The time that a page waits for the WEB-API, for all its calls together.
pub const PAGE_TIMEOUT: Duration = Duration::from_millis(1200);
/// The age up to which an answer is used.
const MAX_AGE: Duration = Duration::from_secs(5);
/// The time in which pages do not ask again after a call found no connection or no answer.
const PAUSE: Duration = Duration::from_secs(10);
/// The number of entries of a kind from which those are removed that are too old to be used.
const MOST_ENTRIES: usize = 1000;

/// An answer, or the reason why there is none.
pub type Answer<T> = Result<Arc<T>, CallFailure>;

/// Whose answer it is: the tenant, the hash of its token, and the id of one object; '' for a list.
type Key = (SchemaName, Vec<u8>, String);

/// The answers of the WEB-API that pages have read.
#[derive(Default)]
pub struct RemoteCache {
    definitions: Kept<AggregationDefinition>,
    lists: Kept<Vec<AggregationDefinition>>,
    metric_profiles: Kept<Vec<MetricProfileDefinition>>,
    unreachable: Mutex<HashMap<SchemaName, (Instant, CallFailure)>>,
}

/// The answers of one kind, each with the time when it came.
struct Kept<T>(Mutex<HashMap<Key, (Instant, Answer<T>)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Kept<T> {
    fn get(&self, key: &Key) -> Option<(Instant, Answer<T>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: Key, answer: Answer<T>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_ENTRIES {
            kept.retain(|_, (at, _)| at.elapsed() < MAX_AGE);
        }
        kept.insert(key, (Instant::now(), answer));
    }

    fn forget(&self, schema: &SchemaName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, ..), _| of != schema);
    }
}

impl RemoteCache {
    /// Returns the definition with this id.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn definition(
        &self,
        access: &TenantAccess<'_>,
        token: &Secret,
        apiid: &str,
    ) -> Answer<AggregationDefinition> {
        self.answer(access, token, (&self.definitions, apiid), || async {
            let calls = access.calls(token).map_err(unreadable)?.within(PAGE_TIMEOUT);
            calls.one(apiid).await
        })
        .await
    }

    /// Returns all definitions.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn definitions(&self, access: &TenantAccess<'_>, token: &Secret) -> Answer<Vec<AggregationDefinition>> {
        self.answer(access, token, (&self.lists, ""), || list(access, token)).await
    }

    /// Returns all metric profiles.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn metric_profiles(
        &self,
        access: &TenantAccess<'_>,
        token: &Secret,
    ) -> Answer<Vec<MetricProfileDefinition>> {
        self.answer(access, token, (&self.metric_profiles, ""), || list(access, token)).await
    }

    /// Returns the metric profiles as they were last read, however long ago: for the form after a save that failed.
    pub fn last_metric_profiles(
        &self,
        access: &TenantAccess<'_>,
        token: &Secret,
    ) -> Option<Arc<Vec<MetricProfileDefinition>>> {
        self.metric_profiles.get(&key(access, token, "")).and_then(|(_, answer)| answer.ok())
    }

    /// Drops all answers of a tenant, after a save of this server.
    pub fn forget(&self, schema: &SchemaName) {
        self.definitions.forget(schema);
        self.lists.forget(schema);
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner).remove(schema);
    }

    /// Drops the metric profiles of a tenant, after this server has sent one.
    pub fn forget_metric_profiles(&self, schema: &SchemaName) {
        self.metric_profiles.forget(schema);
    }

    /// Returns a kept answer, or asks.
    async fn answer<T, F>(
        &self,
        access: &TenantAccess<'_>,
        token: &Secret,
        (kept, id): (&Kept<T>, &str),
        ask: impl FnOnce() -> F,
    ) -> Answer<T>
    where
        F: Future<Output = Result<T, CallFailure>>,
    {
        let key = key(access, token, id);
        if let Some((at, answer)) = kept.get(&key)
            && at.elapsed() < MAX_AGE
        {
            return answer;
        }
        if let Some(failure) = self.paused(&access.tenant.schema) {
            return Err(failure);
        }
        let answer = ask().await.map(Arc::new);
        match &answer {
            Err(failure) if failure.is_unreachable() => {
                let mut unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
                unreachable.insert(access.tenant.schema.clone(), (Instant::now(), failure.clone()));
            }
            _ => kept.put(key, answer.clone()),
        }
        answer
    }

    /// Returns why pages do not ask just now; `None` if they do.
    fn paused(&self, schema: &SchemaName) -> Option<CallFailure> {
        let unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
        unreachable.get(schema).filter(|(at, _)| at.elapsed() < PAUSE).map(|(_, failure)| failure.clone())
    }
}

fn key(access: &TenantAccess<'_>, token: &Secret, id: &str) -> Key {
    (access.tenant.schema.clone(), session_hash(token.expose()), id.to_owned())
}

async fn list<T: WebApiObject>(access: &TenantAccess<'_>, token: &Secret) -> Result<Vec<T>, CallFailure> {
    access.calls(token).map_err(unreadable)?.within(PAGE_TIMEOUT).list().await
}

/// The certificates that are trusted cannot be read, so that nothing can be asked.
fn unreadable(error: FetchError) -> CallFailure {
    CallFailure::Unreachable(error.to_string())
}
