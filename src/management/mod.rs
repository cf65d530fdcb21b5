//! The management server: health, readiness and metrics, for monitoring and load balancers.
//!
//! It is not for the public, so it has a separate address: `[SERVER] ManagementAddress` and `ManagementPort`.
//! [`request_metrics`] counts the requests of the main server.

mod metrics; //             all metrics as text
mod monitored_server;
pub mod request_metrics; // the counters of requests //             the parts of the main server that are reported

use rocket::http::{ContentType, Status};
use rocket::{Build, Rocket, State, get, routes};

use crate::http::method_override::MethodOverride;
use crate::store::migrate::{Schema, schema_mismatch};
use crate::tenants::directory::DirectoryStatus;
pub use monitored_server::MonitoredServer;

/// Builds the management server, ready to launch. `config`: its address and shutdown.
pub fn build(config: rocket::Config, watched: MonitoredServer) -> Rocket<Build> {
    rocket::custom(config).attach(MethodOverride).manage(watched).mount("/", routes![healthz, readyz, all_metrics])
}

/// Responds as long as the process runs. Nothing else is checked.
#[get("/poem/healthz")]
fn healthz() -> &'static str {
    "ok\n"
}

/// Reports whether the server can serve requests: 503 with one reason per line if not. It uses the last poll, so it
/// responds at once, whatever the state of the database.
#[get("/poem/readyz")]
fn readyz(watched: &State<MonitoredServer>) -> (Status, String) {
    let reasons = not_ready(&watched.directory.status());
    match reasons.is_empty() {
        true => (Status::Ok, "ok\n".to_owned()),
        false => (Status::ServiceUnavailable, reasons.join("\n") + "\n"),
    }
}

/// The reasons why the server is not ready, in one line each; empty if it is.
fn not_ready(status: &DirectoryStatus) -> Vec<String> {
    if !status.is_fresh() {
        let since =
            status.age.map_or("never answered".to_owned(), |age| format!("no answer for {:.1} s", age.as_secs_f64()));
        let reason = status.failure.as_ref().map_or(String::new(), |failure| format!(": {failure}"));
        return vec![format!("the database is unreachable ({since}){reason}")];
    }
    let migrations = &status.migrations;
    let shared = schema_mismatch(&Schema::Public, migrations.shared);
    let tenants = migrations
        .tenants
        .iter()
        .filter_map(|(schema, found)| schema_mismatch(&Schema::Tenant(schema.clone()), *found));
    shared.into_iter().chain(tenants).collect()
}

/// Reports all metrics in the text format of Prometheus.
#[get("/metrics")]
fn all_metrics(watched: &State<MonitoredServer>) -> (ContentType, String) {
    let format = ContentType::new("text", "plain").with_params([("version", "0.0.4"), ("charset", "utf-8")]);
    (format, metrics::text(watched))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::model::tenant::SchemaName;
    use crate::tenants::directory::MigrationStatus;

    fn status(age: Option<u64>, failure: Option<&str>, shared: i64, tenant: Option<i64>) -> DirectoryStatus {
        let tenants = vec![(SchemaName::parse("egi").unwrap(), tenant)];
        DirectoryStatus {
            age: age.map(Duration::from_millis),
            failure: failure.map(str::to_owned),
            migrations: Arc::new(MigrationStatus { shared: Some(shared), tenants }),
        }
    }

    #[test]
    fn a_server_that_is_not_ready_reports_why() {
        let never = "the database is unreachable (never answered): connection refused";
        let newer = "schema egi is at migration 99999, newer than this POEM knows";
        for (status, expected) in [
            (status(None, Some("connection refused"), 1, None), never),
            (status(Some(1500), None, 1, Some(1)), "the database is unreachable (no answer for 1.5 s)"),
            (status(Some(10), None, 0, Some(99999)), "schema public has migrations pending: run poem-db -a"),
            (status(Some(10), None, 1, Some(99999)), newer),
            (status(Some(10), None, 1, None), "schema egi has migrations pending: run poem-db -a"),
        ] {
            let reasons = not_ready(&status);
            assert!(reasons.iter().any(|reason| reason.starts_with(expected)), "{reasons:?} {expected}");
        }
    }
}
