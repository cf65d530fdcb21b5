//! The admin: everything people read and edit in the browser. The whole product as one list.
//!
//! An entity is one file here; its pages, forms, histories and comparisons follow from what it declares (`core`).

mod aggregation;
mod api_key;
pub mod core;
mod group;
mod index;
mod log_entry;
mod metric;
mod password;
mod probe;
mod profile;
mod public;
mod routes;
mod search;
mod service;
mod user;

use self::core::Entity;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::ObjectKind;

pub use routes::routes;

static GROUPS_OF_PROFILES: group::Groups = group::Groups(GroupKind::Profiles);
static GROUPS_OF_PROBES: group::Groups = group::Groups(GroupKind::Probes);
static GROUPS_OF_METRICS: group::Groups = group::Groups(GroupKind::Metrics);
static GROUPS_OF_AGGREGATIONS: group::Groups = group::Groups(GroupKind::Aggregations);

/// The entity of a kind of object; `None`: services, which are only a table.
pub fn entity(kind: ObjectKind) -> Option<&'static dyn Entity> {
    match kind {
        ObjectKind::Profile => Some(&profile::Profiles),
        ObjectKind::Probe => Some(&probe::Probes),
        ObjectKind::Metric => Some(&metric::Metrics),
        ObjectKind::Aggregation => Some(&aggregation::Aggregations),
        ObjectKind::CustUser => Some(&user::Users),
        ObjectKind::GroupOfProfiles => Some(&GROUPS_OF_PROFILES),
        ObjectKind::GroupOfProbes => Some(&GROUPS_OF_PROBES),
        ObjectKind::GroupOfMetrics => Some(&GROUPS_OF_METRICS),
        ObjectKind::GroupOfAggregations => Some(&GROUPS_OF_AGGREGATIONS),
        ObjectKind::ApiKey => Some(&api_key::ApiKeys),
        ObjectKind::Service => None,
    }
}

/// The blocks of the index: the heading of each, and the kinds in it.
pub const BLOCKS: [(&str, &[ObjectKind]); 3] = [
    (
        "Poem",
        &[ObjectKind::Profile, ObjectKind::Service, ObjectKind::Probe, ObjectKind::Metric, ObjectKind::Aggregation],
    ),
    (
        "Authentication and Authorization",
        &[
            ObjectKind::CustUser,
            ObjectKind::GroupOfProfiles,
            ObjectKind::GroupOfProbes,
            ObjectKind::GroupOfMetrics,
            ObjectKind::GroupOfAggregations,
        ],
    ),
    ("API Key Permissions", &[ObjectKind::ApiKey]),
];
