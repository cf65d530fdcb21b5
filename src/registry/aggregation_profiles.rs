//! Aggregation profiles whose definitions are on the ARGO WEB-API: what POEM writes before and after the calls of a save.
//!
//! A save begins here with a transaction that checks the rights and notes the save, and ends with one that writes down
//! what is on the WEB-API by then. In between, nothing of the database is held.

use std::time::Duration;

use sqlx::PgConnection;

use super::audit_log::{Author, record_addition, record_change, record_deletion};
use super::error::collect;
use super::groups::{chosen_group, record_move};
use super::web_api_saves::{self, Locked};
use super::{SaveError, Saved, Transaction};
use crate::domain::form::validation_error::{ValidationErrors, words};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::aggregation_profile::AggregationProfileContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::domain::model::web_api_save::{SaveAction, WebApiSave};
use crate::domain::model::wording;
use crate::store::aggregation_definitions::{self as definitions, StoredDefinition};
use crate::store::{StoreError, aggregations, groups, taken_names, version_writes, versions};

const KIND: ObjectKind = ObjectKind::Aggregation;

/// The beginning of a save.
#[derive(Debug)]
pub enum Begun {
    /// The save concerned POEM alone, and is complete once the transaction is committed.
    Saved(Saved),
    /// Nothing was noted, because somebody else has moved the profile to this group since the form was opened.
    Moved(String),
    /// The calls have to be made next, if the lock is held.
    Noted(Box<WebApiSave>, Locked),
}

/// The object of a change: its id, its content when the form was opened, and the content that was submitted.
#[derive(Clone, Copy)]
pub struct Edit<'a> {
    /// The id in POEM.
    pub id: i64,
    /// The content when the form was opened.
    pub opened: &'a AggregationProfileContent,
    /// The submitted content.
    pub content: &'a AggregationProfileContent,
}

/// Begins to add a profile. `clone_of` is the id of the one that it is cloned from.
///
/// # Errors
/// `Rejected`, `Denied`; `Gone` if the original is gone.
pub async fn begin_add(
    tx: &mut Transaction,
    viewer: &Viewer,
    (content, clone_of): (&AggregationProfileContent, Option<i64>),
    lifetime: Duration,
) -> Result<Begun, SaveError> {
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, KIND, Action::Add { group: &content.group }), &mut errors)?;
    let derived_from = match clone_of {
        None => String::new(),
        Some(id) => {
            let original = stored(tx, id).await?;
            decide(viewer, KIND, Action::Clone { group: &original.group })?;
            original.name
        }
    };
    check(tx, None, content, errors).await?;
    let save = WebApiSave { derived_from, ..note(viewer, SaveAction::Add, content) };
    noted(tx, save, lifetime).await
}

/// Begins to change a profile. If only the group differs, POEM alone is concerned.
///
/// # Errors
/// `Rejected`, `Denied`, `Gone`.
pub async fn begin_change(
    tx: &mut Transaction,
    viewer: &Viewer,
    edit: Edit<'_>,
    lifetime: Duration,
) -> Result<Begun, SaveError> {
    let Edit { id, opened, content } = edit;
    let before = stored(tx, id).await?;
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, KIND, Action::Change { before: &before.group, after: &content.group }), &mut errors)?;
    if before.group != opened.group && before.group != content.group {
        return Ok(Begun::Moved(before.group));
    }
    if content.definition == opened.definition {
        return move_to_group(tx, viewer, &before, &content.group, errors).await.map(Begun::Saved);
    }
    check(tx, Some((id, opened)), content, errors).await?;
    let save = WebApiSave {
        aggregation_id: Some(id),
        apiid: before.apiid,
        before: Some(opened.definition.clone()),
        ..note(viewer, SaveAction::Change, content)
    };
    noted(tx, save, lifetime).await
}

/// Begins to create a profile anew that is no longer on the WEB-API; it stays the same object in POEM.
///
/// # Errors
/// `Rejected`, `Denied`, `Gone`.
pub async fn begin_recreate(
    tx: &mut Transaction,
    viewer: &Viewer,
    edit: Edit<'_>,
    lifetime: Duration,
) -> Result<Begun, SaveError> {
    let before = stored(tx, edit.id).await?;
    let mut errors = ValidationErrors::default();
    let action = Action::Change { before: &before.group, after: &edit.content.group };
    collect(decide(viewer, KIND, action), &mut errors)?;
    check(tx, Some((edit.id, edit.opened)), edit.content, errors).await?;
    let save = WebApiSave {
        aggregation_id: Some(edit.id),
        apiid: before.apiid,
        ..note(viewer, SaveAction::Add, edit.content)
    };
    noted(tx, save, lifetime).await
}

/// Begins to delete a profile. One that is not on the WEB-API is removed from POEM alone.
///
/// # Errors
/// `Denied`, `Gone`.
pub async fn begin_delete(
    tx: &mut Transaction,
    viewer: &Viewer,
    id: i64,
    lifetime: Duration,
) -> Result<Begun, SaveError> {
    let before = stored(tx, id).await?;
    decide(viewer, KIND, Action::Delete { group: &before.group })?;
    if before.missing_since.is_some() {
        return Ok(Begun::Saved(remove(tx, (Some(viewer.id), viewer.username.as_str()), &before).await?));
    }
    let content = before.content();
    let save = WebApiSave {
        aggregation_id: Some(id),
        apiid: before.apiid,
        before: before.definition,
        wanted: None,
        ..note(viewer, SaveAction::Delete, &content)
    };
    noted(tx, save, lifetime).await
}

/// Writes down a profile that was created on the WEB-API, under the name of the user of the save.
///
/// The hourly sync may have found it first. Then that object gets the group.
///
/// # Errors
/// `Gone` if another object of POEM has this id: the WEB-API did not create anything then.
pub async fn added(
    tx: &mut Transaction,
    save: &WebApiSave,
    definition: &AggregationDefinition,
) -> Result<Saved, SaveError> {
    let (group_id, group, side_effects) = kept_group(tx, &save.group).await?;
    let content = AggregationProfileContent { group, apiid: definition.id.clone(), definition: definition.clone() };
    let holder = aggregations::id_by_apiid(tx.conn(), &definition.id).await?;
    let id = match (save.aggregation_id, holder) {
        (Some(id), holder) if holder.is_none_or(|holder| holder == id) => {
            return recreated(tx, save, (id, group_id), &content, side_effects).await;
        }
        (None, None) => {
            let added = definitions::insert(tx.write_tx(), &[definition], group_id).await?;
            added.first().ok_or(SaveError::Gone)?.0
        }
        (None, Some(id)) => {
            let found = stored(tx, id).await?;
            if !found.group.is_empty() || !found.definition.as_ref().is_some_and(|found| found.is_equal(definition)) {
                return Err(SaveError::Gone);
            }
            aggregations::set_group(tx.write_tx(), id, group_id).await?;
            id
        }
        (Some(_), _) => return Err(SaveError::Gone),
    };
    record_move(tx, GroupKind::Aggregations, "", &content.group).await?;
    let derived = match save.derived_from.as_str() {
        "" => String::new(),
        name => format!("Derived from {name}"),
    };
    let (message, name) = (if derived.is_empty() { wording::INITIAL } else { &derived }, definition.shown_name());
    keep_version(tx, (id, &content), message, author(save)).await?;
    record_addition(tx, author(save), (KIND, id, name), &content, &derived).await?;
    Ok(Saved { side_effects, ..Saved::plain(id, name) })
}

/// Writes down a profile that was changed on the WEB-API, under the name of the user of the save.
///
/// # Errors
/// `Gone` if it was removed from POEM meanwhile.
pub async fn changed(
    tx: &mut Transaction,
    save: &WebApiSave,
    definition: &AggregationDefinition,
) -> Result<Saved, SaveError> {
    let id = save.aggregation_id.ok_or(SaveError::Gone)?;
    let (group_id, group, side_effects) = kept_group(tx, &save.group).await?;
    let before = stored(tx, id).await?;
    let content = AggregationProfileContent { group, apiid: before.apiid.clone(), definition: definition.clone() };
    let is_known = before.definition.as_ref().is_some_and(|known| known.is_equal(definition));
    let earlier = match &save.before {
        // Sent before, by a form that was sent twice: that save has the version.
        Some(definition) if !is_known => {
            AggregationProfileContent { definition: definition.clone(), ..before.content() }
        }
        _ => before.content(),
    };
    first_version(tx, id, &earlier).await?;
    let saved = write(tx, (author(save), id), (&before, &earlier), (&content, group_id)).await?;
    Ok(Saved { side_effects, ..saved })
}

/// Writes down that a profile was deleted on the WEB-API, under the name of the user of the save.
///
/// # Errors
/// `Gone` if it was removed from POEM meanwhile.
pub async fn deleted(tx: &mut Transaction, save: &WebApiSave) -> Result<Saved, SaveError> {
    let before = stored(tx, save.aggregation_id.ok_or(SaveError::Gone)?).await?;
    remove(tx, author(save), &before).await
}

/// Loads a profile as POEM knows it.
async fn stored(tx: &mut Transaction, id: i64) -> Result<StoredDefinition, SaveError> {
    definitions::of(tx.conn(), id).await?.ok_or(SaveError::Gone)
}

/// Notes a save, and takes the lock for it.
async fn noted(tx: &mut Transaction, save: WebApiSave, lifetime: Duration) -> Result<Begun, SaveError> {
    let locked = web_api_saves::begin(tx, &save, lifetime).await?;
    Ok(Begun::Noted(Box::new(save), locked))
}

/// The note of a save of this content.
fn note(viewer: &Viewer, action: SaveAction, content: &AggregationProfileContent) -> WebApiSave {
    WebApiSave {
        user_id: Some(viewer.id),
        username: viewer.username.clone(),
        action,
        aggregation_id: None,
        apiid: String::new(),
        group: content.group.clone(),
        derived_from: String::new(),
        before: None,
        wanted: Some(content.definition.clone()),
    }
}

fn author(save: &WebApiSave) -> (Option<i64>, &str) {
    (save.user_id, &save.username)
}

/// Reports a name that another profile of POEM has. One that stays is accepted.
pub async fn name_errors(
    conn: &mut PgConnection,
    (id, opened): (Option<i64>, &AggregationDefinition),
    wanted: &AggregationDefinition,
) -> Result<ValidationErrors, StoreError> {
    let is_new = id.is_none() || opened.name != wanted.name;
    Ok(match is_new && taken_names::aggregation(conn, id, &wanted.name).await? {
        true => ValidationErrors::at("name", words::exists("Aggregation", "Name")),
        false => ValidationErrors::default(),
    })
}

/// Reports a name that another profile of POEM has, and an unknown group.
async fn check(
    tx: &mut Transaction,
    edited: Option<(i64, &AggregationProfileContent)>,
    content: &AggregationProfileContent,
    mut errors: ValidationErrors,
) -> Result<(), SaveError> {
    let none = AggregationDefinition::default();
    let (id, opened) = edited.map_or((None, &none), |(id, opened)| (Some(id), &opened.definition));
    errors.add_later(name_errors(tx.conn(), (id, opened), &content.definition).await?);
    chosen_group(tx, GroupKind::Aggregations, &content.group, &mut errors).await?;
    errors.check()?;
    Ok(())
}

/// Returns the id and the name of the group of a save, or no group and a sentence if it is gone by now.
async fn kept_group(tx: &mut Transaction, group: &str) -> Result<(Option<i64>, String, Vec<String>), StoreError> {
    if group.is_empty() {
        return Ok((None, String::new(), Vec::new()));
    }
    Ok(match groups::id_of(tx.conn(), GroupKind::Aggregations, group).await? {
        Some(id) => (Some(id), group.to_owned(), Vec::new()),
        None => (
            None,
            String::new(),
            vec![format!("The group “{group}” no longer exists: the aggregation is in no group.")],
        ),
    })
}

/// Moves a profile to another group, which the WEB-API does not know of.
async fn move_to_group(
    tx: &mut Transaction,
    viewer: &Viewer,
    before: &StoredDefinition,
    group: &str,
    mut errors: ValidationErrors,
) -> Result<Saved, SaveError> {
    let group_id = chosen_group(tx, GroupKind::Aggregations, group, &mut errors).await?;
    errors.check()?;
    let (earlier, content) =
        (before.content(), AggregationProfileContent { group: group.to_owned(), ..before.content() });
    if earlier.group == content.group {
        return Ok(Saved::nothing(before.id, &before.name));
    }
    first_version(tx, before.id, &earlier).await?;
    write(tx, ((Some(viewer.id), &viewer.username), before.id), (before, &earlier), (&content, group_id)).await
}

/// Replaces what POEM keeps of a profile, with a version and a log entry.
async fn write(
    tx: &mut Transaction,
    (by, id): ((Option<i64>, &str), i64),
    (before, earlier): (&StoredDefinition, &AggregationProfileContent),
    (content, group_id): (&AggregationProfileContent, Option<i64>),
) -> Result<Saved, SaveError> {
    let name = content.definition.shown_name();
    if content.definition != before.content().definition {
        definitions::set_definitions(tx.write_tx(), &[(id, &content.definition)]).await?;
    }
    if before.group != content.group {
        aggregations::set_group(tx.write_tx(), id, group_id).await?;
        record_move(tx, GroupKind::Aggregations, &before.group, &content.group).await?;
    }
    let changes = earlier.changes(content);
    if changes.is_empty() {
        return Ok(Saved::nothing(id, name));
    }
    let message = changes.in_words();
    keep_version(tx, (id, content), &message, by).await?;
    record_change(tx, Author::from(by), (KIND, id, name), changes).await?;
    Ok(Saved::changed(id, name, message))
}

/// Writes down a profile that was created anew on the WEB-API, with a new id.
async fn recreated(
    tx: &mut Transaction,
    save: &WebApiSave,
    (id, group_id): (i64, Option<i64>),
    content: &AggregationProfileContent,
    side_effects: Vec<String>,
) -> Result<Saved, SaveError> {
    let before = stored(tx, id).await?;
    let earlier = before.content();
    first_version(tx, id, &earlier).await?;
    aggregations::set_apiid(tx.write_tx(), id, &content.apiid).await?;
    let saved = write(tx, (author(save), id), (&before, &earlier), (content, group_id)).await?;
    Ok(Saved { side_effects, ..saved })
}

async fn remove(tx: &mut Transaction, by: (Option<i64>, &str), before: &StoredDefinition) -> Result<Saved, SaveError> {
    aggregations::delete(tx.write_tx(), before.id).await?;
    record_move(tx, GroupKind::Aggregations, &before.group, "").await?;
    record_deletion(tx, Author::from(by), (KIND, before.id, &before.name), &before.content()).await?;
    Ok(Saved::plain(before.id, &before.name))
}

/// Adds a version of a profile.
async fn keep_version(
    tx: &mut Transaction,
    (id, content): (i64, &AggregationProfileContent),
    message: &str,
    by: (Option<i64>, &str),
) -> Result<(), StoreError> {
    version_writes::insert_aggregation_versions(tx.write_tx(), &[(id, content, message.to_owned())], by).await
}

/// Keeps the state before the first change that POEM sees as the initial version.
async fn first_version(tx: &mut Transaction, id: i64, before: &AggregationProfileContent) -> Result<(), StoreError> {
    if versions::with_versions(tx.conn(), KIND, &[id]).await?.is_empty() {
        keep_version(tx, (id, before), wording::INITIAL, (None, "")).await?;
    }
    Ok(())
}
