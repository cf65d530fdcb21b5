//! The demo ARGO WEB-API answers as the real one did when it was recorded, and fails as a test asks.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod};
use poem::dev::webapi::{DemoProfileKind, DemoTokenRole, DemoWebApi, DemoWebApiOptions, DemoWebApiTenant, WebApiFault};
use serde_json::{Value, json};

use crate::support::certificates::certificates;
use crate::support::http::{self, Endpoint, HttpResponse};
use crate::support::{fixture, test_server};

const PROFILES: &str = "/api/v2/aggregation_profiles";
/// Long enough for everything that a test waits for.
const LONG: Duration = Duration::from_secs(60);

/// The tenants and the tokens of the recorded exchanges.
fn options() -> DemoWebApiOptions {
    let tenant = |name: &str, tokens: &[(&str, DemoTokenRole)]| DemoWebApiTenant {
        name: name.into(),
        tokens: tokens.iter().map(|(token, role)| ((*token).to_owned(), *role)).collect(),
    };
    let other = [("EDITORKEYB", DemoTokenRole::Editor), ("VIEWERKEYB", DemoTokenRole::Viewer)];
    DemoWebApiOptions {
        tenants: vec![tenant("A", &[("EDITORKEYA", DemoTokenRole::Editor)]), tenant("B", &other)],
        ..DemoWebApiOptions::default()
    }
}

pub(super) fn start() -> DemoWebApi {
    DemoWebApi::start(options()).unwrap()
}

fn address(api: &DemoWebApi) -> SocketAddr {
    api.address().split_once("://").unwrap().1.parse().unwrap()
}

fn headers(api: &DemoWebApi) -> Vec<(String, String)> {
    let pairs = [("Host", address(api).to_string()), ("x-api-key", "EDITORKEYA".into())];
    let accept = ("Accept".to_owned(), "application/json".to_owned());
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).chain([accept]).collect()
}

fn send(api: &DemoWebApi, method: &str, target: &str, body: &Value) -> HttpResponse {
    let headers = headers(api);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    http::send(address(api), method, target, &headers, &body)
}

fn get(api: &DemoWebApi) -> HttpResponse {
    send(api, "GET", PROFILES, &Value::Null)
}

/// The bytes that come back to a request for the list.
fn bytes(api: &DemoWebApi) -> Vec<u8> {
    let stream = Endpoint::from(address(api)).connect();
    http::exchange(stream, &request(api, "Connection: close\r\n"))
}

fn request(api: &DemoWebApi, more: &str) -> Vec<u8> {
    let lines = headers(api).into_iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("GET {PROFILES} HTTP/1.1\r\n{}{more}\r\n", lines.collect::<String>()).into_bytes()
}

/// Makes a metric profile, and an aggregation profile that refers to it. Returns the definition of the second.
fn seed(api: &DemoWebApi) -> Value {
    let metric = api.add("A", DemoProfileKind::Metric, &json!({"name": "M", "services": []})).unwrap();
    let content = json!({"name": "P", "metric_profile": {"id": metric}, "groups": []});
    api.add("A", DemoProfileKind::Aggregation, &content).unwrap();
    api.profiles("A", DemoProfileKind::Aggregation).remove(0)
}

/// Replaces the names of the recording by the values of this run.
pub(super) fn filled(text: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// Sorts the profiles of a list, which the ids do at random.
fn sorted(mut json: Value) -> Value {
    if let Some(Value::Array(profiles)) = json.get_mut("data") {
        profiles.sort_by_key(|profile| profile["id"].to_string());
    }
    json
}

/// Sends a recorded request.
pub(super) fn replay(api: &DemoWebApi, request: &Value, names: &BTreeMap<String, String>) -> HttpResponse {
    let host = address(api).to_string();
    let mut headers = vec![("Host", host.as_str())];
    headers.extend(
        request["headers"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())),
    );
    headers.extend(request["key"].as_str().map(|key| ("x-api-key", key)));
    let body = match (request.get("raw_body"), request.get("body")) {
        (Some(raw), _) => raw.as_str().unwrap().to_owned(),
        (None, Some(body)) => filled(&body.to_string(), names),
        (None, None) => String::new(),
    };
    let path = filled(request["path"].as_str().unwrap(), names);
    http::send(address(api), request["method"].as_str().unwrap(), &path, &headers, body.as_bytes())
}

/// The differences of a reply from the recorded one, in words; empty if there are none.
fn differences(exchange: &Value, reply: &HttpResponse, names: &BTreeMap<String, String>) -> Vec<String> {
    let (request, recorded) = (&exchange["request"], &exchange["response"]);
    let mut found = Vec::new();
    let mut compare = |what: &str, left: Value, right: Value| {
        if left != right {
            found.push(format!("{} {}: {what}: {left}\n  recorded: {right}", exchange["n"], exchange["name"]));
        }
    };
    compare("status", reply.status.into(), recorded["status"].clone());
    compare("type", reply.header("Content-Type").unwrap_or_default().into(), recorded["content_type"].clone());
    if let Some(json) = recorded.get("json") {
        compare("body", sorted(reply.json()), sorted(serde_json::from_str(&filled(&json.to_string(), names)).unwrap()));
    } else {
        compare("text", reply.text().into(), recorded["text"].clone());
    }
    compare("Allow", reply.header("Allow").into(), recorded["allow"].clone());
    compare("Location", reply.header("Location").into(), recorded["location"].clone());
    let mut sent = request["headers"].clone();
    sent["x-api-key"] = request["key"].clone();
    let echoed =
        sent.as_object().unwrap().iter().filter(|(name, value)| {
            *name != "Content-Type" && value.is_string() && reply.header(name) == value.as_str()
        });
    let mut echoed: Vec<_> = echoed.map(|(name, _)| name.to_lowercase()).collect();
    echoed.sort();
    compare("headers sent back", echoed.into(), recorded.get("echoed_request_headers").cloned().unwrap_or(json!([])));
    found
}

#[test]
fn every_recorded_exchange_with_the_web_api_is_answered_in_the_same_way() {
    let api = start();
    api.set_today(Some("2026-11-28".parse().unwrap()));
    let exchanges: Vec<Value> = serde_json::from_slice(&fs::read(fixture("webapi.json")).unwrap()).unwrap();
    let mut names = BTreeMap::from([("<today>".into(), "2026-11-28".into())]);
    names.insert("<host>".into(), address(&api).to_string());
    let mut found = Vec::new();
    for exchange in &exchanges {
        let reply = replay(&api, &exchange["request"], &names);
        if let Some(name) = exchange["response"]["json"]["data"]["id"].as_str() {
            names.insert(name.to_owned(), reply.json()["data"]["id"].as_str().unwrap_or_default().to_owned());
        }
        found.extend(differences(exchange, &reply, &names));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!((exchanges.len(), api.requests().len()), (99, 99));
}

#[test]
fn profiles_are_listed_by_their_id() {
    let api = start();
    for name in 0..5 {
        api.add("A", DemoProfileKind::Metric, &json!({"name": name.to_string()})).unwrap();
    }
    let listed = send(&api, "GET", "/api/v2/metric_profiles", &Value::Null).json()["data"].clone();
    assert!(listed.as_array().unwrap().is_sorted_by_key(|profile| profile["id"].to_string()));
    assert_eq!(listed, Value::Array(api.profiles("A", DemoProfileKind::Metric)));
}

#[test]
fn a_change_on_a_later_day_makes_a_new_snapshot() {
    let api = start();
    let day = |day: &str| api.set_today(Some(day.parse().unwrap()));
    day("2026-11-01");
    let mut profile = seed(&api);
    assert_eq!(profile["date"], "2026-11-01");
    let target = format!("{PROFILES}/{}", profile["id"].as_str().unwrap());
    profile.as_object_mut().unwrap().remove("date");
    profile["name"] = "later".into();
    day("2026-11-02");
    let reply = send(&api, "PUT", &target, &profile).json();
    assert_eq!(reply["status"]["message"], "Aggregations Profile successfully updated (new history snapshot)");
    let name =
        |query: &str| send(&api, "GET", &format!("{target}{query}"), &Value::Null).json()["data"][0]["name"].clone();
    assert_eq!((name(""), name("?date=2026-11-01")), (json!("later"), json!("P")));
}

#[test]
fn tests_can_make_what_no_request_makes() {
    let api = start();
    let first = seed(&api);
    let twin = api.add("A", DemoProfileKind::Aggregation, &json!({"name": first["name"]})).unwrap();
    assert_eq!(api.profiles("A", DemoProfileKind::Aggregation).len(), 2);
    assert!(api.remove("A", DemoProfileKind::Aggregation, &twin).unwrap());
    assert!(!api.remove("A", DemoProfileKind::Aggregation, &twin).unwrap());
    let report = json!({"info": {"name": "R"}, "profiles": [{"id": first["id"], "name": "P", "type": "aggregation"}]});
    api.set_reports("A", vec![report.clone()]).unwrap();
    assert_eq!(send(&api, "GET", "/api/v2/reports", &Value::Null).json()["data"], json!([report]));
    assert_eq!(send(&api, "POST", "/api/v2/reports", &report).status, 405);
    assert!(api.is_empty("B") && !api.is_empty("A"));
}

#[test]
fn a_fault_comes_as_often_as_a_test_asks() {
    let api = start();
    seed(&api);
    api.fail_before(2, &format!("GET {PROFILES}"), WebApiFault::Html(502));
    let other = send(&api, "GET", "/api/v2/metric_profiles", &Value::Null);
    let [first, second, third] = [get(&api), get(&api), get(&api)];
    assert_eq!([other.status, first.status, second.status, third.status], [200, 502, 502, 200]);
    assert!(first.text().starts_with("<html>"));
    api.fail_before(9, "GET /api/v2/*", WebApiFault::EmptyList);
    assert_eq!(get(&api).json()["data"], json!([]));
    api.recover();
    assert_eq!(get(&api).json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_fault_comes_before_or_after_the_request_is_carried_out() {
    let api = start();
    let profile = seed(&api);
    let target = format!("{PROFILES}/{}", profile["id"].as_str().unwrap());
    let name = || api.profiles("A", DemoProfileKind::Aggregation)[0]["name"].clone();
    let put = |name: &str| {
        let mut changed = profile.clone();
        changed["name"] = name.into();
        send(&api, "PUT", &target, &changed).status
    };
    api.fail_before(1, &format!("PUT {PROFILES}/*"), WebApiFault::Html(500));
    assert_eq!((put("before"), name()), (500, json!("P")));
    api.fail_after(1, &format!("PUT {PROFILES}/*"), WebApiFault::Html(500));
    assert_eq!((put("after"), name()), (500, json!("after")));
}

#[test]
fn replies_are_missing_cut_short_endless_or_no_json() {
    let api = start();
    let list = format!("GET {PROFILES}");
    for fail in [DemoWebApi::fail_before, DemoWebApi::fail_after] {
        fail(&api, 1, &list, WebApiFault::Close);
        assert_eq!(bytes(&api), b"");
    }
    api.fail_after(1, &list, WebApiFault::HalfBody);
    let half = get(&api);
    let length: usize = half.header("Content-Length").unwrap().parse().unwrap();
    assert_eq!((half.status, half.body.len()), (200, length / 2));
    api.fail_after(1, &list, WebApiFault::NotJson);
    let page = get(&api);
    assert_eq!((page.status, serde_json::from_slice::<Value>(&page.body).is_err()), (200, true));
    api.fail_after(1, &list, WebApiFault::EndlessBody);
    let mut stream = Endpoint::from(address(&api)).connect();
    stream.write_all(&request(&api, "")).unwrap();
    let mut received = vec![0; 20 * 1024 * 1024];
    stream.read_exact(&mut received).unwrap();
}

#[test]
fn json_of_a_test_sends_the_headers_back_as_the_web_api_does() {
    let api = start();
    let body = json!({"status": {"message": "Unauthorized", "code": "401"}});
    api.fail_before(1, "GET *", WebApiFault::Json(401, body.clone()));
    let refused = get(&api);
    assert_eq!((refused.status, refused.json(), refused.header("x-api-key")), (401, body, Some("EDITORKEYA")));
}

#[test]
fn a_request_that_follows_a_redirect_is_recorded() {
    let api = start();
    api.fail_before(1, "GET *", WebApiFault::Redirect);
    let redirect = get(&api);
    assert_eq!((redirect.status, api.redirected_requests().len()), (302, 0));
    let place = redirect.header("Location").unwrap().strip_prefix("http://").unwrap();
    let (elsewhere, path) = place.split_at(place.find('/').unwrap());
    let elsewhere: SocketAddr = elsewhere.parse().unwrap();
    assert!(path == PROFILES && elsewhere != address(&api));
    http::send(elsewhere, "GET", path, &[("x-api-key", "EDITORKEYA")], b"");
    assert_eq!(api.redirected_requests()[0].header("X-Api-Key"), Some("EDITORKEYA"));
}

#[test]
fn a_request_waits_until_the_test_goes_on() {
    let api = start();
    let begun = Instant::now();
    for fail in [DemoWebApi::fail_before, DemoWebApi::fail_after] {
        api.forget_requests();
        fail(&api, 1, "GET *", WebApiFault::Wait(LONG));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| get(&api).status);
            assert!(api.wait_for_requests(1, LONG));
            api.recover();
            assert_eq!(waiting.join().unwrap(), 200);
        });
    }
    api.fail_before(1, "GET *", WebApiFault::Wait(Duration::from_millis(1)));
    assert_eq!(get(&api).status, 200);
    assert!(begun.elapsed() < LONG);
}

#[test]
fn requests_are_remembered_with_their_headers_and_body() {
    let api = start();
    let sent = json!({"name": "M"});
    send(&api, "POST", "/api/v2/metric_profiles?date=2026-11-01", &sent);
    let [request] = api.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.json()), ("POST", Some(sent)));
    assert_eq!(request.path_and_query(), ("/api/v2/metric_profiles", "date=2026-11-01"));
    assert_eq!(request.header("accept"), Some("application/json"));
    api.forget_requests();
    assert!(api.requests().is_empty());
}

#[test]
fn a_connection_is_kept_until_the_server_ends() {
    let api = start();
    let place = address(&api);
    let mut stream = Endpoint::from(place).connect();
    for _ in 0..2 {
        stream.write_all(&request(&api, "")).unwrap();
        let (mut reply, mut piece) = (Vec::new(), [0; 1024]);
        while !reply.ends_with(b"\"data\":[]}") {
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0);
            reply.extend_from_slice(&piece[..length]);
        }
    }
    drop(api);
    assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    let deadline = Instant::now() + LONG;
    while TcpStream::connect(place).is_ok() {
        assert!(Instant::now() < deadline, "the port is given up");
        thread::yield_now();
    }
}

#[test]
fn https_has_the_certificate_of_the_test() {
    let authority = &certificates().authority;
    let identity = test_server::server("127.0.0.1", authority);
    let tls = Some((identity.certificate, identity.key));
    let api = DemoWebApi::start(DemoWebApiOptions { tls, ..options() }).unwrap();
    assert_eq!(api.profiles_address(DemoProfileKind::Aggregation), format!("https://{}{PROFILES}", address(&api)));
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.cert_store_mut().add_cert(authority.certificate.clone()).unwrap();
    let stream = TcpStream::connect(address(&api)).unwrap();
    let mut stream = connector.build().connect("127.0.0.1", stream).unwrap();
    stream.write_all(&request(&api, "Connection: close\r\n")).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\"data\":[]}"), "{reply}");
}

#[test]
fn the_file_keeps_the_profiles_between_starts() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("webapi.json");
    let start = || DemoWebApi::start(DemoWebApiOptions { file: Some(file.clone()), ..options() });
    let api = start().unwrap();
    let profile = seed(&api);
    assert_eq!(send(&api, "POST", "/api/v2/metric_profiles", &json!({"name": "N"})).status, 201);
    drop(api);
    let api = start().unwrap();
    assert_eq!(get(&api).json()["data"], json!([profile]));
    assert_eq!(api.profiles("A", DemoProfileKind::Metric).len(), 2);
    fs::write(&file, "[]").unwrap();
    let refused = start().map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("webapi.json does not hold profiles"), "{refused}");
}
