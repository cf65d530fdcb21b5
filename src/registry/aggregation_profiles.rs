//! Aggregation profiles whose definitions are on the ARGO WEB-API: what POEM writes before and after the calls of a save.
//!
//! A save begins here with a transaction that checks the rights and notes the save, and ends with one that writes down
//! what is on the WEB-API by then. In between, nothing of the database is held.

use std::time::Duration;

use super::audit_log::{Author, record_addition, record_change, record_deletion};
use super::error::collect;
use super::groups::{chosen_group, record_move};
use super::web_api_saves::{self, Locked};
use super::{SaveError, Saved, Transaction};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::aggregation_profile::AggregationProfileContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Denial, Viewer, decide};
use crate::domain::model::web_api_save::{SaveAction, WebApiSave};
use crate::domain::model::wording;
use crate::store::aggregation_definitions::{self as definitions, StoredDefinition};
use crate::store::{StoreError, aggregations, groups, taken_names, version_writes, versions};

const KIND: ObjectKind = ObjectKind::Aggregation;

/// The message of a version that POEM found on the WEB-API.
pub const CHANGED_REMOTELY: &str = "Changed on the ARGO WEB-API.";

/// The beginning of a save.
#[derive(Debug)]
pub enum Begun {
    /// The save concerned POEM alone, and is complete once the transaction is committed.
    Saved(Saved),
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
    let locked = web_api_saves::begin(tx, &save, lifetime).await?;
    Ok(Begun::Noted(Box::new(save), locked))
}

/// Begins to change a profile. If only the group differs, POEM alone is concerned.
///
/// # Errors
/// `Rejected`, `Denied`, `Gone`; `Stale` if somebody else has moved it to another group.
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
        return Err(SaveError::Stale);
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
    let locked = web_api_saves::begin(tx, &save, lifetime).await?;
    Ok(Begun::Noted(Box::new(save), locked))
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
    let locked = web_api_saves::begin(tx, &save, lifetime).await?;
    Ok(Begun::Noted(Box::new(save), locked))
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
    let locked = web_api_saves::begin(tx, &save, lifetime).await?;
    Ok(Begun::Noted(Box::new(save), locked))
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
    let saved = match (save.aggregation_id, holder) {
        (Some(id), holder) if holder.is_none_or(|holder| holder == id) => {
            return recreated(tx, save, (id, group_id), &content, side_effects).await;
        }
        (None, None) => {
            let id = definitions::insert(tx.write_tx(), &definition.id, &definition.name, definition, group_id).await?;
            record_move(tx, GroupKind::Aggregations, "", &content.group).await?;
            Saved::plain(id, &definition.name)
        }
        (None, Some(id)) => {
            let found = stored(tx, id).await?;
            if !found.group.is_empty() || !found.definition.as_ref().is_some_and(|found| found.is_equal(definition)) {
                return Err(SaveError::Gone);
            }
            aggregations::set_group(tx.write_tx(), id, group_id).await?;
            record_move(tx, GroupKind::Aggregations, "", &content.group).await?;
            Saved::plain(id, &definition.name)
        }
        (Some(_), _) => return Err(SaveError::Gone),
    };
    let derived = match save.derived_from.as_str() {
        "" => String::new(),
        name => format!("Derived from {name}"),
    };
    let message = if derived.is_empty() { wording::INITIAL } else { &derived };
    version_writes::insert_aggregation_version(tx.write_tx(), saved.id, &content, message, author(save)).await?;
    record_addition(tx, author(save), (KIND, saved.id, &saved.name), &content, &derived).await?;
    Ok(Saved { side_effects, ..saved })
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

/// Writes down a definition that somebody else has changed on the WEB-API, with a version of no user.
///
/// # Errors
/// `Gone` if it was removed from POEM.
pub async fn found(tx: &mut Transaction, id: i64, definition: &AggregationDefinition) -> Result<(), SaveError> {
    let before = stored(tx, id).await?;
    let (earlier, content) =
        (before.content(), AggregationProfileContent { definition: definition.clone(), ..before.content() });
    definitions::set_definition(tx.write_tx(), id, &definition.name, definition).await?;
    if before.definition.is_some() && before.definition.as_ref().is_some_and(|known| known.is_equal(definition)) {
        return Ok(());
    }
    let message = match before.definition {
        None => wording::INITIAL.to_owned(),
        Some(_) => format!("{CHANGED_REMOTELY} {}", earlier.changes(&content).in_words()),
    };
    version_writes::insert_aggregation_version(tx.write_tx(), id, &content, &message, (None, "")).await?;
    Ok(())
}

/// Writes down that a profile is no longer on the WEB-API.
pub async fn missing(tx: &mut Transaction, id: i64) -> Result<(), StoreError> {
    definitions::set_missing(tx.write_tx(), id, true).await
}

/// Adds profiles of the WEB-API that POEM does not know, in a group or in none. Known ones are left out.
///
/// # Errors
/// `Denied` unless the viewer is a superuser; `Rejected` for an unknown group.
pub async fn take_over(
    tx: &mut Transaction,
    viewer: &Viewer,
    found: &[AggregationDefinition],
    group: &str,
) -> Result<Vec<Saved>, SaveError> {
    if !viewer.is_superuser {
        return Err(SaveError::Denied(Denial::Never));
    }
    let mut errors = ValidationErrors::default();
    let group_id = chosen_group(tx, GroupKind::Aggregations, group, &mut errors).await?;
    errors.check()?;
    let mut added = Vec::with_capacity(found.len());
    for definition in found {
        if aggregations::id_by_apiid(tx.conn(), &definition.id).await?.is_some() {
            continue;
        }
        let id = definitions::insert(tx.write_tx(), &definition.id, &definition.name, definition, group_id).await?;
        let content = AggregationProfileContent {
            group: group.to_owned(),
            apiid: definition.id.clone(),
            definition: definition.clone(),
        };
        let by = (Some(viewer.id), viewer.username.as_str());
        version_writes::insert_aggregation_version(tx.write_tx(), id, &content, wording::INITIAL, by).await?;
        record_addition(tx, viewer, (KIND, id, &definition.name), &content, "").await?;
        added.push(Saved::plain(id, &definition.name));
    }
    if !added.is_empty() {
        record_move(tx, GroupKind::Aggregations, "", group).await?;
    }
    Ok(added)
}

/// Loads a profile as POEM knows it.
async fn stored(tx: &mut Transaction, id: i64) -> Result<StoredDefinition, SaveError> {
    definitions::of(tx.conn(), id).await?.ok_or(SaveError::Gone)
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

/// Reports a name that another profile of POEM has, and an unknown group. A name that stays is accepted.
async fn check(
    tx: &mut Transaction,
    edited: Option<(i64, &AggregationProfileContent)>,
    content: &AggregationProfileContent,
    mut errors: ValidationErrors,
) -> Result<(), SaveError> {
    let (id, opened) = edited.unzip();
    let name = &content.definition.name;
    let stays = opened.is_some_and(|opened| opened.definition.name == *name);
    if !stays && taken_names::aggregation(tx.conn(), id, name).await? {
        errors.add(Place::Field("name"), words::exists("Aggregation", "Name"));
    }
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
    let name = if content.definition.name.is_empty() { &before.name } else { &content.definition.name };
    if content.definition != before.content().definition {
        definitions::set_definition(tx.write_tx(), id, name, &content.definition).await?;
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
    version_writes::insert_aggregation_version(tx.write_tx(), id, content, &message, by).await?;
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
    definitions::set_definition(tx.write_tx(), id, &content.definition.name, &content.definition).await?;
    let saved = write(tx, (author(save), id), (&before, &earlier), (content, group_id)).await?;
    Ok(Saved { side_effects, ..saved })
}

async fn remove(tx: &mut Transaction, by: (Option<i64>, &str), before: &StoredDefinition) -> Result<Saved, SaveError> {
    aggregations::delete(tx.write_tx(), before.id).await?;
    record_move(tx, GroupKind::Aggregations, &before.group, "").await?;
    record_deletion(tx, Author::from(by), (KIND, before.id, &before.name), &before.content()).await?;
    Ok(Saved::plain(before.id, &before.name))
}

/// Keeps the state before the first change that POEM sees as the initial version.
async fn first_version(tx: &mut Transaction, id: i64, before: &AggregationProfileContent) -> Result<(), StoreError> {
    if versions::list(tx.conn(), KIND, id).await?.is_empty() {
        version_writes::insert_aggregation_version(tx.write_tx(), id, before, wording::INITIAL, (None, "")).await?;
    }
    Ok(())
}
