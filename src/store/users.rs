//! The users of a tenant.

use sqlx::PgConnection;

use super::{Loaded, Result, WriteTx, groups, login_addresses};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::user::UserContent;

/// Returns all usernames in code point order.
pub async fn usernames(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(r#"SELECT username FROM app_user ORDER BY username COLLATE "C""#).fetch_all(conn).await?)
}

/// Adds a superuser; returns the new id, `None` if the name is taken.
pub async fn insert_superuser(
    tx: &mut WriteTx<'_>,
    username: &str,
    password_hash: &str,
    email: &str,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO app_user (username, password, email, is_superuser) VALUES ($1, $2, $3, true)
         ON CONFLICT (username) DO NOTHING RETURNING id",
        username,
        password_hash,
        email
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Removes the users with these names, and their sessions.
pub async fn delete_by_name(tx: &mut WriteTx<'_>, usernames: &[String]) -> Result<()> {
    sqlx::query!("DELETE FROM app_user WHERE username = ANY ($1)", usernames).execute(tx.conn()).await?;
    Ok(())
}

/// Moves the ids of all users above `highest` and ends their sessions. Nothing else may refer to the users.
pub async fn move_above(tx: &mut WriteTx<'_>, highest: i64) -> Result<()> {
    sqlx::query!("DELETE FROM login_session").execute(tx.conn()).await?;
    login_addresses::delete_all(tx).await?;
    sqlx::query!("UPDATE app_user SET id = id + greatest($1, (SELECT max(id) FROM app_user))", highest)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns (name, is superuser) of a user; `None` if they may not log in or do not exist.
pub async fn may_log_in(conn: &mut PgConnection, id: i64) -> Result<Option<(String, bool)>> {
    let row = sqlx::query!("SELECT username, is_superuser FROM app_user WHERE id = $1 AND is_active AND is_staff", id)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| (row.username, row.is_superuser)))
}

/// Returns the content of a user for their form; the groups in code point order.
pub async fn content(conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<UserContent>>> {
    let row = sqlx::query!(
        r#"SELECT revision, username, first_name, last_name, email, is_superuser, is_staff, is_active,
                  coalesce(distinguished_name, '') AS "distinguished_name!", coalesce(egi_id, '') AS "egi_id!",
                  coalesce(display_name, '') AS "display_name!"
           FROM app_user WHERE id = $1"#,
        id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mut content = UserContent {
        username: row.username,
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        is_superuser: row.is_superuser,
        is_staff: row.is_staff,
        is_active: row.is_active,
        distinguished_name: row.distinguished_name,
        egi_id: row.egi_id,
        display_name: row.display_name,
        ..UserContent::default()
    };
    for group in groups::names(conn, Some(id)).await? {
        if let Ok(kind) = group.kind.parse::<GroupKind>() {
            content.groups_mut(kind).push(group.name);
        }
    }
    Ok(Some(Loaded { id, revision: row.revision, content }))
}

/// Adds a user without their groups; returns the id.
///
/// # Errors
/// `Constraint` `app_user_username_key` or `app_user_egi_id_key` if another user has the value.
pub async fn insert(tx: &mut WriteTx<'_>, content: &UserContent, password_hash: &str) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO app_user (username, first_name, last_name, email, is_superuser, is_staff, is_active,
                               distinguished_name, egi_id, display_name, password)
         VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), nullif($9, ''), nullif($10, ''), $11)
         RETURNING id",
        content.username,
        content.first_name,
        content.last_name,
        content.email,
        content.is_superuser,
        content.is_staff,
        content.is_active,
        content.distinguished_name,
        content.egi_id,
        content.display_name,
        password_hash
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Replaces the fields of a user, not their groups or password; the revision rises.
///
/// # Errors
/// Those of [`insert`].
pub async fn update(tx: &mut WriteTx<'_>, id: i64, content: &UserContent) -> Result<()> {
    sqlx::query!(
        "UPDATE app_user SET username = $2, first_name = $3, last_name = $4, email = $5, is_superuser = $6,
                is_staff = $7, is_active = $8, distinguished_name = nullif($9, ''), egi_id = nullif($10, ''),
                display_name = nullif($11, ''), revision = revision + 1
         WHERE id = $1",
        id,
        content.username,
        content.first_name,
        content.last_name,
        content.email,
        content.is_superuser,
        content.is_staff,
        content.is_active,
        content.distinguished_name,
        content.egi_id,
        content.display_name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a user with their sessions and memberships; versions and log entries keep the name.
pub async fn delete(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    sqlx::query!("DELETE FROM app_user WHERE id = $1", id).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the stored password hash of a user; `None` if there is no such user.
pub async fn password(conn: &mut PgConnection, id: i64) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT password FROM app_user WHERE id = $1", id).fetch_optional(conn).await?)
}

/// Returns true if another superuser than this user may log in.
pub async fn is_another_administrator(conn: &mut PgConnection, id: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM app_user WHERE id <> $1 AND is_active AND is_staff AND is_superuser) AS "is!""#,
        id
    )
    .fetch_one(conn)
    .await?)
}

/// Returns the names of the superusers who may log in.
pub async fn superusers(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT username FROM app_user WHERE is_active AND is_staff AND is_superuser ORDER BY username COLLATE "C""#
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the users with these names, as (id, name). Unknown names are left out.
pub async fn by_names(conn: &mut PgConnection, usernames: &[String]) -> Result<Vec<(i64, String)>> {
    let rows =
        sqlx::query!("SELECT id, username FROM app_user WHERE username = ANY ($1)", usernames).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.username)).collect())
}

/// Raises the revisions of the users with these names, so that forms opened earlier are stale.
pub async fn increment_revisions(tx: &mut WriteTx<'_>, usernames: &[String]) -> Result<()> {
    sqlx::query!("UPDATE app_user SET revision = revision + 1 WHERE username = ANY ($1)", usernames)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The account that a login is checked against.
pub struct LoginAccount {
    /// The user's id.
    pub id: i64,
    /// The stored hash.
    pub password: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The e-mail address; may be empty.
    pub email: String,
    /// The user may do everything.
    pub is_superuser: bool,
    /// The account is active and staff.
    pub may_log_in: bool,
}

/// Returns the account of the user with this name, in its exact case; without one, that of the normalized name.
pub async fn credentials(conn: &mut PgConnection, username: &str, normalized: &str) -> Result<Option<LoginAccount>> {
    Ok(sqlx::query_as!(
        LoginAccount,
        r#"SELECT id, password, first_name, last_name, email, is_superuser, is_active AND is_staff AS "may_log_in!"
           FROM app_user WHERE username IN ($1, $2) ORDER BY username = $1 DESC LIMIT 1"#,
        username,
        normalized
    )
    .fetch_optional(conn)
    .await?)
}

/// Records a login that was checked against the hash `stored`, and replaces the hash by `renewed`.
///
/// Returns false if the hash has changed since, or the user may no longer log in.
pub async fn log_in(tx: &mut WriteTx<'_>, id: i64, stored: &str, renewed: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE app_user SET last_login = now(), password = $3
         WHERE id = $1 AND password = $2 AND is_active AND is_staff",
        id,
        stored,
        renewed
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Replaces the hash `stored` by `hash`; returns false if there is no such user or the hash is no longer `stored`.
pub async fn replace_password(tx: &mut WriteTx<'_>, id: i64, stored: &str, hash: &str) -> Result<bool> {
    let done = sqlx::query!("UPDATE app_user SET password = $3 WHERE id = $1 AND password = $2", id, stored, hash)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// An account, as the federated login finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundUser {
    /// The user's id.
    pub id: i64,
    /// The unique name for logging in.
    pub username: String,
}

/// Returns the accounts with one of these identifiers, by id: those that have it exactly; if there are none, those that
/// have it in another case of ASCII letters.
pub async fn by_identifiers(conn: &mut PgConnection, identifiers: &[String]) -> Result<Vec<FoundUser>> {
    let exact = sqlx::query_as!(
        FoundUser,
        "SELECT id, username FROM app_user WHERE egi_id = ANY ($1) ORDER BY id",
        identifiers
    )
    .fetch_all(&mut *conn)
    .await?;
    if !exact.is_empty() {
        return Ok(exact);
    }
    let lower: Vec<String> = identifiers.iter().map(|identifier| identifier.to_ascii_lowercase()).collect();
    Ok(sqlx::query_as!(
        FoundUser,
        r#"SELECT id, username FROM app_user WHERE lower(egi_id COLLATE "C") = ANY ($1) ORDER BY id"#,
        &lower
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the accounts without an identifier that have one of these names, in the order of the names.
pub async fn without_identifier(conn: &mut PgConnection, usernames: &[String]) -> Result<Vec<FoundUser>> {
    Ok(sqlx::query_as!(
        FoundUser,
        "SELECT id, username FROM app_user WHERE username = ANY ($1) AND coalesce(egi_id, '') = ''
         ORDER BY array_position($1, username)",
        usernames
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the usernames that begin with a text of ASCII letters in lower case, in any case.
pub async fn beginning_with(conn: &mut PgConnection, prefix: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT username FROM app_user WHERE left(lower(username COLLATE "C"), length($1)) = $1"#,
        prefix
    )
    .fetch_all(conn)
    .await?)
}

/// Records a login without a password; returns false if the user may not log in.
pub async fn log_in_federated(tx: &mut WriteTx<'_>, id: i64) -> Result<bool> {
    let done = sqlx::query!("UPDATE app_user SET last_login = now() WHERE id = $1 AND is_active AND is_staff", id);
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// The accounts of a tenant, by what the federated login needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdentifierCounts {
    /// Those with an identifier.
    pub with_identifier: i64,
    /// Those with a password and no identifier.
    pub with_password: i64,
    /// Those with neither: their next federated login has to be linked to them.
    pub to_link: i64,
}

/// Counts the accounts by what they can log in with.
pub async fn count_identifiers(conn: &mut PgConnection) -> Result<IdentifierCounts> {
    Ok(sqlx::query_as!(
        IdentifierCounts,
        r#"SELECT count(*) FILTER (WHERE coalesce(egi_id, '') <> '') AS "with_identifier!",
                  count(*) FILTER (WHERE coalesce(egi_id, '') = '' AND password !~ '^(!|$)') AS "with_password!",
                  count(*) FILTER (WHERE coalesce(egi_id, '') = '' AND password ~ '^(!|$)') AS "to_link!"
           FROM app_user"#
    )
    .fetch_one(conn)
    .await?)
}

/// Returns all accounts with their identifier ('' without one), by username in code point order. `needs_link` is true for
/// accounts with neither an identifier nor a password.
pub async fn identifiers(conn: &mut PgConnection) -> Result<Vec<UserIdentifier>> {
    Ok(sqlx::query_as!(
        UserIdentifier,
        r#"SELECT username, coalesce(egi_id, '') AS "identifier!",
                  coalesce(egi_id, '') = '' AND password ~ '^(!|$)' AS "needs_link!"
           FROM app_user ORDER BY username COLLATE "C""#
    )
    .fetch_all(conn)
    .await?)
}

/// An account and its identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserIdentifier {
    /// The unique name for logging in.
    pub username: String,
    /// The identifier; '' without one.
    pub identifier: String,
    /// The account has neither an identifier nor a password: its next federated login has to be linked to it.
    pub needs_link: bool,
}
