//! The results of operations: the error if nothing was written, and the summary of a save.

use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::new_name::NewName;
use crate::domain::model::policy::Denial;
use crate::domain::model::wording;
use crate::store::StoreError;

/// The reason why an operation wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The content is invalid; the user can correct it.
    #[error(transparent)]
    Rejected(#[from] ValidationErrors),
    /// The viewer lacks the right.
    #[error(transparent)]
    Denied(Denial),
    /// Someone else has saved the object since the form was opened.
    #[error("someone else has changed this object")]
    Stale,
    /// The save would add these names to the registry, and the user was not asked yet.
    #[error("new names must be confirmed")]
    Unconfirmed(Vec<NewName>),
    /// The object does not exist, or no longer exists.
    #[error("there is no such object")]
    Gone,
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A group that the viewer may not choose becomes a message at the field `group`.
impl From<Denial> for SaveError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::ForeignGroup(_) | Denial::NoGroup => {
                Self::Rejected(ValidationErrors::at("group", denial.to_string()))
            }
            Denial::Never | Denial::ForeignObject(_) => Self::Denied(denial),
        }
    }
}

/// Collects a denial that concerns the chosen group with the other errors of the content.
///
/// # Errors
/// `Denied` for any other denial.
pub(super) fn collect(decision: Result<(), Denial>, errors: &mut ValidationErrors) -> Result<(), SaveError> {
    match decision.map_err(SaveError::from) {
        Err(SaveError::Rejected(denied)) => errors.add_later(denied),
        decision => decision?,
    }
    Ok(())
}

/// Optimistic locking: an object, and the revision of it that a save starts from. A save of another revision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedRevision {
    /// The object's id.
    pub id: i64,
    /// The object's revision when the form was opened.
    pub revision: i64,
}

impl ExpectedRevision {
    /// Compares with the object's current revision.
    ///
    /// # Errors
    /// `Stale` if they differ.
    pub fn check(self, revision: i64) -> Result<(), SaveError> {
        if self.revision == revision { Ok(()) } else { Err(SaveError::Stale) }
    }
}

/// The summary of a successful operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The object's id.
    pub id: i64,
    /// The name that people use for the object, like `argo.AMS-Check (Production)`.
    pub name: String,
    /// The changes, in words: '' for an addition or a removal, `No fields changed.` if nothing changed.
    pub message: String,
    /// Changes of other objects, a sentence each (`Moved metric a.B (Test) to ams-probe (0.1.8).`).
    pub side_effects: Vec<String>,
    /// The names that the operation added to the registry.
    pub new_names: Vec<NewName>,
    /// The action and the log entry by which the operation can be undone; `None` if it cannot, or was not asked for.
    pub undo: Option<(LogAction, i64)>,
}

impl Saved {
    /// The summary of an addition or a removal: no message, no side effects.
    pub fn plain(id: i64, name: &str) -> Self {
        Self::changed(id, name, String::new())
    }

    /// The summary of a change with this message; no side effects.
    pub fn changed(id: i64, name: &str, message: String) -> Self {
        Self { id, name: name.to_owned(), message, side_effects: Vec::new(), new_names: Vec::new(), undo: None }
    }

    /// The summary of a save without changes: nothing was written.
    pub fn nothing(id: i64, name: &str) -> Self {
        Self::changed(id, name, wording::NOTHING.to_owned())
    }
}

/// Converts a violated unique constraint to a message at a form field.
///
/// `known` lists (constraint, field, message); any other error stays a store error.
pub(super) fn name_taken_error(error: StoreError, known: &[(&str, &'static str, String)]) -> SaveError {
    match known.iter().find(|(constraint, ..)| *constraint == error.constraint()) {
        Some((_, field, message)) => ValidationErrors::at(field, message).into(),
        None => error.into(),
    }
}
