//! Reading the versions of objects. `version_writes` writes them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Result;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::snapshot::{Version, VersionContent};

/// A version of an object without its content, for the list of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// The version's id.
    pub id: i64,
    /// The version number of a probe; '' for other kinds, whose versions have none.
    pub label: String,
    /// The time when the version was saved.
    pub created: DateTime<Utc>,
    /// The name of the author; '' if unknown.
    pub username: String,
    /// The changes, in words.
    pub message: String,
    /// Why the author made the change, as they say; '' if they did not say it.
    pub change_reason: String,
}

impl VersionRow {
    /// Returns the row of a version.
    pub fn of(version: &Version) -> Self {
        Self {
            id: version.id,
            label: version.content.label().to_owned(),
            created: version.created,
            username: version.username.clone(),
            message: version.message.clone(),
            change_reason: version.change_reason.clone(),
        }
    }
}

/// The ids of the versions before and after one, and of the newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The id of the version before; `None` for the first.
    pub previous: Option<i64>,
    /// The id of the version after; `None` for the newest.
    pub next: Option<i64>,
    /// The id of the newest version of the object; `None` if there is no such version.
    pub newest: Option<i64>,
}

/// Returns the versions of an object, newest first; empty for kinds without versions.
pub async fn list(conn: &mut PgConnection, kind: ObjectKind, object_id: i64) -> Result<Vec<VersionRow>> {
    Ok(sqlx::query_as!(
        VersionRow,
        r#"SELECT id, CASE kind WHEN 'probe' THEN coalesce(content ->> 'version', '') ELSE '' END AS "label!", created,
                  username, message, coalesce(change_reason, '') AS "change_reason!"
           FROM version WHERE kind = $1 AND object_id = $2 ORDER BY id DESC"#,
        kind.as_str(),
        object_id
    )
    .fetch_all(conn)
    .await?)
}

/// Returns those of the objects that have versions.
pub async fn with_versions(conn: &mut PgConnection, kind: ObjectKind, object_ids: &[i64]) -> Result<HashSet<i64>> {
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT object_id FROM version WHERE kind = $1 AND object_id = ANY ($2)",
        kind.as_str(),
        object_ids
    );
    Ok(found.fetch_all(conn).await?.into_iter().collect())
}

/// Returns one version with its content.
pub async fn get(conn: &mut PgConnection, version_id: i64) -> Result<Option<Version>> {
    let record = sqlx::query_as!(
        VersionRecord,
        r#"SELECT id, kind, object_id, content, message, user_id, username, created,
                  coalesce(change_reason, '') AS "change_reason!"
           FROM version WHERE id = $1"#,
        version_id
    );
    record.fetch_optional(conn).await?.map(VersionRecord::parse).transpose()
}

/// Returns the versions of the same object next to this one, and its newest.
pub async fn neighbours(conn: &mut PgConnection, version_id: i64) -> Result<Neighbours> {
    let neighbours = sqlx::query_as!(
        Neighbours,
        "SELECT (SELECT max(o.id) FROM version o
                 WHERE o.kind = v.kind AND o.object_id = v.object_id AND o.id < v.id) AS previous,
                (SELECT min(o.id) FROM version o
                 WHERE o.kind = v.kind AND o.object_id = v.object_id AND o.id > v.id) AS next,
                (SELECT max(o.id) FROM version o WHERE o.kind = v.kind AND o.object_id = v.object_id) AS newest
         FROM version v WHERE v.id = $1",
        version_id
    );
    Ok(neighbours.fetch_optional(conn).await?.unwrap_or_default())
}

struct VersionRecord {
    id: i64,
    kind: String,
    object_id: i64,
    content: serde_json::Value,
    message: String,
    user_id: Option<i64>,
    username: String,
    created: DateTime<Utc>,
    change_reason: String,
}

impl VersionRecord {
    fn parse(self) -> Result<Version> {
        let content = VersionContent::from_json(&self.kind, self.content);
        Ok(Version {
            id: self.id,
            object_id: self.object_id,
            content: content.map_err(|error| sqlx::Error::Decode(error.into()))?,
            message: self.message,
            user_id: self.user_id,
            username: self.username,
            created: self.created,
            change_reason: self.change_reason,
        })
    }
}
