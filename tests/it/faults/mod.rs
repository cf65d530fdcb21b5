//! What happens at night, with the real PostgreSQL: killed, slow, full; a server that is killed or stopped; clients
//! that never finish.

mod crowd;
mod full_disk;
mod killed;
mod proxy;
mod served;
mod slow;

use std::time::{Duration, Instant};

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server};

const METRICS: &str = "/poem/api/v2/metrics/";
const AGGREGATIONS: &str = "/poem/api/v2/internal/aggregations/";
/// Nobody waits longer for an answer, whatever it is: two seconds, and what a busy machine adds.
const SOON: Duration = Duration::from_millis(3000);
/// How long PostgreSQL may take to recover, on a busy machine.
const COMING: Duration = Duration::from_secs(30);

/// Does it, which must not take long.
#[track_caller]
fn soon(ask: impl FnOnce() -> HttpResponse) -> HttpResponse {
    let start = Instant::now();
    let answer = ask();
    assert!(start.elapsed() < SOON, "{} after {:?}", answer.status, start.elapsed());
    answer
}

/// Asks until the status is this; everything else meanwhile is 503, and soon.
#[track_caller]
fn await_status(wanted: u16, ask: impl Fn() -> HttpResponse) {
    let end = Instant::now() + COMING;
    loop {
        let answer = soon(&ask);
        if answer.status == wanted {
            return;
        }
        assert!([200, 201, 503].contains(&answer.status), "{answer:?}");
        assert!(Instant::now() < end, "it stays {}", answer.status);
    }
}

fn metrics(server: &Server) -> HttpResponse {
    server.get_with_key(METRICS, EGI_TOKEN)
}

/// Somebody who is logged in to the tenant EGI and writes.
struct Writer {
    cookie: String,
}

impl Writer {
    fn new(installation: &Installation) -> Self {
        Self { cookie: format!("sessionid={}; csrftoken=0123456789abcdef", installation.log_in("poem")) }
    }

    fn headers(&self) -> [(&str, &str); 4] {
        [
            ("Host", "localhost"),
            ("Cookie", &self.cookie),
            ("X-CSRFToken", "0123456789abcdef"),
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
