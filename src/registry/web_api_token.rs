//! The token that POEM presents to the ARGO WEB-API, read for use.

use sqlx::PgConnection;

use crate::domain::model::api_key::WEB_API_CLIENT;
use crate::domain::security::api_token::{self, MissingToken};
use crate::domain::security::keys::Keys;
use crate::domain::security::secret::Secret;
use crate::store::{StoreError, api_keys};

/// Returns the token of the tenant of the connection, as it is stored now.
///
/// # Errors
/// Those of the database; the inner error if there is no token.
pub async fn find(conn: &mut PgConnection, keys: &Keys) -> Result<Result<Secret, MissingToken>, StoreError> {
    let Some(key) = api_keys::by_client(conn, WEB_API_CLIENT).await? else { return Ok(Err(MissingToken::Absent)) };
    if key.revoked {
        return Ok(Err(MissingToken::Revoked));
    }
    let token = key.token_sealed.and_then(|sealed| keys.unseal(&sealed)).filter(|token| is_usable(token));
    Ok(token.map(Secret::new).ok_or(MissingToken::Unreadable))
}

/// Tokens of POEM 2.3 were not checked.
fn is_usable(token: &str) -> bool {
    !token.is_empty() && api_token::is_printable(token)
}
