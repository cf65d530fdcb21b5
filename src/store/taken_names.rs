//! Names that another object has already.
//!
//! The unique constraints hold the rule. These queries let a form report a taken name together with its other errors.

use sqlx::PgConnection;

use super::Result;
use super::text::storable;

/// Returns whether a probe has this name.
pub async fn probe(connection: &mut PgConnection, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM probe WHERE name = $1) AS "is_taken!""#, storable(name))
        .fetch_one(connection)
        .await?)
}

/// Returns the profiles that have one of these pairs of name and version, as (name, version, id).
pub async fn profiles(connection: &mut PgConnection, pairs: &[(&str, &str)]) -> Result<Vec<(String, String, i64)>> {
    let (names, versions): (Vec<String>, Vec<String>) =
        pairs.iter().map(|(name, version)| (storable(name), storable(version))).unzip();
    let rows = sqlx::query!(
        r#"SELECT name, version, id FROM profile
           WHERE (name, version) IN (SELECT * FROM unnest($1::text[], $2::text[]))"#,
        &names,
        &versions
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(|row| (row.name, row.version, row.id)).collect())
}

/// Returns the metrics that have one of these pairs of name and tag, as (name, tag, id).
pub async fn metrics(connection: &mut PgConnection, pairs: &[(&str, &str)]) -> Result<Vec<(String, String, i64)>> {
    let (names, tags): (Vec<String>, Vec<String>) =
        pairs.iter().map(|(name, tag)| (storable(name), storable(tag))).unzip();
    let rows = sqlx::query!(
        r#"SELECT metric_name.name, tag.name AS tag, metric.id
           FROM metric
           JOIN metric_name ON metric_name.id = metric.metric_name_id
           JOIN tag ON tag.id = metric.tag_id
           WHERE (metric_name.name, tag.name) IN (SELECT * FROM unnest($1::text[], $2::text[]))"#,
        &names,
        &tags
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(|row| (row.name, row.tag, row.id)).collect())
}

/// The names of a user that another user has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenNamesOfUser {
    /// The username.
    pub username: bool,
    /// The federated id; `false` for ''.
    pub egi_id: bool,
}

/// Returns which of these names users other than `id` have.
pub async fn user(
    connection: &mut PgConnection,
    id: Option<i64>,
    (username, egi_id): (&str, &str),
) -> Result<TakenNamesOfUser> {
    Ok(sqlx::query_as!(
        TakenNamesOfUser,
        r#"SELECT coalesce(bool_or(username = $2), false) AS "username!",
                  coalesce(bool_or(egi_id = $3), false) AS "egi_id!"
           FROM app_user
           WHERE (username = $2 OR egi_id = nullif($3, '')) AND id IS DISTINCT FROM $1"#,
        id,
        storable(username),
        storable(egi_id),
    )
    .fetch_one(connection)
    .await?)
}

/// Returns whether an aggregation other than `id` has this name.
///
/// No constraint holds this rule: names that the ARGO WEB-API has twice are kept.
pub async fn aggregation(connection: &mut PgConnection, id: Option<i64>, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM aggregation WHERE name = $2 AND id IS DISTINCT FROM $1) AS "is_taken!""#,
        id,
        storable(name),
    )
    .fetch_one(connection)
    .await?)
}
