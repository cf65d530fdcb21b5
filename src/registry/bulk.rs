//! Changes of many objects in one transaction. The save of a form is a bulk of one.
//!
//! A change is planned first: the objects are loaded, and the rules of each are checked, with a number of queries that does
//! not depend on the number of objects. A plan is what a preview shows; a save writes it.

use std::collections::HashMap;

use super::error::collect;
use super::{ExpectedRevision, SaveError};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::model::change_set::ChangeSet;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Denial, Viewer, decide};
use crate::store::Loaded;

/// A result per object, in the order of the request.
pub type Each<T> = Vec<Result<T, SaveError>>;

/// A change that a user wants.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a, C> {
    /// The object, with the revision that the user has seen.
    pub target: ExpectedRevision,
    /// The new content.
    pub content: &'a C,
}

/// What a save would change in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedChange {
    /// The object's id.
    pub id: i64,
    /// The name that people use for the object, before the change.
    pub name: String,
    /// The changes; empty if the object has the wanted values already.
    pub changes: ChangeSet,
}

/// Returns the result of a bulk of one.
pub(super) fn only<T>(mut each: Each<T>) -> Result<T, SaveError> {
    each.pop().unwrap_or(Err(SaveError::Gone))
}

/// Returns the loaded objects by their ids.
pub(super) fn by_id<C>(loaded: Vec<Loaded<C>>) -> HashMap<i64, Loaded<C>> {
    loaded.into_iter().map(|loaded| (loaded.id, loaded)).collect()
}

/// Returns the ids of the wanted objects.
pub(super) fn ids<C>(wanted: &[Wanted<'_, C>]) -> Vec<i64> {
    wanted.iter().map(|wanted| wanted.target.id).collect()
}

/// Checks the rights and the revision of a change; `group` returns the group of a content. Returns the content before, and
/// the errors about the chosen group.
pub(super) fn start<C>(
    viewer: &Viewer,
    kind: ObjectKind,
    wanted: &Wanted<'_, C>,
    loaded: Option<Loaded<C>>,
    group: fn(&C) -> &str,
) -> Result<(C, ValidationErrors), SaveError> {
    let before = loaded.ok_or(SaveError::Gone)?;
    let action = Action::Change { before: group(&before.content), after: group(wanted.content) };
    let mut errors = ValidationErrors::default();
    collect(decide(viewer, kind, action), &mut errors)?;
    wanted.target.check(before.revision)?;
    Ok((before.content, errors))
}

/// Returns the id of a name; an unknown name adds an error at the field.
pub(super) fn known_id(
    ids: &HashMap<String, i64>,
    field: &'static str,
    name: &str,
    errors: &mut ValidationErrors,
) -> Option<i64> {
    let id = ids.get(name).copied();
    if id.is_none() {
        errors.add(Place::Field(field), words::NO_CHOICE);
    }
    id
}

/// Returns those of the objects that may be removed; `may_remove` decides about a loaded one.
pub(super) fn removable<C>(
    ids: &[i64],
    loaded: Vec<Loaded<C>>,
    may_remove: impl Fn(&C) -> Result<(), Denial>,
) -> Each<Loaded<C>> {
    let mut loaded = by_id(loaded);
    let checked = ids.iter().map(|id| {
        let found = loaded.remove(id).ok_or(SaveError::Gone)?;
        may_remove(&found.content)?;
        Ok(found)
    });
    checked.collect()
}
