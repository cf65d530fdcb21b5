//! Operations: the check of the rules, the SQL and the log entry, in one transaction.
//!
//! Only this module writes registry data.

pub mod account_links;
mod again;
pub mod aggregation_profiles;
pub mod aggregation_sync;
pub mod aggregations;
pub mod api_key_uses;
pub mod api_keys;
mod audit_log;
pub mod bulk;
pub mod error;
pub mod federated_accounts;
pub mod federated_login;
pub mod found_aggregations;
pub mod groups;
pub mod identity_question;
pub mod load;
pub mod login;
mod login_attempts;
mod login_queue;
pub mod login_request;
mod metric_plan;
pub mod metric_profile_copies;
pub mod metrics;
pub mod own_password;
pub mod password_hashing;
pub mod probes;
mod profile_plan;
pub mod profiles;
mod renames;
pub mod sessions;
pub mod single_logout;
pub mod sync;
pub mod take_over;
pub mod tenants;
mod transaction;
pub mod undelete;
pub mod undo;
pub mod unused_names;
pub mod users;
pub mod viewers;
pub mod web_api_saves;
pub mod web_api_token;

pub use error::{ExpectedRevision, SaveError, Saved};
pub use transaction::Transaction;
