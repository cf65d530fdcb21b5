//! Names of the registry that nothing uses: removing them.

use super::{Result, WriteTx};

/// Removes those of the metric names that no metric, tuple or group uses, and no metric names as parent or dependency.
/// Returns the removed ones as (id, name), by name.
pub async fn delete_metric_names(tx: &mut WriteTx<'_>, names: &[String]) -> Result<Vec<(i64, String)>> {
    let removed = sqlx::query!(
        r#"WITH removed AS (
               DELETE FROM metric_name n
               WHERE n.name = ANY ($1) AND n.group_id IS NULL
                 AND NOT EXISTS (SELECT FROM metric m WHERE m.metric_name_id = n.id OR m.parent = n.name)
                 AND NOT EXISTS (SELECT FROM metric_instance i WHERE i.metric_name_id = n.id)
                 AND NOT EXISTS (SELECT FROM metric_setting s WHERE s.section = 'dependency' AND s.key = n.name)
               RETURNING n.id, n.name
           )
           SELECT id, name FROM removed ORDER BY name COLLATE "C""#,
        names
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(removed.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Removes those of the service flavours that no tuple and no service uses. Returns the removed ones.
pub async fn delete_flavours(tx: &mut WriteTx<'_>, names: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"WITH removed AS (
               DELETE FROM service_flavour f
               WHERE f.name = ANY ($1)
                 AND NOT EXISTS (SELECT FROM metric_instance i WHERE i.service_flavour = f.name)
                 AND NOT EXISTS (SELECT FROM service s WHERE s.service_type = f.name)
               RETURNING f.name
           )
           SELECT name FROM removed ORDER BY name COLLATE "C""#,
        names
    )
    .fetch_all(tx.conn())
    .await?)
}
