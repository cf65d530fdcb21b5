//! The v2 API: profiles and metrics, for clients with an API key.

use std::collections::HashMap;

use rocket::{Route, get, routes};
use serde::Serialize;

use super::body::{EmptyConfig, json, metric_list};
use super::other_methods::{Access, other_methods};
use crate::auth::api_key::ApiClient;
use crate::cache::CachedResponse;
use crate::domain::model::profile::Tuple;
use crate::domain::model::version::compare_labels;
use crate::error::{AppError, NOT_FOUND};
use crate::http::encoded_body::CachedBody;
use crate::store::profiles::ProfileRow;
use crate::store::{ReadTx, Result, profiles};

type JsonResult = std::result::Result<CachedBody, AppError>;

/// The error for an unknown tag.
const NO_TAG: AppError = AppError::NotFound("Tag not found");

/// The routes of v2, except v2/internal.
pub fn routes() -> Vec<Route> {
    let paths =
        ["/poem/api/v2/profiles", "/poem/api/v2/profiles/<_>", "/poem/api/v2/metrics", "/poem/api/v2/metrics/<_>"];
    let others = paths.into_iter().flat_map(|path| other_methods(path, Access::ApiKey, &[]));
    routes![all_profiles, one_profile, all_metrics, metrics_of_tag].into_iter().chain(others).collect()
}

/// A profile: `{name, vo, description, metric_instances: [{service_flavour, metric}]}`. The description may be null.
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

/// A requested resource. Names are spelled as in the tenant's index.
enum Resource<'a> {
    /// All profiles.
    AllProfiles,
    /// The profile with this name; of several, the one with the highest version.
    Profile(&'a str),
    /// The metrics with this tag, or all metrics.
    Metrics(Option<&'a str>),
}

#[rocket::async_trait]
impl CachedResponse for Resource<'_> {
    fn key(&self) -> String {
        match self {
            Self::AllProfiles => "v2/profiles/".to_owned(),
            Self::Profile(name) => format!("v2/profiles/{name}"),
            Self::Metrics(tag) => format!("v2/metrics/{}", tag.unwrap_or_default()),
        }
    }

    async fn render(&self, tx: &mut ReadTx) -> Result<Option<Vec<u8>>> {
        match self {
            Self::AllProfiles => {
                let rows = profiles::list(tx.conn(), None).await?;
                Ok(Some(json(&bodies(tx, rows).await?)))
            }
            Self::Profile(name) => {
                let rows = profiles::list(tx.conn(), Some(name)).await?;
                let newest = rows.into_iter().max_by(|a, b| compare_labels(&a.version, &b.version));
                let bodies = bodies(tx, newest.into_iter().collect()).await?;
                Ok(bodies.first().map(json))
            }
            Self::Metrics(tag) => Ok(Some(json(&metric_list(tx, *tag, EmptyConfig::LeftOut).await?))),
        }
    }
}

/// Reads the metric instances of profiles.
async fn bodies(tx: &mut ReadTx, rows: Vec<ProfileRow>) -> Result<Vec<ProfileBody>> {
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

#[get("/poem/api/v2/profiles")]
async fn all_profiles(client: ApiClient<'_>) -> JsonResult {
    client.tenant.get_or_render(&Resource::AllProfiles).await?.map(CachedBody).ok_or(NOT_FOUND)
}

#[get("/poem/api/v2/profiles/<name>")]
async fn one_profile(client: ApiClient<'_>, name: &str) -> JsonResult {
    if !client.tenant.index().profiles.contains(name) {
        return Err(NOT_FOUND);
    }
    client.tenant.get_or_render(&Resource::Profile(name)).await?.map(CachedBody).ok_or(NOT_FOUND)
}

#[get("/poem/api/v2/metrics")]
async fn all_metrics(client: ApiClient<'_>) -> JsonResult {
    client.tenant.get_or_render(&Resource::Metrics(None)).await?.map(CachedBody).ok_or(NOT_FOUND)
}

/// Responds with the metrics of a tag, case-insensitively.
#[get("/poem/api/v2/metrics/<tag>")]
async fn metrics_of_tag(client: ApiClient<'_>, tag: &str) -> JsonResult {
    let tag = client.tenant.index().tag(tag).ok_or(NO_TAG)?;
    client.tenant.get_or_render(&Resource::Metrics(Some(tag))).await?.map(CachedBody).ok_or(NO_TAG)
}
