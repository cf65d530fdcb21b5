//! Aggregation profiles: the operations of the pages and of the internal API.

use super::Transaction;
use crate::domain::form::validation_error::{ValidationErrors, words};
use crate::domain::model::aggregation::AggregationContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Denial, Viewer, decide};
use crate::store::{Loaded, StoreError, aggregations, groups, taken_names};

use super::audit_log::{record_addition, record_change, record_deletion};
use super::groups::record_move;
use super::{ExpectedRevision, SaveError, Saved};

/// The reason why an operation wrote nothing, as detailed as the internal API needs it.
///
/// A form converts it to a [`SaveError`].
#[derive(Debug, thiserror::Error)]
pub enum AggregationError {
    /// The viewer lacks the right.
    #[error("{}", denied(.0))]
    Denied(Denial),
    /// The chosen group does not exist; holds its name.
    #[error("there is no group of aggregations named {0}")]
    UnknownGroup(String),
    /// No aggregation has this id on the ARGO WEB-API, or it was removed.
    #[error("there is no aggregation with this apiid")]
    UnknownApiid,
    /// Another aggregation has this name.
    #[error("an aggregation with this name already exists")]
    NameTaken,
    /// Another aggregation has this id on the ARGO WEB-API.
    #[error("an aggregation with this apiid already exists")]
    ApiidTaken,
    /// The database refused or failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Words a denial for clients of the API, which see no read-only form.
fn denied(denial: &Denial) -> String {
    match denial {
        Denial::ForeignObject(group) if group.is_empty() => {
            "The aggregation is in no group; only a superuser can move it.".to_owned()
        }
        Denial::ForeignObject(group) => words::not_member(group),
        _ => denial.to_string(),
    }
}

impl From<Denial> for AggregationError {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<StoreError> for AggregationError {
    fn from(error: StoreError) -> Self {
        match error.constraint() {
            "aggregation_apiid_key" => Self::ApiidTaken,
            _ => Self::Store(error),
        }
    }
}

impl From<AggregationError> for SaveError {
    fn from(error: AggregationError) -> Self {
        match error {
            AggregationError::Denied(denial) => denial.into(),
            AggregationError::UnknownGroup(_) => ValidationErrors::at("group", words::NO_CHOICE).into(),
            AggregationError::UnknownApiid => Self::Gone,
            AggregationError::NameTaken => ValidationErrors::at("name", words::exists("Aggregation", "Name")).into(),
            AggregationError::ApiidTaken => ValidationErrors::at("apiid", words::exists("Aggregation", "Id")).into(),
            AggregationError::Store(error) => error.into(),
        }
    }
}

/// Adds an aggregation, as a form submits it.
pub async fn create(tx: &mut Transaction, viewer: &Viewer, content: &AggregationContent) -> Result<Saved, SaveError> {
    Ok(add(tx, viewer, content).await?)
}

/// Adds an aggregation, as the internal API submits it: [`create`] with a more detailed error.
pub async fn add(
    tx: &mut Transaction,
    viewer: &Viewer,
    content: &AggregationContent,
) -> Result<Saved, AggregationError> {
    let group_id = chosen_group(tx, &content.group).await?;
    decide(viewer, ObjectKind::Aggregation, Action::Add { group: &content.group })?;
    check_name(tx, None, &content.name).await?;
    let id = aggregations::insert(tx.write_tx(), content, group_id).await?;
    record_move(tx, GroupKind::Aggregations, "", &content.group).await?;
    record_addition(tx, viewer, (ObjectKind::Aggregation, id, &content.name), content, "").await?;
    Ok(Saved::plain(id, &content.name))
}

/// Saves the content of a form.
pub async fn change(
    tx: &mut Transaction,
    viewer: &Viewer,
    target: ExpectedRevision,
    content: &AggregationContent,
) -> Result<Saved, SaveError> {
    let before = aggregations::content(tx.conn(), target.id).await?.ok_or(SaveError::Gone)?;
    let action = Action::Change { before: &before.content.group, after: &content.group };
    decide(viewer, ObjectKind::Aggregation, action)?;
    target.check(before.revision)?;
    let group_id = chosen_group(tx, &content.group).await?;
    Ok(save(tx, viewer, &before, content, group_id).await?)
}

/// Moves the aggregation with this id on the ARGO WEB-API into a group, whatever its revision.
pub async fn move_to_group(
    tx: &mut Transaction,
    viewer: &Viewer,
    apiid: &str,
    group: &str,
) -> Result<Saved, AggregationError> {
    let group_id = chosen_group(tx, group).await?;
    // Before the lookup: a viewer without rights to the group must not learn which ids exist.
    decide(viewer, ObjectKind::Aggregation, Action::Add { group })?;
    let id = aggregations::id_by_apiid(tx.conn(), apiid).await?.ok_or(AggregationError::UnknownApiid)?;
    let before = aggregations::content(tx.conn(), id).await?.ok_or(AggregationError::UnknownApiid)?;
    decide(viewer, ObjectKind::Aggregation, Action::Change { before: &before.content.group, after: group })?;
    let content = AggregationContent { group: group.to_owned(), ..before.content.clone() };
    save(tx, viewer, &before, &content, group_id).await
}

/// Removes an aggregation from POEM; its definition on the ARGO WEB-API stays.
pub async fn remove(tx: &mut Transaction, viewer: &Viewer, id: i64) -> Result<Saved, SaveError> {
    let before = aggregations::content(tx.conn(), id).await?.ok_or(SaveError::Gone)?.content;
    decide(viewer, ObjectKind::Aggregation, Action::Delete { group: &before.group })?;
    aggregations::delete(tx.write_tx(), id).await?;
    record_move(tx, GroupKind::Aggregations, &before.group, "").await?;
    record_deletion(tx, viewer, (ObjectKind::Aggregation, id, &before.name), &before).await?;
    Ok(Saved::plain(id, &before.name))
}

async fn save(
    tx: &mut Transaction,
    viewer: &Viewer,
    before: &Loaded<AggregationContent>,
    content: &AggregationContent,
    group_id: Option<i64>,
) -> Result<Saved, AggregationError> {
    let changes = before.content.changes(content);
    if changes.is_empty() {
        return Ok(Saved::nothing(before.id, &content.name));
    }
    if before.content.name != content.name {
        check_name(tx, Some(before.id), &content.name).await?;
    }
    aggregations::update(tx.write_tx(), before.id, content, group_id).await?;
    record_move(tx, GroupKind::Aggregations, &before.content.group, &content.group).await?;
    let message = changes.in_words();
    record_change(tx, viewer, (ObjectKind::Aggregation, before.id, &content.name), changes).await?;
    Ok(Saved::changed(before.id, &content.name, message))
}

/// Refuses the name of an aggregation other than `id`. The transaction holds the tenant's lock of writers, so that the
/// name stays free until the end.
async fn check_name(tx: &mut Transaction, id: Option<i64>, name: &str) -> Result<(), AggregationError> {
    match taken_names::aggregation(tx.conn(), id, name).await? {
        true => Err(AggregationError::NameTaken),
        false => Ok(()),
    }
}

async fn chosen_group(tx: &mut Transaction, group: &str) -> Result<Option<i64>, AggregationError> {
    if group.is_empty() {
        return Ok(None);
    }
    let id = groups::id_of(tx.conn(), GroupKind::Aggregations, group).await?;
    id.map(Some).ok_or_else(|| AggregationError::UnknownGroup(group.to_owned()))
}
