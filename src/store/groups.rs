//! Groups of the four kinds, and who belongs to them.

use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx, group_members};
use crate::domain::model::group::GroupContent;
use crate::domain::model::group_kind::GroupKind;

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

/// What a form shows of it; members and users in code point order.
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

/// The groups of a kind with these names: (id, name). Names that none has are left out.
pub async fn by_names(conn: &mut PgConnection, kind: GroupKind, names: &[String]) -> Result<Vec<(i64, String)>> {
    let rows =
        sqlx::query!("SELECT id, name FROM object_group WHERE kind = $1 AND name = ANY ($2)", kind.as_str(), names)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Gives its id. Fails on the constraint `object_group_kind_name_key` where the kind has a group of this name.
pub async fn insert(tx: &mut WriteTx<'_>, kind: GroupKind, name: &str) -> Result<i64> {
    Ok(sqlx::query_scalar!("INSERT INTO object_group (kind, name) VALUES ($1, $2) RETURNING id", kind.as_str(), name)
        .fetch_one(tx.conn())
        .await?)
}

/// Names it. Fails on the constraint that [`insert`] names.
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

/// With its memberships of users. No object may be in it any more.
pub async fn delete(tx: &mut WriteTx<'_>, kind: GroupKind, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM object_group WHERE kind = $1 AND id = $2", kind.as_str(), id).execute(tx.conn()).await?;
    Ok(())
}

/// Whoever edits one of the groups and read it before is told that it changed.
pub async fn raise_revisions(tx: &mut WriteTx<'_>, kind: GroupKind, names: &[String]) -> Result<()> {
    // A statement that changes nothing gives the tenant a new stamp all the same.
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

/// Makes users belong to groups of a kind, every one to every one; who belongs already does not mind.
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

/// Takes users out of groups of a kind, every one of every one.
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
