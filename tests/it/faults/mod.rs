//! Faults, with the real PostgreSQL: it is killed, slow, or its disk is full; the server is killed or stopped; clients
//! never finish their requests.

mod attacks;
mod crowd;
mod full_disk;
mod killed;
mod log_content;
mod proxy;
mod served;
mod slow;
mod standby;
mod unread_output;

use std::time::{Duration, Instant};

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server};

const METRICS: &str = "/poem/api/v2/metrics/";
const AGGREGATIONS: &str = "/poem/api/v2/internal/aggregations/";
/// The longest time that any response may take: two seconds, and a margin for a busy machine.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(3000);
/// The longest time that PostgreSQL may take to recover, on a busy machine.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a request; fails if the response takes longer than [`RESPONSE_TIMEOUT`].
#[track_caller]
fn in_time(request: impl FnOnce() -> HttpResponse) -> HttpResponse {
    let start = Instant::now();
    let answer = request();
    assert!(start.elapsed() < RESPONSE_TIMEOUT, "{} after {:?}", answer.status, start.elapsed());
    answer
}

/// Sends requests until the status is as wanted; until then each must get 200, 201 or 503 in time.
#[track_caller]
fn await_status(wanted: u16, request: impl Fn() -> HttpResponse) {
    let end = Instant::now() + RECOVERY_TIMEOUT;
    loop {
        let answer = in_time(&request);
        if answer.status == wanted {
            return;
        }
        assert!([200, 201, 503].contains(&answer.status), "{answer:?}");
        assert!(Instant::now() < end, "the status is still {}", answer.status);
    }
}

/// Requests all metrics with the API key of EGI.
fn metrics(server: &Server) -> HttpResponse {
    server.get_with_key(METRICS, EGI_TOKEN)
}

/// A logged-in superuser of the tenant EGI who writes.
struct Writer {
    cookie: String,
}

impl Writer {
    fn new(installation: &Installation) -> Self {
        Self {
            cookie: format!("sessionid={}; csrftoken=0123456789abcdef0123456789abcdef", installation.log_in("poem")),
        }
    }

    fn headers(&self) -> [(&str, &str); 4] {
        [
            ("Host", "localhost"),
            ("Cookie", &self.cookie),
            ("X-CSRFToken", "0123456789abcdef0123456789abcdef"),
            ("Content-Type", "application/json"),
        ]
    }

    fn add_aggregation(&self, server: &Server, name: &str) -> HttpResponse {
        let body = format!(r#"{{"name": "{name}", "apiid": "{name}", "groupname": "ARGO"}}"#);
        self.send(server, "POST", AGGREGATIONS, body.as_bytes())
    }

    fn get(&self, server: &Server, target: &str) -> HttpResponse {
        self.send(server, "GET", target, b"")
    }

    fn send(&self, server: &Server, method: &str, target: &str, body: &[u8]) -> HttpResponse {
        server.send(method, target, &self.headers(), body)
    }
}
