//! The old API: open to everybody, and its errors are plain text with status 200. Clients depend on both.

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

const NO_VO: &str = "Not valid VO";
const NO_GROUP: &str = "Not a valid group.";
const NO_TAG: &str = "Not a valid tag.";

/// More names than any client asks for at once.
const COMMON_NAMES: usize = 8;

pub fn routes() -> Vec<Route> {
    let paths = ["profiles", "metrics_in_profiles", "metrics_in_group", "metrics"];
    let others =
        paths.into_iter().flat_map(|path| other_methods(&format!("/poem/api/0.2/json/{path}"), Access::Everybody, &[]));
    let own = routes![all_profiles, metrics_in_profiles, metrics_in_group, metrics_of_tag];
    own.into_iter().chain(others).collect()
}

/// JSON, or text that says what is wrong.
#[derive(Responder)]
enum LegacyResponse {
    Json(CachedBody),
    Text((ContentType, &'static str)),
}

/// The response from the cache, or the text if what was asked for no longer exists.
fn answer(body: Option<Arc<EncodedBody>>, words: &'static str) -> LegacyResult {
    Ok(body.map_or_else(|| text(words), |body| LegacyResponse::Json(CachedBody(body))))
}

fn text(words: &'static str) -> LegacyResponse {
    LegacyResponse::Text((ContentType::Plain, words))
}

type LegacyResult = std::result::Result<LegacyResponse, AppError>;

/// What clients ask for; names as the tenant's index has them.
enum Resource<'a> {
    Profiles,
    OfVos { vos: Vec<&'a str>, profiles: Vec<&'a str>, namespace: String },
    MetricsInGroup(&'a str),
    MetricsOfTag(&'a str),
}

#[rocket::async_trait]
impl CachedResponse for Resource<'_> {
    fn key(&self) -> String {
        match self {
            Self::Profiles => "0.2/profiles".to_owned(),
            Self::OfVos { vos, profiles, namespace } => {
                // A name holds no NUL; how many VOs there are tells where the profiles begin.
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

/// The pairs of the query string, in order, decoded; what is not UTF-8 or NUL becomes U+FFFD, which names nothing.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Of a parameter that stands twice the last counts; '' where it is missing.
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
    answer(responses.tenant(tenant.state).await?.get_or_render(&Resource::Profiles).await?, "")
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

/// One element, whose `name` is the list of the VOs asked for.
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

/// The profiles of the VOs asked for, or of these only those that `profile` names. A VO is known that owns a profile,
/// and one known VO is enough.
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
        return answer(cached.get_or_render(&resource).await?, NO_VO);
    }
    let body = Box::pin(render_once(&resource, responses.pool(), tenant)).await?;
    match body {
        Some(body) => Ok(LegacyResponse::Json(CachedBody::once(body).await)),
        None => Ok(text(NO_VO)),
    }
}

/// The bytes of a response that is not cached.
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

/// The profiles that `wanted` takes, in the order of the API, each with its tuples.
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
    answer(cached.get_or_render(&Resource::MetricsInGroup(group)).await?, NO_GROUP)
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
    answer(cached.get_or_render(&Resource::MetricsOfTag(tag)).await?, NO_TAG)
}

/// `Namespace` of the tenant's section; '' where there is none, with a line in the log.
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
