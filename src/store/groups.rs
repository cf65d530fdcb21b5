//! Groups of the four kinds, and their users.

use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx, group_members};
use crate::domain::model::group::GroupContent;
use crate::domain::model::group_kind::GroupKind;

/// A group's name with its kind.
pub struct NamedGroup {
    /// The kind, as a word of the schema: `probes`.
    pub kind: String,
    /// The name, unique in its kind.
    pub name: String,
}

/// Returns the groups of all kinds that a user belongs to, or all groups (`None`).
///
/// Sorted by kind, then by name in code point order.
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

/// Returns the id of the group with this name, in its exact case.
pub async fn id_of(conn: &mut PgConnection, kind: GroupKind, name: &str) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT id FROM object_group WHERE kind = $1 AND name = $2", kind.as_str(), name)
        .fetch_optional(conn)
        .await?)
}

/// Returns the names of the groups of metrics, in no particular order.
pub async fn of_metrics(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM object_group WHERE kind = 'metrics'").fetch_all(conn).await?)
}

/// Returns the metric names of a group of metrics; `None` if there is no such group.
///
/// Sorted by the lower-case name in code point order.
pub async fn metric_names(conn: &mut PgConnection, group: &str) -> Result<Option<Vec<String>>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT n.name AS "name?" FROM object_group g
           LEFT JOIN metric_name n ON n.group_kind = g.kind AND n.group_id = g.id
           WHERE g.kind = 'metrics' AND g.name = $1
           ORDER BY lower(n.name COLLATE "C"), n.name COLLATE "C""#,
        group
    )
    .fetch_all(conn)
    .await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
}

/// Returns the content of a group for its form; members and users in code point order.
pub async fn content(conn: &mut PgConnection, kind: GroupKind, id: i64) -> Result<Option<Loaded<GroupContent>>> {
    let row = sqlx::query!("SELECT revision, name FROM object_group WHERE kind = $1 AND id = $2", kind.as_str(), id)
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let members = group_members::of(conn, kind, id).await?.into_iter().map(|member| member.name).collect();
    let content = GroupContent { name: row.name, members, users: users(conn, kind, id).await? };
    Ok(Some(Loaded { id, revision: row.revision, content }))
}

async fn users(conn: &mut PgConnection, kind: GroupKind, id: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT u.username FROM group_member m JOIN app_user u ON u.id = m.user_id
           WHERE m.kind = $1 AND m.group_id = $2 ORDER BY u.username COLLATE "C""#,
        kind.as_str(),
        id
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the groups of a kind with these names, as (id, name). Unknown names are left out.
pub async fn by_names(conn: &mut PgConnection, kind: GroupKind, names: &[String]) -> Result<Vec<(i64, String)>> {
    let rows =
        sqlx::query!("SELECT id, name FROM object_group WHERE kind = $1 AND name = ANY ($2)", kind.as_str(), names)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Adds an empty group, with this id or the next one; returns its id.
///
/// # Errors
/// `Constraint` `object_group_kind_name_key` if the kind already has a group with this name.
pub async fn insert(tx: &mut WriteTx<'_>, id: Option<i64>, kind: GroupKind, name: &str) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO object_group (id, kind, name) VALUES (coalesce($3, nextval('object_group_id_seq')), $1, $2)
         RETURNING id",
        kind.as_str(),
        name,
        id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Renames a group; its revision rises.
///
/// # Errors
/// That of [`insert`].
pub async fn update(tx: &mut WriteTx<'_>, kind: GroupKind, id: i64, name: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE object_group SET name = $3, revision = revision + 1 WHERE kind = $1 AND id = $2",
        kind.as_str(),
        id,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a group with the memberships of its users. It must have no objects.
pub async fn delete(tx: &mut WriteTx<'_>, kind: GroupKind, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM object_group WHERE kind = $1 AND id = $2", kind.as_str(), id).execute(tx.conn()).await?;
    Ok(())
}

/// Raises the revisions of the groups with these names, so that forms opened earlier are stale.
pub async fn increment_revisions(tx: &mut WriteTx<'_>, kind: GroupKind, names: &[String]) -> Result<()> {
    // Even a statement that changes no row would change the tenant's stamp.
    if names.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE object_group SET revision = revision + 1 WHERE kind = $1 AND name = ANY ($2)",
        kind.as_str(),
        names
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds every user to every group of a kind; existing memberships stay.
pub async fn add_users(tx: &mut WriteTx<'_>, kind: GroupKind, groups: &[i64], users: &[i64]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO group_member (kind, group_id, user_id)
         SELECT $1, g, u FROM unnest($2::bigint[]) AS g, unnest($3::bigint[]) AS u
         ON CONFLICT DO NOTHING",
        kind.as_str(),
        groups,
        users
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes every user from every group of a kind.
pub async fn remove_users(tx: &mut WriteTx<'_>, kind: GroupKind, groups: &[i64], users: &[i64]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM group_member WHERE kind = $1 AND group_id = ANY ($2) AND user_id = ANY ($3)",
        kind.as_str(),
        groups,
        users
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
