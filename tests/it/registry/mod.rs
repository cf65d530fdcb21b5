//! Operations as pages ask for them, over a real database.

mod aggregations;
mod egi;
mod groups;
mod keys;
mod metrics;
mod probes;
mod profiles;
mod renames;
mod users;
