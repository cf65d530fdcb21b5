//! The action history: who did what to which object, when.

use std::fmt;
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

/// A kind of object that a log entry can speak of; the words are the path segments of the admin's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    Profile,
    Probe,
    Metric,
    Service,
    Aggregation,
    CustUser,
    GroupOfProfiles,
    GroupOfProbes,
    GroupOfMetrics,
    GroupOfAggregations,
    ApiKey,
}

impl ObjectKind {
    pub const ALL: [ObjectKind; 11] = [
        Self::Profile,
        Self::Probe,
        Self::Metric,
        Self::Service,
        Self::Aggregation,
        Self::CustUser,
        Self::GroupOfProfiles,
        Self::GroupOfProbes,
        Self::GroupOfMetrics,
        Self::GroupOfAggregations,
        Self::ApiKey,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Probe => "probe",
            Self::Metric => "metric",
            Self::Service => "service",
            Self::Aggregation => "aggregation",
            Self::CustUser => "custuser",
            Self::GroupOfProfiles => "groupofprofiles",
            Self::GroupOfProbes => "groupofprobes",
            Self::GroupOfMetrics => "groupofmetrics",
            Self::GroupOfAggregations => "groupofaggregations",
            Self::ApiKey => "apikey",
        }
    }

    /// In the middle of a sentence: «group of probes».
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Probe => "probe",
            Self::Metric => "metric",
            Self::Service => "service",
            Self::Aggregation => "aggregation",
            Self::CustUser => "user",
            Self::GroupOfProfiles => "group of profiles",
            Self::GroupOfProbes => "group of probes",
            Self::GroupOfMetrics => "group of metrics",
            Self::GroupOfAggregations => "group of aggregations",
            Self::ApiKey => "API key",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ObjectKind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(())
    }
}
