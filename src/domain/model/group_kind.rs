//! The four kinds of groups, and references to groups.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::wording::Noun;

/// The kind of objects that a group holds. Each kind numbers its groups independently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupKind {
    /// Groups of aggregations.
    Aggregations,
    /// Groups of profiles.
    Profiles,
    /// Groups of probes.
    Probes,
    /// Groups of metric names.
    Metrics,
}

impl GroupKind {
    /// All kinds, in the order in which the API lists them.
    pub const ALL: [GroupKind; 4] = [Self::Aggregations, Self::Profiles, Self::Probes, Self::Metrics];

    /// Returns the word for the kind in the database, in URLs of the API and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aggregations => "aggregations",
            Self::Profiles => "profiles",
            Self::Probes => "probes",
            Self::Metrics => "metrics",
        }
    }

    /// Returns the noun for its objects in sentences, in the singular and the plural.
    pub fn noun(self) -> Noun<'static> {
        match self {
            Self::Aggregations => ["aggregation", "aggregations"],
            Self::Profiles => ["profile", "profiles"],
            Self::Probes => ["probe", "probes"],
            Self::Metrics => ["metric", "metrics"],
        }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Parses the word case-insensitively, as the API does.
impl FromStr for GroupKind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word)).ok_or(())
    }
}

/// A reference to a group by kind and id, which together are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupRef {
    /// The kind of the group.
    pub kind: GroupKind,
    /// The id of the group within its kind.
    pub id: i64,
}
