//! Keys of the clients of the REST API.

use serde::{Deserialize, Serialize};

use super::change_set::{ChangeSet, yes_or_no};
use crate::domain::form::field::Field;

/// The editable content of a key. The token is generated and shown once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiKeyContent {
    /// The name of the client.
    pub client: String,
    /// Revoked: the client is refused. This cannot be undone.
    pub revoked: bool,
}

/// The maximum length of a client's name, in characters.
pub const LONGEST_CLIENT: usize = 50;

type F = Field<ApiKeyContent>;

/// The fields of the form of an API key.
pub static FIELDS: [F; 2] = [
    F::line("client", "Client id", LONGEST_CLIENT, |key| &key.client, |key, text| key.client = text)
        .required()
        .only_at_first(),
    F::flag("revoked", "Revoked", |key| key.revoked, |key, on| key.revoked = on)
        .help("Revoking stops this client at once and cannot be undone."),
];

/// The message after a key was revoked, and the error if a user tries to undo it.
pub const REVOKED: &str = "The API key has been revoked, which cannot be undone.";

impl ApiKeyContent {
    /// Returns what a change changed.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        ChangeSet::of_values(&[("revoked", yes_or_no(self.revoked), yes_or_no(after.revoked))])
    }
}
