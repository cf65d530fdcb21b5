//! Federated identities that may be those of an account without one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, WriteTx};
use crate::domain::model::federated_identity::FederatedIdentity;

/// Returns the ids, out of `user_ids`, of the accounts that are not this identity's: a superuser or the person said so.
pub async fn denied(conn: &mut PgConnection, identifiers: &[String], user_ids: &[i64]) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT user_id FROM saml_claim
         WHERE identity = ANY ($1) AND user_id = ANY ($2) AND state IN ('refused', 'not theirs')",
        identifiers,
        user_ids
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the number of open claims on an account, without those of this identity.
pub async fn count_others(conn: &mut PgConnection, user_id: i64, identity: &str) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM saml_claim WHERE user_id = $1 AND identity <> $2 AND state = 'open'"#,
        user_id,
        identity
    )
    .fetch_one(conn)
    .await?)
}

/// Records that an identity asks for an account, now. A claim that exists keeps its state.
pub async fn put(tx: &mut WriteTx<'_>, user_id: i64, identity: &FederatedIdentity, identifier: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO saml_claim (user_id, identity, idp, display_name, mail, state) VALUES ($1, $2, $3, $4, $5, 'open')
         ON CONFLICT (user_id, identity) DO UPDATE
         SET idp = excluded.idp, display_name = excluded.display_name, mail = excluded.mail, last_asked = now()",
        user_id,
        identifier,
        identity.idp,
        identity.display_name,
        identity.mail
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that the person of an identity says that an account is not theirs.
pub async fn put_not_theirs(
    tx: &mut WriteTx<'_>,
    user_id: i64,
    identity: &FederatedIdentity,
    identifier: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO saml_claim (user_id, identity, idp, display_name, mail, state)
         VALUES ($1, $2, $3, $4, $5, 'not theirs')
         ON CONFLICT (user_id, identity) DO UPDATE SET state = 'not theirs', last_asked = now()",
        user_id,
        identifier,
        identity.idp,
        identity.display_name,
        identity.mail
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An open claim on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClaim {
    /// Its id.
    pub id: i64,
    /// The id of the account.
    pub user_id: i64,
    /// The name of the account.
    pub username: String,
    /// The identifier of the person.
    pub identity: String,
    /// The entity id of the identity provider.
    pub idp: String,
    /// The name of the person, as the identity provider says it; '' if it does not.
    pub display_name: String,
    /// The e-mail address of the person; '' if unknown.
    pub mail: String,
    /// The time of the first login.
    pub first_asked: DateTime<Utc>,
    /// The time of the last login.
    pub last_asked: DateTime<Utc>,
}

/// Returns the open claims, on one account or on all: by username in code point order, the first one first.
pub async fn open(conn: &mut PgConnection, user_id: Option<i64>) -> Result<Vec<OpenClaim>> {
    Ok(sqlx::query_as!(
        OpenClaim,
        r#"SELECT c.id, c.user_id, u.username, c.identity, c.idp, c.display_name, c.mail, c.first_asked, c.last_asked
           FROM saml_claim c JOIN app_user u ON u.id = c.user_id
           WHERE c.state = 'open' AND ($1::bigint IS NULL OR c.user_id = $1)
           ORDER BY u.username COLLATE "C", c.first_asked, c.id"#,
        user_id
    )
    .fetch_all(conn)
    .await?)
}

/// An account that waits for a superuser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingUser {
    /// The user's id.
    pub id: i64,
    /// The unique name for logging in.
    pub username: String,
    /// A federated login asks for the account; else the account is new and in no group.
    pub is_claimed: bool,
}

/// Returns the accounts that federated logins ask for, and those that federated logins have made within the last thirty
/// days and that are in no group: by username in code point order.
pub async fn waiting(conn: &mut PgConnection) -> Result<Vec<WaitingUser>> {
    Ok(sqlx::query_as!(
        WaitingUser,
        r#"SELECT w.id AS "id!", w.username AS "username!", w.is_claimed AS "is_claimed!"
           FROM (SELECT u.id, u.username, true AS is_claimed FROM app_user u
                 WHERE EXISTS (SELECT FROM saml_claim WHERE user_id = u.id AND state = 'open')
                 UNION ALL
                 SELECT u.id, u.username, false FROM app_user u
                 WHERE u.egi_id IS NOT NULL AND u.is_active AND u.is_staff AND NOT u.is_superuser
                   AND u.date_joined > now() - interval '30 days'
                   AND NOT EXISTS (SELECT FROM group_member WHERE user_id = u.id)) w
           ORDER BY w.username COLLATE "C", w.id"#
    )
    .fetch_all(conn)
    .await?)
}

/// Returns whether an identity has an open claim on an account.
pub async fn is_open(conn: &mut PgConnection, user_id: i64, identity: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM saml_claim WHERE user_id = $1 AND identity = $2 AND state = 'open') AS "is!""#,
        user_id,
        identity
    )
    .fetch_one(conn)
    .await?)
}

/// Refuses the open claim of an identity on an account; returns false if there is none.
pub async fn refuse(tx: &mut WriteTx<'_>, user_id: i64, identity: &str) -> Result<bool> {
    let refused = sqlx::query!(
        "UPDATE saml_claim SET state = 'refused' WHERE user_id = $1 AND identity = $2 AND state = 'open'",
        user_id,
        identity
    );
    Ok(refused.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Removes the claims on an account.
pub async fn delete_of_user(tx: &mut WriteTx<'_>, user_id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM saml_claim WHERE user_id = $1", user_id).execute(tx.conn()).await?;
    Ok(())
}

/// Removes the claims that were last asked more than ninety days ago.
pub async fn delete_over_age(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::query!("DELETE FROM saml_claim WHERE last_asked <= now() - interval '90 days'").execute(tx.conn()).await?;
    Ok(())
}
