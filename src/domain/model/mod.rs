//! The objects of the registry, their rules, and the sentences that describe their changes.

pub mod aggregation;
pub mod api_key;
pub mod change_set;
pub mod group;
pub mod group_kind;
pub mod log_entry;
pub mod metric;
pub mod metric_changes;
pub mod metric_fields;
pub mod metric_rules;
pub mod new_name;
pub mod object_kind;
pub mod pairing;
pub mod policy;
pub mod probe;
pub mod profile;
pub mod service;
pub mod snapshot;
pub mod snapshot_diff;
pub mod sync_feed;
pub mod sync_status;
pub mod tenant;
pub mod user;
pub mod username;
pub mod version;
pub mod wording;
