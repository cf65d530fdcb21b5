//! Answers from memory. What machines fetch is made once per change of a tenant's data and kept ready, also compressed.
//!
//! [`world`] knows which state each tenant's data are in, from one query four times a second. [`generation`] is what is
//! kept of one tenant in one state. [`body`] is one answer that is ready. [`shelf`] keeps the generations of all
//! tenants within the memory that is allowed.
//!
//! What asks the database is a large future. It is boxed where it begins: as a part of the request's future, it would be
//! moved about with every request, also those whose answer is ready.

pub mod body;
mod generation;
mod index;
mod shelf;
pub mod world;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rocket::Request;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::store::tenants::{self, TenantState};
use crate::store::{Result, StoreError, TenantTx};

pub use body::Body;
pub use generation::Generation;
pub use index::Index;
use shelf::Shelf;
pub use world::World;

/// How long an answer may take to be made, before who asked is told to come again.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How often data may change between looking and building before we give up.
const TRIES: usize = 5;

/// The answers of all tenants. A clone holds the same answers.
#[derive(Clone)]
pub struct Answers {
    pool: PgPool,
    pub world: Arc<World>,
    shelf: Arc<Shelf>,
    counts: Arc<Counts>,
}

/// Since the start.
#[derive(Default)]
struct Counts {
    given_ready: AtomicU64,
    made: AtomicU64,
}

/// What the answers are doing, for whoever watches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Answers that are ready now, of all tenants, and the bytes they take.
    pub ready: usize,
    pub bytes: usize,
    /// Since the start: requests that found their answer ready, and answers that were made.
    pub given_ready: u64,
    pub made: u64,
}

impl Answers {
    /// `memory`: the bytes that ready answers may take, of all tenants together.
    pub fn new(pool: PgPool, world: Arc<World>, memory: usize) -> Self {
        Self { pool, world, shelf: Arc::new(Shelf::new(memory)), counts: Arc::default() }
    }

    pub fn activity(&self) -> Activity {
        let (ready, bytes) = self.shelf.held();
        let (given_ready, made) = (self.counts.given_ready.load(Relaxed), self.counts.made.load(Relaxed));
        Activity { ready, bytes, given_ready, made }
    }

    /// The answers that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state().expect("app::build manages the answers")
    }

    /// For answers that are made for one request.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What is known of the tenant in the state that the world knows, or a newer one.
    pub async fn generation(&self, tenant: &TenantState) -> Result<Arc<Generation>> {
        match self.shelf.get(tenant.id, &tenant.stamp) {
            Some(known) => Ok(known),
            None => Box::pin(self.read_patiently(tenant)).await,
        }
    }

    async fn read_patiently(&self, tenant: &TenantState) -> Result<Arc<Generation>> {
        // It goes on when nobody waits any more, so that a slow database is read in the end.
        let (answers, tenant) = (self.clone(), tenant.clone());
        let reading = tokio::spawn(async move { answers.read_generation(&tenant).await });
        match timeout(PATIENCE, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(interrupted)) => Err(StoreError::Away(interrupted.to_string())),
            Err(_) => Err(StoreError::Away("no answer in time".to_owned())),
        }
    }

    async fn read_generation(&self, tenant: &TenantState) -> Result<Arc<Generation>> {
        let mut tx = TenantTx::read(&self.pool, &tenant.tenant.schema).await?;
        let stamp = tenants::stamp(tx.conn(), &tenant.tenant.schema).await?;
        if stamp != tenant.stamp {
            // It changed since the world looked, which shall look again before the next request.
            self.world.distrust();
            if let Some(newer) = self.shelf.get(tenant.id, &stamp) {
                return Ok(newer);
            }
        }
        let index = Index::read(&mut tx).await?;
        tx.commit().await?;
        Ok(self.shelf.put(tenant.id, Arc::new(Generation::new(stamp, index))))
    }

    /// The answer by this recipe, made unless it is ready. `None` where what was asked for is not there.
    pub async fn ready(&self, tenant: &TenantState, recipe: &impl Recipe) -> Result<Option<Arc<Body>>> {
        let key = recipe.key();
        match self.shelf.get(tenant.id, &tenant.stamp).and_then(|known| known.ready_body(&key)) {
            Some(body) => {
                self.counts.given_ready.fetch_add(1, Relaxed);
                Ok(Some(body))
            }
            None => Box::pin(self.make_ready(tenant.clone(), recipe, key)).await,
        }
    }

    /// The same where it was not ready a moment ago.
    async fn make_ready(
        &self,
        mut tenant: TenantState,
        recipe: &impl Recipe,
        key: String,
    ) -> Result<Option<Arc<Body>>> {
        for _ in 0..TRIES {
            let generation = self.generation(&tenant).await?;
            let cell = generation.cell(&key);
            if let Some(body) = cell.get() {
                self.counts.given_ready.fetch_add(1, Relaxed);
                return Ok(Some(body.clone()));
            }
            let making = cell.get_or_try_init(|| self.make(&tenant, &generation, recipe));
            let made = timeout(PATIENCE, making).await;
            // Also where it was not made: its place takes memory.
            self.shelf.keep_within_memory();
            let Ok(made) = made else {
                return Err(StoreError::Away("no answer in time".to_owned()));
            };
            match made {
                Ok(body) => return Ok(Some(body.clone())),
                Err(Unmade::Absent) => {
                    generation.forget(&key);
                    return Ok(None);
                }
                Err(Unmade::Changed(stamp)) => tenant.stamp = stamp,
                Err(Unmade::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }

    /// Makes an answer of the generation's state, and of no other.
    async fn make(
        &self,
        tenant: &TenantState,
        generation: &Generation,
        recipe: &impl Recipe,
    ) -> std::result::Result<Arc<Body>, Unmade> {
        let schema = &tenant.tenant.schema;
        let mut tx = TenantTx::read(&self.pool, schema).await?;
        let stamp = tenants::stamp(tx.conn(), schema).await?;
        if stamp != generation.stamp {
            self.world.distrust();
            return Err(Unmade::Changed(stamp));
        }
        let bytes = recipe.make(&mut tx).await?.ok_or(Unmade::Absent)?;
        tx.commit().await?;
        self.counts.made.fetch_add(1, Relaxed);
        Ok(Arc::new(Body::compressed(bytes).await))
    }
}

/// How an answer is made.
#[rocket::async_trait]
pub trait Recipe: Send + Sync {
    /// Different for every answer of a tenant.
    fn key(&self) -> String;

    /// The bytes of the body, from one moment's data; `None` where what was asked for is not there.
    async fn make(&self, tx: &mut TenantTx) -> Result<Option<Vec<u8>>>;
}

/// Why an answer was not made.
enum Unmade {
    /// There is nothing of the kind.
    Absent,
    /// The data are in another state by now; holds its stamp.
    Changed(String),
    Store(StoreError),
}

impl From<StoreError> for Unmade {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
