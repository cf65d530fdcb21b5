//! The tenant of a request, found by its Host.

use std::sync::{Arc, OnceLock};

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use super::directory::TenantDirectory;
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::error::{AppError, NOT_FOUND, refuse};
use crate::http::log_fields::LogFields;
use crate::http::original_request::OriginalRequest;
use crate::store::tenants::TenantState;

/// The guard for routes of a tenant: 404 if no tenant has this host, 503 if the database is unreachable or the
/// migrations of the tenant's schema are not those of this POEM.
#[derive(Clone, Copy)]
pub struct CurrentTenant<'r> {
    /// The tenant and the state of its data, as the directory has them.
    pub state: &'r TenantState,
}

/// The result of the lookup, stored in the request's local cache so that there is only one.
#[derive(Default)]
struct TenantOfRequest(OnceLock<Arc<TenantState>>);

impl<'r> CurrentTenant<'r> {
    /// The tenant of the request, if a guard has already found it; `None` otherwise.
    pub fn known(request: &'r Request<'_>) -> Option<Self> {
        request.local_cache(TenantOfRequest::default).0.get().map(|state| Self { state })
    }

    /// Finds the tenant by the Host of the request. The guard in the form for handlers without Rocket's macros.
    ///
    /// # Errors
    /// `NOT_FOUND` without a tenant; those of [`TenantDirectory::tenant`].
    pub async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        if let Some(tenant) = Self::known(request) {
            return Ok(tenant);
        }
        let host = OriginalRequest::of(request).host.as_ref().ok_or(NOT_FOUND)?;
        let state = TenantDirectory::of(request).tenant(host).await?.ok_or(NOT_FOUND)?;
        LogFields::of(request).set_tenant(&state.tenant.name);
        Ok(Self { state: request.local_cache(TenantOfRequest::default).0.get_or_init(|| state) })
    }

    /// The tenant: name, schema and host.
    pub fn tenant(&self) -> &'r Tenant {
        &self.state.tenant
    }

    /// The database schema that holds the tenant's data.
    pub fn schema(&self) -> &'r SchemaName {
        &self.state.tenant.schema
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CurrentTenant<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::find(request).await {
            Ok(tenant) => Outcome::Success(tenant),
            Err(error) => refuse(request, error),
        }
    }
}
