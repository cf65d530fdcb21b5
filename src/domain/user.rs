//! A user of a tenant.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::group::GroupRef;

/// A user with the groups whose objects they may change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: i64,
    pub username: String,
    /// The stored hash: argon2id, pbkdf2_sha256, or something no password fits.
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub is_superuser: bool,
    pub is_staff: bool,
    pub is_active: bool,
    pub date_joined: DateTime<Utc>,
    pub last_login: Option<DateTime<Utc>>,
    pub distinguished_name: Option<String>,
    /// eduPersonUniqueId of the federated identity.
    pub egi_id: Option<String>,
    pub display_name: Option<String>,
    pub groups: BTreeSet<GroupRef>,
}

/// Without the password hash, which belongs in no log.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}

/// What a person edits of a user. The password is set by an operation of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserContent {
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub is_superuser: bool,
    pub is_staff: bool,
    pub is_active: bool,
    pub groups_of_profiles: Vec<String>,
    pub groups_of_probes: Vec<String>,
    pub groups_of_metrics: Vec<String>,
    pub groups_of_aggregations: Vec<String>,
    /// Of the federated identity; '' where there is none.
    pub distinguished_name: String,
    /// eduPersonUniqueId; '' where there is none.
    pub egi_id: String,
    pub display_name: String,
}
