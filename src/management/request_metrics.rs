//! Metrics of the requests, counted as they are answered.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Request, Response};

use crate::http::log_fields::LogFields;
use crate::http::original_request::OriginalRequest;
use crate::http::request_gate::GATE_ROUTE;

/// From an answer that is ready to one that waited for a database that is away.
const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5];

/// The requests so far. Labels that were seen before cost no allocation.
pub struct RequestMetrics {
    pub(super) registry: Registry,
    /// By route, tenant and status.
    requests: IntCounterVec,
    /// By route.
    seconds: HistogramVec,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let requests = Opts::new("poem_http_requests_total", "HTTP requests that were answered");
        let duration = HistogramOpts::new(
            "poem_http_request_duration_seconds",
            "Time from the arrival of a request to its response",
        )
        .buckets(SECONDS.into());
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(requests, &["route", "tenant", "status"]).expect("the names are valid"),
            seconds: HistogramVec::new(duration, &["route"]).expect("the names are valid"),
        };
        register(&metrics.registry, metrics.requests.clone());
        register(&metrics.registry, metrics.seconds.clone());
        metrics
    }
}

impl RequestMetrics {
    fn count(&self, request: &Request<'_>, status: u16) {
        let route = route(request);
        let tenant = LogFields::of(request).tenant();
        self.requests.with_label_values(&[route, tenant, status_text(status, &mut [0; 3])]).inc();
        self.seconds.with_label_values(&[route]).observe(OriginalRequest::of(request).elapsed().as_secs_f64());
    }
}

/// The pattern of the route, of which there are few; what leads to none is all the same.
fn route<'r>(request: &'r Request<'_>) -> &'r str {
    request.route().map(|route| route.uri.as_str()).filter(|pattern| *pattern != GATE_ROUTE).unwrap_or("other")
}

/// The three digits, without an allocation.
fn status_text(status: u16, digits: &mut [u8; 3]) -> &str {
    for (place, digit) in [100, 10, 1].into_iter().zip(digits.iter_mut()) {
        *digit = b'0' + u8::try_from(status / place % 10).unwrap_or(0);
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

/// The fairing: every answer is counted.
pub struct CountRequests(pub Arc<RequestMetrics>);

#[rocket::async_trait]
impl Fairing for CountRequests {
    fn info(&self) -> Info {
        Info { name: "Count requests", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        self.0.count(request, response.status().code);
    }
}

pub(super) fn register(registry: &Registry, collector: impl Collector + 'static) {
    registry.register(Box::new(collector)).expect("no two have the same name and labels");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_its_digits() {
        for (status, text) in [(200, "200"), (404, "404"), (503, "503")] {
            assert_eq!(status_text(status, &mut [0; 3]), text);
        }
    }
}
