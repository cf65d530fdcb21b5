//! v2/internal: the addresses for the pages of POEM 2.3, with a login session.

use rocket::http::Method;
use rocket::{Route, State, get, post, put, routes};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::body::ApiJson;
use super::fields::{Fields, field_error};
use super::other_methods::{Access, other_methods};
use crate::auth::session::ApiSession;
use crate::domain::model::aggregation::AggregationContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::policy::Viewer;
use crate::domain::security::keys::Keys;
use crate::error::{AppError, NO_PERMISSION};
use crate::http::database::Db;
use crate::registry::Transaction;
use crate::registry::aggregations::{self as registry, AggregationError};
use crate::registry::viewers;
use crate::store::aggregations::{self, AggregationRow};
use crate::store::api_keys::{self, StoredApiKey};
use crate::store::{ReadTx, groups, probes, users};

type InternalResult = Result<ApiJson, AppError>;

/// The longest name, apiid and group name of an aggregation, in characters.
const AGGREGATION_LIMIT: usize = 128;

/// The routes of v2/internal.
pub fn routes() -> Vec<Route> {
    let read_only = ["metrics/<_>", "tokens", "tokens/<_>", "users", "groups", "groups/<_>", "probes/<_>"];
    let address = |path: &str| format!("/poem/api/v2/internal/{path}");
    let others = read_only
        .into_iter()
        .flat_map(|path| other_methods(&address(path), Access::Session, &[]))
        .chain(other_methods(&address("aggregations"), Access::Session, &[Method::Post, Method::Put]))
        .chain(other_methods(&address("aggregations/<_>"), Access::Session, &[]));
    let own = routes![
        metrics_of_group,
        all_tokens,
        one_token,
        all_users,
        all_groups,
        groups_of_kind,
        one_probe,
        all_aggregations,
        one_aggregation,
        add_aggregation,
        move_aggregation
    ];
    own.into_iter().chain(others).collect()
}

/// Returns the response `{"result": […]}`.
fn result(value: impl Serialize) -> ApiJson {
    ApiJson::new(&json!({ "result": value }))
}

#[get("/poem/api/v2/internal/metrics/<group>")]
async fn metrics_of_group(viewer: ApiSession<'_>, group: &str, db: &State<Db>) -> InternalResult {
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    let names = groups::metric_names(tx.conn(), group).await?;
    names.map(result).ok_or(AppError::NotFound("Group not found"))
}

/// Refuses users who are not superusers.
fn superuser_only(viewer: &ApiSession<'_>) -> Result<(), AppError> {
    if viewer.user.is_superuser { Ok(()) } else { Err(NO_PERMISSION) }
}

/// The token, if POEM stores it readably: only that of the client WEB-API; `''` otherwise.
fn token(key: &StoredApiKey, keys: &Keys) -> String {
    key.token_sealed.as_deref().and_then(|sealed| keys.unseal(sealed)).unwrap_or_default()
}

#[get("/poem/api/v2/internal/tokens")]
async fn all_tokens(viewer: ApiSession<'_>, db: &State<Db>, keys: &State<Keys>) -> InternalResult {
    superuser_only(&viewer)?;
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    let stored = api_keys::list(tx.conn()).await?;
    let list: Vec<Value> = stored.iter().map(|key| json!({ "name": key.client, "token": token(key, keys) })).collect();
    Ok(ApiJson::new(&list))
}

/// The token alone, as a JSON string.
#[get("/poem/api/v2/internal/tokens/<client>")]
async fn one_token(viewer: ApiSession<'_>, client: &str, db: &State<Db>, keys: &State<Keys>) -> InternalResult {
    superuser_only(&viewer)?;
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    let key = api_keys::by_client(tx.conn(), client).await?.ok_or(AppError::NotFound("Tenant not found"))?;
    Ok(ApiJson::new(&token(&key, keys)))
}

#[get("/poem/api/v2/internal/users")]
async fn all_users(viewer: ApiSession<'_>, db: &State<Db>) -> InternalResult {
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    Ok(result(users::usernames(tx.conn()).await?))
}

/// The names of the groups of a kind that the viewer may write to: all of them for a superuser.
async fn group_names(viewer: &ApiSession<'_>, db: &Db) -> Result<Map<String, Value>, AppError> {
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    let member = (!viewer.user.is_superuser).then_some(viewer.user.id);
    let names = groups::names(tx.conn(), member).await?;
    let of_kind = |kind: GroupKind| {
        let own = names.iter().filter(|group| group.kind == kind.as_str()).map(|group| group.name.as_str());
        (kind.as_str().to_owned(), own.collect::<Value>())
    };
    Ok(GroupKind::ALL.into_iter().map(of_kind).collect())
}

#[get("/poem/api/v2/internal/groups")]
async fn all_groups(viewer: ApiSession<'_>, db: &State<Db>) -> InternalResult {
    Ok(result(group_names(&viewer, db).await?))
}

#[get("/poem/api/v2/internal/groups/<kind>")]
async fn groups_of_kind(viewer: ApiSession<'_>, kind: &str, db: &State<Db>) -> InternalResult {
    let kind: GroupKind = kind.parse().map_err(|()| AppError::NotFound("Group not found"))?;
    Ok(ApiJson::new(&group_names(&viewer, db).await?[kind.as_str()]))
}

/// Responds with the data of a probe for the metric form; `{}` if the probe is unknown.
#[get("/poem/api/v2/internal/probes/<name>")]
async fn one_probe(viewer: ApiSession<'_>, name: &str, db: &State<Db>) -> InternalResult {
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    Ok(ApiJson::new(&match probes::summary(tx.conn(), name).await? {
        Some(probe) => json!({
            "id": probe.id, "name": probe.name, "description": probe.description, "comment": probe.comment
        }),
        None => json!({}),
    }))
}

fn aggregation_body(row: &AggregationRow) -> Value {
    json!({ "name": row.name, "apiid": row.apiid, "groupname": row.group_name })
}

#[get("/poem/api/v2/internal/aggregations")]
async fn all_aggregations(viewer: ApiSession<'_>, db: &State<Db>) -> InternalResult {
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    let rows = aggregations::list(tx.conn()).await?;
    Ok(ApiJson::new(&rows.iter().map(aggregation_body).collect::<Vec<_>>()))
}

#[get("/poem/api/v2/internal/aggregations/<name>")]
async fn one_aggregation(viewer: ApiSession<'_>, name: &str, db: &State<Db>) -> InternalResult {
    let mut tx = ReadTx::begin(db.pool(), viewer.tenant.schema()).await?;
    let row = aggregations::by_name(tx.conn(), name).await?.ok_or(AppError::NotFound("Aggregation not found"))?;
    Ok(ApiJson::new(&aggregation_body(&row)))
}

impl From<AggregationError> for AppError {
    fn from(error: AggregationError) -> Self {
        match error {
            AggregationError::Denied(_) => Self::NotMember(error.to_string()),
            AggregationError::UnknownGroup(_) => field_error("groupname", "Group not found"),
            AggregationError::UnknownApiid => Self::NotFound("Aggregation not found"),
            AggregationError::NameTaken => field_error("name", "aggregation with this name already exists."),
            AggregationError::ApiidTaken => field_error("apiid", "aggregation with this apiid already exists."),
            AggregationError::Store(error) => error.into(),
        }
    }
}

/// Reads the logged-in user with the current permissions, within the transaction that writes.
async fn writer(tx: &mut Transaction, viewer: &ApiSession<'_>) -> Result<Viewer, AppError> {
    viewers::find(tx.conn(), viewer.user.id).await?.ok_or(NO_PERMISSION)
}

#[post("/poem/api/v2/internal/aggregations", data = "<fields>")]
async fn add_aggregation(viewer: ApiSession<'_>, fields: Fields, db: &State<Db>) -> InternalResult {
    let mut fields = fields.checked()?;
    let [name, apiid, group] = ["name", "apiid", "groupname"].map(|field| fields.text(field, AGGREGATION_LIMIT));
    fields.end()?;
    let content = AggregationContent { name, apiid, group };
    let mut tx = Transaction::begin(db.pool(), viewer.tenant.schema()).await?;
    let writer = writer(&mut tx, &viewer).await?;
    registry::add(&mut tx, &writer, &content).await?;
    tx.commit().await?;
    let AggregationContent { name, apiid, group } = content;
    Ok(ApiJson::created(&json!({ "name": name, "apiid": apiid, "groupname": group })))
}

/// Moves the aggregation with the apiid into the group; 201 without a body, as in POEM 2.3.
#[put("/poem/api/v2/internal/aggregations", data = "<fields>")]
async fn move_aggregation(
    viewer: ApiSession<'_>,
    fields: Fields,
    db: &State<Db>,
) -> Result<rocket::http::Status, AppError> {
    let mut fields = fields.checked()?;
    let [apiid, group] = ["apiid", "groupname"].map(|field| fields.text(field, AGGREGATION_LIMIT));
    fields.end()?;
    let mut tx = Transaction::begin(db.pool(), viewer.tenant.schema()).await?;
    let writer = writer(&mut tx, &viewer).await?;
    registry::move_to_group(&mut tx, &writer, &apiid, &group).await?;
    tx.commit().await?;
    Ok(rocket::http::Status::Created)
}
