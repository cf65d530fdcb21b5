//! Groups of the four kinds, and who belongs to them.

use sqlx::PgConnection;

use super::Result;
use crate::domain::group::GroupKind;

/// A group's name with its kind.
pub struct NamedGroup {
    pub kind: String,
    pub name: String,
}

/// The groups of all kinds that a user belongs to, or of everybody (`None`): by kind, then name in code point order.
pub async fn names(conn: &mut PgConnection, member: Option<i64>) -> Result<Vec<NamedGroup>> {
    Ok(sqlx::query_as!(
        NamedGroup,
        r#"SELECT g.kind, g.name FROM object_group g
           WHERE $1::bigint IS NULL
              OR EXISTS (SELECT FROM group_member m WHERE m.kind = g.kind AND m.group_id = g.id AND m.user_id = $1)
           ORDER BY g.kind, g.name COLLATE "C""#,
        member
    )
    .fetch_all(conn)
    .await?)
}

/// The id of a group by its name, which counts in its exact case.
pub async fn id_of(conn: &mut PgConnection, kind: GroupKind, name: &str) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT id FROM object_group WHERE kind = $1 AND name = $2", kind.as_str(), name)
        .fetch_optional(conn)
        .await?)
}

/// Whether the user belongs to the group.
pub async fn is_member(conn: &mut PgConnection, kind: GroupKind, group_id: i64, user_id: i64) -> Result<bool> {
    let member = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM group_member WHERE kind = $1 AND group_id = $2 AND user_id = $3) AS "member!""#,
        kind.as_str(),
        group_id,
        user_id
    );
    Ok(member.fetch_one(conn).await?)
}

/// The names of the groups of metrics.
pub async fn of_metrics(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM object_group WHERE kind = 'metrics'").fetch_all(conn).await?)
}

/// The metric names of a group of metrics by lower case, in code point order; `None`: there is no such group.
pub async fn metric_names(conn: &mut PgConnection, group: &str) -> Result<Option<Vec<String>>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT n.name AS "name?" FROM object_group g
           LEFT JOIN metric_name n ON n.group_kind = g.kind AND n.group_id = g.id
           WHERE g.kind = 'metrics' AND g.name = $1
           ORDER BY lower(n.name) COLLATE "C", n.name COLLATE "C""#,
        group
    )
    .fetch_all(conn)
    .await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
}
