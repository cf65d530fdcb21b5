//! Updates of everything that refers to a metric by name, when it is renamed: tuples of profiles, and other metrics.

use sqlx::PgConnection;

use super::{Result, WriteTx};

/// Returns true if any metric has the name.
pub async fn is_in_use(conn: &mut PgConnection, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM metric m JOIN metric_name n ON n.id = m.metric_name_id WHERE n.name = $1)
               AS "in_use!""#,
        name
    )
    .fetch_one(conn)
    .await?)
}

/// Moves the tuples of one name of the registry to another; they keep their ids.
///
/// If a profile already has the same tuple with the new name, the tuple stays with the old name, and [`delete_name`]
/// removes it.
pub async fn move_tuples(tx: &mut WriteTx<'_>, old: &str, new: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE metric_instance i SET metric_name_id = new.id
         FROM metric_name old, metric_name new
         WHERE old.name = $1 AND new.name = $2 AND i.metric_name_id = old.id
           AND NOT EXISTS (SELECT FROM metric_instance same
                           WHERE same.profile_id = i.profile_id AND same.service_flavour = i.service_flavour
                             AND same.fqan = i.fqan AND same.metric_name_id = new.id)",
        old,
        new
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a name of the registry with its remaining tuples. No metric may have the name.
pub async fn delete_name(tx: &mut WriteTx<'_>, name: &str) -> Result<()> {
    sqlx::query!(
        "DELETE FROM metric_instance i USING metric_name n WHERE n.id = i.metric_name_id AND n.name = $1",
        name
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM metric_name WHERE name = $1", name).execute(tx.conn()).await?;
    Ok(())
}

/// Replaces the old name by the new one in the parent and the dependencies of these metrics; their revisions rise.
pub async fn update_references(tx: &mut WriteTx<'_>, ids: &[i64], old: &str, new: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE metric SET parent = CASE parent WHEN $2 THEN $3 ELSE parent END, revision = revision + 1
         WHERE id = ANY ($1)",
        ids,
        old,
        new
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE metric_setting SET key = $3 WHERE metric_id = ANY ($1) AND section = 'dependency' AND key = $2",
        ids,
        old,
        new
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Raises the revisions of these profiles, so that forms opened earlier are stale.
pub async fn increment_profile_revisions(tx: &mut WriteTx<'_>, ids: &[i64]) -> Result<()> {
    sqlx::query!("UPDATE profile SET revision = revision + 1 WHERE id = ANY ($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
