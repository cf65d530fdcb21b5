//! All entities of the admin, by the kind of their objects.

use serde_json::Value;

use super::crud::Entity;
use super::{aggregation, aggregation_profile, api_key, group, metric, probe, profile, user};
use crate::config::Config;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;

static GROUPS_OF_PROFILES: group::GroupsAdmin = group::GroupsAdmin(GroupKind::Profiles);
static GROUPS_OF_PROBES: group::GroupsAdmin = group::GroupsAdmin(GroupKind::Probes);
static GROUPS_OF_METRICS: group::GroupsAdmin = group::GroupsAdmin(GroupKind::Metrics);
static GROUPS_OF_AGGREGATIONS: group::GroupsAdmin = group::GroupsAdmin(GroupKind::Aggregations);

/// Returns the entity of a kind of object with this configuration; `None` for services, which are only a table.
pub fn configured(kind: ObjectKind, config: &Config) -> Option<&'static dyn Entity> {
    match kind {
        ObjectKind::Aggregation if config.webapi.is_some() => Some(&aggregation_profile::AggregationProfilesAdmin),
        kind => entity(kind),
    }
}

/// Returns the entity that the audit log has stored this content of; `None` for services.
pub fn logged(kind: ObjectKind, content: &Value) -> Option<&'static dyn Entity> {
    match kind {
        ObjectKind::Aggregation if content.get("definition").is_some() => {
            Some(&aggregation_profile::AggregationProfilesAdmin)
        }
        kind => entity(kind),
    }
}

/// Returns the entity of a kind of object without `[WEBAPI]`; `None` for services, which are only a table.
pub fn entity(kind: ObjectKind) -> Option<&'static dyn Entity> {
    match kind {
        ObjectKind::Profile => Some(&profile::ProfilesAdmin),
        ObjectKind::Probe => Some(&probe::ProbesAdmin),
        ObjectKind::Metric => Some(&metric::MetricsAdmin),
        ObjectKind::Aggregation => Some(&aggregation::AggregationsAdmin),
        ObjectKind::CustUser => Some(&user::UsersAdmin),
        ObjectKind::GroupOfProfiles => Some(&GROUPS_OF_PROFILES),
        ObjectKind::GroupOfProbes => Some(&GROUPS_OF_PROBES),
        ObjectKind::GroupOfMetrics => Some(&GROUPS_OF_METRICS),
        ObjectKind::GroupOfAggregations => Some(&GROUPS_OF_AGGREGATIONS),
        ObjectKind::ApiKey => Some(&api_key::ApiKeysAdmin),
        ObjectKind::Service => None,
    }
}
