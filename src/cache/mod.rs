//! The response cache of the REST API: each response is rendered once per change of a tenant's data and kept in memory,
//! plain and compressed.
//!
//! A [`TenantCache`] holds the responses of one tenant in one state of its data, which its stamp names; when the data
//! change it is dropped as a whole. `eviction` keeps the caches of all tenants within the memory that the
//! configuration allows.
//!
//! The futures that query the database are large. They are boxed where they begin: as a part of the request's future
//! they would be moved with every request, also with those that hit the cache.

mod eviction;
mod index;
mod tenant_cache;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rocket::Request;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::http::encoded_body::EncodedBody;
use crate::store::tenants::{self, TenantState};
use crate::store::{ReadTx, Result, StoreError};
use crate::tenants::directory::TenantDirectory;

use eviction::CacheStore;
pub use index::Index;
pub use tenant_cache::TenantCache;

/// The time limit for rendering a response; after it the client gets 503.
const RENDER_TIMEOUT: Duration = Duration::from_millis(1500);

/// The number of attempts of a request to render a response while the data keep changing.
const MAX_ATTEMPTS: usize = 5;

/// The cached responses of all tenants. A clone shares the cache.
#[derive(Clone)]
pub struct ResponseCache {
    pool: PgPool,
    directory: Arc<TenantDirectory>,
    store: Arc<CacheStore>,
    counts: Arc<Counts>,
}

/// The counters since the start of the server.
#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Figures of the cache, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// The number of responses in the cache now, of all tenants.
    pub entries: usize,
    /// The memory that these responses take, in bytes.
    pub bytes: usize,
    /// The requests since the start whose response was in the cache.
    pub hits: u64,
    /// The responses that were rendered since the start.
    pub misses: u64,
}

impl ResponseCache {
    /// Creates an empty cache. `memory`: the limit for the cached responses of all tenants together, in bytes.
    pub fn new(pool: PgPool, directory: Arc<TenantDirectory>, memory: usize) -> Self {
        Self { pool, directory, store: Arc::new(CacheStore::new(memory)), counts: Arc::default() }
    }

    /// The current figures.
    pub fn stats(&self) -> CacheStats {
        let (entries, bytes) = self.store.held();
        CacheStats { entries, bytes, hits: self.counts.hits.load(Relaxed), misses: self.counts.misses.load(Relaxed) }
    }

    /// The cache that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state().expect("app::build manages the response cache")
    }

    /// The pool of connections, for responses that are rendered for one request only.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The cache of a tenant in the state that the directory knows, or in a newer one. A request calls this once, so
    /// that everything it reads belongs to one state.
    ///
    /// # Errors
    /// Those of the database; `Unreachable` after the time limit.
    pub async fn tenant<'a>(&'a self, tenant: &'a TenantState) -> Result<CachedTenant<'a>> {
        let cache = match self.store.get(tenant.id, &tenant.stamp) {
            Some(cache) => cache,
            None => Box::pin(self.load_with_timeout(tenant)).await?,
        };
        Ok(CachedTenant { responses: self, tenant, cache })
    }

    /// Loads the cache of a tenant within [`RENDER_TIMEOUT`].
    async fn load_with_timeout(&self, tenant: &TenantState) -> Result<Arc<TenantCache>> {
        // A separate task: it goes on if the client disconnects, so that the cache is filled even if the database is
        // slow.
        let (responses, tenant) = (self.clone(), tenant.clone());
        let loading = tokio::spawn(async move { responses.load(&tenant).await });
        match timeout(RENDER_TIMEOUT, loading).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(interrupted)) => Err(StoreError::Unreachable(interrupted.to_string())),
            Err(_) => Err(StoreError::timeout()),
        }
    }

    /// Reads the index, and stores an empty cache for the state of the data that it was read from.
    async fn load(&self, tenant: &TenantState) -> Result<Arc<TenantCache>> {
        let mut tx = ReadTx::begin(&self.pool, &tenant.tenant.schema).await?;
        let stamp = tenants::stamp(tx.conn(), &tenant.tenant.schema).await?;
        if stamp != tenant.stamp {
            // The data have changed since the last poll: the next request must poll first.
            self.directory.invalidate();
            if let Some(newer) = self.store.get(tenant.id, &stamp) {
                return Ok(newer);
            }
        }
        let index = Index::read(&mut tx).await?;
        tx.commit().await?;
        Ok(self.store.put(tenant.id, Arc::new(TenantCache::new(stamp, index))))
    }

    /// Renders a response from the data, which must be in exactly the state of `cache`.
    async fn render(
        &self,
        tenant: &TenantState,
        cache: &TenantCache,
        response: &impl CachedResponse,
    ) -> std::result::Result<Arc<EncodedBody>, RenderError> {
        let schema = &tenant.tenant.schema;
        let mut tx = ReadTx::begin(&self.pool, schema).await?;
        let stamp = tenants::stamp(tx.conn(), schema).await?;
        if stamp != cache.stamp {
            self.directory.invalidate();
            return Err(RenderError::Changed(stamp));
        }
        let bytes = response.render(&mut tx).await?.ok_or(RenderError::Absent)?;
        tx.commit().await?;
        self.counts.misses.fetch_add(1, Relaxed);
        Ok(Arc::new(EncodedBody::compressed(bytes).await))
    }
}

/// The cache of one tenant in one state of its data, for one request.
pub struct CachedTenant<'a> {
    responses: &'a ResponseCache,
    tenant: &'a TenantState,
    cache: Arc<TenantCache>,
}

impl CachedTenant<'_> {
    /// The names and API keys of the tenant.
    pub fn index(&self) -> &Index {
        &self.cache.index
    }

    /// Returns the response from the cache, or renders and stores it. `None` if the requested object does not exist.
    ///
    /// # Errors
    /// Those of the database; `Unreachable` after the time limit; `Busy` if the data keep changing.
    pub async fn get_or_render(&self, response: &impl CachedResponse) -> Result<Option<Arc<EncodedBody>>> {
        let key = response.key();
        match self.cache.get(&key) {
            Some(body) => {
                self.responses.counts.hits.fetch_add(1, Relaxed);
                Ok(Some(body))
            }
            None => Box::pin(self.render_and_store(response, &key)).await,
        }
    }

    /// [`CachedTenant::get_or_render`] after a miss.
    ///
    /// A response must be of the state whose stamp its cache carries. So the transaction that renders compares the
    /// stamp first. If the data have changed by then, nothing is rendered: the next attempt starts from the cache of
    /// the new stamp. An attempt fails only if a write was committed in between, so a few attempts suffice. A request
    /// that fails in all of them gets 503 and can be retried by the client, instead of waiting longer.
    async fn render_and_store(&self, response: &impl CachedResponse, key: &str) -> Result<Option<Arc<EncodedBody>>> {
        let responses = self.responses;
        let (mut tenant, mut cache) = (self.tenant.clone(), self.cache.clone());
        for _ in 0..MAX_ATTEMPTS {
            // The cell makes simultaneous requests for one response wait for one rendering.
            let cell = cache.cell(key);
            if let Some(body) = cell.get() {
                responses.counts.hits.fetch_add(1, Relaxed);
                return Ok(Some(body.clone()));
            }
            let rendering = cell.get_or_try_init(|| responses.render(&tenant, &cache, response));
            let rendered = timeout(RENDER_TIMEOUT, rendering).await;
            // Also after a failure: an empty cell takes memory too.
            responses.store.keep_within_memory();
            match rendered {
                Ok(Ok(body)) => return Ok(Some(body.clone())),
                Ok(Err(RenderError::Absent)) => {
                    cache.remove(key);
                    return Ok(None);
                }
                Ok(Err(RenderError::Changed(stamp))) => tenant.stamp = stamp,
                Ok(Err(RenderError::Store(error))) => return Err(error),
                Err(_) => return Err(StoreError::timeout()),
            }
            cache = responses.tenant(&tenant).await?.cache;
        }
        Err(StoreError::Busy)
    }
}

/// A response that can be cached: its key, and how it is rendered.
#[rocket::async_trait]
pub trait CachedResponse: Send + Sync {
    /// The cache key, unique among the responses of a tenant.
    fn key(&self) -> String;

    /// Renders the body, from one state of the data; `None` if the requested object does not exist.
    ///
    /// # Errors
    /// Those of the database.
    async fn render(&self, tx: &mut ReadTx) -> Result<Option<Vec<u8>>>;
}

/// The reason why a response was not rendered.
enum RenderError {
    /// The requested object does not exist.
    Absent,
    /// The data are in another state now; holds its stamp.
    Changed(String),
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for RenderError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
