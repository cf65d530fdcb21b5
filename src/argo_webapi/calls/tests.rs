//! Calls of a scripted WEB-API on loopback: what is sent, and the class of every failure.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::*;
use crate::argo_webapi::report::{self, UsedKind};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::http_client::exchange::HttpsProxy;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A request as it was received: the first line, and the body.
type Received = (String, String);

/// Reads a request; `None` if the client has closed the connection.
fn received(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let (mut first, mut length) = (String::new(), 0);
    stream.read_line(&mut first).ok().filter(|length| *length > 0)?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-type") => assert_eq!(value, "application/json"),
            Some((name, value)) if name.eq_ignore_ascii_case("accept") => assert_eq!(value, "application/json"),
            Some((name, value)) if name.eq_ignore_ascii_case("x-api-key") => assert_eq!(value, TOKEN),
            None => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((first.trim_end().to_owned(), String::from_utf8(body).unwrap()))
}

/// A server that gives every request the same response, and remembers the requests.
struct Scripted {
    address: SocketAddr,
    memory: Arc<Mutex<Vec<Received>>>,
    client: WebApiClient,
    config: WebApi,
    token: Secret,
}

impl Scripted {
    fn new(status: u16, body: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, body) = (listener.local_addr().unwrap(), body.into());
        let memory = Arc::new(Mutex::new(Vec::new()));
        let requests = memory.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, body) = (requests.clone(), body.clone());
                thread::spawn(move || {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = received(&mut stream) {
                        requests.lock().unwrap().push(request);
                        let head =
                            format!("HTTP/1.1 {status} X\r\nx-api-key: {TOKEN}\r\nContent-Length: {}", body.len());
                        let _ = write!(stream.get_mut(), "{head}\r\n\r\n{body}");
                    }
                });
            }
        });
        Self::at(address, memory)
    }

    fn at(address: SocketAddr, memory: Arc<Mutex<Vec<Received>>>) -> Self {
        let at = |kind: &str| format!("http://{address}/api/v2/{kind}");
        let config = WebApi {
            metric_profile: at("metric_profiles"),
            aggregation_profile: at("aggregation_profiles"),
            reports: Some(at("reports")),
            timeout: Duration::from_secs(10),
        };
        let client = WebApiClient::through(HttpsProxy::default());
        Self { address, memory, client, config, token: Secret::new(TOKEN) }
    }

    fn of_json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string())
    }

    fn calls(&self) -> TenantCalls<'_> {
        TenantCalls::new(&self.client, "EGI", (&self.config, &CaCertificates::default()), &self.token).unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.memory.lock().unwrap().iter().map(|(first, _)| first.clone()).collect()
    }

    async fn list(&self) -> Result<Vec<AggregationDefinition>, CallFailure> {
        self.calls().list().await
    }

    async fn one(&self) -> Result<AggregationDefinition, CallFailure> {
        self.calls().one("a1").await
    }

    /// Returns the outcomes of the three calls that write.
    async fn writes(&self) -> [Result<(), CallFailure>; 3] {
        let calls = self.calls();
        [
            calls.create(&definition()).await.map(|_| ()),
            calls.replace("a1", &definition()).await,
            calls.delete::<AggregationDefinition>("a1").await,
        ]
    }
}

fn definition() -> AggregationDefinition {
    AggregationDefinition {
        id: "a1".to_owned(),
        date: "2026-11-28".to_owned(),
        name: "critical".to_owned(),
        unknown: json!({"new": 1}).as_object().unwrap().clone(),
        ..AggregationDefinition::default()
    }
}

fn success(data: &Value) -> Value {
    json!({"status": {"message": "Success", "code": "200"}, "data": data})
}

/// An error in the first shape.
fn error(status: u16, details: &str) -> Value {
    let code = status.to_string();
    json!({"status": {"message": "M", "code": code}, "errors": [{"message": "M", "code": code, "details": details}]})
}

#[tokio::test]
async fn every_call_is_one_request_with_the_definition_as_it_is_stored() {
    let server = Scripted::of_json(201, &json!({"status": {"code": "201"}, "data": {"id": "n/1", "links": {}}}));
    let calls = server.calls();
    assert_eq!(calls.create(&definition()).await.as_deref(), Ok("n/1"));
    assert_eq!(calls.replace("a/1", &definition()).await, Ok(()));
    assert_eq!(calls.delete::<MetricProfileDefinition>("m 1").await, Ok(()));
    assert_eq!(
        server.requests(),
        [
            "POST /api/v2/aggregation_profiles HTTP/1.1",
            "PUT /api/v2/aggregation_profiles/a%2F1 HTTP/1.1",
            "DELETE /api/v2/metric_profiles/m%201 HTTP/1.1",
        ]
    );
    let sent: Value = serde_json::from_str(&server.memory.lock().unwrap()[1].1).unwrap();
    assert_eq!(sent, serde_json::to_value(definition().to_send()).unwrap());
    assert!(sent.get("id").is_none() && sent.get("date").is_none() && sent["groups"] == json!([]) && sent["new"] == 1);
    let counts = server.client.counts();
    let expected = [(("DELETE", "success"), 1), (("POST", "success"), 1), (("PUT", "success"), 1)];
    assert_eq!(counts.iter().map(|(key, count)| (*key, count.calls)).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn definitions_are_read() {
    let all = json!([{"id": "a1", "name": "x", "groups": null, "new": 1}, {"id": "a2", "name": "x"}]);
    let listed = Scripted::of_json(200, &success(&all)).list().await.unwrap();
    assert_eq!(listed.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["a1", "a2"]);
    assert_eq!(listed[0].unknown["new"], 1);
    for none in [json!([]), Value::Null] {
        assert_eq!(Scripted::of_json(200, &success(&none)).list().await, Ok(Vec::new()));
    }
    let one = Scripted::of_json(200, &success(&json!([{"id": "a1", "name": "x"}]))).one().await.unwrap();
    assert_eq!(one.name, "x");
    let server = Scripted::of_json(200, &success(&json!([{"id": "1", "name": "P", "services": []}])));
    let metric_profiles: Vec<MetricProfileDefinition> = server.calls().list().await.unwrap();
    assert_eq!(metric_profiles[0].name, "P");
}

#[tokio::test]
async fn the_reports_that_use_a_profile_are_named() {
    let profiles =
        json!([{"id": "a1", "name": "x", "type": "aggregation"}, {"id": "m1", "name": "y", "type": "metric"}]);
    let reports = json!([{"info": {"name": "B"}, "profiles": profiles}, {"info": {"name": "A"}, "profiles": profiles},
        {"info": {"name": "C"}, "profiles": null}]);
    let mut server = Scripted::of_json(200, &success(&reports));
    let found = server.calls().reports().await.unwrap().unwrap();
    assert_eq!(report::using(&found, UsedKind::Aggregation, "a1"), ["A", "B"]);
    assert_eq!(report::using(&found, UsedKind::Metric, "m1"), ["A", "B"]);
    assert!(report::using(&found, UsedKind::Metric, "a1").is_empty());
    server.config.reports = None;
    assert_eq!(server.calls().reports().await, Ok(None));
}

#[tokio::test]
async fn an_id_that_leads_elsewhere_is_not_asked_for() {
    let server = Scripted::of_json(200, &success(&json!([])));
    for id in ["", ".", "..", "a\nb"] {
        assert_eq!(server.calls().one::<AggregationDefinition>(id).await, Err(CallFailure::Gone));
        assert_eq!(server.calls().replace(id, &definition()).await, Err(CallFailure::Gone));
        assert_eq!(server.calls().delete::<AggregationDefinition>(id).await, Err(CallFailure::Gone));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_error_of_the_web_api_has_its_class() {
    let words = || "why".to_owned();
    let may_not = CallFailure::Forbidden { writing: true };
    let all = |failure: CallFailure| [(); 3].map(|()| Err(failure.clone()));
    for (status, expected) in [
        (400, all(CallFailure::Refused(words()))),
        (401, all(CallFailure::TokenRefused)),
        (403, all(may_not)),
        (404, [Err(CallFailure::WrongAddress), Err(CallFailure::Gone), Err(CallFailure::Gone)]),
        (405, all(CallFailure::Failed(405))),
        (406, all(CallFailure::Refused(words()))),
        (409, all(CallFailure::NameTaken(words()))),
        (422, all(CallFailure::UnknownReference(words()))),
        (500, all(CallFailure::Failed(500))),
    ] {
        assert_eq!(Scripted::of_json(status, &error(status, "why")).writes().await, expected);
    }
    for (status, expected) in [
        (401, CallFailure::TokenRefused),
        (403, CallFailure::Forbidden { writing: false }),
        (404, CallFailure::Gone),
        (409, CallFailure::Failed(409)),
        (422, CallFailure::Failed(422)),
    ] {
        let shape = json!({"status": {"message": "M", "code": status.to_string(), "details": "d"}});
        assert_eq!(Scripted::of_json(status, &shape).one().await, Err(expected));
    }
    let list = Scripted::of_json(404, &error(404, "")).list().await;
    assert_eq!(list, Err(CallFailure::WrongAddress), "a list is never gone");
}

#[tokio::test]
async fn a_failure_of_anything_in_between_is_no_word_of_the_web_api() {
    for body in ["<html>no</html>", "", "{}", r#"{"error":"x"}"#, r#"{"status":{"code":"200"}}"#] {
        for status in [302, 304, 400, 401, 403, 409, 422, 429, 500, 502, 503] {
            let body = if status == 304 { "" } else { body };
            let writes = Scripted::new(status, body).writes().await;
            assert!(writes.iter().all(|it| *it == Err(CallFailure::Failed(status))), "{status} {body}: {writes:?}");
        }
        assert_eq!(Scripted::new(404, body).one().await, Err(CallFailure::WrongAddress), "never “gone”");
    }
}

#[tokio::test]
async fn a_success_that_is_none_is_unusable() {
    let deep = format!(r#"{{"status":{{"code":"200"}},"data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let nul = r#"{"status":{"code":"200"},"data":[{"id":"i","groups":[{"name":"a\u0000","extra":1}]}]}"#;
    let bodies =
        [nul, "", "<html></html>", "{}", r#"{"status":{"code":"500"},"data":[]}"#, "[]", r#"{"data":[]}"#, &deep];
    for body in bodies {
        assert_eq!(Scripted::new(200, body).list().await, Err(CallFailure::Unusable));
        assert_eq!(Scripted::new(200, body).one().await, Err(CallFailure::Unusable));
        let unusable = [(); 3].map(|()| Err(CallFailure::Unusable));
        assert_eq!(Scripted::new(200, body).writes().await, unusable);
    }
    for data in [json!([{"id": "a2"}]), json!([]), json!([{"id": "a1"}, {"id": "a1"}]), json!([1]), json!({})] {
        assert_eq!(Scripted::of_json(200, &success(&data)).one().await, Err(CallFailure::Unusable), "{data}");
    }
    for data in [json!([{"name": "without an id"}]), json!([{"id": "a1", "groups": 1}]), json!("x")] {
        assert_eq!(Scripted::of_json(200, &success(&data)).list().await, Err(CallFailure::Unusable), "{data}");
    }
    for data in [Value::Null, json!({}), json!({"id": ""}), json!({"id": ".."})] {
        let created = Scripted::of_json(201, &success(&data)).calls().create(&definition()).await;
        assert_eq!(created, Err(CallFailure::NoId), "{data}");
    }
}

#[tokio::test]
async fn a_response_of_more_than_16_mib_is_unusable() {
    let body = format!(r#"{{"status":{{"code":"200"}},"data":[]}}{}"#, " ".repeat(LARGEST));
    assert_eq!(Scripted::new(200, body).list().await, Err(CallFailure::Unusable));
}

#[tokio::test]
async fn a_web_api_that_does_not_answer_is_told_from_one_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Scripted::at(listener.local_addr().unwrap(), Arc::default());
    let late = silent.calls().within(Duration::from_millis(100)).list::<AggregationDefinition>().await;
    assert_eq!(late, Err(CallFailure::NoAnswer));
    drop(listener);
    let refused = Scripted::at(silent.address, Arc::default()).list().await;
    assert_eq!(refused, Err(CallFailure::Unreachable(String::new())));
}

#[tokio::test]
async fn at_most_four_calls_are_under_way_and_waiting_counts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Scripted::at(listener.local_addr().unwrap(), Arc::default());
    let permits = silent.client.permits.acquire_many(4).await.unwrap();
    let short = Duration::from_millis(100);
    let waited = silent.calls().within(short).list::<AggregationDefinition>().await;
    assert_eq!(waited, Err(CallFailure::Unreachable(String::new())));
    assert_eq!(silent.client.permits.available_permits(), 0);
    drop(permits);
    assert_eq!(silent.calls().within(short).list::<AggregationDefinition>().await, Err(CallFailure::NoAnswer));
    assert_eq!(silent.client.permits.available_permits(), 4, "the call has ended");
}

#[tokio::test]
async fn no_failure_repeats_the_token() {
    for status in [400, 409, 422] {
        let server = Scripted::of_json(status, &error(status, &format!("a\u{7}{TOKEN}b")));
        let failure = server.calls().replace("a1", &definition()).await.unwrap_err();
        let text = format!("{failure} {failure:?}");
        assert!(text.contains("a …b") && !text.contains(TOKEN), "{text}");
    }
    let server = Scripted::new(500, "");
    let response = |body: String| Ok(ExchangeResponse { status: 500, body: Some(body.into_bytes()) });
    let logged = server.calls().logged_body(&response(format!("{}\n{TOKEN}<html>", "x".repeat(190))));
    assert_eq!(logged, format!(": {} …<html>", "x".repeat(190)));
    assert_eq!(server.calls().logged_body(&response("é\u{1b}".repeat(500))).chars().count(), 2 + LONGEST_LOGGED);
    assert_eq!(server.calls().logged_body(&Err(ExchangeError::TimedOut)), "");
}

#[test]
fn every_failure_has_words_a_status_and_says_whether_to_look() {
    let words = || "why".to_owned();
    for (failure, status, look, text) in [
        (CallFailure::NameTaken(words()), 422, false, "why"),
        (CallFailure::UnknownReference(words()), 422, false, "why"),
        (CallFailure::Refused(words()), 502, false, "refused the request: why"),
        (CallFailure::TokenRefused, 502, false, "does not accept POEM's token, or cannot check it at the moment."),
        (CallFailure::Forbidden { writing: true }, 502, false, "may read on the ARGO WEB-API but not write there."),
        (CallFailure::Forbidden { writing: false }, 502, false, "may not read"),
        (CallFailure::Gone, 409, false, "This profile is no longer on the ARGO WEB-API."),
        (CallFailure::WrongAddress, 502, false, "knows no such address; is [WEBAPI] in poem.conf right?"),
        (CallFailure::Failed(502), 502, true, "The ARGO WEB-API failed (502)."),
        (CallFailure::Unusable, 502, true, "answered with something that is no profile."),
        (CallFailure::NoId, 502, true, "did not say the id"),
        (CallFailure::Unreachable(String::new()), 503, false, "The ARGO WEB-API cannot be reached."),
        (CallFailure::Unreachable("it expired".to_owned()), 503, false, "cannot be reached: it expired."),
        (CallFailure::NoAnswer, 504, true, "did not answer in time."),
    ] {
        assert_eq!((failure.status(), failure.may_have_written()), (status, look), "{failure:?}");
        assert!(failure.to_string().contains(text), "{failure}");
        assert_eq!(failure.is_unreachable(), [503, 504].contains(&status));
    }
}
