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

/// Returns whether a profile other than `id` has this name and version.
pub async fn profile(connection: &mut PgConnection, id: Option<i64>, (name, version): (&str, &str)) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM profile
               WHERE name = $2 AND version = $3 AND id IS DISTINCT FROM $1
           ) AS "is_taken!""#,
        id,
        storable(name),
        storable(version),
    )
    .fetch_one(connection)
    .await?)
}

/// Returns whether a metric other than `id` has this name and tag.
pub async fn metric(connection: &mut PgConnection, id: Option<i64>, (name, tag): (&str, &str)) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM metric
               JOIN metric_name ON metric_name.id = metric.metric_name_id
               JOIN tag ON tag.id = metric.tag_id
               WHERE metric_name.name = $2 AND tag.name = $3 AND metric.id IS DISTINCT FROM $1
           ) AS "is_taken!""#,
        id,
        storable(name),
        storable(tag),
    )
    .fetch_one(connection)
    .await?)
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
