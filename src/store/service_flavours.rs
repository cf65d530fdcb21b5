//! Service flavours: an imported list, to which profiles add unknown ones.

use sqlx::PgConnection;

use super::{Result, WriteTx};

/// Adds the names that are not listed yet; returns the added ones in code point order.
pub async fn register(tx: &mut WriteTx<'_>, names: &[String], description: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"WITH added AS (
               INSERT INTO service_flavour (name, description) SELECT DISTINCT n, $2 FROM unnest($1::text[]) AS n
               ON CONFLICT (name) DO NOTHING RETURNING name
           )
           SELECT name FROM added ORDER BY name COLLATE "C""#,
        names,
        description
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Returns all flavours with their descriptions; a missing description is ''.
pub async fn descriptions(conn: &mut PgConnection) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(r#"SELECT name, coalesce(description, '') AS "description!" FROM service_flavour"#);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.name, row.description)).collect())
}

/// Adds flavours or replaces their descriptions; returns the number of rows written. Both lists have the same length.
pub async fn upsert(tx: &mut WriteTx<'_>, names: &[String], descriptions: &[String]) -> Result<u64> {
    let written = sqlx::query!(
        "INSERT INTO service_flavour (name, description) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (name) DO UPDATE SET description = excluded.description",
        names,
        descriptions
    );
    Ok(written.execute(tx.conn()).await?.rows_affected())
}

/// Returns how many of the flavours that are not among the names are used by profiles.
pub async fn used_besides(conn: &mut PgConnection, names: &[String]) -> Result<i64> {
    let used = sqlx::query_scalar!(
        r#"SELECT count(*) AS "used!" FROM service_flavour f
           WHERE NOT EXISTS (SELECT FROM unnest($1::text[]) AS n WHERE n = f.name)
             AND EXISTS (SELECT FROM metric_instance i WHERE i.service_flavour = f.name)"#,
        names
    );
    Ok(used.fetch_one(conn).await?)
}
