//! The audit log: its actions.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The action of a log entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogAction {
    /// The object was added.
    Add,
    /// The object was changed.
    Change,
    /// The object was deleted.
    Delete,
}

impl LogAction {
    /// Returns the word for the action in the database and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }
}

impl FromStr for LogAction {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Add, Self::Change, Self::Delete].into_iter().find(|action| action.as_str() == word).ok_or(())
    }
}
