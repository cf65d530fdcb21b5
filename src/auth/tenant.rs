//! The tenant that the request's Host leads to.

use std::sync::{Arc, OnceLock};

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::answers::Answers;
use crate::auth::front_door::Asked;
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::error::{AppError, NOT_FOUND, refuse};
use crate::store::migrate::{self, Schema};
use crate::store::tenants::TenantState;

/// The guard: 404 where no tenant has this host, 503 where the database is away or the tenant's schema is not at the
/// migrations of this POEM.
#[derive(Clone, Copy)]
pub struct CurrentTenant<'r> {
    pub state: &'r TenantState,
}

/// Kept with the request, so that it is looked up once.
#[derive(Default)]
struct Found(OnceLock<Arc<TenantState>>);

impl<'r> CurrentTenant<'r> {
    /// The tenant of the request, where it was looked up and found.
    pub fn known(request: &'r Request<'_>) -> Option<Self> {
        request.local_cache(Found::default).0.get().map(|state| Self { state })
    }

    /// The guard for hand-written routes.
    pub async fn find(request: &'r Request<'_>) -> Result<Self, AppError> {
        match Self::known(request) {
            Some(tenant) => Ok(tenant),
            None => {
                let state = look_up(request).await?;
                Ok(Self { state: request.local_cache(Found::default).0.get_or_init(|| state) })
            }
        }
    }

    pub fn tenant(&self) -> &'r Tenant {
        &self.state.tenant
    }

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

async fn look_up(request: &Request<'_>) -> Result<Arc<TenantState>, AppError> {
    let host = Asked::of(request).host.as_ref().ok_or(NOT_FOUND)?;
    let state = Answers::of(request).world.tenant(host).await?.ok_or(NOT_FOUND)?;
    check_migrations(&state)?;
    Ok(state)
}

/// A schema of another age than this POEM is not read.
fn check_migrations(state: &TenantState) -> Result<(), AppError> {
    let schema = Schema::Tenant(state.tenant.schema.clone());
    migrate::complaint(&schema, state.migration).map_or(Ok(()), |complaint| Err(AppError::Unavailable(complaint)))
}
