//! Who uses what: what a form shows beside an object, and what a confirmation names before something is deleted.

use sqlx::PgConnection;

use super::Result;
use crate::domain::group::GroupKind;

/// A profile with tuples of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsingProfile {
    pub id: i64,
    pub name: String,
    pub version: String,
    /// How many of its tuples name the metric.
    pub tuples: i64,
}

/// A metric that names another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingMetric {
    pub id: i64,
    pub name: String,
    pub tag: String,
    /// The other is its parent.
    pub as_parent: bool,
    /// The other is a key of its section dependency.
    pub as_dependency: bool,
}

impl RelyingMetric {
    /// «argo.AMS-Check (Production)»
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.tag)
    }
}

/// A metric that uses a version of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeMetric {
    pub id: i64,
    pub name: String,
    pub tag: String,
    pub probe_version_id: i64,
    /// The number of this version: «0.1.7».
    pub version: String,
}

/// The profiles with tuples of the metric name, by name and version.
pub async fn profiles_of_metric(conn: &mut PgConnection, metric_name: &str) -> Result<Vec<UsingProfile>> {
    Ok(sqlx::query_as!(
        UsingProfile,
        r#"SELECT p.id, p.name, p.version, count(*) AS "tuples!"
           FROM metric_name n
           JOIN metric_instance i ON i.metric_name_id = n.id
           JOIN profile p ON p.id = i.profile_id
           WHERE n.name = $1
           GROUP BY p.id
           ORDER BY lower(p.name) COLLATE "C", p.name COLLATE "C", p.version COLLATE "C""#,
        metric_name
    )
    .fetch_all(conn)
    .await?)
}

/// The metrics that have the name as parent or dependency, by name and tag.
pub async fn metrics_relying_on(conn: &mut PgConnection, metric_name: &str) -> Result<Vec<RelyingMetric>> {
    Ok(sqlx::query_as!(
        RelyingMetric,
        r#"SELECT m.id, n.name, t.name AS tag, m.parent = $1 AS "as_parent!",
                  d.metric_id IS NOT NULL AS "as_dependency!"
           FROM metric m
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           LEFT JOIN (SELECT DISTINCT metric_id FROM metric_setting WHERE section = 'dependency' AND key = $1) d
               ON d.metric_id = m.id
           WHERE $1 <> '' AND (m.parent = $1 OR d.metric_id IS NOT NULL)
           ORDER BY lower(n.name) COLLATE "C", n.name COLLATE "C", t.name COLLATE "C""#,
        metric_name
    )
    .fetch_all(conn)
    .await?)
}

/// The metrics that use any version of the probe: the newest version first, then by name and tag.
pub async fn metrics_of_probe(conn: &mut PgConnection, probe_id: i64) -> Result<Vec<ProbeMetric>> {
    Ok(sqlx::query_as!(
        ProbeMetric,
        r#"SELECT m.id, n.name, t.name AS tag, v.id AS probe_version_id, coalesce(v.content ->> 'version', '') AS "version!"
           FROM version v
           JOIN metric m ON m.probe_version_id = v.id
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           WHERE v.kind = 'probe' AND v.object_id = $1
           ORDER BY v.id DESC, lower(n.name) COLLATE "C", n.name COLLATE "C", t.name COLLATE "C""#,
        probe_id
    )
    .fetch_all(conn)
    .await?)
}

/// What a group holds, by the names that its form knows: profiles as «NAME (VERSION)», names of the metric registry,
/// probes, aggregations.
pub async fn members(conn: &mut PgConnection, kind: GroupKind, group_id: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT name AS "name!"
           FROM (SELECT group_kind, group_id, format('%s (%s)', name, version) AS name FROM profile
                 UNION ALL SELECT group_kind, group_id, name FROM probe
                 UNION ALL SELECT group_kind, group_id, name FROM metric_name
                 UNION ALL SELECT group_kind, group_id, name FROM aggregation) object
           WHERE group_kind = $1 AND group_id = $2
           ORDER BY lower(name) COLLATE "C", name COLLATE "C""#,
        kind.as_str(),
        group_id
    )
    .fetch_all(conn)
    .await?)
}

/// The usernames of those who may change what a group holds.
pub async fn users(conn: &mut PgConnection, kind: GroupKind, group_id: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT u.username FROM group_member m JOIN app_user u ON u.id = m.user_id
           WHERE m.kind = $1 AND m.group_id = $2
           ORDER BY lower(u.username) COLLATE "C", u.username COLLATE "C""#,
        kind.as_str(),
        group_id
    )
    .fetch_all(conn)
    .await?)
}
