//! Why an operation did nothing, and what one did that went through.

use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::Denial;
use crate::domain::model::wording;
use crate::store::StoreError;

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The person who asked can mend it.
    #[error(transparent)]
    Rejected(#[from] ValidationErrors),
    #[error(transparent)]
    Denied(Denial),
    /// Somebody else saved the object since the form was opened.
    #[error("somebody else changed it meanwhile")]
    Stale,
    /// There is no such object (any more).
    #[error("there is no such object")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A group that may not be chosen is mended where it was chosen.
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

/// Which state of an object a save starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedRevision {
    pub id: i64,
    /// The object's revision when the form was opened.
    pub revision: i64,
}

impl ExpectedRevision {
    /// Whether the object still stands at the revision that was read.
    pub fn check(self, revision: i64) -> Result<(), SaveError> {
        if self.revision == revision { Ok(()) } else { Err(SaveError::Stale) }
    }
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub id: i64,
    /// How people call it, like «argo.AMS-Check (Production)».
    pub name: String,
    /// What changed, in words; '' for an addition, «No fields changed.» where nothing did.
    pub message: String,
    /// What else changed with it, a sentence each («Moved metric a.B (Test) to ams-probe (0.1.8).»).
    pub side_effects: Vec<String>,
}

impl Saved {
    /// Nothing was said of the object but that it was added or removed.
    pub fn plain(id: i64, name: &str) -> Self {
        Self::changed(id, name, String::new())
    }

    pub fn changed(id: i64, name: &str, message: String) -> Self {
        Self { id, name: name.to_owned(), message, side_effects: Vec::new() }
    }

    /// Everything was as it was, so nothing was written.
    pub fn nothing(id: i64, name: &str) -> Self {
        Self::changed(id, name, wording::NOTHING.to_owned())
    }
}

/// A value that another object has already, by the constraint that says so: (constraint, field, message).
pub(super) fn name_taken_error(error: StoreError, known: &[(&str, &'static str, String)]) -> SaveError {
    match known.iter().find(|(constraint, ..)| *constraint == error.constraint()) {
        Some((_, field, message)) => ValidationErrors::at(field, message).into(),
        None => error.into(),
    }
}
