//! The viewer of a request, as seen by the transaction that acts for them.

use sqlx::PgConnection;

use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::policy::Viewer;
use crate::store::{StoreError, groups, users};

/// Returns the user with their current groups; `None` if the user is gone or may no longer log in.
pub async fn find(conn: &mut PgConnection, user_id: i64) -> Result<Option<Viewer>, StoreError> {
    let Some((username, is_superuser)) = users::may_log_in(&mut *conn, user_id).await? else { return Ok(None) };
    let names = groups::names(conn, Some(user_id)).await?;
    let named = names.into_iter().filter_map(|group| Some((group.kind.parse::<GroupKind>().ok()?, group.name)));
    Ok(Some(Viewer { id: user_id, username, is_superuser, groups: named.collect() }))
}
