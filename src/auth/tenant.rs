//! The tenant that the request's Host leads to.

use std::sync::OnceLock;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::auth::front_door::Asked;
use crate::domain::tenant::Tenant;
use crate::error::{AppError, NOT_FOUND, refuse};
use crate::store::migrate::known_tenant_migration;
use crate::store::tenants::{self, TenantState};
use crate::store::{Db, StoreError};

/// The guard: 404 where no tenant has this host, 503 where the database is away or the tenant's schema is not at the
/// migrations of this POEM.
pub struct CurrentTenant<'r>(pub &'r Tenant);

/// Kept with the request, so that it is looked up once.
#[derive(Default)]
struct Found(OnceLock<Tenant>);

impl<'r> CurrentTenant<'r> {
    /// The tenant of the request, where it was looked up and found.
    pub fn known(request: &'r Request<'_>) -> Option<&'r Tenant> {
        request.local_cache(Found::default).0.get()
    }

    /// The guard for hand-written routes.
    pub async fn find(request: &'r Request<'_>) -> Result<&'r Tenant, AppError> {
        match Self::known(request) {
            Some(tenant) => Ok(tenant),
            None => {
                let tenant = look_up(request).await?;
                Ok(request.local_cache(Found::default).0.get_or_init(|| tenant))
            }
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CurrentTenant<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::find(request).await {
            Ok(tenant) => Outcome::Success(Self(tenant)),
            Err(error) => refuse(request, error),
        }
    }
}

async fn look_up(request: &Request<'_>) -> Result<Tenant, AppError> {
    let host = Asked::of(request).host.as_ref().ok_or(NOT_FOUND)?;
    let mut conn = Db::of(request).pool().acquire().await.map_err(StoreError::from)?;
    let state = tenants::by_host(&mut conn, host.tenant_name()).await?.ok_or(NOT_FOUND)?;
    check_migrations(&state)?;
    Ok(state.tenant)
}

/// A schema of another age than this POEM is not read: what its columns mean may differ.
fn check_migrations(state: &TenantState) -> Result<(), AppError> {
    let (schema, known) = (&state.tenant.schema, known_tenant_migration());
    match state.migration {
        Some(found) if found == known => Ok(()),
        Some(found) if found > known => Err(AppError::Unavailable(format!(
            "schema {schema} is at migration {found}, newer than this POEM knows ({known}): upgrade POEM"
        ))),
        _ => Err(AppError::Unavailable(format!("schema {schema} has migrations pending: run poem-db -a"))),
    }
}
