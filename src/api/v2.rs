//! The v2 API: profiles and metrics, for clients with an API key.

use std::cmp::Ordering;
use std::collections::HashMap;

use rocket::{Route, State, get, routes};
use serde::Serialize;

use super::body::{ApiJson, EmptyConfig, metric_list};
use super::other_methods::{Access, other_methods};
use crate::auth::api_key::ApiClient;
use crate::domain::profile::Tuple;
use crate::domain::version::compare_labels;
use crate::error::{AppError, NOT_FOUND};
use crate::store::profiles::ProfileRow;
use crate::store::{Db, Result, TenantTx, metrics, profiles};

pub fn routes() -> Vec<Route> {
    let paths =
        ["/poem/api/v2/profiles", "/poem/api/v2/profiles/<_>", "/poem/api/v2/metrics", "/poem/api/v2/metrics/<_>"];
    let others = paths.into_iter().flat_map(|path| other_methods(path, Access::ApiKey, &[]));
    routes![all_profiles, one_profile, all_metrics, metrics_of_tag].into_iter().chain(others).collect()
}

/// `{name, vo, description, metric_instances: [{service_flavour, metric}]}`; the description may be null.
#[derive(Serialize)]
struct ProfileBody {
    name: String,
    vo: String,
    description: Option<String>,
    metric_instances: Vec<InstanceBody>,
}

#[derive(Serialize)]
struct InstanceBody {
    service_flavour: String,
    metric: String,
}

#[get("/poem/api/v2/profiles")]
async fn all_profiles(client: ApiClient<'_>, db: &State<Db>) -> std::result::Result<ApiJson, AppError> {
    let mut tx = TenantTx::read(db.pool(), &client.tenant.schema).await?;
    let rows = profiles::list(tx.conn(), None).await?;
    Ok(ApiJson::new(&bodies(&mut tx, rows).await?))
}

/// Of profiles with one name, the one with the highest version.
#[get("/poem/api/v2/profiles/<name>")]
async fn one_profile(client: ApiClient<'_>, name: &str, db: &State<Db>) -> std::result::Result<ApiJson, AppError> {
    let mut tx = TenantTx::read(db.pool(), &client.tenant.schema).await?;
    let rows = profiles::list(tx.conn(), Some(name)).await?;
    let newest = rows.into_iter().max_by(by_version).ok_or(NOT_FOUND)?;
    let mut bodies = bodies(&mut tx, vec![newest]).await?;
    Ok(ApiJson::new(&bodies.pop().ok_or(NOT_FOUND)?))
}

fn by_version(a: &ProfileRow, b: &ProfileRow) -> Ordering {
    compare_labels(&a.version, &b.version)
}

async fn bodies(tx: &mut TenantTx, rows: Vec<ProfileRow>) -> Result<Vec<ProfileBody>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut instances: HashMap<i64, Vec<InstanceBody>> = HashMap::with_capacity(ids.len());
    for (profile, Tuple { service_flavour, metric, .. }) in profiles::tuples(tx.conn(), &ids).await? {
        instances.entry(profile).or_default().push(InstanceBody { service_flavour, metric });
    }
    let body = rows.into_iter().map(|row| ProfileBody {
        metric_instances: instances.remove(&row.id).unwrap_or_default(),
        name: row.name,
        vo: row.vo,
        description: row.description,
    });
    Ok(body.collect())
}

#[get("/poem/api/v2/metrics")]
async fn all_metrics(client: ApiClient<'_>, db: &State<Db>) -> std::result::Result<ApiJson, AppError> {
    let mut tx = TenantTx::read(db.pool(), &client.tenant.schema).await?;
    Ok(ApiJson::new(&metric_list(&mut tx, None, EmptyConfig::LeftOut).await?))
}

/// The tag counts in any case.
#[get("/poem/api/v2/metrics/<tag>")]
async fn metrics_of_tag(client: ApiClient<'_>, tag: &str, db: &State<Db>) -> std::result::Result<ApiJson, AppError> {
    let mut tx = TenantTx::read(db.pool(), &client.tenant.schema).await?;
    if !metrics::tag_exists(tx.conn(), tag).await? {
        return Err(AppError::NotFound("Tag not found"));
    }
    Ok(ApiJson::new(&metric_list(&mut tx, Some(tag), EmptyConfig::LeftOut).await?))
}
