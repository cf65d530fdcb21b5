//! Operations: a rule, the SQL and the log entry, in one transaction. Only this room writes registry data.

pub mod aggregations;
pub mod api_keys;
pub mod groups;
pub mod hashing;
mod journal;
pub mod load;
pub mod login;
pub mod metrics;
pub mod probes;
pub mod profiles;
pub mod refusal;
mod renames;
pub mod sessions;
pub mod tenants;
pub mod users;
pub mod viewers;

pub use refusal::{Refusal, Saved, Target};
