//! Profiles and their tuples.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx};
use crate::domain::model::profile::{ProfileContent, Tuple};

/// A profile without its tuples, which [`tuples`] reads for many profiles.
#[derive(Debug, Clone)]
pub struct ProfileRow {
    /// The profile's id.
    pub id: i64,
    /// The name; unique together with the version.
    pub name: String,
    /// The version, like `1.0`.
    pub version: String,
    /// The name of the VO that owns it.
    pub vo: String,
    /// The description, if it has one.
    pub description: Option<String>,
}

/// Returns all profiles, or those with this name; by name and version in code point order.
pub async fn list(conn: &mut PgConnection, name: Option<&str>) -> Result<Vec<ProfileRow>> {
    Ok(sqlx::query_as!(
        ProfileRow,
        r#"SELECT id, name, version, vo, description FROM profile WHERE $1::text IS NULL OR name = $1
           ORDER BY name COLLATE "C", version COLLATE "C""#,
        name
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the tuples of the profiles with these ids, as (profile id, tuple).
///
/// Sorted by profile, flavour, metric and FQAN in code point order, an empty FQAN last.
pub async fn tuples(conn: &mut PgConnection, profile_ids: &[i64]) -> Result<Vec<(i64, Tuple)>> {
    let rows = sqlx::query!(
        r#"SELECT i.profile_id, i.service_flavour, n.name AS metric, i.fqan
           FROM metric_instance i JOIN metric_name n ON n.id = i.metric_name_id
           WHERE i.profile_id = ANY ($1)
           ORDER BY i.profile_id, i.service_flavour COLLATE "C", n.name COLLATE "C", i.fqan = '', i.fqan COLLATE "C""#,
        profile_ids
    )
    .fetch_all(conn)
    .await?;
    let pairs = rows.into_iter().map(|row| {
        let tuple = Tuple { service_flavour: row.service_flavour, metric: row.metric, fqan: row.fqan };
        (row.profile_id, tuple)
    });
    Ok(pairs.collect())
}

/// Returns the tuples of one metric name, as (profile id, tuple), in the order of [`tuples`].
pub async fn tuples_of_metric(conn: &mut PgConnection, metric: &str) -> Result<Vec<(i64, Tuple)>> {
    let rows = sqlx::query!(
        r#"SELECT i.profile_id, i.service_flavour, i.fqan
           FROM metric_instance i JOIN metric_name n ON n.id = i.metric_name_id
           WHERE n.name = $1
           ORDER BY i.profile_id, i.service_flavour COLLATE "C", i.fqan = '', i.fqan COLLATE "C""#,
        metric
    )
    .fetch_all(conn)
    .await?;
    let tuple = |service_flavour, fqan| Tuple { service_flavour, metric: metric.to_owned(), fqan };
    Ok(rows.into_iter().map(|row| (row.profile_id, tuple(row.service_flavour, row.fqan))).collect())
}

/// Returns true if the tenant has any profile.
pub async fn any(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM profile) AS "any!""#).fetch_one(conn).await?)
}

/// Adds the profile, or sets VO and description of the one with its name and version. Returns (id, is new).
pub async fn put(
    tx: &mut WriteTx<'_>,
    name: &str,
    version: &str,
    vo: &str,
    description: Option<&str>,
) -> Result<(i64, bool)> {
    let row = sqlx::query!(
        r#"INSERT INTO profile (name, version, vo, description) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name, version) DO UPDATE
               SET vo = excluded.vo, description = excluded.description
           RETURNING id, (xmax = 0) AS "is_new!""#,
        name,
        version,
        vo,
        description
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.id, row.is_new))
}

/// Raises the revision of the profile, so that forms opened earlier are stale.
pub async fn increment_revision(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("UPDATE profile SET revision = revision + 1 WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// Replaces the tuples of the profile; unchanged tuples keep their ids. Their metric names must be in the registry.
///
/// Returns the numbers of added and removed tuples.
pub async fn set_tuples(tx: &mut WriteTx<'_>, profile_id: i64, tuples: &[Tuple]) -> Result<(u64, u64)> {
    let flavours: Vec<String> = tuples.iter().map(|tuple| tuple.service_flavour.clone()).collect();
    let metrics: Vec<String> = tuples.iter().map(|tuple| tuple.metric.clone()).collect();
    let fqans: Vec<String> = tuples.iter().map(|tuple| tuple.fqan.clone()).collect();
    let removed = sqlx::query!(
        "DELETE FROM metric_instance i USING metric_name n
         WHERE i.profile_id = $1 AND n.id = i.metric_name_id
           AND (i.service_flavour, n.name, i.fqan) NOT IN (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))",
        profile_id,
        &flavours,
        &metrics,
        &fqans
    )
    .execute(tx.conn())
    .await?;
    let added = sqlx::query!(
        "INSERT INTO metric_instance (profile_id, service_flavour, metric_name_id, fqan)
         SELECT $1, t.flavour, n.id, t.fqan
         FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS t (flavour, metric, fqan, position)
         JOIN metric_name n ON n.name = t.metric
         ORDER BY t.position
         ON CONFLICT ON CONSTRAINT metric_instance_tuple_key DO NOTHING",
        profile_id,
        &flavours,
        &metrics,
        &fqans
    )
    .execute(tx.conn())
    .await?;
    Ok((added.rows_affected(), removed.rows_affected()))
}

/// Returns the content of a profile for its form; the tuples in the order of [`tuples`].
pub async fn content(conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ProfileContent>>> {
    Ok(contents(conn, &[id]).await?.pop())
}

/// Returns the contents of profiles for their forms, by id. Unknown ids are left out.
pub async fn contents(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Loaded<ProfileContent>>> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.revision, p.name, p.version, p.vo, p.description, coalesce(g.name, '') AS "group_name!"
           FROM profile p LEFT JOIN object_group g ON g.kind = p.group_kind AND g.id = p.group_id
           WHERE p.id = ANY ($1)
           ORDER BY p.id"#,
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut tuples_of: HashMap<i64, Vec<Tuple>> = HashMap::new();
    for (id, tuple) in tuples(conn, ids).await? {
        tuples_of.entry(id).or_default().push(tuple);
    }
    let loaded = rows.into_iter().map(|row| Loaded {
        id: row.id,
        revision: row.revision,
        content: ProfileContent {
            name: row.name,
            version: row.version,
            vo: row.vo,
            description: row.description,
            group: row.group_name,
            tuples: tuples_of.remove(&row.id).unwrap_or_default(),
        },
    });
    Ok(loaded.collect())
}

/// Adds a profile without its tuples, with this id or the next one; returns its id.
///
/// # Errors
/// `Constraint` `profile_name_version_key` if another profile has this name and version.
pub async fn insert(
    tx: &mut WriteTx<'_>,
    id: Option<i64>,
    content: &ProfileContent,
    group_id: Option<i64>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO profile (id, name, version, vo, description, group_id)
         VALUES (coalesce($6, nextval(pg_get_serial_sequence('profile', 'id'))), $1, $2, $3, $4, $5)
         RETURNING id",
        content.name,
        content.version,
        content.vo,
        content.description,
        group_id,
        id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Replaces the fields of profiles, given as (id, content, id of the group), not their tuples; their revisions rise.
///
/// # Errors
/// That of [`insert`].
pub async fn update(tx: &mut WriteTx<'_>, profiles: &[(i64, &ProfileContent, Option<i64>)]) -> Result<()> {
    let texts = |of: fn(&ProfileContent) -> Option<&str>| {
        profiles.iter().map(|(_, content, _)| of(content)).collect::<Vec<_>>()
    };
    let ids: Vec<i64> = profiles.iter().map(|(id, ..)| *id).collect();
    let group_ids: Vec<Option<i64>> = profiles.iter().map(|(.., group_id)| *group_id).collect();
    sqlx::query!(
        "UPDATE profile SET name = n.name, version = n.version, vo = n.vo, description = n.description,
             group_id = n.group_id, revision = revision + 1
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
             AS n (id, name, version, vo, description, group_id)
         WHERE profile.id = n.id",
        &ids,
        &texts(|it| Some(&it.name)) as _,
        &texts(|it| Some(&it.version)) as _,
        &texts(|it| Some(&it.vo)) as _,
        &texts(|it| it.description.as_deref()) as _,
        &group_ids as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes profiles with their tuples.
pub async fn delete(tx: &mut WriteTx<'_>, ids: &[i64]) -> Result<()> {
    sqlx::query!("DELETE FROM profile WHERE id = ANY ($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
