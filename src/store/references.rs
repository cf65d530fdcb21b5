//! Who uses what: what a form shows beside an object, and what a confirmation names before something is deleted.

use sqlx::PgConnection;

use super::Result;

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
