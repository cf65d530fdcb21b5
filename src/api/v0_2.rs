//! The v0.2 API, without authentication. Its errors are plain text with status 200: clients depend on that.

use std::collections::HashMap;
use std::sync::Arc;

use rocket::http::ContentType;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Responder, Route, State, get, routes};
use serde::Serialize;
use sqlx::PgPool;

use super::body::{EmptyConfig, json, metric_list};
use super::other_methods::{Access, other_methods};
use crate::cache::{CachedResponse, ResponseCache};
use crate::config::reload::LiveConfig;
use crate::domain::model::profile::Tuple;
use crate::error::AppError;
use crate::http::encoded_body::CachedBody;
use crate::http::encoded_body::EncodedBody;
use crate::http::original_request::OriginalRequest;
use crate::store::profiles::ProfileRow;
use crate::store::text::storable;
use crate::store::{ReadTx, Result, groups, profiles};
use crate::tenants::guard::CurrentTenant;

/// The error for VOs that own no profile.
const NO_VO: &str = "Not valid VO";
/// The error for an unknown group of metrics.
const NO_GROUP: &str = "Not a valid group.";
/// The error for an unknown tag.
const NO_TAG: &str = "Not a valid tag.";

/// The most names in a request whose response is cached: more than any known client requests at once.
const COMMON_NAMES: usize = 8;

/// The routes of v0.2.
pub fn routes() -> Vec<Route> {
    let paths = ["profiles", "metrics_in_profiles", "metrics_in_group", "metrics"];
    let others =
        paths.into_iter().flat_map(|path| other_methods(&format!("/poem/api/0.2/json/{path}"), Access::Public, &[]));
    let own = routes![all_profiles, metrics_in_profiles, metrics_in_group, metrics_of_tag];
    own.into_iter().chain(others).collect()
}

/// The response: JSON, or a text that names the error.
#[derive(Responder)]
enum LegacyResponse {
    /// The body, from the cache or rendered for this request.
    Json(CachedBody),
    /// The error, with status 200.
    Text((ContentType, &'static str)),
}

/// Returns the body, or the error if the requested object no longer exists.
fn respond(body: Option<Arc<EncodedBody>>, message: &'static str) -> LegacyResult {
    Ok(body.map_or_else(|| text(message), |body| LegacyResponse::Json(CachedBody(body))))
}

fn text(message: &'static str) -> LegacyResponse {
    LegacyResponse::Text((ContentType::Plain, message))
}

type LegacyResult = std::result::Result<LegacyResponse, AppError>;

/// A requested resource. Names are spelled as in the tenant's index.
enum Resource<'a> {
    /// All profiles.
    Profiles,
    /// The profiles of these VOs; if `profiles` is not empty, only those.
    OfVos { vos: Vec<&'a str>, profiles: Vec<&'a str>, namespace: String },
    /// The metric names of a group.
    MetricsInGroup(&'a str),
    /// The metrics with a tag.
    MetricsOfTag(&'a str),
}

#[rocket::async_trait]
impl CachedResponse for Resource<'_> {
    fn key(&self) -> String {
        match self {
            Self::Profiles => "0.2/profiles".to_owned(),
            Self::OfVos { vos, profiles, namespace } => {
                // No name contains NUL. The number of VOs marks where the profiles begin, so keys are unambiguous.
                let names = [vos.join("\0"), profiles.join("\0")].join("\0");
                format!("0.2/metrics_in_profiles\0{namespace}\0{}\0{names}", vos.len())
            }
            Self::MetricsInGroup(group) => format!("0.2/metrics_in_group\0{group}"),
            Self::MetricsOfTag(tag) => format!("0.2/metrics\0{tag}"),
        }
    }

    async fn render(&self, tx: &mut ReadTx) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Profiles => {
                let profiles = with_tuples(tx, |_| true).await?;
                let bodies: Vec<_> = profiles.iter().map(|(row, tuples)| profile_body(row, tuples)).collect();
                Ok(Some(json(&bodies)))
            }
            Self::OfVos { vos, profiles, namespace } => {
                let of_vos = with_tuples(tx, |row| vos.contains(&row.vo.as_str())).await?;
                let bodies = of_vos
                    .iter()
                    .filter(|(row, _)| profiles.is_empty() || profiles.contains(&row.name.as_str()))
                    .map(|(row, tuples)| vo_profile_body(row, tuples, namespace))
                    .collect();
                Ok((!of_vos.is_empty()).then(|| json(&[VosBody { name: vos.clone(), profiles: bodies }])))
            }
            Self::MetricsInGroup(group) => {
                let names = groups::metric_names(tx.conn(), group).await?;
                Ok(names.map(|names| json(&HashMap::from([("result", names)]))))
            }
            Self::MetricsOfTag(tag) => Ok(Some(json(&metric_list(tx, Some(tag), EmptyConfig::Kept).await?))),
        }
    }
}

/// The decoded pairs of the query string, in order. Invalid UTF-8 and NUL become U+FFFD, which is in no name.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// All values of a parameter.
    fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The last value of a parameter; `''` if it is missing.
    fn last(&self, name: &str) -> &str {
        self.all(name).last().copied().unwrap_or_default()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Parameters {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let pairs = form_urlencoded::parse(OriginalRequest::of(request).query().as_bytes());
        Outcome::Success(Self(pairs.map(|(key, value)| (storable(&key), storable(&value))).collect()))
    }
}

#[derive(Serialize)]
struct ProfileBody<'a> {
    name: &'a str,
    atp_vo: &'a str,
    version: &'a str,
    description: &'a str,
    metric_instances: Vec<InstanceBody<'a>>,
}

#[derive(Serialize)]
struct InstanceBody<'a> {
    metric: &'a str,
    fqan: &'a str,
    vo: &'a str,
    atp_service_type_flavour: &'a str,
}

#[get("/poem/api/0.2/json/profiles")]
async fn all_profiles(tenant: CurrentTenant<'_>, responses: &State<ResponseCache>) -> LegacyResult {
    respond(responses.tenant(tenant.state).await?.get_or_render(&Resource::Profiles).await?, "")
}

fn profile_body<'a>(row: &'a ProfileRow, tuples: &'a [Tuple]) -> ProfileBody<'a> {
    let instance = |tuple: &'a Tuple| InstanceBody {
        metric: &tuple.metric,
        fqan: &tuple.fqan,
        vo: &row.vo,
        atp_service_type_flavour: &tuple.service_flavour,
    };
    ProfileBody {
        name: &row.name,
        atp_vo: &row.vo,
        version: &row.version,
        description: row.description.as_deref().unwrap_or_default(),
        metric_instances: tuples.iter().map(instance).collect(),
    }
}

/// The one element of the list. Its `name` is the list of the requested VOs.
#[derive(Serialize)]
struct VosBody<'a> {
    name: Vec<&'a str>,
    profiles: Vec<VoProfileBody<'a>>,
}

#[derive(Serialize)]
struct VoProfileBody<'a> {
    name: &'a str,
    namespace: &'a str,
    description: &'a str,
    vo: &'a str,
    metrics: Vec<VoMetricBody<'a>>,
}

#[derive(Serialize)]
struct VoMetricBody<'a> {
    service_flavour: &'a str,
    name: &'a str,
    fqan: &'a str,
}

/// Responds with the profiles of the requested VOs, or only those of them that `profile` names. A VO is known if it
/// owns a profile; one known VO is enough.
#[get("/poem/api/0.2/json/metrics_in_profiles")]
async fn metrics_in_profiles(
    tenant: CurrentTenant<'_>,
    parameters: Parameters,
    responses: &State<ResponseCache>,
    config: &State<LiveConfig>,
) -> LegacyResult {
    let vos = parameters.all("vo_name");
    if vos.is_empty() {
        return Ok(text("Need the name of VO"));
    }
    let cached = responses.tenant(tenant.state).await?;
    let (known_vos, known_profiles) = (&cached.index().vos_of_profiles, &cached.index().profiles);
    if !vos.iter().any(|vo| known_vos.contains(*vo)) {
        return Ok(text(NO_VO));
    }
    let profiles = parameters.all("profile");
    // Unknown names can be combined in endless ways: such responses are not cached.
    let is_common = vos.iter().all(|vo| known_vos.contains(*vo))
        && profiles.iter().all(|name| known_profiles.contains(*name))
        && vos.len() + profiles.len() <= COMMON_NAMES;
    let resource = Resource::OfVos { vos, profiles, namespace: namespace(config, &tenant.tenant().name) };
    if is_common {
        return respond(cached.get_or_render(&resource).await?, NO_VO);
    }
    let body = Box::pin(render_once(&resource, responses.pool(), tenant)).await?;
    match body {
        Some(body) => Ok(LegacyResponse::Json(CachedBody::once(body).await)),
        None => Ok(text(NO_VO)),
    }
}

/// Renders a response that is not cached.
async fn render_once(resource: &Resource<'_>, pool: &PgPool, tenant: CurrentTenant<'_>) -> Result<Option<Vec<u8>>> {
    let mut tx = ReadTx::begin(pool, tenant.schema()).await?;
    resource.render(&mut tx).await
}

fn vo_profile_body<'a>(row: &'a ProfileRow, tuples: &'a [Tuple], namespace: &'a str) -> VoProfileBody<'a> {
    let metric = |tuple: &'a Tuple| VoMetricBody {
        service_flavour: &tuple.service_flavour,
        name: &tuple.metric,
        fqan: &tuple.fqan,
    };
    VoProfileBody {
        name: &row.name,
        namespace,
        description: row.description.as_deref().unwrap_or_default(),
        vo: &row.vo,
        metrics: tuples.iter().map(metric).collect(),
    }
}

/// Reads the profiles that `wanted` accepts, in the order of the API, each with its tuples.
async fn with_tuples(tx: &mut ReadTx, wanted: impl Fn(&ProfileRow) -> bool) -> Result<Vec<(ProfileRow, Vec<Tuple>)>> {
    let rows: Vec<_> = profiles::list(tx.conn(), None).await?.into_iter().filter(wanted).collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut tuples: HashMap<i64, Vec<Tuple>> = HashMap::with_capacity(ids.len());
    for (profile, tuple) in profiles::tuples(tx.conn(), &ids).await? {
        tuples.entry(profile).or_default().push(tuple);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let own = tuples.remove(&row.id).unwrap_or_default();
            (row, own)
        })
        .collect())
}

#[get("/poem/api/0.2/json/metrics_in_group")]
async fn metrics_in_group(
    tenant: CurrentTenant<'_>,
    parameters: Parameters,
    responses: &State<ResponseCache>,
) -> LegacyResult {
    let group = parameters.last("group");
    if group.is_empty() {
        return Ok(text("Need the name of group"));
    }
    let cached = responses.tenant(tenant.state).await?;
    if !cached.index().groups_of_metrics.contains(group) {
        return Ok(text(NO_GROUP));
    }
    respond(cached.get_or_render(&Resource::MetricsInGroup(group)).await?, NO_GROUP)
}

#[get("/poem/api/0.2/json/metrics")]
async fn metrics_of_tag(
    tenant: CurrentTenant<'_>,
    parameters: Parameters,
    responses: &State<ResponseCache>,
) -> LegacyResult {
    let tag = parameters.last("tag");
    if tag.is_empty() {
        return Ok(text("Need the name of tag."));
    }
    let cached = responses.tenant(tenant.state).await?;
    let Some(tag) = cached.index().tag(tag) else { return Ok(text(NO_TAG)) };
    respond(cached.get_or_render(&Resource::MetricsOfTag(tag)).await?, NO_TAG)
}

/// The `Namespace` of the tenant's section; `''` with a warning in the log if there is none.
fn namespace(config: &LiveConfig, tenant: &str) -> String {
    match config.current().tenant_general(tenant) {
        Ok(Some(general)) => general.namespace,
        Ok(None) => {
            log::warn!("{tenant}: the configuration has no section for this tenant, its profiles have no namespace");
            String::new()
        }
        Err(error) => {
            log::warn!("{tenant}: {error}");
            String::new()
        }
    }
}
