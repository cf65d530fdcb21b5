//! The parts of the main server that the management server reports on.

use std::sync::Arc;

use rocket::{Ignite, Rocket};
use rocket_db_pools::Database;
use sqlx::PgPool;

use super::request_metrics::RequestMetrics;
use crate::argo_webapi::client::WebApiClient;
use crate::cache::ResponseCache;
use crate::http::database::Db;
use crate::tenants::directory::TenantDirectory;
use crate::tenants::federated_logins::FederatedLoginCounts;
use crate::tenants::sync_states::SyncStates;

/// The state of the main server, for readiness and metrics.
pub struct MonitoredServer {
    /// The tenants, for the age of their state and their migrations.
    pub directory: Arc<TenantDirectory>,
    /// The response cache, for its size and hits.
    pub responses: ResponseCache,
    /// The counters of requests.
    pub metrics: Arc<RequestMetrics>,
    /// The states of the feeds.
    pub feeds: Arc<SyncStates>,
    /// The counts of federated logins.
    pub federated_logins: Arc<FederatedLoginCounts>,
    /// The client of the ARGO WEB-API, for the counts of its calls.
    pub web_api: Arc<WebApiClient>,
    /// The connections that requests share.
    pub pool: PgPool,
}

impl MonitoredServer {
    /// Collects the state of a server; `None` if it does not count its requests.
    pub fn of(server: &Rocket<Ignite>) -> Option<Self> {
        Some(Self {
            directory: server.state::<Arc<TenantDirectory>>()?.clone(),
            responses: server.state::<ResponseCache>()?.clone(),
            metrics: server.state::<Arc<RequestMetrics>>()?.clone(),
            feeds: server.state::<Arc<SyncStates>>()?.clone(),
            federated_logins: server.state::<Arc<FederatedLoginCounts>>()?.clone(),
            web_api: server.state::<Arc<WebApiClient>>()?.clone(),
            pool: Db::fetch(server)?.pool().clone(),
        })
    }
}
