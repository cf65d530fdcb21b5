//! For whoever watches the server: is it alive, is it ready, what is it doing. Not for the public: it listens at an
//! address of its own, `[SERVER] ManagementAddress` and `ManagementPort`. [`request_metrics`] counts the requests.

mod metrics;
pub mod request_metrics;
mod watched;

use rocket::http::{ContentType, Status};
use rocket::{Build, Rocket, State, get, routes};

use crate::store::migrate::{Schema, schema_mismatch};
use crate::tenants::directory::DirectoryStatus;
pub use watched::Watched;

/// The second server, ready to launch. `config`: where it listens and how it ends.
pub fn build(config: rocket::Config, watched: Watched) -> Rocket<Build> {
    rocket::custom(config).manage(watched).mount("/", routes![alive, ready, counted])
}

/// The process answers; nothing else is asked.
#[get("/poem/healthz")]
fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests are answered: 503 with the reasons, a line each, where they are not. Nothing is asked, so it
/// answers at once whatever the database does.
#[get("/poem/readyz")]
fn ready(watched: &State<Watched>) -> (Status, String) {
    let reasons = not_ready(&watched.directory.status());
    match reasons.is_empty() {
        true => (Status::Ok, "ok\n".to_owned()),
        false => (Status::ServiceUnavailable, reasons.join("\n") + "\n"),
    }
}

/// Why the server is not ready, a line each; empty if it is.
fn not_ready(status: &DirectoryStatus) -> Vec<String> {
    if !status.is_fresh() {
        let since = status.age.map_or("so far".to_owned(), |age| format!("for {:.1} s", age.as_secs_f64()));
        let reason = status.failure.as_ref().map_or(String::new(), |failure| format!(": {failure}"));
        return vec![format!("the database did not answer {since}{reason}")];
    }
    let migrations = &status.migrations;
    let shared = schema_mismatch(&Schema::Public, migrations.shared);
    let tenants = migrations
        .tenants
        .iter()
        .filter_map(|(schema, found)| schema_mismatch(&Schema::Tenant(schema.clone()), *found));
    shared.into_iter().chain(tenants).collect()
}

/// The text format of Prometheus.
#[get("/metrics")]
fn counted(watched: &State<Watched>) -> (ContentType, String) {
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

    fn view(age: Option<u64>, failure: Option<&str>, shared: i64, tenant: Option<i64>) -> DirectoryStatus {
        let tenants = vec![(SchemaName::parse("egi").unwrap(), tenant)];
        DirectoryStatus {
            age: age.map(Duration::from_millis),
            failure: failure.map(str::to_owned),
            migrations: Arc::new(MigrationStatus { shared: Some(shared), tenants }),
        }
    }

    #[test]
    fn what_keeps_a_server_from_being_ready() {
        let never = "the database did not answer so far: it is away";
        let newer = "schema egi is at migration 99999, newer than this POEM knows";
        for (view, expected) in [
            (view(None, Some("it is away"), 1, None), never),
            (view(Some(1500), None, 1, Some(1)), "the database did not answer for 1.5 s"),
            (view(Some(10), None, 0, Some(99999)), "schema public has migrations pending: run poem-db -a"),
            (view(Some(10), None, 1, Some(99999)), newer),
            (view(Some(10), None, 1, None), "schema egi has migrations pending: run poem-db -a"),
        ] {
            let reasons = not_ready(&view);
            assert!(reasons.iter().any(|reason| reason.starts_with(expected)), "{reasons:?} {expected}");
        }
    }
}
