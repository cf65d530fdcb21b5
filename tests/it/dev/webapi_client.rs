//! The recorded exchanges with the ARGO WEB-API once more, made by POEM's client: it understands every response.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use poem::argo_webapi::calls::TenantCalls;
use poem::argo_webapi::client::WebApiClient;
use poem::argo_webapi::failure::CallFailure;
use poem::argo_webapi::object::WebApiObject;
use poem::config::WebApi;
use poem::dev::webapi::{DemoProfileKind, DemoWebApi};
use poem::domain::model::aggregation_definition::AggregationDefinition;
use poem::domain::model::metric_profile_definition::MetricProfileDefinition;
use poem::domain::security::secret::Secret;
use poem::http_client::ca_certificates::CaCertificates;
use serde_json::{Value, json};

use super::webapi::{filled, replay, start};
use crate::support::{block_on, fixture};

const TODAY: &str = "2026-11-28";

/// A recorded request that the client can make: without a query, and with headers that it sends.
struct Request<'e> {
    key: &'e str,
    method: &'e str,
    is_metric: bool,
    /// The id in the address; `None` in that of all objects.
    id: Option<&'e str>,
    body: Value,
}

impl<'e> Request<'e> {
    /// `None` if the client makes no such request.
    fn of(exchange: &'e Value) -> Option<Self> {
        let request = &exchange["request"];
        let path = request["path"].as_str()?.strip_prefix("/api/v2/")?;
        let (collection, id) = path.split_once('/').map_or((path, None), |(kind, id)| (kind, Some(id)));
        let is_metric = collection == "metric_profiles";
        let (method, body) = (request["method"].as_str()?, request["body"].clone());
        let is_made = match method {
            "GET" => true,
            "POST" => id.is_none() && body.is_object(),
            "PUT" => id.is_some() && body.is_object(),
            "DELETE" => id.is_some(),
            _ => false,
        };
        let headers = request["headers"].as_object()?;
        let mut accepted = json!({"Accept": "application/json"});
        if ["POST", "PUT"].contains(&method) {
            accepted["Content-Type"] = "application/json".into();
        }
        let is_address = (is_metric || collection == "aggregation_profiles") && !path.contains(['?', '%']);
        let is_id = id.is_none_or(|id| !id.is_empty() && !id.starts_with('.'));
        let is_sent = Value::Object(headers.clone()) == accepted;
        // A body of wrong types is none of the client's.
        let is_typed = serde_json::from_value::<AggregationDefinition>(body.clone()).is_ok() || body.is_null();
        let key = request["key"].as_str()?;
        (is_made && is_address && is_id && is_sent && is_typed).then_some(Self { key, method, is_metric, id, body })
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    /// These objects, by id.
    Read(Vec<Value>),
    /// The id of a new object.
    Created(String),
    Written,
}

/// Makes a request. `body` and `id` are those of this run.
async fn call<T: WebApiObject>(
    calls: &TenantCalls<'_>,
    method: &str,
    id: Option<&str>,
    body: Value,
) -> Result<Outcome, CallFailure> {
    let object = || serde_json::from_value::<T>(body.clone()).unwrap();
    match (method, id) {
        ("GET", None) => calls.list::<T>().await.map(objects),
        ("GET", Some(id)) => calls.one::<T>(id).await.map(|object| objects(vec![object])),
        ("POST", _) => calls.create(&object()).await.map(Outcome::Created),
        ("PUT", Some(id)) => calls.replace(id, &object()).await.map(|()| Outcome::Written),
        (_, Some(id)) => calls.delete::<T>(id).await.map(|()| Outcome::Written),
        _ => unreachable!("{method}"),
    }
}

fn objects<T: WebApiObject>(mut found: Vec<T>) -> Outcome {
    found.sort_by_key(|object| object.id().to_owned());
    Outcome::Read(found.iter().map(|object| serde_json::to_value(object).unwrap()).collect())
}

/// What has to come of a request, by the recorded response. `created` is the id in this run.
fn recorded<T: WebApiObject>(
    exchange: &Value,
    names: &BTreeMap<String, String>,
    created: &str,
) -> Result<Outcome, CallFailure> {
    let (request, response) = (&exchange["request"], &exchange["response"]);
    let method = request["method"].as_str().unwrap();
    let json: Value = serde_json::from_str(&filled(&response["json"].to_string(), names)).unwrap();
    let words = || json["errors"][0]["details"].as_str().unwrap_or_default().to_owned();
    Err(match response["status"].as_u64().unwrap() {
        200 if method == "GET" => {
            let mut found: Vec<Value> = serde_json::from_value(json["data"].clone()).unwrap();
            // These days were sent in a body; the client never sends one.
            found.iter_mut().filter(|it| it["date"] == "2018-01-01").for_each(|it| it["date"] = TODAY.into());
            return Ok(objects(found.into_iter().map(|it| serde_json::from_value::<T>(it).unwrap()).collect()));
        }
        200 => return Ok(Outcome::Written),
        201 => return Ok(Outcome::Created(created.to_owned())),
        401 => CallFailure::TokenRefused,
        403 => CallFailure::Forbidden { writing: method != "GET" },
        404 if json.is_object() => CallFailure::Gone,
        404 => CallFailure::WrongAddress,
        409 => CallFailure::NameTaken(words()),
        422 => CallFailure::UnknownReference(words()),
        status => panic!("{status}: no exchange of the client has it"),
    })
}

/// Makes a recorded exchange; returns what came of it, and what had to.
fn exchange<T: WebApiObject>(
    calls: &TenantCalls<'_>,
    recording: &Value,
    request: &Request<'_>,
    names: &BTreeMap<String, String>,
) -> (Result<Outcome, CallFailure>, Result<Outcome, CallFailure>) {
    let id = request.id.map(|id| filled(id, names));
    let body = serde_json::from_str(&filled(&request.body.to_string(), names)).unwrap();
    let made = block_on(call::<T>(calls, request.method, id.as_deref(), body));
    let created = match &made {
        Ok(Outcome::Created(id)) => id.clone(),
        _ => String::new(),
    };
    let expected = recorded::<T>(recording, names, &created);
    (made, expected)
}

fn config(api: &DemoWebApi) -> WebApi {
    WebApi {
        metric_profile: api.profiles_address(DemoProfileKind::Metric),
        aggregation_profile: api.profiles_address(DemoProfileKind::Aggregation),
        reports: None,
        timeout: Duration::from_secs(15),
    }
}

/// What the client cannot send (other days, wrong types, other headers) is sent without it, so that all are in order.
#[test]
fn the_client_understands_every_recorded_response() {
    let api = start();
    api.set_today(Some(TODAY.parse().unwrap()));
    let (config, client) = (config(&api), WebApiClient::default());
    let exchanges: Vec<Value> = serde_json::from_slice(&fs::read(fixture("webapi.json")).unwrap()).unwrap();
    let mut names = BTreeMap::from([("<today>".to_owned(), TODAY.to_owned())]);
    let mut not_made = Vec::new();
    for recording in &exchanges {
        let name = recording["response"]["json"]["data"]["id"].as_str();
        let created = match Request::of(recording) {
            None => {
                not_made.push(recording["n"].as_u64().unwrap());
                let reply = replay(&api, &recording["request"], &names);
                name.map(|_| reply.json()["data"]["id"].as_str().unwrap().to_owned())
            }
            Some(request) => {
                let token = Secret::new(request.key);
                let calls = TenantCalls::new(&client, "A", (&config, &CaCertificates::default()), &token).unwrap();
                let (made, expected) = match request.is_metric {
                    true => exchange::<MetricProfileDefinition>(&calls, recording, &request, &names),
                    false => exchange::<AggregationDefinition>(&calls, recording, &request, &names),
                };
                assert_eq!(made, expected, "{} {}", recording["n"], recording["name"]);
                match made {
                    Ok(Outcome::Created(id)) => Some(id),
                    _ => None,
                }
            }
        };
        names.extend(name.zip(created).map(|(name, id)| (name.to_owned(), id)));
    }
    let other_days = [26, 27, 28, 34, 35, 36, 37, 89, 95];
    let other_bodies = [14, 15, 16, 44, 71];
    let other_requests = [74, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88];
    let mut others = [&other_days[..], &other_bodies, &other_requests].concat();
    others.sort_unstable();
    assert_eq!((not_made, exchanges.len()), (others, 99));
}
