//! The sessions at identity providers that login sessions were started with.

use sqlx::PgConnection;

use super::{Result, WriteTx};
use crate::domain::model::federated_identity::{FederatedSession, NameId};

/// Adds the session at the identity provider to a login session.
pub async fn insert(tx: &mut WriteTx<'_>, id_hash: &[u8], session: &FederatedSession) -> Result<()> {
    let name_id = &session.name_id;
    sqlx::query!(
        "INSERT INTO saml_session (id_hash, idp, name_id, name_id_format, name_qualifier, sp_name_qualifier,
                                   sp_provided_id, session_indexes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id_hash,
        session.idp,
        name_id.value,
        name_id.format,
        name_id.name_qualifier,
        name_id.sp_name_qualifier,
        name_id.sp_provided_id,
        &session.session_indexes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the session at the identity provider of a login session, also of one that has ended within the last day;
/// `None` if it was not started by a federated login.
pub async fn find(conn: &mut PgConnection, id_hash: &[u8]) -> Result<Option<FederatedSession>> {
    let row = sqlx::query!(
        "SELECT s.idp, s.name_id, s.name_id_format, s.name_qualifier, s.sp_name_qualifier, s.sp_provided_id,
                s.session_indexes, l.ends_by
         FROM saml_session s JOIN login_session l ON l.id_hash = s.id_hash WHERE s.id_hash = $1",
        id_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| FederatedSession {
        idp: row.idp,
        name_id: NameId {
            value: row.name_id,
            format: row.name_id_format,
            name_qualifier: row.name_qualifier,
            sp_name_qualifier: row.sp_name_qualifier,
            sp_provided_id: row.sp_provided_id,
        },
        session_indexes: row.session_indexes,
        ends_by: row.ends_by,
    }))
}

/// Ends the login sessions of a person at an identity provider; returns the username of each.
///
/// Attributes of the NameID are compared if both sides have them. If `indexes` has any, only sessions with one of them
/// end.
pub async fn end(tx: &mut WriteTx<'_>, idp: &str, name_id: &NameId, indexes: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "UPDATE login_session l SET expires = now()
         FROM saml_session s, app_user u
         WHERE s.id_hash = l.id_hash AND u.id = l.user_id AND l.expires > now()
           AND s.idp = $1 AND s.name_id = $2
           AND coalesce(s.name_id_format = $3, true)
           AND coalesce(s.name_qualifier = $4, true)
           AND coalesce(s.sp_name_qualifier = $5, true)
           AND (cardinality($6::text[]) = 0 OR s.session_indexes && $6)
         RETURNING u.username",
        idp,
        name_id.value,
        name_id.format,
        name_id.name_qualifier,
        name_id.sp_name_qualifier,
        indexes
    )
    .fetch_all(tx.conn())
    .await?)
}
