//! How many objects there are of each kind.

use sqlx::PgConnection;

use super::Result;
use crate::domain::model::log_entry::ObjectKind;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub profiles: i64,
    pub probes: i64,
    pub metrics: i64,
    pub services: i64,
    pub aggregations: i64,
    pub users: i64,
    pub groups_of_profiles: i64,
    pub groups_of_probes: i64,
    pub groups_of_metrics: i64,
    pub groups_of_aggregations: i64,
    pub api_keys: i64,
    pub log_entries: i64,
}

impl Counts {
    pub fn of(&self, kind: ObjectKind) -> i64 {
        match kind {
            ObjectKind::Profile => self.profiles,
            ObjectKind::Probe => self.probes,
            ObjectKind::Metric => self.metrics,
            ObjectKind::Service => self.services,
            ObjectKind::Aggregation => self.aggregations,
            ObjectKind::CustUser => self.users,
            ObjectKind::GroupOfProfiles => self.groups_of_profiles,
            ObjectKind::GroupOfProbes => self.groups_of_probes,
            ObjectKind::GroupOfMetrics => self.groups_of_metrics,
            ObjectKind::GroupOfAggregations => self.groups_of_aggregations,
            ObjectKind::ApiKey => self.api_keys,
        }
    }
}

/// All of them in one statement.
pub async fn all(conn: &mut PgConnection) -> Result<Counts> {
    Ok(sqlx::query_as!(
        Counts,
        r#"SELECT (SELECT count(*) FROM profile) AS "profiles!",
                  (SELECT count(*) FROM probe) AS "probes!",
                  (SELECT count(*) FROM metric) AS "metrics!",
                  (SELECT count(*) FROM service) AS "services!",
                  (SELECT count(*) FROM aggregation) AS "aggregations!",
                  (SELECT count(*) FROM app_user) AS "users!",
                  (SELECT count(*) FROM object_group WHERE kind = 'profiles') AS "groups_of_profiles!",
                  (SELECT count(*) FROM object_group WHERE kind = 'probes') AS "groups_of_probes!",
                  (SELECT count(*) FROM object_group WHERE kind = 'metrics') AS "groups_of_metrics!",
                  (SELECT count(*) FROM object_group WHERE kind = 'aggregations') AS "groups_of_aggregations!",
                  (SELECT count(*) FROM api_key) AS "api_keys!",
                  (SELECT count(*) FROM log_entry) AS "log_entries!""#
    )
    .fetch_one(conn)
    .await?)
}
