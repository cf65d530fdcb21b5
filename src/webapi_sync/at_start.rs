//! Clears up the saves that an earlier server left unfinished, when a server starts.

use std::time::Duration;

use sqlx::PgPool;

use super::access::TenantAccess;
use super::recovery::clear_up_if_needed;
use crate::argo_webapi::client::WebApiClient;
use crate::config::Config;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::keys::Keys;
use crate::store::{Result, tenants};

/// The time after which a database that is unreachable is asked again.
const RETRY: Duration = Duration::from_secs(30);

/// Clears up the interrupted saves of all tenants. Waits for saves that still have time: their server may be alive.
///
/// What cannot be cleared up now, because the WEB-API does not respond, is left to the sync and to the next save.
pub async fn clear_up_all(pool: &PgPool, config: &Config, client: &WebApiClient, keys: &Keys) {
    if config.webapi.is_none() {
        return;
    }
    let listed = loop {
        match listed(pool).await {
            Ok(listed) => break listed,
            Err(error) => log::debug!("the tenants could not be read: {error}"),
        }
        tokio::time::sleep(RETRY).await;
    };
    for tenant in listed {
        if let Some(access) = TenantAccess::new((pool, &tenant), config, client, keys) {
            clear_up_tenant(&access).await;
        }
    }
}

async fn clear_up_tenant(access: &TenantAccess<'_>) {
    loop {
        match clear_up_if_needed(access).await {
            Ok(None) => return,
            Ok(Some(left)) => tokio::time::sleep(left + Duration::from_millis(100)).await,
            Err(failure) => {
                log::warn!("{}: an interrupted save on the ARGO WEB-API: {failure}", access.tenant.name);
                return;
            }
        }
    }
}

async fn listed(pool: &PgPool) -> Result<Vec<Tenant>> {
    let mut conn = pool.acquire().await?;
    Ok(tenants::list(&mut conn).await?.into_iter().map(|state| state.tenant).collect())
}
