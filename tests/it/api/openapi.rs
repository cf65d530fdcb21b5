//! The OpenAPI description of the v2 API is true: real responses fit its schemas, and its paths and methods are those
//! that are mounted.

use std::collections::{BTreeMap, BTreeSet};

use poem::domain::web::url_path::{PathDecision, decide};
use serde_json::{Map, Value, json};

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server};

const ROOT: &str = "/poem/api/v2/";
const CSRF: &str = "0123456789abcdef0123456789abcdef";

/// A request: path in the document, target, method, client, body; and the expected status.
type Case = (&'static str, &'static str, &'static str, Sender, &'static str, u16);

/// The client that sends a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sender {
    /// Without credentials.
    Anonymous,
    /// With an API key.
    Client,
    /// With an API key of another tenant.
    OtherTenant,
    /// With the session of a superuser.
    Superuser,
    /// With the session of a user in no group.
    User,
    /// With the session of a superuser, without the CSRF token.
    WithoutCsrf,
}
use Sender::*;

const READ: [Case; 40] = [
    ("profiles", "profiles?x=1", "GET", Anonymous, "", 301),
    ("profiles/", "profiles/", "GET", Client, "", 200),
    ("profiles/", "profiles/", "GET", Anonymous, "", 403),
    ("profiles/", "profiles/", "GET", OtherTenant, "", 403),
    ("profiles/", "profiles/", "GET", User, "", 403),
    ("profiles/", "profiles/", "POST", Client, "{}", 405),
    ("profiles/", "profiles/", "OPTIONS", Client, "", 200),
    ("profiles/", "profiles/", "OPTIONS", Anonymous, "", 403),
    ("profiles/{name}", "profiles/ARGO_MON", "GET", Client, "", 200),
    ("profiles/{name}", "profiles/ARGO_MON", "GET", Superuser, "", 403),
    ("profiles/{name}", "profiles/argo_mon", "GET", Client, "", 404),
    ("profiles/{name}", "profiles/ARGO_MON", "DELETE", Client, "", 405),
    ("metrics", "metrics", "GET", Anonymous, "", 301),
    ("metrics/", "metrics/", "GET", Client, "", 200),
    ("metrics/", "metrics/", "GET", Anonymous, "", 403),
    ("metrics/", "metrics/", "PUT", Client, "", 405),
    ("metrics/{tag}", "metrics/production", "GET", Client, "", 200),
    ("metrics/{tag}", "metrics/Test", "GET", Client, "", 200),
    ("metrics/{tag}", "metrics/none", "GET", Client, "", 404),
    ("metrics/{tag}", "metrics/none", "GET", Superuser, "", 403),
    ("metrics/{tag}", "metrics/Test", "PATCH", Client, "", 405),
    ("openapi.json", "openapi.json", "GET", Anonymous, "", 200),
    ("openapi.json", "openapi.json", "POST", Anonymous, "", 405),
    ("internal/metrics/{group}", "internal/metrics/ARGO", "GET", User, "", 200),
    ("internal/metrics/{group}", "internal/metrics/argo", "GET", User, "", 404),
    ("internal/tokens/", "internal/tokens/", "GET", Superuser, "", 200),
    ("internal/tokens/", "internal/tokens/", "GET", User, "", 403),
    ("internal/tokens/{client}", "internal/tokens/WEB-API", "GET", Superuser, "", 200),
    ("internal/tokens/{client}", "internal/tokens/WEB-API", "GET", User, "", 403),
    ("internal/tokens/{client}", "internal/tokens/nobody", "GET", Superuser, "", 404),
    ("internal/users/", "internal/users/", "GET", User, "", 200),
    ("internal/users/", "internal/users/", "DELETE", Superuser, "", 405),
    ("internal/groups/", "internal/groups/", "GET", User, "", 200),
    ("internal/groups/{kind}", "internal/groups/Metrics", "GET", User, "", 200),
    ("internal/groups/{kind}", "internal/groups/others", "GET", User, "", 404),
    ("internal/probes/{name}", "internal/probes/ams-probe", "GET", User, "", 200),
    ("internal/probes/{name}", "internal/probes/none", "GET", User, "", 200),
    ("internal/aggregations/", "internal/aggregations/", "GET", User, "", 200),
    ("internal/aggregations/{name}", "internal/aggregations/CRITICAL_AGG", "GET", User, "", 200),
    ("internal/aggregations/{name}", "internal/aggregations/none", "GET", User, "", 404),
];

const WRITE: [Case; 11] = [
    ("", "", "POST", Anonymous, r#"{"name": "N", "apiid": "1", "groupname": "ARGO"}"#, 403),
    ("", "", "POST", WithoutCsrf, r#"{"name": "N", "apiid": "1", "groupname": "ARGO"}"#, 403),
    ("", "", "POST", User, r#"{"name": "N", "apiid": "1", "groupname": "ARGO"}"#, 403),
    ("", "", "POST", Superuser, r#"{"name": "N", "apiid": "1", "groupname": "ARGO"}"#, 201),
    ("", "", "POST", Superuser, r#"{"name": "N", "apiid": "2", "groupname": "ARGO"}"#, 400),
    ("", "", "POST", Superuser, r#"{"name": "", "groupname": null}"#, 400),
    ("", "", "POST", Superuser, "[]", 400),
    ("", "", "POST", Superuser, "{", 400),
    ("", "", "PUT", Superuser, r#"{"apiid": "1", "groupname": "SSC"}"#, 201),
    ("", "", "PUT", Superuser, r#"{"apiid": "9", "groupname": "SSC"}"#, 404),
    ("", "", "DELETE", Superuser, "", 405),
];

/// A server and the description that it serves.
struct DescribedServer {
    document: Value,
    server: Server,
    sessions: [String; 2],
    _installation: Installation,
}

impl DescribedServer {
    fn start() -> Self {
        let installation = Installation::with_small_data();
        let server = Server::start(&installation);
        let document = server.get("/poem/api/v2/openapi.json");
        assert_eq!((document.status, document.header("Content-Type")), (200, Some("application/json")));
        let sessions = ["poem", "carol"].map(|user| installation.log_in(user));
        Self { document: document.json(), server, sessions, _installation: installation }
    }

    fn request(&self, method: &str, target: &str, sender: Sender, body: &str) -> HttpResponse {
        let [superuser, user] = &self.sessions;
        let cookie = match sender {
            Superuser => format!("sessionid={superuser}; csrftoken={CSRF}"),
            WithoutCsrf => format!("sessionid={superuser}"),
            User => format!("sessionid={user}; csrftoken={CSRF}"),
            Anonymous | Client | OtherTenant => String::new(),
        };
        let key = match sender {
            Client => EGI_TOKEN,
            OtherTenant => "2222222222222222bbbbbbbbbbbbbbbb",
            _ => "",
        };
        let headers = [
            ("Host", "localhost"),
            ("Cookie", &cookie),
            ("X-CSRFToken", CSRF),
            ("X-API-KEY", key),
            ("Content-Type", "application/json"),
        ];
        self.server.send(method, &format!("{ROOT}{target}"), &headers, body.as_bytes())
    }

    /// Returns what the document says about a response.
    #[track_caller]
    fn response(&self, path: &str, method: &str, status: u16) -> &Value {
        let item = &self.document["paths"][format!("{ROOT}{path}")];
        let response = match item.get(method.to_lowercase()) {
            Some(operation) => &operation["responses"][status.to_string()],
            None => {
                let others = &item["x-other-methods"];
                let described = if status == 405 { "MethodNotAllowed" } else { "Moved" };
                assert_eq!(others["$ref"], format!("#/components/responses/{described}"), "{method} {path}");
                others
            }
        };
        let response = self.resolved(response);
        assert!(response["description"].is_string(), "{method} {path} {status} is not described");
        response
    }

    /// Returns the value that a `$ref` refers to, or the value itself.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference}")),
            None => value,
        }
    }

    /// Returns a validator for a schema of the document.
    fn validator(&self, schema: &Value) -> jsonschema::Validator {
        let mut whole = schema.as_object().cloned().unwrap_or_default();
        whole.insert("components".to_owned(), self.document["components"].clone());
        jsonschema::draft202012::new(&Value::Object(whole)).expect("the schema is valid")
    }

    /// Fails unless the response has the documented headers.
    #[track_caller]
    fn check_headers(&self, response: &Value, answer: &HttpResponse, what: &str) {
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let value = answer.header(name).unwrap_or_else(|| panic!("{what}: no {name}"));
            assert!(
                self.validator(&self.resolved(header)["schema"]).is_valid(&json!(value)),
                "{what}: {name}: {value}"
            );
        }
    }

    /// Fails unless the response is as documented.
    #[track_caller]
    fn check(&self, (path, target, method, sender, body, status): Case) {
        let what = format!("{method} {target} {sender:?}");
        let answer = self.request(method, target, sender, body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        let response = self.response(path, method, status);
        self.check_headers(response, &answer, &what);
        match response.pointer("/content/application~1json/schema") {
            None => assert!(answer.body.is_empty(), "{what}: {}", answer.text()),
            Some(schema) => {
                assert_eq!(answer.header("Content-Type"), Some("application/json"), "{what}");
                let errors: Vec<_> =
                    self.validator(schema).iter_errors(&answer.json()).map(|e| e.to_string()).collect();
                assert!(errors.is_empty(), "{what}: {errors:?}\n{}", answer.text());
            }
        }
    }
}

#[test]
fn responses_are_as_described() {
    let described = DescribedServer::start();
    for case in READ {
        described.check(case);
    }
    for (_, _, method, sender, body, status) in WRITE {
        described.check(("internal/aggregations/", "internal/aggregations/", method, sender, body, status));
    }
    for path in described.document["paths"].as_object().unwrap().keys() {
        let path = &path[ROOT.len()..];
        if path.starts_with("internal/") && path.ends_with(['/', '}']) {
            let response = described.response(path, "GET", 403);
            let answer = described.request("GET", &path.replace(['{', '}'], ""), Anonymous, "");
            assert_eq!(answer.status, 403, "{path}");
            let schema = &response["content"]["application/json"]["schema"];
            assert!(described.validator(schema).is_valid(&answer.json()), "{path}");
        }
    }
}

#[test]
fn a_304_is_as_described() {
    let described = DescribedServer::start();
    for (path, target) in [
        ("profiles/", "profiles/"),
        ("profiles/{name}", "profiles/ARGO_MON"),
        ("metrics/", "metrics/"),
        ("metrics/{tag}", "metrics/PRODUCTION"),
    ] {
        let etag = described.request("GET", target, Client, "").header("ETag").expect("an ETag").to_owned();
        let request = |key| {
            let headers = [("If-None-Match", etag.as_str()), ("X-API-KEY", key)];
            described.server.get_as(&format!("{ROOT}{target}"), &headers)
        };
        let answer = request(EGI_TOKEN);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{target}");
        described.check_headers(described.response(path, "GET", 304), &answer, target);
        assert_eq!(request("wrong").status, 403, "{target}");
    }
}

#[test]
fn responses_for_unknown_and_malformed_hosts_are_as_described() {
    let described = DescribedServer::start();
    for path in described.document["paths"].as_object().unwrap().keys().filter(|path| path.ends_with(['/', '}'])) {
        for (host, status) in [("unknown.example.org", 404), ("bad host!", 400)] {
            let response = described.response(&path[ROOT.len()..], "GET", status);
            let answer = described.server.send("GET", &path.replace(['{', '}'], ""), &[("Host", host)], b"");
            assert_eq!(answer.status, status, "{path}");
            let schema = &response["content"]["application/json"]["schema"];
            assert!(described.validator(schema).is_valid(&answer.json()), "{path}");
        }
    }
}

/// The methods by path, with parameters written as `{}`.
type Methods = BTreeMap<String, BTreeSet<String>>;

/// Returns the methods in the document.
fn described_methods(document: &Value) -> Methods {
    let mut methods = Methods::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let verbs =
            item.as_object().unwrap().keys().filter(|key| !matches!(key.as_str(), "parameters" | "x-other-methods"));
        methods.insert(with_bare_parameters(path, '{', '}'), verbs.map(|verb| verb.to_uppercase()).collect());
    }
    methods
}

/// Returns a path with the names of its parameters removed.
fn with_bare_parameters(path: &str, open: char, close: char) -> String {
    let bare =
        |segment: &str| if segment.starts_with(open) && segment.ends_with(close) { "{}" } else { segment }.to_owned();
    path.split('/').map(bare).collect::<Vec<_>>().join("/")
}

/// Returns the methods that are mounted, and GET for the paths without a slash that redirect to lists.
fn mounted_methods() -> Methods {
    let mut methods = Methods::new();
    for route in poem::api::routes() {
        let path = with_bare_parameters(route.uri.path(), '<', '>');
        // The routes that answer OPTIONS and 405 have no name.
        if !path.starts_with(ROOT) || (route.name.is_none() && route.method.as_str() != "OPTIONS") {
            continue;
        }
        let path = match decide(&path) {
            PathDecision::MovedPermanently(list) => {
                methods.entry(path.clone()).or_default().insert("GET".to_owned());
                list.into_owned()
            }
            _ => path,
        };
        methods.entry(path).or_default().insert(route.method.as_str().to_owned());
    }
    methods
}

#[test]
fn exactly_the_mounted_routes_are_described() {
    let described = DescribedServer::start();
    let methods = described_methods(&described.document);
    assert_eq!(methods, mounted_methods());
    for (path, verbs) in methods.iter().filter(|(_, verbs)| verbs.contains("OPTIONS")) {
        let sender = if path.contains("/internal/") { Superuser } else { Client };
        let answer = described.request("OPTIONS", &path[ROOT.len()..].replace("{}", "metrics"), sender, "");
        let allowed: BTreeSet<String> = answer.header("Allow").unwrap().split(", ").map(str::to_owned).collect();
        let mut wanted = verbs.clone();
        wanted.insert("HEAD".to_owned());
        if path.ends_with("aggregations/{}") {
            // 2.3 named them in Allow too, and answered 405.
            wanted.extend(["POST".to_owned(), "PUT".to_owned()]);
        }
        assert_eq!(allowed, wanted, "{path}");
    }
}

#[test]
fn every_reference_resolves_and_every_example_is_valid() {
    let described = DescribedServer::start();
    let document = &described.document;
    let mut places = vec![document];
    let mut operations = BTreeSet::new();
    while let Some(place) = places.pop() {
        described.resolved(place);
        if let Some(id) = place["operationId"].as_str() {
            assert!(operations.insert(id), "{id} is used twice");
            assert!(place["summary"].is_string() && place["tags"].is_array(), "{id}");
        }
        // A schema with its own example, or an object with a schema and examples.
        let schema = place.get("schema").unwrap_or(place);
        let several = place["examples"].as_object().into_iter().flat_map(Map::values).map(|example| &example["value"]);
        for example in place.get("example").into_iter().chain(several) {
            assert!(described.validator(schema).is_valid(example), "{example}");
        }
        match place {
            Value::Object(map) => {
                places.extend(map.iter().filter(|(key, _)| !key.starts_with("example")).map(|(_, v)| v))
            }
            Value::Array(list) => places.extend(list),
            _ => {}
        }
    }
    assert!(operations.len() > 30, "{operations:?}");
}

/// Modifications: path in the document, target, place in the response, key at the place, and its new value; `None`
/// removes the key.
const TAMPERED: [(&str, &str, &str, &str, Option<&str>); 22] = [
    ("profiles/", "profiles/", "/0", "description", None),
    ("profiles/", "profiles/", "/0", "version", Some("1.0")),
    ("profiles/", "profiles/", "/0", "metric_instances", Some("")),
    ("profiles/", "profiles/", "/0/metric_instances/0", "metric", Some("")),
    ("profiles/", "profiles/", "/0/metric_instances/0", "fqan", Some("/ops")),
    ("profiles/{name}", "profiles/ARGO_MON", "", "vo", None),
    ("profiles/{name}", "profiles/ARGO_MON", "", "detail", Some("Not found.")),
    ("metrics/", "metrics/", "/0", "another.metric", Some("")),
    ("metrics/", "metrics/", "/0/argo.AMS-Check", "flags", None),
    ("metrics/", "metrics/", "/0/argo.AMS-Check", "tag", Some("Production")),
    ("metrics/", "metrics/", "/0/argo.AMS-Check", "parameter", Some("")),
    ("metrics/", "metrics/", "/0/argo.AMS-Check/config", "timeout", Some("")),
    ("metrics/", "metrics/", "/0/argo.AMS-Check/config", "", Some("60")),
    ("openapi.json", "openapi.json", "", "openapi", Some("2.0")),
    ("internal/metrics/{group}", "internal/metrics/ARGO", "", "result", None),
    ("internal/groups/", "internal/groups/", "/result", "metrics", None),
    ("internal/groups/", "internal/groups/", "/result", "users", Some("")),
    ("internal/tokens/", "internal/tokens/", "/0", "token", None),
    ("internal/users/", "internal/users/", "", "count", Some("5")),
    ("internal/probes/{name}", "internal/probes/ams-probe", "", "comment", None),
    ("internal/probes/{name}", "internal/probes/ams-probe", "", "id", Some("1")),
    ("internal/aggregations/", "internal/aggregations/", "/0", "apiid", Some("")),
];

#[test]
fn a_modified_response_does_not_fit_the_schema() {
    let described = DescribedServer::start();
    for (path, target, place, key, value) in TAMPERED {
        let schema = &described.response(path, "GET", 200)["content"]["application/json"]["schema"];
        let validator = described.validator(schema);
        let sender = if path.starts_with("internal/") { Superuser } else { Client };
        let mut answer = described.request("GET", target, sender, "").json();
        assert!(validator.is_valid(&answer), "{target}");
        let map = answer.pointer_mut(place).and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{target}{place}"));
        match value {
            Some(text) => _ = map.insert(key.to_owned(), json!(text)),
            None => assert!(map.shift_remove(key).is_some(), "{target}{place} has no {key}"),
        }
        assert!(!validator.is_valid(&answer), "{target}{place}: {key} {value:?}");
    }
}
