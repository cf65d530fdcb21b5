//! References: the profiles and metrics that use a metric, and the metrics that use a probe.
//!
//! A form shows them next to the object, and a deletion page lists them.

use sqlx::PgConnection;

use super::Result;

/// A profile with tuples of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsingProfile {
    /// The profile's id.
    pub id: i64,
    /// The profile's name.
    pub name: String,
    /// The profile's version, like `1.0`.
    pub version: String,
    /// The number of its tuples with the metric.
    pub tuples: i64,
}

/// A metric that refers to another by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingMetric {
    /// The metric's id.
    pub id: i64,
    /// The metric's name.
    pub name: String,
    /// The metric's tag.
    pub tag: String,
    /// The other metric is its parent.
    pub as_parent: bool,
    /// The values of the dependencies whose key is the other metric; empty if it is none.
    pub dependencies: Vec<String>,
}

impl RelyingMetric {
    /// Returns the label, like `argo.AMS-Check (Production)`.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.tag)
    }

    /// Returns true if the other metric is one of its dependencies.
    pub fn as_dependency(&self) -> bool {
        !self.dependencies.is_empty()
    }
}

/// A metric that has a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredMetric {
    /// The metric's id.
    pub id: i64,
    /// The metric's name.
    pub name: String,
}

/// A metric that uses a version of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeMetric {
    /// The metric's id.
    pub id: i64,
    /// The metric's name.
    pub name: String,
    /// The metric's tag.
    pub tag: String,
    /// The id of the probe version that it uses.
    pub probe_version_id: i64,
    /// The number of this version, like `0.1.7`.
    pub version: String,
}

/// Returns the profiles that have tuples with the metric name, by name and version.
pub async fn profiles_of_metric(conn: &mut PgConnection, metric_name: &str) -> Result<Vec<UsingProfile>> {
    Ok(sqlx::query_as!(
        UsingProfile,
        r#"SELECT p.id, p.name, p.version, count(*) AS "tuples!"
           FROM metric_name n
           JOIN metric_instance i ON i.metric_name_id = n.id
           JOIN profile p ON p.id = i.profile_id
           WHERE n.name = $1
           GROUP BY p.id
           ORDER BY lower(p.name COLLATE "C"), p.name COLLATE "C", p.version COLLATE "C""#,
        metric_name
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the metrics that have the name as parent or dependency, by name and tag.
pub async fn metrics_relying_on(conn: &mut PgConnection, metric_name: &str) -> Result<Vec<RelyingMetric>> {
    Ok(sqlx::query_as!(
        RelyingMetric,
        r#"SELECT m.id, n.name, t.name AS tag, m.parent = $1 AS "as_parent!",
                  coalesce(d.dependencies, '{}') AS "dependencies!"
           FROM metric m
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           LEFT JOIN (SELECT metric_id, array_agg(value ORDER BY position) AS dependencies FROM metric_setting
                      WHERE section = 'dependency' AND key = $1 GROUP BY metric_id) d
               ON d.metric_id = m.id
           WHERE $1 <> '' AND (m.parent = $1 OR d.metric_id IS NOT NULL)
           ORDER BY lower(n.name COLLATE "C"), n.name COLLATE "C", t.name COLLATE "C""#,
        metric_name
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the metrics with one of the names, by name and tag.
pub async fn metrics_named(conn: &mut PgConnection, names: &[String]) -> Result<Vec<ConfiguredMetric>> {
    Ok(sqlx::query_as!(
        ConfiguredMetric,
        r#"SELECT m.id, n.name
           FROM metric_name n
           JOIN metric m ON m.metric_name_id = n.id
           JOIN tag t ON t.id = m.tag_id
           WHERE n.name = ANY($1)
           ORDER BY n.name COLLATE "C", t.name COLLATE "C""#,
        names
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the metrics that use any version of the probe: newest version first, then by name and tag.
pub async fn metrics_of_probe(conn: &mut PgConnection, probe_id: i64) -> Result<Vec<ProbeMetric>> {
    Ok(sqlx::query_as!(
        ProbeMetric,
        r#"SELECT m.id, n.name, t.name AS tag, v.id AS probe_version_id, coalesce(v.content ->> 'version', '') AS "version!"
           FROM version v
           JOIN metric m ON m.probe_version_id = v.id
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           WHERE v.kind = 'probe' AND v.object_id = $1
           ORDER BY v.id DESC, lower(n.name COLLATE "C"), n.name COLLATE "C", t.name COLLATE "C""#,
        probe_id
    )
    .fetch_all(conn)
    .await?)
}
