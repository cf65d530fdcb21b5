//! A profile: what to test where, for a VO.

use serde::{Deserialize, Serialize};

/// One metric instance of a profile: run this metric against services of this flavour. Its VO is the profile's.
/// Ordered as the API lists them: by flavour, metric, FQAN, code point by code point, an empty FQAN last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tuple {
    pub service_flavour: String,
    pub metric: String,
    /// '' where none was given.
    pub fqan: String,
}

/// What a person edits of a profile, and what an export holds. Names, not ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileContent {
    pub name: String,
    pub version: String,
    pub vo: String,
    pub description: Option<String>,
    /// The name of its group; '' without one.
    pub group: String,
    pub tuples: Vec<Tuple>,
}
