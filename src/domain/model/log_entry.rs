//! The audit log: its actions, and the data of its entries.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change_set::ChangeSet;

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

/// The data of a log entry, complete and with names instead of ids. Unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogData {
    /// What a change added and removed.
    #[serde(skip_serializing_if = "ChangeSet::is_empty")]
    pub changes: ChangeSet,
    /// The whole content of an object that was added or deleted, as JSON of the type that people edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Value>,
}

impl LogData {
    /// Returns the data of a change.
    pub fn of_changes(changes: ChangeSet) -> Self {
        Self { changes, content: None }
    }

    /// Returns the data of an addition or a deletion. (A content that is no JSON does not exist.)
    pub fn of_content(content: &impl Serialize) -> Self {
        Self { changes: ChangeSet::default(), content: serde_json::to_value(content).ok() }
    }
}
