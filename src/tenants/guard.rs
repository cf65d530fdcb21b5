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

/// The guard: 404 if no tenant has this host, 503 if the database is unreachable or the migrations of the tenant's
/// schema are not those of this POEM.
#[derive(Clone, Copy)]
pub struct CurrentTenant<'r> {
    pub state: &'r TenantState,
}

/// Kept with the request, so that it is looked up once.
#[derive(Default)]
struct TenantOfRequest(OnceLock<Arc<TenantState>>);

impl<'r> CurrentTenant<'r> {
    /// The tenant of the request; `None` unless a guard has found it already.
    pub fn known(request: &'r Request<'_>) -> Option<Self> {
        request.local_cache(TenantOfRequest::default).0.get().map(|state| Self { state })
    }

    /// The guard for hand-written routes.
    pub async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        if let Some(tenant) = Self::known(request) {
            return Ok(tenant);
        }
        let host = OriginalRequest::of(request).host.as_ref().ok_or(NOT_FOUND)?;
        let state = TenantDirectory::of(request).tenant(host).await?.ok_or(NOT_FOUND)?;
        LogFields::of(request).set_tenant(&state.tenant.name);
        Ok(Self { state: request.local_cache(TenantOfRequest::default).0.get_or_init(|| state) })
    }

    /// The tenant as it is listed.
    pub fn tenant(&self) -> &'r Tenant {
        &self.state.tenant
    }

    /// The schema of its data.
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
