//! Which tenants have a federated login at the moment: their files are read when they change, and kept parsed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::loaded::{LoadedFiles, expired};
use crate::blocking::BlockingLimit;
use crate::config::reload::LiveConfig;
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::saml::federation::Federation;
use crate::saml::identity_provider::EXPIRY_WARNING;
use crate::saml::service_provider::ServiceProvider;

/// The shortest time between two looks at the files of a tenant.
const CHECK_INTERVAL: TimeDelta = TimeDelta::seconds(1);
/// The time after which a problem that lasts is logged again.
const REMINDER: TimeDelta = TimeDelta::days(1);

/// The tenants whose files are read at the same time. A file may have 20 MiB, and its tree takes much more memory.
static READING: BlockingLimit = BlockingLimit::new(2);

/// The federated login of a tenant.
#[derive(Debug, Clone)]
pub enum FederatedLogin {
    /// There is no metadata file.
    Off,
    /// There is one, but no login is possible; holds the cause, for the log.
    Broken(Arc<str>),
    /// Logins are possible.
    Ready(Arc<Federation>),
}

/// The federated logins of all tenants, managed by the server.
pub struct FederatedLogins {
    clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    tenants: Mutex<HashMap<SchemaName, Arc<TenantFiles>>>,
}

/// The files of one tenant.
#[derive(Default)]
struct TenantFiles {
    state: Mutex<State>,
    /// The lock for one reader at a time.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    loaded: Option<LoadedFiles>,
    checked: DateTime<Utc>,
    /// The problem that was logged last, and when.
    reminded: Option<(String, DateTime<Utc>)>,
}

impl Default for FederatedLogins {
    fn default() -> Self {
        Self::with_clock(Utc::now)
    }
}

impl FederatedLogins {
    /// Creates the state with another clock, for tests.
    pub fn with_clock(clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), tenants: Mutex::default() }
    }

    /// The federated login of a tenant. Files that have changed are read again, at most once a second.
    pub async fn of_tenant(&self, config: &LiveConfig, tenant: &Tenant) -> FederatedLogin {
        let (files, loaded) = self.loaded(config, tenant).await;
        let now = (self.clock)();
        let login = match &loaded.federation {
            Ok(None) => FederatedLogin::Off,
            Err(cause) => FederatedLogin::Broken(cause.clone()),
            Ok(Some(federation)) => match expired(federation, now) {
                Some(cause) => FederatedLogin::Broken(cause),
                None => FederatedLogin::Ready(federation.clone()),
            },
        };
        files.remind(tenant, &login, now);
        login
    }

    /// This POEM as the tenant's service provider, and whether it signs all requests. The tenant need not have an
    /// identity provider yet.
    ///
    /// # Errors
    /// The cause, in words: the settings, the certificate or the key cannot be used.
    pub async fn service_provider(
        &self,
        config: &LiveConfig,
        tenant: &Tenant,
    ) -> Result<(Arc<ServiceProvider>, bool), Arc<str>> {
        let (_, loaded) = self.loaded(config, tenant).await;
        let sp = loaded.sp?;
        let federation = loaded.federation.ok().flatten();
        let signs = sp.signs_all_requests(federation.as_ref().map(|federation| &federation.idp));
        Ok((sp, signs))
    }

    /// What was read for a tenant, at most a second ago.
    async fn loaded(&self, config: &LiveConfig, tenant: &Tenant) -> (Arc<TenantFiles>, LoadedFiles) {
        let files = self.files(&tenant.schema);
        let now = (self.clock)();
        if let Some(loaded) = files.recent(now) {
            return (files, loaded);
        }
        let reading = match files.reading.try_lock() {
            Ok(reading) => reading,
            Err(_) => match files.last() {
                // Another request is reading; until it has finished, the last state is good enough.
                Some(loaded) => return (files.clone(), loaded),
                None => files.reading.lock().await,
            },
        };
        let loaded = match files.recent(now) {
            Some(loaded) => loaded,
            None => {
                let (config, tenant, old) = (config.current(), tenant.clone(), files.last());
                let loaded = READING.run(move || read(old, config, &tenant, now)).await;
                files.store(loaded.clone(), now);
                loaded
            }
        };
        drop(reading);
        (files, loaded)
    }

    fn files(&self, schema: &SchemaName) -> Arc<TenantFiles> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(schema.clone()).or_default().clone()
    }
}

fn read(
    old: Option<LoadedFiles>,
    config: Arc<crate::config::Config>,
    tenant: &Tenant,
    now: DateTime<Utc>,
) -> LoadedFiles {
    match old {
        None => LoadedFiles::read(config, tenant, now),
        Some(old) => old.renewed(config, tenant, now).unwrap_or(old),
    }
}

impl TenantFiles {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> Option<LoadedFiles> {
        self.state().loaded.clone()
    }

    /// The state, if the files were looked at within the last second. A clock that was set back does not count.
    fn recent(&self, now: DateTime<Utc>) -> Option<LoadedFiles> {
        let state = self.state();
        let age = now - state.checked;
        let is_recent = age >= TimeDelta::zero() && age < CHECK_INTERVAL;
        state.loaded.clone().filter(|_| is_recent)
    }

    fn store(&self, loaded: LoadedFiles, now: DateTime<Utc>) {
        let mut state = self.state();
        state.loaded = Some(loaded);
        state.checked = now;
    }

    /// Logs a problem: when it begins, and once a day while it lasts.
    fn remind(&self, tenant: &Tenant, login: &FederatedLogin, now: DateTime<Utc>) {
        let (problem, level) = match login {
            FederatedLogin::Broken(cause) => (format!("federated login is off: {cause}"), log::Level::Error),
            FederatedLogin::Ready(federation) => match expiry(federation, now) {
                Some(words) => (words, log::Level::Warn),
                None => return self.state().reminded = None,
            },
            FederatedLogin::Off => return self.state().reminded = None,
        };
        let mut state = self.state();
        let is_known = |(logged, at): &(String, DateTime<Utc>)| *logged == problem && now - *at < REMINDER;
        if !state.reminded.as_ref().is_some_and(is_known) {
            log::log!(target: LOG_TARGET, level, "{}: {problem}", tenant.name);
            state.reminded = Some((problem, now));
        }
    }
}

/// Returns a warning if the metadata expire soon.
fn expiry(federation: &Federation, now: DateTime<Utc>) -> Option<String> {
    let end = federation.idp.valid_until.filter(|end| *end - now <= EXPIRY_WARNING)?;
    Some(format!("{} expires on {}", federation.metadata_file.display(), end.format("%Y-%m-%d")))
}
