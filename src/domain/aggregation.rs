//! An aggregation profile, as far as POEM keeps it: its definition lives on the ARGO WEB-API.

use serde::{Deserialize, Serialize};

/// What a person edits of an aggregation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AggregationContent {
    pub name: String,
    /// Its id on the ARGO WEB-API.
    pub apiid: String,
    /// The name of its group; '' without one.
    pub group: String,
}
