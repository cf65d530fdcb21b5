//! Who is looking, as the transaction that acts for them sees it.

use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::policy::Viewer;
use crate::store::{StoreError, TenantTx, groups, users};

/// The user with their groups as they are now; `None`: gone, or may no longer log in.
pub async fn find(tx: &mut TenantTx, user_id: i64) -> Result<Option<Viewer>, StoreError> {
    let Some((username, is_superuser)) = users::may_log_in(tx.conn(), user_id).await? else { return Ok(None) };
    let names = groups::names(tx.conn(), Some(user_id)).await?;
    let named = names.into_iter().filter_map(|group| Some((group.kind.parse::<GroupKind>().ok()?, group.name)));
    Ok(Some(Viewer { id: user_id, username, is_superuser, groups: named.collect() }))
}
