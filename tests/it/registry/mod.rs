//! The operations of `registry`, with a real database.

mod aggregations;
mod doors;
mod egi;
mod groups;
mod keys;
mod metrics;
mod probes;
mod profile_versions;
mod profiles;
mod renames;
mod users;
