//! The old API: open to everybody, and its complaints are plain text with status 200. Clients depend on both.

use std::collections::{HashMap, HashSet};

use rocket::http::ContentType;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Responder, Route, State, get, routes};
use serde::Serialize;

use super::body::{ApiJson, EmptyConfig, metric_list};
use super::other_methods::{Access, other_methods};
use crate::auth::front_door::Asked;
use crate::auth::tenant::CurrentTenant;
use crate::config::live::LiveConfig;
use crate::domain::profile::Tuple;
use crate::error::AppError;
use crate::store::profiles::ProfileRow;
use crate::store::{Db, Result, TenantTx, groups, metrics, profiles};

pub fn routes() -> Vec<Route> {
    let paths = ["profiles", "metrics_in_profiles", "metrics_in_group", "metrics"];
    let others =
        paths.into_iter().flat_map(|path| other_methods(&format!("/poem/api/0.2/json/{path}"), Access::Everybody, &[]));
    let own = routes![all_profiles, metrics_in_profiles, metrics_in_group, metrics_of_tag];
    own.into_iter().chain(others).collect()
}

/// JSON, or a complaint in words.
#[derive(Responder)]
enum Answer {
    Json(ApiJson),
    Complaint((ContentType, &'static str)),
}

fn complaint(words: &'static str) -> Answer {
    Answer::Complaint((ContentType::Plain, words))
}

type Answered = std::result::Result<Answer, AppError>;

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
        let pairs = form_urlencoded::parse(Asked::of(request).query().as_bytes());
        let storable = |text: &str| text.replace('\0', "\u{fffd}");
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
async fn all_profiles(tenant: CurrentTenant<'_>, db: &State<Db>) -> Answered {
    let mut tx = TenantTx::read(db.pool(), &tenant.0.schema).await?;
    let profiles = with_tuples(&mut tx, |_| true).await?;
    let bodies: Vec<_> = profiles.iter().map(|(row, tuples)| profile_body(row, tuples)).collect();
    Ok(Answer::Json(ApiJson::new(&bodies)))
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
    db: &State<Db>,
    config: &State<LiveConfig>,
) -> Answered {
    let vos = parameters.all("vo_name");
    if vos.is_empty() {
        return Ok(complaint("Need the name of VO"));
    }
    let mut tx = TenantTx::read(db.pool(), &tenant.0.schema).await?;
    let of_vos = with_tuples(&mut tx, |row| vos.contains(&row.vo.as_str())).await?;
    if of_vos.is_empty() {
        return Ok(complaint("Not valid VO"));
    }
    let namespace = namespace(config, &tenant.0.name);
    let wanted: HashSet<&str> = parameters.all("profile").into_iter().collect();
    let bodies = of_vos
        .iter()
        .filter(|(row, _)| wanted.is_empty() || wanted.contains(row.name.as_str()))
        .map(|(row, tuples)| vo_profile_body(row, tuples, &namespace))
        .collect();
    Ok(Answer::Json(ApiJson::new(&[VosBody { name: vos, profiles: bodies }])))
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
async fn with_tuples(tx: &mut TenantTx, wanted: impl Fn(&ProfileRow) -> bool) -> Result<Vec<(ProfileRow, Vec<Tuple>)>> {
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
async fn metrics_in_group(tenant: CurrentTenant<'_>, parameters: Parameters, db: &State<Db>) -> Answered {
    let group = parameters.last("group");
    if group.is_empty() {
        return Ok(complaint("Need the name of group"));
    }
    let mut tx = TenantTx::read(db.pool(), &tenant.0.schema).await?;
    Ok(match groups::metric_names(tx.conn(), group).await? {
        Some(names) => Answer::Json(ApiJson::new(&HashMap::from([("result", names)]))),
        None => complaint("Not a valid group."),
    })
}

#[get("/poem/api/0.2/json/metrics")]
async fn metrics_of_tag(tenant: CurrentTenant<'_>, parameters: Parameters, db: &State<Db>) -> Answered {
    let tag = parameters.last("tag");
    if tag.is_empty() {
        return Ok(complaint("Need the name of tag."));
    }
    let mut tx = TenantTx::read(db.pool(), &tenant.0.schema).await?;
    if !metrics::tag_exists(tx.conn(), tag).await? {
        return Ok(complaint("Not a valid tag."));
    }
    Ok(Answer::Json(ApiJson::new(&metric_list(&mut tx, Some(tag), EmptyConfig::Kept).await?)))
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
