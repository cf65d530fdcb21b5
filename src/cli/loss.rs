//! The data that a command is about to delete, in words, for the question before it.

use super::{Failure, context::Context};
use crate::domain::model::snapshot::Snapshot;
use crate::domain::model::tenant::Tenant;
use crate::store::{ReadTx, snapshot_read};

/// The data of the tenant in words: `12 probes, 40 metrics, …`.
///
/// # Errors
/// `Failed` if they cannot be read.
pub async fn of_tenant(context: &Context, tenant: &Tenant) -> Result<String, Failure> {
    let mut tx = ReadTx::begin(&context.pool(), &tenant.schema).await?;
    Ok(in_words(&snapshot_read::read(tx.conn()).await?))
}

/// The numbers of objects: `12 probes, 40 metrics, …`.
pub fn in_words(data: &Snapshot) -> String {
    let counts = [
        ("probes", data.probes.len()),
        ("metrics", data.metrics.len()),
        ("profiles", data.profiles.len()),
        ("aggregations", data.aggregations.len()),
        ("groups", data.groups.len()),
        ("users", data.users.len()),
        ("API keys", data.api_keys.len()),
        ("versions", data.versions.len()),
        ("log entries", data.log_entries.len()),
    ];
    counts.map(|(what, count)| format!("{count} {what}")).join(", ")
}
