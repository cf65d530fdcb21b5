//! Writing versions: of one probe from the saved content, of many metrics or profiles from their current rows.
//!
//! `versions` reads them.

use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::aggregation_profile::AggregationProfileContent;
use crate::domain::model::probe::ProbeContent;

/// Adds a version of the probe with this content; returns its id.
pub async fn insert_probe_version(
    tx: &mut WriteTx<'_>,
    id: i64,
    content: &ProbeContent,
    message: &str,
    (user_id, username): (i64, &str),
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO version (kind, object_id, content, message, user_id, username, created, change_reason)
         VALUES ('probe', $1, $2, $3, $4, $5, now(), $6) RETURNING id",
        id,
        Json(content) as _,
        message,
        user_id,
        username,
        tx.change_reason()
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Replaces the content of a version of a probe. Its message, its user and its time stay.
pub async fn amend_probe(tx: &mut WriteTx<'_>, version_id: i64, content: &ProbeContent) -> Result<()> {
    sqlx::query!("UPDATE version SET content = $2 WHERE id = $1", version_id, Json(content) as _)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Adds a version of each metric, given as (id, message), with its current state as JSON.
///
/// The JSON is that of [`crate::domain::model::metric::MetricContent`].
pub async fn insert_metric_versions(
    tx: &mut WriteTx<'_>,
    metrics: &[(i64, String)],
    (user_id, username): (Option<i64>, &str),
) -> Result<()> {
    let (ids, messages): (Vec<i64>, Vec<String>) = metrics.iter().cloned().unzip();
    sqlx::query!(
        r#"INSERT INTO version (kind, object_id, content, message, user_id, username, created, change_reason)
           SELECT 'metric', m.id,
                  jsonb_build_object(
                      'name', n.name, 'tag', t.name, 'type', y.name,
                      'probe', coalesce((v.content ->> 'name') || ' (' || (v.content ->> 'version') || ')', ''),
                      'group', coalesce(g.name, ''), 'executable', m.executable, 'parent', m.parent,
                      'settings', coalesce(s.settings, '{}')),
                  changed.message, $3, $4, now(), $5
           FROM unnest($1::bigint[], $2::text[]) AS changed (id, message)
           JOIN metric m ON m.id = changed.id
           JOIN metric_name n ON n.id = m.metric_name_id
           JOIN tag t ON t.id = m.tag_id
           JOIN metric_type y ON y.id = m.metric_type_id
           LEFT JOIN version v ON v.id = m.probe_version_id
           LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
           LEFT JOIN (SELECT metric_id, jsonb_object_agg(section, rows) AS settings
                      FROM (SELECT metric_id, section,
                                   jsonb_agg(jsonb_build_array(key, value) ORDER BY position) AS rows
                            FROM metric_setting WHERE metric_id = ANY ($1) GROUP BY metric_id, section) sections
                      GROUP BY metric_id) s ON s.metric_id = m.id
           ORDER BY m.id"#,
        &ids,
        &messages,
        user_id,
        username,
        tx.change_reason()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a version of each profile, given as (id, message), with its current state as JSON.
///
/// The JSON is that of [`crate::domain::model::profile::ProfileContent`], its tuples in the order of
/// [`super::profiles::tuples`].
pub async fn insert_profile_versions(
    tx: &mut WriteTx<'_>,
    profiles: &[(i64, String)],
    (user_id, username): (Option<i64>, &str),
) -> Result<()> {
    let (ids, messages): (Vec<i64>, Vec<String>) = profiles.iter().cloned().unzip();
    sqlx::query!(
        r#"INSERT INTO version (kind, object_id, content, message, user_id, username, created, change_reason)
           SELECT 'profile', p.id,
                  jsonb_build_object('name', p.name, 'version', p.version, 'vo', p.vo, 'description', p.description,
                                     'group', coalesce(g.name, ''), 'tuples', coalesce(t.tuples, '[]')),
                  changed.message, $3, $4, now(), $5
           FROM unnest($1::bigint[], $2::text[]) AS changed (id, message)
           JOIN profile p ON p.id = changed.id
           LEFT JOIN object_group g ON g.kind = p.group_kind AND g.id = p.group_id
           LEFT JOIN (SELECT i.profile_id,
                             jsonb_agg(jsonb_build_object('service_flavour', i.service_flavour, 'metric', n.name,
                                                          'fqan', i.fqan)
                                       ORDER BY i.service_flavour COLLATE "C", n.name COLLATE "C", i.fqan = '',
                                                i.fqan COLLATE "C") AS tuples
                      FROM metric_instance i JOIN metric_name n ON n.id = i.metric_name_id
                      WHERE i.profile_id = ANY ($1) GROUP BY i.profile_id) t ON t.profile_id = p.id
           ORDER BY p.id"#,
        &ids,
        &messages,
        user_id,
        username,
        tx.change_reason()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a version of each aggregation profile, given as (id, content, message). Without a user, POEM found them on the ARGO
/// WEB-API.
pub async fn insert_aggregation_versions(
    tx: &mut WriteTx<'_>,
    versions: &[(i64, &AggregationProfileContent, String)],
    (user_id, username): (Option<i64>, &str),
) -> Result<()> {
    // Even a statement without rows would change the stamp of the tenant.
    if versions.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = versions.iter().map(|(id, ..)| *id).collect();
    let contents: Vec<_> = versions.iter().map(|(_, content, _)| Json(content)).collect();
    let messages: Vec<&str> = versions.iter().map(|(.., message)| message.as_str()).collect();
    sqlx::query!(
        "INSERT INTO version (kind, object_id, content, message, user_id, username, created, change_reason)
         SELECT 'aggregation', v.id, v.content, v.message, $4, $5, now(), $6
         FROM unnest($1::bigint[], $2::jsonb[], $3::text[]) AS v (id, content, message)",
        &ids,
        &contents as _,
        &messages as _,
        user_id,
        username,
        tx.change_reason()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Copies all versions of a metric to another, unchanged and in their order.
pub async fn copy_metric_versions(tx: &mut WriteTx<'_>, from: i64, to: i64) -> Result<()> {
    sqlx::query!(
        "INSERT INTO version (kind, object_id, content, message, user_id, username, created, change_reason)
         SELECT kind, $2, content, message, user_id, username, created, change_reason
         FROM version WHERE kind = 'metric' AND object_id = $1 ORDER BY id",
        from,
        to
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets the group's name ('' for none) in the newest version of each probe with these ids. Adds no version.
pub async fn amend_probes_group(tx: &mut WriteTx<'_>, ids: &[i64], group: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE version SET content = jsonb_set(content, '{group}', to_jsonb($2::text))
         WHERE id IN (SELECT max(id) FROM version WHERE kind = 'probe' AND object_id = ANY ($1) GROUP BY object_id)",
        ids,
        group
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
