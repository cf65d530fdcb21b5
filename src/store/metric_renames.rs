//! What a metric's new name carries along: tuples of profiles, and the metrics that name it.

use sqlx::PgConnection;

use super::{Result, WriteTx};

/// Whether any metric bears the name.
pub async fn is_borne(conn: &mut PgConnection, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM metric m JOIN metric_name n ON n.id = m.metric_name_id WHERE n.name = $1)
               AS "borne!""#,
        name
    )
    .fetch_one(conn)
    .await?)
}

/// Makes the tuples of one name of the registry tuples of another. They keep their ids; one that the profile has under
/// the other name already stays with the old one, whose tuples [`delete_name`] removes.
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

/// Removes a name of the registry with the tuples that still have it. No metric may bear it any more.
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

/// Gives the metrics with these ids the new name as parent and as key of section dependency, wherever they have the
/// old one; their revisions rise.
pub async fn follow(tx: &mut WriteTx<'_>, ids: &[i64], old: &str, new: &str) -> Result<()> {
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

/// Whoever edits one of the profiles and read it before is told that it changed.
pub async fn raise_profiles(tx: &mut WriteTx<'_>, ids: &[i64]) -> Result<()> {
    sqlx::query!("UPDATE profile SET revision = revision + 1 WHERE id = ANY ($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
