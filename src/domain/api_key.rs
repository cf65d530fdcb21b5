//! The key of a client of the REST API.

use serde::{Deserialize, Serialize};

/// What a person edits of a key; its token is made by POEM and shown once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiKeyContent {
    /// The client's name.
    pub client: String,
    /// For good: it cannot be taken back.
    pub revoked: bool,
}
