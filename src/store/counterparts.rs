//! Objects to compare another with: those that are related to it, and those that a search finds.

use sqlx::PgConnection;

use super::Result;
use super::text::patterns;
use crate::domain::model::object_kind::ObjectKind;

/// An object by its id and label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterpart {
    /// The object's id.
    pub id: i64,
    /// The label that tells it from others of its name: metrics as NAME (TAG), profiles as NAME (VERSION).
    pub label: String,
}

/// Returns the objects with these ids, in no particular order. Unknown ids are left out.
pub async fn of_ids(conn: &mut PgConnection, kind: ObjectKind, ids: &[i64]) -> Result<Vec<Counterpart>> {
    Ok(sqlx::query_as!(
        Counterpart,
        r#"SELECT number AS "id!", label AS "label!" FROM object WHERE kind = $1 AND number = ANY ($2)"#,
        kind.as_str(),
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the other objects of the same name, and those from which this one was cloned; by label in code point order.
pub async fn related(conn: &mut PgConnection, kind: ObjectKind, id: i64) -> Result<Vec<Counterpart>> {
    Ok(sqlx::query_as!(
        Counterpart,
        r#"SELECT o.number AS "id!", o.label AS "label!"
           FROM object o
           WHERE o.kind = $1 AND o.number <> $2
             AND (o.name = (SELECT name FROM object WHERE kind = $1 AND number = $2)
                  OR 'Derived from ' || o.label IN (SELECT message FROM version WHERE kind = $1 AND object_id = $2))
           ORDER BY o.label COLLATE "C""#,
        kind.as_str(),
        id
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the other objects of the kind whose labels contain all words of the text, case-insensitively; by label, at most
/// `limit`.
pub async fn search(
    conn: &mut PgConnection,
    (kind, id): (ObjectKind, i64),
    text: &str,
    limit: i64,
) -> Result<Vec<Counterpart>> {
    Ok(sqlx::query_as!(
        Counterpart,
        r#"SELECT number AS "id!", label AS "label!" FROM object
           WHERE kind = $1 AND number <> $2 AND label ~ ALL ($3)
           ORDER BY lower(label COLLATE "C"), label COLLATE "C" LIMIT $4"#,
        kind.as_str(),
        id,
        &patterns(text),
        limit
    )
    .fetch_all(conn)
    .await?)
}
