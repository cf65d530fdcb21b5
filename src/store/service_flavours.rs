//! Service flavours: a list that comes from outside, and what profiles add to it.

use super::{Result, WriteTx};

/// Adds those that are not listed yet; gives them in code point order.
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
