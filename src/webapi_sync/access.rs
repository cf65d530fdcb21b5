//! The access to both stores of one tenant, and the calls of one save within its time.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::failure::SaveFailure;
use crate::argo_webapi::calls::TenantCalls;
use crate::argo_webapi::client::WebApiClient;
use crate::config::{Config, WebApi};
use crate::domain::model::tenant::Tenant;
use crate::domain::security::api_token::MissingToken;
use crate::domain::security::keys::Keys;
use crate::domain::security::secret::Secret;
use crate::http_client::ca_certificates::CaCertificates;
use crate::http_client::error::FetchError;
use crate::registry::web_api_token;
use crate::store::{ReadTx, StoreError};

/// The time of a save beside its three longest calls.
const REST_OF_SAVE: Duration = Duration::from_secs(5);

/// The access to the database and to the WEB-API for one tenant.
pub struct TenantAccess<'a> {
    /// The database.
    pub pool: &'a PgPool,
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The client that all tenants share.
    pub client: &'a WebApiClient,
    /// `[WEBAPI]`.
    pub config: &'a WebApi,
    /// The certificates that are trusted besides the system's.
    pub trust: CaCertificates,
    /// The keys, which unseal the token.
    pub keys: &'a Keys,
}

impl<'a> TenantAccess<'a> {
    /// Returns the access of a tenant; `None` without `[WEBAPI]`.
    pub fn new(
        (pool, tenant): (&'a PgPool, &'a Tenant),
        config: &'a Config,
        client: &'a WebApiClient,
        keys: &'a Keys,
    ) -> Option<Self> {
        let trust =
            CaCertificates { ca_file: config.security.ca_file.clone(), ca_path: config.security.ca_path.clone() };
        Some(Self { pool, tenant, client, config: config.webapi.as_ref()?, trust, keys })
    }

    /// Returns the time that a save has, from its note to its end.
    pub fn lifetime(&self) -> Duration {
        3 * self.config.timeout + REST_OF_SAVE
    }

    /// Reads the token as it is stored now.
    ///
    /// # Errors
    /// Those of the database; the inner error if there is no token.
    pub async fn token(&self) -> Result<Result<Secret, MissingToken>, StoreError> {
        let mut tx = ReadTx::begin(self.pool, &self.tenant.schema).await?;
        web_api_token::find(tx.conn(), self.keys).await
    }

    /// Returns the calls with this token.
    ///
    /// # Errors
    /// `Setup`.
    pub fn calls<'c>(&'c self, token: &'c Secret) -> Result<TenantCalls<'c>, FetchError> {
        TenantCalls::new(self.client, &self.tenant.name, (self.config, &self.trust), token)
    }
}

/// The calls of one save: none takes longer than `Timeout`, and all together no longer than the save.
pub struct SaveCalls<'c> {
    access: &'c TenantAccess<'c>,
    token: Secret,
    until: Instant,
}

impl<'c> SaveCalls<'c> {
    /// Begins the calls of a save, which ends `lifetime` from now.
    ///
    /// # Errors
    /// `NoToken`, or those of the database.
    pub async fn begin(access: &'c TenantAccess<'c>) -> Result<Self, SaveFailure> {
        let until = Instant::now() + access.lifetime();
        let token = access.token().await.map_err(SaveFailure::of_store)?.map_err(SaveFailure::NoToken)?;
        Ok(Self { access, token, until })
    }

    /// Returns the next calls, within the rest of the time.
    ///
    /// # Errors
    /// `Setup`.
    pub fn next(&self) -> Result<TenantCalls<'_>, SaveFailure> {
        let rest = self.until.saturating_duration_since(Instant::now());
        let calls = self.access.calls(&self.token).map_err(|error| SaveFailure::Setup(error.to_string()))?;
        Ok(calls.within(rest.min(self.access.config.timeout)))
    }
}
