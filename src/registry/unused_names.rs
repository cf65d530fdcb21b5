//! Removing names of the registry that nothing uses: typing errors of profiles, names of metrics that are gone.

use super::Transaction;
use crate::domain::form::field::Choices;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::policy::{Denial, Viewer};
use crate::store::audit_log::NewLogEntry;
use crate::store::{audit_log, unused_names};

use super::SaveError;

/// Removes those of the metric names or service flavours that are unused, with a log entry for each. Returns them.
///
/// # Errors
/// `Denied` for all but superusers; `Gone` for a source whose names cannot be removed.
pub async fn remove(
    tx: &mut Transaction,
    viewer: &Viewer,
    source: Choices,
    names: &[String],
) -> Result<Vec<String>, SaveError> {
    if !viewer.is_superuser {
        return Err(SaveError::Denied(Denial::Never));
    }
    let (what, removed): (&str, Vec<String>) = match source {
        Choices::MetricNames => {
            let removed = unused_names::delete_metric_names(tx.write_tx(), names).await?;
            ("Metric name", removed.into_iter().map(|(_, name)| name).collect())
        }
        Choices::ServiceFlavours => ("Service flavour", unused_names::delete_flavours(tx.write_tx(), names).await?),
        _ => return Err(SaveError::Gone),
    };
    for name in &removed {
        let entry = NewLogEntry {
            action: LogAction::Delete,
            object_kind: None,
            object_id: name.clone(),
            object_name: &format!("{what} {name}"),
            message: "",
            data: None,
            user_id: Some(viewer.id),
            username: &viewer.username,
        };
        audit_log::insert(tx.write_tx(), entry).await?;
    }
    Ok(removed)
}
