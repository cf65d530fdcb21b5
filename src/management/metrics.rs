//! All metrics in the text format of Prometheus: the counters of requests, and the current state of the server.

use chrono::{DateTime, Utc};
use prometheus::{CounterVec, Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use super::monitored_server::MonitoredServer;
use super::request_metrics::register;
use crate::argo_webapi::client::CallCount;
use crate::domain::model::sync_status::SyncResult;

/// Returns all metrics in the text format of Prometheus.
pub fn text(watched: &MonitoredServer) -> String {
    let families = [watched.metrics.registry.gather(), state(watched).gather()].concat();
    TextEncoder::new().encode_to_string(&families).unwrap_or_default()
}

/// The metrics of the current state: they are read at every request, not counted.
fn state(watched: &MonitoredServer) -> Registry {
    let registry = Registry::new();
    let gauge = |opts, value: usize| {
        let gauge = IntGauge::with_opts(opts).expect("the names are valid");
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        register(&registry, gauge);
    };
    gauge(
        Opts::new("poem_build_info", "Constant 1, labelled with the version of POEM")
            .const_label("version", env!("CARGO_PKG_VERSION")),
        1,
    );
    let idle = watched.pool.num_idle();
    let used = usize::try_from(watched.pool.size()).unwrap_or(0).saturating_sub(idle);
    let connections = Opts::new("poem_database_pool_connections", "Connections to the database that requests share");
    gauge(connections.clone().const_label("state", "idle"), idle);
    gauge(connections.const_label("state", "used"), used);
    let cache = watched.responses.stats();
    gauge(Opts::new("poem_response_cache_bytes", "Memory taken by the response cache"), cache.bytes);
    gauge(Opts::new("poem_response_cache_entries", "Responses in the cache"), cache.entries);
    for (result, count) in [("hit", cache.hits), ("miss", cache.misses)] {
        let requests = Opts::new(
            "poem_response_cache_requests_total",
            "Requests served from the response cache (hit), and responses that had to be rendered (miss)",
        );
        let counter = IntCounter::with_opts(requests.const_label("result", result)).expect("the names are valid");
        counter.inc_by(count);
        register(&registry, counter);
    }
    if let Some(age) = watched.directory.status().age {
        let state_age = Opts::new(
            "poem_tenant_state_age_seconds",
            "Time since the state of the tenants was last read from the database",
        );
        let gauge = Gauge::with_opts(state_age).expect("the names are valid");
        gauge.set(age.as_secs_f64());
        register(&registry, gauge);
    }
    feeds(watched, &registry);
    federated_logins(watched, &registry);
    web_api_calls(&watched.web_api.counts(), &registry);
    registry
}

/// The federated logins. A result that has not occurred has no value.
fn federated_logins(watched: &MonitoredServer, registry: &Registry) {
    let logins = Opts::new("poem_federated_logins_total", "Federated logins that ended, by result");
    let counters = IntCounterVec::new(logins, &["tenant", "result"]).expect("the names are valid");
    for ((tenant, result), count) in watched.federated_logins.all() {
        counters.with_label_values(&[tenant.as_str(), result]).inc_by(count);
    }
    register(registry, counters);
}

/// The calls of the ARGO WEB-API, by method and outcome. A pair that has not occurred has no value.
fn web_api_calls(counts: &[((&'static str, &'static str), CallCount)], registry: &Registry) {
    let labels = &["method", "outcome"];
    let calls = Opts::new("poem_web_api_calls_total", "Calls of the ARGO WEB-API, by method and outcome");
    let calls = IntCounterVec::new(calls, labels).expect("the names are valid");
    let seconds = Opts::new("poem_web_api_call_seconds_total", "Time that these calls took together");
    let seconds = CounterVec::new(seconds, labels).expect("the names are valid");
    for ((method, outcome), count) in counts {
        calls.with_label_values(&[method, outcome]).inc_by(count.calls);
        seconds.with_label_values(&[method, outcome]).inc_by(count.duration.as_secs_f64());
    }
    register(registry, calls);
    register(registry, seconds);
}

/// The metrics of the feeds, one value for each tenant and feed. A feed that is not configured has none.
fn feeds(watched: &MonitoredServer, registry: &Registry) {
    let vector = |name, help| {
        let vector = GaugeVec::new(Opts::new(name, help), &["tenant", "feed"]).expect("the names are valid");
        register(registry, vector.clone());
        vector
    };
    let success = vector("poem_sync_last_success_timestamp_seconds", "Time at which a list was last equal to its feed");
    let attempt = vector("poem_sync_last_attempt_timestamp_seconds", "Time at which a feed was last fetched");
    let failing = vector("poem_sync_failing", "1 if the last attempt failed or was refused, else 0");
    let entries = vector("poem_sync_entries", "Entries in the list after the last attempt");
    let seconds = |time: DateTime<Utc>| time.timestamp_millis() as f64 / 1000.0;
    for (schema, states) in watched.feeds.all().iter() {
        for status in states.iter().filter(|status| status.result != SyncResult::NotConfigured) {
            let labels = [schema.as_str(), status.list.name()];
            if let Some(last_success) = status.last_success {
                success.with_label_values(&labels).set(seconds(last_success));
            }
            attempt.with_label_values(&labels).set(seconds(status.last_attempt));
            failing.with_label_values(&labels).set(f64::from(u8::from(status.result.is_failure())));
            entries.with_label_values(&labels).set(status.listed as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn calls_of_the_web_api_are_counted_by_method_and_outcome() {
        let registry = Registry::new();
        let count = CallCount { calls: 3, duration: Duration::from_millis(1500) };
        web_api_calls(&[(("PUT", "no_answer"), count)], &registry);
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let labels = r#"{method="PUT",outcome="no_answer"}"#;
        for line in
            [format!("poem_web_api_calls_total{labels} 3"), format!("poem_web_api_call_seconds_total{labels} 1.5")]
        {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }
}
