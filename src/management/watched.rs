//! The server that is watched.

use std::sync::Arc;

use rocket::{Ignite, Rocket};
use rocket_db_pools::Database;
use sqlx::PgPool;

use super::request_metrics::RequestMetrics;
use crate::cache::ResponseCache;
use crate::http::database::Db;
use crate::tenants::directory::TenantDirectory;

/// What readiness and metrics look at.
pub struct Watched {
    pub directory: Arc<TenantDirectory>,
    pub responses: ResponseCache,
    pub metrics: Arc<RequestMetrics>,
    pub pool: PgPool,
}

impl Watched {
    /// `None` if the server does not count its requests.
    pub fn of(server: &Rocket<Ignite>) -> Option<Self> {
        Some(Self {
            directory: server.state::<Arc<TenantDirectory>>()?.clone(),
            responses: server.state::<ResponseCache>()?.clone(),
            metrics: server.state::<Arc<RequestMetrics>>()?.clone(),
            pool: Db::fetch(server)?.pool().clone(),
        })
    }
}
