//! Probes as the internal API reads them.

use sqlx::PgConnection;

use super::Result;

/// What the metric form shows of a probe.
#[derive(Debug, Clone)]
pub struct ProbeSummary {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub comment: String,
}

/// The probe of this name, which counts in its exact case.
pub async fn summary(conn: &mut PgConnection, name: &str) -> Result<Option<ProbeSummary>> {
    Ok(sqlx::query_as!(ProbeSummary, "SELECT id, name, description, comment FROM probe WHERE name = $1", name)
        .fetch_optional(conn)
        .await?)
}
