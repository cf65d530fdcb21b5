//! The key of a client of the REST API.

use serde::{Deserialize, Serialize};

use super::wording::{fields, sentences};
use crate::domain::form::field::Field;

/// What a person edits of a key; its token is made by POEM and shown once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiKeyContent {
    /// The client's name.
    pub client: String,
    /// For good: it cannot be taken back.
    pub revoked: bool,
}

/// Characters of a client's name.
pub const LONGEST_CLIENT: usize = 50;

type F = Field<ApiKeyContent>;

pub static FIELDS: [F; 2] = [
    F::line("client", "Client id", LONGEST_CLIENT, |key| &key.client, |key, text| key.client = text)
        .required()
        .only_at_first(),
    F::flag("revoked", "Revoked", |key| key.revoked, |key, on| key.revoked = on)
        .help("Its client is refused from then on, for good: that cannot be undone."),
];

/// Where it was revoked, and where somebody wants to take that back.
pub const REVOKED: &str = "The API key has been revoked, which cannot be undone.";

impl ApiKeyContent {
    /// «Changed revoked.», or that nothing did.
    pub fn changes(&self, after: &Self) -> String {
        let changed = fields(&[("revoked", self.revoked != after.revoked)]);
        sentences(changed.into_iter().collect())
    }
}
