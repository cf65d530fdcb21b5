//! A probe: a Nagios plugin and its releases.

use serde::{Deserialize, Serialize};

/// What a person edits of a probe; the same type is a version of it. Names, not ids.
/// Keys that are unknown here (from a later POEM) do not disturb; missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeContent {
    pub name: String,
    pub version: String,
    pub repository: String,
    pub docurl: String,
    pub description: String,
    pub comment: String,
    /// The name of its group; '' without one.
    pub group: String,
}

impl ProbeContent {
    /// How people and metrics name this version: «ams-probe (0.1.7)».
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.version)
    }
}
