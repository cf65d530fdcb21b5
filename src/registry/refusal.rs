//! Why an operation did nothing, and what one did that went through.

use crate::domain::policy::Denial;
use crate::domain::rejection::Rejection;
use crate::store::StoreError;

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The person who asked can mend it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Somebody else saved the object since the form was opened.
    #[error("somebody else changed it meanwhile")]
    Stale,
    /// There is no such object (any more).
    #[error("there is no such object")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which state of an object a save starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub id: i64,
    /// The object's revision when the form was opened.
    pub revision: i64,
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
    pub consequences: Vec<String>,
}
