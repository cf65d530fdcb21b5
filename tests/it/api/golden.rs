//! The recorded exchanges of POEM 2.3 with the data of small.json, replayed over HTTP.

use std::collections::HashMap;
use std::fs;

use serde::Deserialize;
use serde_json::Value;

use crate::support::http::{self, Endpoint};
use crate::support::{HttpResponse, Installation, Server, fixture};

/// The first exchange that may write: from here on, each was recorded with freshly loaded data.
const FIRST_WRITING: u32 = 412;

const CSRF: &str = "c5rf0000c5rf0000c5rf0000c5rf0000";

#[derive(Deserialize)]
struct Exchange {
    request: GoldenRequest,
    response: Expected,
}

#[derive(Deserialize)]
struct GoldenRequest {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Expected {
    status: u16,
    headers: HashMap<String, String>,
    json: Option<Value>,
    text: Option<String>,
}

#[test]
fn every_exchange_is_answered_as_2_3_did() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let differences = differences(&installation, server.address.into());
    assert!(differences.is_empty(), "{}\n{} differ", differences.join("\n"), differences.len());
}

/// Sends all recorded requests of an installation with the data of small.json to one of its servers, or to a proxy in front
/// of it; returns how the responses differ from those recorded.
pub fn differences(installation: &Installation, endpoint: Endpoint) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(fixture("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 204);
    let mut sessions = log_in(installation);
    let mut differences = Vec::new();
    for name in names {
        let exchange: Exchange = serde_json::from_slice(&fs::read(fixture("golden").join(&name)).unwrap()).unwrap();
        let number: u32 = name[..3].parse().unwrap();
        if number >= FIRST_WRITING && exchange.request.method != "GET" {
            installation.load("small.json");
            sessions = log_in(installation);
        }
        let answer = replay(endpoint, &exchange.request, &sessions);
        differences.extend(compare(&exchange, &answer).map(|difference| format!("{name}: {difference}")));
    }
    differences
}

/// Starts a session for each user; returns the session ids by username.
fn log_in(installation: &Installation) -> HashMap<String, String> {
    ["poem", "alice", "bob", "carol"].map(|name| (name.to_owned(), installation.log_in(name))).into()
}

/// Sends a recorded request, with the placeholders for sessions and the CSRF token filled in. Over TLS the cookie of the
/// session has another name.
fn replay(endpoint: Endpoint, request: &GoldenRequest, sessions: &HashMap<String, String>) -> HttpResponse {
    let fill = |text: &str| {
        let filled =
            sessions.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("<session of {name}>"), id));
        let filled = filled.replace("<csrf>", CSRF);
        if endpoint.tls { filled.replace("sessionid=", "__Host-sessionid=") } else { filled }
    };
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), fill(value))).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = match &request.body {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(json) => json.to_string(),
    };
    http::send(endpoint, &request.method, &request.path, &headers, body.as_bytes())
}

/// Returns the first difference from the recorded response; `None` if there is none.
fn compare(exchange: &Exchange, answer: &HttpResponse) -> Option<String> {
    let Exchange { request, response } = exchange;
    if answer.status != response.status {
        return Some(format!("status {} instead of {}: {}", answer.status, response.status, answer.text()));
    }
    for (name, wanted) in &response.headers {
        let given = answer.header(name).unwrap_or("nothing");
        if given != wanted {
            return Some(format!("{name}: {given} instead of {wanted}"));
        }
    }
    if let Some(wanted) = &response.json {
        let given: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if comparable(&request.path, &given) != comparable(&request.path, wanted) {
            return Some(format!("{given}\ninstead of {wanted}"));
        }
        // A different order of keys would break clients that compare text.
        let [given_text, wanted_text] = [&given, wanted].map(Value::to_string);
        if !is_unordered(&request.path) && given_text != wanted_text {
            return Some(format!("{given}\nin another order than {wanted}"));
        }
    }
    match &response.text {
        Some(wanted) if answer.text() != *wanted => Some(format!("{:?} instead of {wanted:?}", answer.text())),
        _ => None,
    }
}

/// Returns whether 2.3 had no fixed order here: in lists of metrics, and of profiles in metrics_in_profiles.
fn is_unordered(path: &str) -> bool {
    path.contains("/metrics")
}

/// Returns the value with unordered lists sorted.
fn comparable(path: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if is_unordered(path) {
        let list = match value.pointer("/0/profiles") {
            Some(_) => value.pointer_mut("/0/profiles"),
            None => Some(&mut value),
        };
        if let Some(Value::Array(items)) = list {
            items.sort_by_key(Value::to_string);
        }
    }
    value
}
