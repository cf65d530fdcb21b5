//! The action history.

use sqlx::PgConnection;

use super::Result;
use crate::domain::log_entry::{Action, ObjectKind};

/// What is written down of an action; its time is now.
pub struct NewLogEntry<'a> {
    pub action: Action,
    pub object_kind: ObjectKind,
    pub object_id: String,
    pub object_name: &'a str,
    /// What changed, in words; '' where the action says it all.
    pub message: &'a str,
    /// `None`: a command did it.
    pub user_id: Option<i64>,
    /// The user's name, or the command's.
    pub username: &'a str,
}

pub async fn insert(conn: &mut PgConnection, entry: NewLogEntry<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO log_entry (action, object_kind, object_id, object_name, message, user_id, username)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        entry.action.as_str(),
        entry.object_kind.as_str(),
        entry.object_id,
        entry.object_name,
        entry.message,
        entry.user_id,
        entry.username
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A change of many objects of one kind, given as (id, name): an entry each, now.
pub async fn insert_changes(
    conn: &mut PgConnection,
    kind: ObjectKind,
    objects: &[(i64, String)],
    message: &str,
    (user_id, username): (i64, &str),
) -> Result<()> {
    let ids: Vec<String> = objects.iter().map(|(id, _)| id.to_string()).collect();
    let names: Vec<String> = objects.iter().map(|(_, name)| name.clone()).collect();
    sqlx::query!(
        "INSERT INTO log_entry (action, object_kind, object_id, object_name, message, user_id, username)
         SELECT 'change', $1, o.id, o.name, $4, $5, $6 FROM unnest($2::text[], $3::text[]) AS o (id, name)",
        kind.as_str(),
        &ids,
        &names,
        message,
        user_id,
        username
    )
    .execute(conn)
    .await?;
    Ok(())
}
