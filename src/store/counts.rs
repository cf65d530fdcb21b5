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
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", count(*) AS "count!" FROM object GROUP BY kind
           UNION ALL SELECT $1, count(*) FROM log_entry"#,
        LOG
    )
    .fetch_all(conn)
    .await?;
    let mut by_kind: HashMap<_, _> = rows.into_iter().map(|row| (row.kind, row.count)).collect();
    let log_entries = by_kind.remove(LOG).unwrap_or_default();
    Ok(Counts { by_kind, log_entries })
}
