//! One stored version of an object, for the pages of its history and for its form.

use sqlx::PgConnection;

use super::entity_admin::EntityAdmin;
use crate::error::{AppError, NOT_FOUND};
use crate::store::versions::{self, VersionRow};

/// Loads a version of an object, with its content; 404 if the object has no such version.
pub async fn old<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    (id, version): (i64, i64),
) -> Result<(VersionRow, D::Content), AppError> {
    let version = versions::get(conn, version).await?.filter(|version| version.object_id == id).ok_or(NOT_FOUND)?;
    let row = VersionRow::of(&version);
    let content = entity.version(version.content).ok_or(NOT_FOUND)?;
    Ok((row, content))
}
