//! The tenant directory: all tenants and the state of their data, without a query per request.
//!
//! One query reads the state of all tenants. A background task polls it four times a second. A request that finds the
//! last poll older than a second, or made before a write of this server, polls at once. There are no notifications:
//! they can be lost, and polling is cheap.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rocket::Request;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::domain::model::tenant::SchemaName;
use crate::domain::web::host::Host;
use crate::store::migrate::{Schema, schema_mismatch};
use crate::store::tenants::{self, TenantState};
use crate::store::{PoolSettings, Result, StoreError};

/// The maximum age of the state that responses are made from.
const MAX_AGE: Duration = Duration::from_secs(1);
/// The time between two polls.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The time limit of a poll that a request waits for: the request must end well within two seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(900);
/// The time limit of a poll in the background: over a slow line the first one takes a while.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(5);

/// The tenants of this server.
pub struct TenantDirectory {
    settings: PoolSettings,
    /// The age that the state may have if the database is unreachable.
    stale_if_error: Duration,
    state: RwLock<Arc<DirectoryState>>,
    /// The lock for one poll at a time, with its own connection: an exhausted pool must not make the directory stale.
    polling: tokio::sync::Mutex<Option<PgConnection>>,
    /// The time and reason of the last failed poll; `None` if none has failed.
    failed: Mutex<Option<(Instant, Arc<StoreError>)>>,
}

/// The result of the last successful poll.
#[derive(Clone)]
struct DirectoryState {
    /// The start of the poll; `None` before the first one.
    polled: Option<Instant>,
    /// A poll that began before this moment does not count.
    valid_since: Option<Instant>,
    by_host: Arc<HashMap<String, Listed>>,
    /// The reason why no tenant is served: the migrations of the schema public are not those of this POEM.
    refusal: Option<Arc<str>>,
    migrations: Arc<MigrationStatus>,
}

/// A tenant that a host leads to.
struct Listed {
    state: Arc<TenantState>,
    /// The reason why it is not served: the migrations of its schema are not those of this POEM.
    refusal: Option<String>,
}

impl Listed {
    fn new(state: TenantState) -> Self {
        let refusal = schema_mismatch(&Schema::Tenant(state.tenant.schema.clone()), state.migration);
        Self { state: Arc::new(state), refusal }
    }
}

/// The migrations that are applied in each schema.
#[derive(Debug, Default)]
pub struct MigrationStatus {
    /// The highest migration applied in the schema public; `None` if none was.
    pub shared: Option<i64>,
    /// The same for the schema of each tenant, including tenants without a host.
    pub tenants: Vec<(SchemaName, Option<i64>)>,
}

/// The status of the directory, for readiness and metrics.
#[derive(Debug, Clone)]
pub struct DirectoryStatus {
    /// The time since the last successful poll; `None` before the first.
    pub age: Option<Duration>,
    /// The reason why a later poll failed; `None` if none failed.
    pub failure: Option<String>,
    /// The migrations of all schemas, as of the last successful poll.
    pub migrations: Arc<MigrationStatus>,
}

impl DirectoryStatus {
    /// Returns whether the state is new enough to serve responses from it.
    pub fn is_fresh(&self) -> bool {
        self.age.is_some_and(|age| age < MAX_AGE)
    }
}

impl DirectoryState {
    fn is_within(&self, age: Duration) -> bool {
        self.polled.is_some_and(|polled| polled.elapsed() < age)
    }

    fn is_current(&self) -> bool {
        self.is_within(MAX_AGE) && self.valid_since.is_none_or(|since| self.polled.is_some_and(|polled| polled > since))
    }
}

impl TenantDirectory {
    /// Creates an empty directory, which polls on the first request. `stale_if_error`: the age that the state may have
    /// if the database is unreachable.
    pub fn new(settings: PoolSettings, stale_if_error: Duration) -> Self {
        let state = DirectoryState {
            polled: None,
            valid_since: None,
            by_host: Arc::default(),
            refusal: None,
            migrations: Arc::default(),
        };
        Self {
            settings,
            stale_if_error,
            state: RwLock::new(Arc::new(state)),
            polling: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// The directory that the server manages.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Arc<Self> {
        request.rocket().state().expect("app::build manages the tenant directory")
    }

    /// The tenant that the host leads to, in a state that was current within the last second; `None` if there is none.
    ///
    /// # Errors
    /// A transient one ([`StoreError::is_transient`]) if the state cannot be read, unless `stale_if_error` allows the
    /// last one; `SchemaVersion` if the migrations of the schema public, or of the tenant's, are not those of this
    /// POEM.
    pub async fn tenant(&self, host: &Host) -> Result<Option<Arc<TenantState>>> {
        let state = self.fresh_state().await?;
        if let Some(refusal) = &state.refusal {
            return Err(StoreError::SchemaVersion(refusal.to_string()));
        }
        match state.by_host.get(host.tenant_name()) {
            Some(Listed { refusal: Some(refusal), .. }) => Err(StoreError::SchemaVersion(refusal.clone())),
            listed => Ok(listed.map(|listed| listed.state.clone())),
        }
    }

    /// The current status. Never waits for the database.
    pub fn status(&self) -> DirectoryStatus {
        let state = self.state();
        let failure = self.failed_since(state.polled).map(|error| error.to_string());
        DirectoryStatus {
            age: state.polled.map(|polled| polled.elapsed()),
            failure,
            migrations: state.migrations.clone(),
        }
    }

    /// Marks the state as outdated, because this server has written: the next request polls first.
    pub fn invalidate(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = Arc::new(DirectoryState { valid_since: Some(Instant::now()), ..DirectoryState::clone(&state) });
    }

    /// Polls over this connection from now on.
    pub async fn use_connection(&self, connection: PgConnection) {
        *self.polling.lock().await = Some(connection);
    }

    /// Polls in the background, without end.
    pub async fn poll_loop(&self) {
        loop {
            if let Err(error) = self.refresh(Instant::now(), BACKGROUND_TIMEOUT).await {
                log::debug!("the state of the tenants could not be read: {error}");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Returns a current state; polls if there is none. Falls back to the last one if `stale_if_error` allows it.
    async fn fresh_state(&self) -> Result<Arc<DirectoryState>> {
        let state = self.state();
        if state.is_current() {
            return Ok(state);
        }
        match Box::pin(self.refresh(Instant::now(), REQUEST_TIMEOUT)).await {
            Ok(()) => Ok(self.state()),
            Err(_) if state.is_within(self.stale_if_error) => Ok(state),
            Err(error) => Err(error),
        }
    }

    fn state(&self) -> Arc<DirectoryState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Polls, unless another request has polled since `requested`: then its success or failure counts here too.
    async fn refresh(&self, requested: Instant, limit: Duration) -> Result<()> {
        let mut connection = match timeout(REQUEST_TIMEOUT, self.polling.lock()).await {
            Ok(connection) => connection,
            Err(_) => return Err(StoreError::Unreachable("another poll is still waiting for the database".to_owned())),
        };
        if self.state().polled.is_some_and(|polled| polled > requested) {
            return Ok(());
        }
        if let Some(error) = self.failed_since(Some(requested)) {
            return Err(StoreError::Shared(error));
        }
        let polled = Instant::now();
        let outcome = match timeout(limit, poll(&self.settings, &mut connection)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::timeout()),
        };
        match outcome {
            Ok(poll) => {
                self.apply(polled, poll);
                Ok(())
            }
            Err(error) => {
                *connection = None;
                let error = Arc::new(error);
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error.clone()));
                Err(StoreError::Shared(error))
            }
        }
    }

    /// Returns the error of the last failed poll, if it failed after `moment`; without `moment`, if any failed.
    fn failed_since(&self, moment: Option<Instant>) -> Option<Arc<StoreError>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(when, _)| moment.is_none_or(|moment| *when > moment)).map(|(_, error)| error.clone())
    }

    /// Replaces the state by the result of a poll that began at `polled`.
    fn apply(&self, polled: Instant, Poll { tenants, shared }: Poll) {
        let migrations = tenants.iter().map(|state| (state.tenant.schema.clone(), state.migration)).collect();
        let by_host =
            tenants.into_iter().filter_map(|state| Some((state.tenant.domain_url.clone()?, Listed::new(state))));
        let by_host = Arc::new(by_host.collect());
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = Arc::new(DirectoryState {
            polled: Some(polled),
            valid_since: state.valid_since,
            by_host,
            refusal: schema_mismatch(&Schema::Public, shared).map(Arc::from),
            migrations: Arc::new(MigrationStatus { shared, tenants: migrations }),
        });
    }
}

/// The rows that a poll reads.
struct Poll {
    tenants: Vec<TenantState>,
    /// The highest migration applied in the schema public.
    shared: Option<i64>,
}

/// Polls over the connection of the last poll, or over a new one if that was closed or there is none.
async fn poll(settings: &PoolSettings, connection: &mut Option<PgConnection>) -> Result<Poll> {
    if let Some(mut conn) = connection.take()
        && let Ok(poll) = read(&mut conn).await
    {
        *connection = Some(conn);
        return Ok(poll);
    }
    let mut conn = settings.connect().await?;
    let poll = read(&mut conn).await;
    match &poll {
        Ok(_) => *connection = Some(conn),
        Err(_) => drop(conn.close().await),
    }
    poll
}

/// Reads the state of all tenants.
async fn read(conn: &mut PgConnection) -> Result<Poll> {
    Ok(Poll { tenants: tenants::list(conn).await?, shared: tenants::shared_migration(conn).await? })
}
