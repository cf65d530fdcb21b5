//! What the server knows of the tenants without asking: which there are, and which state their data are in.
//!
//! One query answers for all tenants. It is asked four times a second, and whoever finds the last answer older than a
//! second, or made before a write of this server, asks at once. There are no notifications: they can be lost, and
//! asking is cheap.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::domain::model::tenant::SchemaName;
use crate::domain::web::host::Host;
use crate::store::migrate::{Schema, complaint};
use crate::store::tenants::{self, TenantState};
use crate::store::{PoolSettings, Result, StoreError};

/// Nothing that is served is older than this.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// How often the database is asked.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// How long an answer may take. A request that has to wait for it shall know well within two seconds.
const PATIENCE: Duration = Duration::from_millis(900);
/// The same where no request waits: over a slow line it takes a while until the first answer.
const LONG_PATIENCE: Duration = Duration::from_secs(5);

/// The tenants of this server.
pub struct World {
    settings: PoolSettings,
    /// How old what is known may be when the database is away.
    stale_if_error: Duration,
    known: RwLock<Arc<Known>>,
    /// One asks at a time, over a connection of its own: a pool that is exhausted is no reason to be ignorant.
    asking: tokio::sync::Mutex<Option<PgConnection>>,
    /// When it failed last, and why.
    failed: Mutex<Option<(Instant, Arc<StoreError>)>>,
}

/// What was true when the database was asked.
#[derive(Clone)]
struct Known {
    /// `None`: it never was.
    asked: Option<Instant>,
    /// Answers to questions from before this moment do not count.
    trusted_since: Option<Instant>,
    by_host: Arc<HashMap<String, Arc<TenantState>>>,
    /// Why nobody is served from this database: its schema public is of another age than this POEM.
    refusal: Option<Arc<str>>,
    standing: Arc<Standing>,
}

/// How far the schemas are migrated.
#[derive(Debug, Default)]
pub struct Standing {
    /// The highest migration applied in the schema public; `None` where none was.
    pub shared: Option<i64>,
    /// The same for each tenant's schema, those that no host leads to among them.
    pub tenants: Vec<(SchemaName, Option<i64>)>,
}

/// What is known without asking, for whoever watches this server.
#[derive(Debug, Clone)]
pub struct View {
    /// How long ago the database answered; `None`: it never did.
    pub age: Option<Duration>,
    /// Why it did not answer since; `None` where it did, or was not asked.
    pub failure: Option<String>,
    pub standing: Arc<Standing>,
}

impl View {
    /// Whether it is as new as what is served must be.
    pub fn is_fresh(&self) -> bool {
        self.age.is_some_and(|age| age < FRESH_FOR)
    }
}

impl Known {
    fn is_within(&self, age: Duration) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() < age)
    }

    fn is_trusted(&self) -> bool {
        self.trusted_since.is_none_or(|since| self.asked.is_some_and(|asked| asked > since))
    }
}

impl World {
    pub fn new(settings: PoolSettings, stale_if_error: Duration) -> Self {
        let known = Known {
            asked: None,
            trusted_since: None,
            by_host: Arc::default(),
            refusal: None,
            standing: Arc::default(),
        };
        Self {
            settings,
            stale_if_error,
            known: RwLock::new(Arc::new(known)),
            asking: Default::default(),
            failed: Mutex::default(),
        }
    }

    /// The tenant that the host leads to, in a state that was true within the last second.
    ///
    /// # Errors
    /// One that is passing ([`StoreError::is_passing`]) where that cannot be known, unless the configuration allows what was known last; `OtherAge` where
    /// the schema public is not at the migrations of this POEM.
    pub async fn tenant(&self, host: &Host) -> Result<Option<Arc<TenantState>>> {
        let known = self.known().await?;
        if let Some(refusal) = &known.refusal {
            return Err(StoreError::OtherAge(refusal.to_string()));
        }
        Ok(known.by_host.get(host.tenant_name()).cloned())
    }

    /// At once, whatever the database does.
    pub fn view(&self) -> View {
        let known = self.current();
        let failure = self.failed_since(known.asked).map(|error| error.to_string());
        View { age: known.asked.map(|asked| asked.elapsed()), failure, standing: known.standing.clone() }
    }

    /// The next request asks the database before it is answered: this server wrote something.
    pub fn distrust(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(Known { trusted_since: Some(Instant::now()), ..Known::clone(&known) });
    }

    /// Asks over this connection from now on.
    pub async fn ask_over(&self, connection: PgConnection) {
        *self.asking.lock().await = Some(connection);
    }

    /// Asks again and again, as long as the server runs.
    pub async fn keep_asking(&self) {
        loop {
            if let Err(error) = self.ask(Instant::now(), LONG_PATIENCE).await {
                log::debug!("the state of the tenants is not known: {error}");
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    async fn known(&self) -> Result<Arc<Known>> {
        let known = self.current();
        if known.is_within(FRESH_FOR) && known.is_trusted() {
            return Ok(known);
        }
        match Box::pin(self.ask(Instant::now(), PATIENCE)).await {
            Ok(()) => Ok(self.current()),
            Err(_) if known.is_within(self.stale_if_error) => Ok(known),
            Err(error) => Err(error),
        }
    }

    fn current(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the database, unless somebody did since `wanted`: then their success or failure counts for us too.
    async fn ask(&self, wanted: Instant, patience: Duration) -> Result<()> {
        let mut connection = match timeout(PATIENCE, self.asking.lock()).await {
            Ok(connection) => connection,
            Err(_) => return Err(StoreError::Away("somebody else is asking, without an answer so far".to_owned())),
        };
        if self.current().asked.is_some_and(|asked| asked > wanted) {
            return Ok(());
        }
        if let Some(error) = self.failed_since(Some(wanted)) {
            return Err(StoreError::Earlier(error));
        }
        let asked = Instant::now();
        let outcome = match timeout(patience, look(&self.settings, &mut connection)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Away("no answer in time".to_owned())),
        };
        match outcome {
            Ok((states, shared)) => {
                self.learn(asked, states, shared);
                Ok(())
            }
            Err(error) => {
                *connection = None;
                let error = Arc::new(error);
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error.clone()));
                Err(StoreError::Earlier(error))
            }
        }
    }

    /// Why it failed after the moment, or ever.
    fn failed_since(&self, moment: Option<Instant>) -> Option<Arc<StoreError>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(when, _)| moment.is_none_or(|moment| *when > moment)).map(|(_, error)| error.clone())
    }

    fn learn(&self, asked: Instant, states: Vec<TenantState>, shared: Option<i64>) {
        let tenants = states.iter().map(|state| (state.tenant.schema.clone(), state.migration)).collect();
        let by_host =
            states.into_iter().filter_map(|state| Some((state.tenant.domain_url.clone()?, Arc::new(state)))).collect();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(Known {
            asked: Some(asked),
            trusted_since: known.trusted_since,
            by_host: Arc::new(by_host),
            refusal: complaint(&Schema::Public, shared).map(Arc::from),
            standing: Arc::new(Standing { shared, tenants }),
        });
    }
}

/// The tenants, and how far the schema public is migrated.
type Seen = (Vec<TenantState>, Option<i64>);

/// Asks over the connection of last time; over a new one where there is none, or where it has ended meanwhile.
async fn look(settings: &PoolSettings, connection: &mut Option<PgConnection>) -> Result<Seen> {
    if let Some(mut conn) = connection.take()
        && let Ok(seen) = see(&mut conn).await
    {
        *connection = Some(conn);
        return Ok(seen);
    }
    let mut conn = settings.connect().await?;
    let seen = see(&mut conn).await;
    match &seen {
        Ok(_) => *connection = Some(conn),
        Err(_) => drop(conn.close().await),
    }
    seen
}

async fn see(conn: &mut PgConnection) -> Result<Seen> {
    Ok((tenants::list(conn).await?, tenants::shared_migration(conn).await?))
}
