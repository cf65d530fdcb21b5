//! SQL and nothing else: one function is one query. Checked at compile time against the migrations.

pub mod aggregations;
pub mod api_keys;
pub mod backup;
pub mod choices;
pub mod counts;
pub mod error;
pub mod group_members;
pub mod groups;
pub mod lists;
pub mod loaded;
pub mod log_entries;
pub mod login_failures;
pub mod metric_renames;
pub mod metrics;
pub mod migrate;
pub mod pool;
pub mod probes;
pub mod profiles;
pub mod search;
pub mod service_flavours;
pub mod service_table;
pub mod sessions;
pub mod snapshot_read;
pub mod snapshot_write;
pub mod tenant_tx;
pub mod tenants;
pub mod typed;
pub mod used;
pub mod users;
pub mod version_keeping;
pub mod versions;
pub mod vos;

pub use error::{Result, StoreError};
pub use loaded::Loaded;
pub use pool::{Db, PoolSettings};
pub use tenant_tx::TenantTx;
