//! The objects in groups, of all four kinds: finding them by name, and moving them.

use sqlx::PgConnection;

use super::{Result, WriteTx};
use crate::domain::model::group_kind::GroupKind;

/// An object that a group may hold: a probe, a name of the metric registry, a profile, an aggregation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The object's id.
    pub id: i64,
    /// The name that groups use; a profile's includes its version: `ARGO_MON (1.0)`. Aggregations of one name are told
    /// apart by the beginnings of their ids on the ARGO WEB-API: `critical (a9e2c1d0)`.
    pub name: String,
    /// The name of the object's group; '' without a group.
    pub group_name: String,
}

/// Returns the objects of a group, by name in code point order.
pub async fn of(conn: &mut PgConnection, kind: GroupKind, group_id: i64) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"SELECT o.number AS "id!", o.label AS "name!", g.name AS "group_name!"
           FROM object o JOIN object_group g ON g.kind = o.group_kind AND g.id = o.group_id
           WHERE o.group_kind = $1 AND o.group_id = $2
           ORDER BY o.label COLLATE "C""#,
        kind.as_str(),
        group_id
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the objects of a kind with these names, in any group. Unknown names are left out.
pub async fn by_names(conn: &mut PgConnection, kind: GroupKind, names: &[String]) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"SELECT o.number AS "id!", o.label AS "name!", coalesce(g.name, '') AS "group_name!"
           FROM object o LEFT JOIN object_group g ON g.kind = o.group_kind AND g.id = o.group_id
           WHERE o.group_kind = $1 AND o.label = ANY ($2)"#,
        kind.as_str(),
        names
    )
    .fetch_all(conn)
    .await?)
}

/// Moves objects to a group, or out of any. Their revisions rise; names of the registry have no revision.
pub async fn move_to(tx: &mut WriteTx<'_>, kind: GroupKind, ids: &[i64], group_id: Option<i64>) -> Result<()> {
    match kind {
        GroupKind::Aggregations => sqlx::query!(
            "UPDATE aggregation SET group_id = $2, revision = revision + 1 WHERE id = ANY ($1)",
            ids,
            group_id
        ),
        GroupKind::Profiles => {
            sqlx::query!("UPDATE profile SET group_id = $2, revision = revision + 1 WHERE id = ANY ($1)", ids, group_id)
        }
        GroupKind::Probes => {
            sqlx::query!("UPDATE probe SET group_id = $2, revision = revision + 1 WHERE id = ANY ($1)", ids, group_id)
        }
        GroupKind::Metrics => sqlx::query!("UPDATE metric_name SET group_id = $2 WHERE id = ANY ($1)", ids, group_id),
    }
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Raises the revisions of the group's objects, so that forms that show the old name of the group are stale.
pub async fn increment_revisions(tx: &mut WriteTx<'_>, kind: GroupKind, group_id: i64) -> Result<()> {
    match kind {
        GroupKind::Aggregations => {
            sqlx::query!("UPDATE aggregation SET revision = revision + 1 WHERE group_id = $1", group_id)
        }
        GroupKind::Profiles => sqlx::query!("UPDATE profile SET revision = revision + 1 WHERE group_id = $1", group_id),
        GroupKind::Probes => sqlx::query!("UPDATE probe SET revision = revision + 1 WHERE group_id = $1", group_id),
        GroupKind::Metrics => sqlx::query!("UPDATE metric SET revision = revision + 1 WHERE group_id = $1", group_id),
    }
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the ids of the metrics outside of the group that have one of these names of the registry; with `only_free`, only
/// of those in no group.
pub async fn metrics_outside(
    conn: &mut PgConnection,
    name_ids: &[i64],
    group_id: i64,
    only_free: bool,
) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM metric
         WHERE metric_name_id = ANY ($1) AND group_id IS DISTINCT FROM $2 AND (group_id IS NULL OR NOT $3)
         ORDER BY id",
        name_ids,
        group_id,
        only_free
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the ids of the metrics in the group; with `name_ids`, only of those that have one of these names.
pub async fn metrics_inside(conn: &mut PgConnection, name_ids: Option<&[i64]>, group_id: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM metric WHERE group_id = $2 AND ($1::bigint[] IS NULL OR metric_name_id = ANY ($1)) ORDER BY id",
        name_ids,
        group_id
    )
    .fetch_all(conn)
    .await?)
}

/// Moves metrics to a group, or out of any; the groups of their names in the registry stay.
///
/// Returns the metrics with their labels, like `argo.AMS-Check (Production)`, and the groups that they leave; by label in
/// code point order.
pub async fn move_metrics(tx: &mut WriteTx<'_>, ids: &[i64], group_id: Option<i64>) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"WITH moved AS (
               SELECT m.id, n.name || ' (' || t.name || ')' AS label, coalesce(g.name, '') AS group_name
               FROM metric m JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
               LEFT JOIN object_group g ON g.kind = m.group_kind AND g.id = m.group_id
               WHERE m.id = ANY ($1)
           ), done AS (
               UPDATE metric m SET group_id = $2, revision = revision + 1 FROM moved WHERE moved.id = m.id
           )
           SELECT id, label AS "name!", group_name AS "group_name!" FROM moved ORDER BY label COLLATE "C""#,
        ids,
        group_id
    )
    .fetch_all(tx.conn())
    .await?)
}
