//! The number of objects of each kind, for the index.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::Result;
use crate::domain::model::object_kind::ObjectKind;

/// The number of objects of each kind in a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    by_kind: HashMap<String, i64>,
    /// Entries of the audit log.
    pub log_entries: i64,
    /// Metric names of the registry.
    pub metric_names: i64,
    /// Service flavours.
    pub flavours: i64,
}

impl Counts {
    /// Returns the number of objects of a kind.
    pub fn of(&self, kind: ObjectKind) -> i64 {
        self.by_kind.get(kind.as_str()).copied().unwrap_or_default()
    }
}

/// Counts the objects of all kinds with one statement.
pub async fn all(conn: &mut PgConnection) -> Result<Counts> {
    const LOG: &str = "logentry";
    const FLAVOURS: &str = "serviceflavour";
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", count(*) AS "count!" FROM object GROUP BY kind
           UNION ALL SELECT $1, count(*) FROM log_entry
           UNION ALL SELECT $2, count(*) FROM service_flavour"#,
        LOG,
        FLAVOURS
    )
    .fetch_all(conn)
    .await?;
    let mut by_kind: HashMap<_, _> = rows.into_iter().map(|row| (row.kind, row.count)).collect();
    let mut take = |word| by_kind.remove(word).unwrap_or_default();
    let (log_entries, metric_names, flavours) = (take(LOG), take("metricname"), take(FLAVOURS));
    Ok(Counts { by_kind, log_entries, metric_names, flavours })
}
