//! What an identity provider has asserted about a person, after all checks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The maximum length of an identifier, in characters.
pub const MAX_IDENTIFIER: usize = 255;

/// A person, as an identity provider describes them. Texts are trimmed; '' if not asserted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederatedIdentity {
    /// The entity id of the identity provider.
    pub idp: String,
    /// The identifiers, in the order of the configuration, without duplicates; at least one.
    pub identifiers: Vec<String>,
    /// The name to show.
    pub display_name: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub surname: String,
    /// The e-mail address, in the form of one.
    pub mail: String,
    /// The subject of the person's certificate, with commas: `CN=…,O=…`.
    pub certificate_subject: String,
}

/// The session that a person has at an identity provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederatedSession {
    /// The entity id of the identity provider.
    pub idp: String,
    /// The name by which both sides know the person in this session.
    pub name_id: NameId,
    /// The indexes of the session, one of each AuthnStatement that has one.
    pub session_indexes: Vec<String>,
    /// The time when the session must end at the latest; `None` for none.
    pub ends_by: Option<DateTime<Utc>>,
}

/// A NameID, with its attributes exactly as they came: one that is absent is not one that is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameId {
    /// The text; '' if the assertion had no NameID.
    pub value: String,
    /// `Format`.
    pub format: Option<String>,
    /// `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
    /// `SPProvidedID`.
    pub sp_provided_id: Option<String>,
}
