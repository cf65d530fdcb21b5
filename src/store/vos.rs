//! Virtual organisations: an imported list.

use sqlx::PgConnection;

use super::{Result, WriteTx};

/// Returns true if a VO with this name is listed.
pub async fn exists(conn: &mut PgConnection, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM vo WHERE name = $1) AS "exists!""#, name)
        .fetch_one(conn)
        .await?)
}

/// Returns those of the names that are listed.
pub async fn listed(conn: &mut PgConnection, names: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM vo WHERE name = ANY ($1)", names).fetch_all(conn).await?)
}

/// Returns the names of all VOs.
pub async fn names(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM vo").fetch_all(conn).await?)
}

/// Adds VOs that are not listed yet; returns the number of added ones.
pub async fn insert(tx: &mut WriteTx<'_>, names: &[String]) -> Result<u64> {
    let inserted =
        sqlx::query!("INSERT INTO vo (name) SELECT n FROM unnest($1::text[]) AS n ON CONFLICT DO NOTHING", names);
    Ok(inserted.execute(tx.conn()).await?.rows_affected())
}

/// Removes VOs; returns the number of removed ones. Their profiles keep them.
pub async fn delete(tx: &mut WriteTx<'_>, names: &[String]) -> Result<u64> {
    let deleted = sqlx::query!("DELETE FROM vo WHERE name = ANY($1)", names);
    Ok(deleted.execute(tx.conn()).await?.rows_affected())
}

/// Returns those of the VOs that own profiles, each with the names of the profiles, in code point order.
pub async fn owners(conn: &mut PgConnection, names: &[String]) -> Result<Vec<(String, Vec<String>)>> {
    let rows = sqlx::query!(
        r#"SELECT vo, array_agg(DISTINCT name ORDER BY name) AS "profiles!" FROM profile WHERE vo = ANY($1)
           GROUP BY vo ORDER BY vo COLLATE "C""#,
        names
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.vo, row.profiles)).collect())
}
