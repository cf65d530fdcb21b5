//! Probes, and the links from metrics to their versions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx};
use crate::domain::model::probe::ProbeContent;

/// The part of a probe that the metric form shows.
#[derive(Debug, Clone)]
pub struct ProbeSummary {
    /// The probe's id.
    pub id: i64,
    /// The probe's name, unique in the tenant.
    pub name: String,
    /// The current description.
    pub description: String,
    /// The comment of the current version.
    pub comment: String,
}

/// Returns the probe with this name, in its exact case.
pub async fn summary(conn: &mut PgConnection, name: &str) -> Result<Option<ProbeSummary>> {
    Ok(sqlx::query_as!(ProbeSummary, "SELECT id, name, description, comment FROM probe WHERE name = $1", name)
        .fetch_optional(conn)
        .await?)
}

/// Returns the content of a probe for its form.
pub async fn content(conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ProbeContent>>> {
    let row = sqlx::query!(
        r#"SELECT p.revision, p.name, p.version, p.repository, p.docurl, p.description, p.comment,
                  coalesce(g.name, '') AS "group_name!"
           FROM probe p LEFT JOIN object_group g ON g.kind = p.group_kind AND g.id = p.group_id
           WHERE p.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let content = ProbeContent {
            name: row.name,
            version: row.version,
            repository: row.repository,
            docurl: row.docurl,
            description: row.description,
            comment: row.comment,
            group: row.group_name,
        };
        Loaded { id, revision: row.revision, content }
    }))
}

/// Returns the name of the last author and the time of the last change; `None` if there is no such probe.
pub async fn last_change(conn: &mut PgConnection, id: i64) -> Result<Option<(String, DateTime<Utc>)>> {
    let row = sqlx::query!("SELECT changed_by, changed_at FROM probe WHERE id = $1", id).fetch_optional(conn).await?;
    Ok(row.map(|row| (row.changed_by, row.changed_at)))
}

/// A version of a probe, found by its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledProbe {
    /// The probe's id.
    pub id: i64,
    /// The version's id.
    pub version_id: i64,
    /// The description in this version.
    pub description: String,
}

/// Returns the newest version with this label, like `ams-probe (0.1.7)`; `None` for '' and for removed probes.
pub async fn of_label(conn: &mut PgConnection, label: &str) -> Result<Option<LabelledProbe>> {
    if label.is_empty() {
        return Ok(None);
    }
    Ok(sqlx::query_as!(
        LabelledProbe,
        r#"SELECT p.id, v.id AS version_id, coalesce(v.content ->> 'description', '') AS "description!"
           FROM version v JOIN probe p ON p.id = v.object_id
           WHERE v.kind = 'probe' AND format('%s (%s)', v.content ->> 'name', v.content ->> 'version') = $1
           ORDER BY v.id DESC LIMIT 1"#,
        label
    )
    .fetch_optional(conn)
    .await?)
}

/// Returns the ids of the newest versions with these labels, by label. Unknown labels, and those of removed probes, are
/// left out.
pub async fn version_ids(conn: &mut PgConnection, labels: &[String]) -> Result<HashMap<String, i64>> {
    let rows = sqlx::query!(
        r#"SELECT label AS "label!", max(id) AS "id!"
           FROM (SELECT v.id, format('%s (%s)', v.content ->> 'name', v.content ->> 'version') AS label
                 FROM version v JOIN probe p ON p.id = v.object_id WHERE v.kind = 'probe') labelled
           WHERE label = ANY ($1) GROUP BY label"#,
        labels
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.label, row.id)).collect())
}

/// Adds a probe without a version, with this id or the next one; returns its id. `username` becomes the author of the last
/// change.
///
/// # Errors
/// `Constraint` `probe_name_key` if the name is taken.
pub async fn insert(
    tx: &mut WriteTx<'_>,
    id: Option<i64>,
    content: &ProbeContent,
    group_id: Option<i64>,
    username: &str,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO probe
             (id, name, version, repository, docurl, description, comment, group_id, changed_by, changed_at)
         VALUES (coalesce($9, nextval(pg_get_serial_sequence('probe', 'id'))), $1, $2, $3, $4, $5, $6, $7, $8, now())
         RETURNING id",
        content.name,
        content.version,
        content.repository,
        content.docurl,
        content.description,
        content.comment,
        group_id,
        username,
        id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Replaces everything but the name of a probe; its revision rises.
pub async fn update(
    tx: &mut WriteTx<'_>,
    id: i64,
    content: &ProbeContent,
    group_id: Option<i64>,
    username: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE probe SET version = $2, repository = $3, docurl = $4, description = $5, comment = $6, group_id = $7,
             changed_by = $8, changed_at = now(), revision = revision + 1
         WHERE id = $1",
        id,
        content.version,
        content.repository,
        content.docurl,
        content.description,
        content.comment,
        group_id,
        username
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a probe, not its versions.
pub async fn delete(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM probe WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// A metric that was linked to another probe version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelinkedMetric {
    /// The metric's id.
    pub id: i64,
    /// The metric's label, like `argo.AMS-Check (Production)`.
    pub label: String,
    /// The label of the probe version that it used before.
    pub before: String,
}

/// Links the metrics that use one of these versions to another, or to none; returns them by label in code point order.
pub async fn relink_metrics(tx: &mut WriteTx<'_>, version_ids: &[i64], to: Option<i64>) -> Result<Vec<RelinkedMetric>> {
    Ok(sqlx::query_as!(
        RelinkedMetric,
        r#"WITH moved AS (
               SELECT m.id, n.name || ' (' || t.name || ')' AS label,
                      coalesce((v.content ->> 'name') || ' (' || (v.content ->> 'version') || ')', '') AS before
               FROM metric m JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
               JOIN version v ON v.id = m.probe_version_id
               WHERE m.probe_version_id = ANY ($1)
           ), done AS (
               UPDATE metric m SET probe_version_id = $2, revision = revision + 1 FROM moved WHERE moved.id = m.id
           )
           SELECT id, label AS "label!", before AS "before!" FROM moved ORDER BY label COLLATE "C""#,
        version_ids,
        to
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Raises the revisions of the metrics that use the version, so that forms that show its old label are stale.
pub async fn increment_metric_revisions(tx: &mut WriteTx<'_>, version_id: i64) -> Result<()> {
    sqlx::query!("UPDATE metric SET revision = revision + 1 WHERE probe_version_id = $1", version_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
