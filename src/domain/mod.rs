//! What POEM knows: the field's own things and rules, pure. No I/O, no web framework, no SQL.

pub mod aggregation;
pub mod api_key;
pub mod changes;
pub mod draft;
pub mod field;
pub mod group;
pub mod history;
pub mod host;
pub mod keys;
pub mod log_entry;
pub mod metric;
pub mod password;
pub mod policy;
pub mod probe;
pub mod profile;
pub mod rejection;
pub mod secret;
pub mod service;
pub mod snapshot;
pub mod snapshot_diff;
pub mod tenant;
pub mod url_path;
pub mod user;
pub mod version;
