//! Groups of objects: who may change what hangs on them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a group holds. The four kinds number their groups independently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupKind {
    Aggregations,
    Profiles,
    Probes,
    Metrics,
}

impl GroupKind {
    /// All kinds, in the order in which the API lists them.
    pub const ALL: [GroupKind; 4] = [Self::Aggregations, Self::Profiles, Self::Probes, Self::Metrics];

    /// The word for it in the database, in URLs of the API and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aggregations => "aggregations",
            Self::Profiles => "profiles",
            Self::Probes => "probes",
            Self::Metrics => "metrics",
        }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Takes the word in any case, as the API does.
impl FromStr for GroupKind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word)).ok_or(())
    }
}

/// Which group: its kind and its number within the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupRef {
    pub kind: GroupKind,
    pub id: i64,
}

/// What a person edits of a group. Names, not ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupContent {
    pub name: String,
    /// The objects it holds, by name: probes, metric names, profiles as «NAME (VERSION)», aggregations.
    pub members: Vec<String>,
    /// The usernames of those who may change these objects.
    pub users: Vec<String>,
}
