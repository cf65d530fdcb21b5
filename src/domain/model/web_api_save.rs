//! A save on the ARGO WEB-API that is under way: what its note in the database says.

use std::str::FromStr;

use super::aggregation_definition::AggregationDefinition;

/// The kind of a save. The words are stored, so they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAction {
    /// A new aggregation profile is created.
    Add,
    /// An aggregation profile is replaced.
    Change,
    /// An aggregation profile is deleted.
    Delete,
    /// A metric profile is sent. What is unfinished is found by comparing, so such a note can just be removed.
    Send,
}

impl SaveAction {
    const ALL: [Self; 4] = [Self::Add, Self::Change, Self::Delete, Self::Send];

    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Send => "send",
        }
    }
}

impl FromStr for SaveAction {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|action| action.as_str() == word).ok_or(())
    }
}

/// A save on the WEB-API: who, what and where.
#[derive(Debug, Clone, PartialEq)]
pub struct WebApiSave {
    /// The id of the user; `None` for a command, or if the user was deleted.
    pub user_id: Option<i64>,
    /// The name of the user.
    pub username: String,
    /// The kind of the save.
    pub action: SaveAction,
    /// The id of the aggregation in POEM; `None` for a new one.
    pub aggregation_id: Option<i64>,
    /// Its id on the WEB-API; `''` for a new one.
    pub apiid: String,
    /// The name of the group in POEM that it is in afterwards; `''` for none.
    pub group: String,
    /// The name of the profile that a new one is cloned from; `''` if it is not.
    pub derived_from: String,
    /// The definition before; `None` for a new profile.
    pub before: Option<AggregationDefinition>,
    /// The definition that is sent; `None` for a deletion.
    pub wanted: Option<AggregationDefinition>,
}

impl WebApiSave {
    /// Returns the note of sending a metric profile.
    pub fn of_sending(user_id: Option<i64>, username: &str) -> Self {
        Self {
            user_id,
            username: username.to_owned(),
            action: SaveAction::Send,
            aggregation_id: None,
            apiid: String::new(),
            group: String::new(),
            derived_from: String::new(),
            before: None,
            wanted: None,
        }
    }
}
