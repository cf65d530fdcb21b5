//! Metrics of the requests: counts and durations.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Request, Response};

use crate::http::log_fields::LogFields;
use crate::http::original_request::OriginalRequest;
use crate::http::request_gate::GATE_ROUTE;

/// The buckets of durations, in seconds: from a cache hit to a request that waited for an unreachable database.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5];

/// The counters of requests since the start. Known combinations of labels cost no allocation.
pub struct RequestMetrics {
    /// The registry that holds both metrics.
    pub(super) registry: Registry,
    /// The number of requests by route, tenant and status.
    requests: IntCounterVec,
    /// The durations by route.
    seconds: HistogramVec,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let requests = Opts::new("poem_http_requests_total", "HTTP requests that were served");
        let duration = HistogramOpts::new(
            "poem_http_request_duration_seconds",
            "Time from the arrival of a request to its response",
        )
        .buckets(BUCKETS.into());
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
    /// Counts a request that got a response with this status.
    fn count(&self, request: &Request<'_>, status: u16) {
        let route = route(request);
        let tenant = LogFields::of(request).tenant();
        self.requests.with_label_values(&[route, tenant, status_text(status, &mut [0; 3])]).inc();
        self.seconds.with_label_values(&[route]).observe(OriginalRequest::of(request).elapsed().as_secs_f64());
    }
}

/// The pattern of the route as a label; `other` if no route matched. The set of labels is small, whatever is requested.
fn route<'r>(request: &'r Request<'_>) -> &'r str {
    request.route().map(|route| route.uri.as_str()).filter(|pattern| *pattern != GATE_ROUTE).unwrap_or("other")
}

/// Formats a status as three digits, without an allocation.
fn status_text(status: u16, digits: &mut [u8; 3]) -> &str {
    for (place, digit) in [100, 10, 1].into_iter().zip(digits.iter_mut()) {
        *digit = b'0' + u8::try_from(status / place % 10).unwrap_or(0);
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

/// The fairing that counts every response.
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

/// Adds a metric to the registry.
pub(super) fn register(registry: &Registry, collector: impl Collector + 'static) {
    registry.register(Box::new(collector)).expect("no two have the same name and labels");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_formatted_as_three_digits() {
        for (status, text) in [(200, "200"), (404, "404"), (503, "503")] {
            assert_eq!(status_text(status, &mut [0; 3]), text);
        }
    }
}
