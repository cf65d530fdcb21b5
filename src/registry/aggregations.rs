//! Aggregation profiles: what the pages write through the internal API.

use sqlx::PgPool;

use crate::domain::group::GroupKind;
use crate::domain::log_entry::{Action, ObjectKind};
use crate::domain::tenant::SchemaName;
use crate::store::log_entries::NewLogEntry;
use crate::store::sessions::SessionUser;
use crate::store::{StoreError, TenantTx, aggregations, groups, log_entries};

#[derive(Debug, thiserror::Error)]
pub enum AggregationError {
    /// The user is no superuser and not in the group.
    #[error("You are not member of group {0}.")]
    NotMember(String),
    /// What is in no group, only a superuser may move.
    #[error("The aggregation is in no group, only a superuser can move it.")]
    WithoutGroup,
    #[error("there is no group of aggregations named {0}")]
    UnknownGroup(String),
    #[error("there is no aggregation with this apiid")]
    UnknownApiid,
    #[error("an aggregation with this name exists already")]
    NameTaken,
    #[error("an aggregation with this apiid exists already")]
    ApiidTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an aggregation to a group that the user may write to.
pub async fn create(
    pool: &PgPool,
    schema: &SchemaName,
    user: &SessionUser,
    (name, apiid, group): (&str, &str, &str),
) -> Result<(), AggregationError> {
    let mut tx = TenantTx::write(pool, schema).await?;
    let group_id = writable_group(&mut tx, user, group).await?;
    let id =
        aggregations::insert(tx.conn(), name, apiid, group_id).await.map_err(|error| match error.constraint() {
            "aggregation_name_key" => AggregationError::NameTaken,
            "aggregation_apiid_key" => AggregationError::ApiidTaken,
            _ => AggregationError::Store(error),
        })?;
    log(&mut tx, user, (Action::Add, id, name, "")).await?;
    Ok(tx.commit().await?)
}

/// Moves the aggregation with this apiid into a group; the user must be able to write to it and to where it was.
pub async fn move_to_group(
    pool: &PgPool,
    schema: &SchemaName,
    user: &SessionUser,
    (apiid, group): (&str, &str),
) -> Result<(), AggregationError> {
    let mut tx = TenantTx::write(pool, schema).await?;
    let group_id = writable_group(&mut tx, user, group).await?;
    let aggregation = aggregations::by_apiid(tx.conn(), apiid).await?.ok_or(AggregationError::UnknownApiid)?;
    match aggregation.group_id {
        Some(old) => check_member(&mut tx, user, old, &aggregation.group_name).await?,
        None if !user.is_superuser => return Err(AggregationError::WithoutGroup),
        None => {}
    }
    if aggregation.group_id != Some(group_id) {
        aggregations::set_group(tx.conn(), aggregation.id, group_id).await?;
        log(&mut tx, user, (Action::Change, aggregation.id, &aggregation.name, "Changed group.")).await?;
    }
    Ok(tx.commit().await?)
}

async fn writable_group(tx: &mut TenantTx, user: &SessionUser, group: &str) -> Result<i64, AggregationError> {
    let id = groups::id_of(tx.conn(), GroupKind::Aggregations, group)
        .await?
        .ok_or_else(|| AggregationError::UnknownGroup(group.to_owned()))?;
    check_member(tx, user, id, group).await?;
    Ok(id)
}

async fn check_member(tx: &mut TenantTx, user: &SessionUser, group: i64, name: &str) -> Result<(), AggregationError> {
    let may = user.is_superuser || groups::is_member(tx.conn(), GroupKind::Aggregations, group, user.id).await?;
    if may { Ok(()) } else { Err(AggregationError::NotMember(name.to_owned())) }
}

async fn log(
    tx: &mut TenantTx,
    user: &SessionUser,
    (action, id, name, message): (Action, i64, &str, &str),
) -> Result<(), StoreError> {
    let entry = NewLogEntry {
        action,
        object_kind: ObjectKind::Aggregation,
        object_id: id.to_string(),
        object_name: name,
        message,
        user_id: Some(user.id),
        username: &user.username,
    };
    log_entries::insert(tx.conn(), entry).await
}
