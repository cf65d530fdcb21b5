//! SQL and nothing else: one function is one query, checked at compile time against the migrations.
//!
//! No rules live here: they are in `registry`, which calls the functions that write.

pub mod access;
pub mod aggregation_definitions;
pub mod aggregations;
pub mod analyze;
pub mod api_keys;
pub mod audit_log;
pub mod backup;
pub mod choices;
pub mod counterparts;
pub mod counts;
pub mod django_tables;
pub mod error;
pub mod group_members;
pub mod groups;
pub mod lists;
pub mod login_addresses;
pub mod login_failures;
pub mod metric_profile_copies;
pub mod metric_renames;
pub mod metrics;
pub mod migrate;
pub mod needs;
pub mod pool;
pub mod probes;
pub mod profiles;
pub mod references;
pub mod saml_claims;
pub mod saml_pending;
pub mod saml_requests;
pub mod saml_sessions;
pub mod saml_used;
pub mod search;
pub mod service_flavours;
pub mod services;
pub mod session_settings;
pub mod sessions;
pub mod snapshot_read;
pub mod snapshot_write;
pub mod sync_status;
pub mod taken_names;
pub mod tenant_tx;
pub mod tenants;
pub mod text;
pub mod undo;
pub mod unused_names;
pub mod users;
pub mod version_writes;
pub mod versions;
pub mod vos;
pub mod web_api_saves;

pub use error::{Result, StoreError};
pub use pool::PoolSettings;
pub use tenant_tx::{ReadTx, WriteTx};

/// The content of an object for its form, with the revision that a save must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<C> {
    /// The object's id.
    pub id: i64,
    /// The object's revision, which every change raises.
    pub revision: i64,
    /// The fields of the form.
    pub content: C,
}
