//! API keys: created, given a new token, revoked.

use sqlx::PgPool;

use crate::domain::keys::Keys;
use crate::domain::log_entry::{Action, ObjectKind};
use crate::domain::tenant::SchemaName;
use crate::store::log_entries::NewLogEntry;
use crate::store::{StoreError, TenantTx, api_keys, log_entries};

/// The client whose token POEM itself presents, to the ARGO WEB-API: the only one that is kept so that it can be read.
pub const WEB_API_CLIENT: &str = "WEB-API";

/// What [`put`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    pub is_new: bool,
    /// The key had been revoked, and revoking is final: the new token opens nothing.
    pub is_revoked: bool,
}

/// Creates the client's key, or replaces its token and renews the date. `command` is who the log names.
pub async fn put(
    pool: &PgPool,
    schema: &SchemaName,
    keys: &Keys,
    (client, token): (&str, &str),
    command: &str,
) -> Result<Put, StoreError> {
    let hash = keys.token_hash(token);
    let sealed = (client == WEB_API_CLIENT).then(|| keys.seal(token));
    let mut tx = TenantTx::write(pool, schema).await?;
    let (id, is_new, is_revoked) = api_keys::put(tx.conn(), client, &hash, sealed.as_deref()).await?;
    let (action, message) = if is_new { (Action::Add, "") } else { (Action::Change, "Changed token.") };
    let entry = NewLogEntry {
        action,
        object_kind: ObjectKind::ApiKey,
        object_id: id.to_string(),
        object_name: client,
        message,
        user_id: None,
        username: command,
    };
    log_entries::insert(tx.conn(), entry).await?;
    tx.commit().await?;
    Ok(Put { is_new, is_revoked })
}

/// Revokes the client's key for good. `None`: no such client; `Some(false)`: it was revoked already.
pub async fn revoke(
    pool: &PgPool,
    schema: &SchemaName,
    client: &str,
    command: &str,
) -> Result<Option<bool>, StoreError> {
    let mut tx = TenantTx::write(pool, schema).await?;
    let Some((id, in_force)) = api_keys::revoke(tx.conn(), client).await? else { return Ok(None) };
    if in_force {
        let entry = NewLogEntry {
            action: Action::Change,
            object_kind: ObjectKind::ApiKey,
            object_id: id.to_string(),
            object_name: client,
            message: "Changed revoked.",
            user_id: None,
            username: command,
        };
        log_entries::insert(tx.conn(), entry).await?;
    }
    tx.commit().await?;
    Ok(Some(in_force))
}
