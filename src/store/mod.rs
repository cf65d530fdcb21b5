//! SQL and nothing else: one function is one query. Checked at compile time against the migrations.

pub mod aggregations;
pub mod api_keys;
pub mod audit_log;
pub mod backup;
pub mod choices;
pub mod counts;
pub mod error;
pub mod group_members;
pub mod groups;
pub mod lists;
pub mod login_failures;
pub mod metric_renames;
pub mod metrics;
pub mod migrate;
pub mod pool;
pub mod probes;
pub mod profiles;
pub mod references;
pub mod search;
pub mod service_flavours;
pub mod sessions;
pub mod snapshot_read;
pub mod snapshot_write;
pub mod tenant_tx;
pub mod tenants;
pub mod text;
pub mod users;
pub mod version_writes;
pub mod versions;
pub mod vos;

pub use error::{Result, StoreError};
pub use pool::PoolSettings;
pub use tenant_tx::{ReadTx, WriteTx};

/// An object as a form shows it, with the revision that a save of it must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<C> {
    pub id: i64,
    pub revision: i64,
    pub content: C,
}
