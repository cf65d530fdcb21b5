//! Service flavours: an imported list, to which profiles add unknown ones.

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
