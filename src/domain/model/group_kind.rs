//! The four kinds of groups, and what names a group.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::object_kind::ObjectKind;
use super::wording::Noun;

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

    /// What a sentence calls its objects: one, several.
    pub fn noun(self) -> Noun<'static> {
        match self {
            Self::Aggregations => ["aggregation", "aggregations"],
            Self::Profiles => ["profile", "profiles"],
            Self::Probes => ["probe", "probes"],
            Self::Metrics => ["metric", "metrics"],
        }
    }

    /// What the action history calls a group of this kind.
    pub fn object_kind(self) -> ObjectKind {
        match self {
            Self::Aggregations => ObjectKind::GroupOfAggregations,
            Self::Profiles => ObjectKind::GroupOfProfiles,
            Self::Probes => ObjectKind::GroupOfProbes,
            Self::Metrics => ObjectKind::GroupOfMetrics,
        }
    }

    /// What the action history calls the objects of such a group.
    pub fn member_kind(self) -> ObjectKind {
        match self {
            Self::Aggregations => ObjectKind::Aggregation,
            Self::Profiles => ObjectKind::Profile,
            Self::Probes => ObjectKind::Probe,
            Self::Metrics => ObjectKind::Metric,
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
