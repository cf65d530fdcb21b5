//! The action history: who did what to which object, when.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogAction {
    Add,
    Change,
    Delete,
}

impl LogAction {
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
