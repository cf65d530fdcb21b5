//! The response cache of the REST API: each response is rendered once per change of a tenant's data and kept in memory,
//! plain and compressed.
//!
//! A [`TenantCache`] holds the responses of one tenant in one state of its data, which its stamp names; when the data
//! change it is dropped as a whole. [`eviction`] keeps the caches of all tenants within the memory that the configuration
//! allows.
//!
//! The futures that ask the database are large. They are boxed where they begin: as a part of the request's future they
//! would be moved with every request, also with those that hit the cache.

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

/// How often the data may change between reading the stamp and rendering before a request gives up.
const MAX_ATTEMPTS: usize = 5;

/// The cached responses of all tenants. A clone shares the cache.
#[derive(Clone)]
pub struct ResponseCache {
    pool: PgPool,
    directory: Arc<TenantDirectory>,
    store: Arc<CacheStore>,
    counts: Arc<Counts>,
}

/// Since the start of the server.
#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Figures of the cache, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// Responses in the cache now, of all tenants, and the bytes they take.
    pub entries: usize,
    pub bytes: usize,
    /// Since the start: requests whose response was in the cache, and responses that were rendered.
    pub hits: u64,
    pub misses: u64,
}

impl ResponseCache {
    /// `memory`: the bytes that cached responses may take, of all tenants together.
    pub fn new(pool: PgPool, directory: Arc<TenantDirectory>, memory: usize) -> Self {
        Self { pool, directory, store: Arc::new(CacheStore::new(memory)), counts: Arc::default() }
    }

    /// The figures of this moment.
    pub fn stats(&self) -> CacheStats {
        let (entries, bytes) = self.store.held();
        CacheStats { entries, bytes, hits: self.counts.hits.load(Relaxed), misses: self.counts.misses.load(Relaxed) }
    }

    /// The cache that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state().expect("app::build manages the response cache")
    }

    /// For responses that are rendered for one request.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The cache of a tenant in the state that the directory knows, or in a newer one. One request asks once, so that all
    /// it learns is of one state.
    pub async fn tenant<'a>(&'a self, tenant: &'a TenantState) -> Result<CachedTenant<'a>> {
        let cache = match self.store.get(tenant.id, &tenant.stamp) {
            Some(cache) => cache,
            None => Box::pin(self.load_with_timeout(tenant)).await?,
        };
        Ok(CachedTenant { responses: self, tenant, cache })
    }

    async fn load_with_timeout(&self, tenant: &TenantState) -> Result<Arc<TenantCache>> {
        // A task of its own: it goes on if the client has gone, so that a slow database is read in the end.
        let (responses, tenant) = (self.clone(), tenant.clone());
        let loading = tokio::spawn(async move { responses.load(&tenant).await });
        match timeout(RENDER_TIMEOUT, loading).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(interrupted)) => Err(StoreError::Unreachable(interrupted.to_string())),
            Err(_) => Err(StoreError::timeout()),
        }
    }

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

    /// Renders a response from data of exactly the state of `cache`.
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
    /// The names and keys of the tenant.
    pub fn index(&self) -> &Index {
        &self.cache.index
    }

    /// The response, rendered unless it is in the cache. `None` if what was asked for does not exist.
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
    /// A response must be of the state whose stamp its cache carries. So the transaction that renders compares the stamp
    /// first. If the data have changed by then, nothing is rendered: the next attempt starts from the cache of the new
    /// stamp. Each attempt loses only to a write that was committed in between, so a few suffice; who loses them all is
    /// told to try again rather than to wait longer.
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
            // Also after a failure: the empty cell takes memory.
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
    /// Different for every response of a tenant.
    fn key(&self) -> String;

    /// The bytes of the body, from one moment's data; `None` if what was asked for does not exist.
    async fn render(&self, tx: &mut ReadTx) -> Result<Option<Vec<u8>>>;
}

/// Why a response was not rendered.
enum RenderError {
    /// What was asked for does not exist.
    Absent,
    /// The data are in another state by now; holds its stamp.
    Changed(String),
    Store(StoreError),
}

impl From<StoreError> for RenderError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
