//! Keys of the clients of the REST API, and the token that POEM presents to the ARGO WEB-API.

use serde::{Deserialize, Serialize};

use super::change_set::{ChangeSet, yes_or_no};
use crate::domain::form::field::{Field, Shape};
use crate::domain::security::api_token::LONGEST_TOKEN;
use crate::domain::security::secret::Secret;

/// The editable content of a key. Its token is generated and shown once, except for the client [`WEB_API_CLIENT`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiKeyContent {
    /// The name of the client.
    pub client: String,
    /// Revoked: the client is refused. This cannot be undone.
    pub revoked: bool,
    /// The token of [`WEB_API_CLIENT`], if it is entered. It is never read again, and is not part of the log.
    #[serde(skip)]
    pub token: Secret,
}

/// The client whose token POEM itself presents to the ARGO WEB-API: the only token stored in a readable form.
pub const WEB_API_CLIENT: &str = "WEB-API";

/// The maximum length of a client's name, in characters.
pub const LONGEST_CLIENT: usize = 50;

type F = Field<ApiKeyContent>;

/// The fields of the form of an API key.
pub static FIELDS: [F; 3] = [
    F::line("client", "Client id", LONGEST_CLIENT, |key| &key.client, |key, text| key.client = text)
        .required()
        .only_at_first()
        .help("The program or host that will use the key, for example mon.example.org. It cannot be changed later."),
    // A token that is copied often has a line end.
    F::line(TOKEN, "Token", LONGEST_TOKEN, |key| key.token.expose(), |key, text| key.token = Secret::new(text.trim()))
        .shaped(Shape::Password)
        .help("The token that the ARGO WEB-API has issued for this tenant. It is not shown again; an empty field keeps it."),
    F::flag("revoked", "Revoked", |key| key.revoked, |key, on| key.revoked = on)
        .only_later()
        .help("Revoking stops this client at once and cannot be undone."),
];

/// The name of the field of the token.
pub const TOKEN: &str = "token";

/// The message after a key was revoked, and the error if a user tries to undo it.
pub const REVOKED: &str = "The API key has been revoked, which cannot be undone.";

impl ApiKeyContent {
    /// Returns what a change changed.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        ChangeSet::of_values(&[("revoked", yes_or_no(self.revoked), yes_or_no(after.revoked))])
    }
}
