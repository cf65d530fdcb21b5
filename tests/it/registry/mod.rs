//! The operations of `registry`, with a real database.

mod aggregations;
mod doors;
mod egi;
mod federated;
mod federated_claims;
mod federated_login;
mod federated_logout;
mod groups;
mod keys;
mod metrics;
mod probes;
mod profile_versions;
mod profiles;
mod renames;
mod users;
