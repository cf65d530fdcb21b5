//! Users of a tenant.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change_set::{ChangeSet, FieldChange, groups_of, yes_or_no};
use super::group_kind::{GroupKind, GroupRef};
use super::username::{mixed_scripts, normalized};
use crate::domain::form::field::{Choices, Field, Kind, Shape};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::security::password_rules::{self, UserAttributes};
use crate::domain::security::secret::Secret;

/// A user as stored, with the groups whose objects they may change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredUser {
    /// The id of the user.
    pub id: i64,
    /// The unique name for logging in.
    pub username: String,
    /// The password hash: argon2id, pbkdf2_sha256, or a text that no password matches.
    pub password: String,
    /// The given name; '' if unknown.
    pub first_name: String,
    /// The family name; '' if unknown.
    pub last_name: String,
    /// The e-mail address; '' if unknown.
    pub email: String,
    /// Has all permissions.
    pub is_superuser: bool,
    /// Allowed to log in, if also active.
    pub is_staff: bool,
    /// Not blocked from logging in.
    pub is_active: bool,
    /// The time at which the account was created.
    pub date_joined: DateTime<Utc>,
    /// The time of the last login; `None` before the first.
    pub last_login: Option<DateTime<Utc>>,
    /// The subject of the certificate; `None` without one.
    pub distinguished_name: Option<String>,
    /// The eduPersonUniqueId of the federated identity; `None` without one.
    pub egi_id: Option<String>,
    /// The display name of the federated identity; `None` without one.
    pub display_name: Option<String>,
    /// The groups whose objects the user may change.
    pub groups: BTreeSet<GroupRef>,
}

/// Shows only id and username, since the password hash must not get into a log.
impl std::fmt::Debug for StoredUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredUser").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}

/// The editable content of a user, with names of groups instead of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserContent {
    /// The unique name for logging in.
    pub username: String,
    /// The given name; '' if unknown.
    pub first_name: String,
    /// The family name; '' if unknown.
    pub last_name: String,
    /// The e-mail address; '' if unknown.
    pub email: String,
    /// Has all permissions.
    pub is_superuser: bool,
    /// Allowed to log in, if also active.
    pub is_staff: bool,
    /// Not blocked from logging in.
    pub is_active: bool,
    /// The names of the groups of profiles.
    pub groups_of_profiles: Vec<String>,
    /// The names of the groups of probes.
    pub groups_of_probes: Vec<String>,
    /// The names of the groups of metrics.
    pub groups_of_metrics: Vec<String>,
    /// The names of the groups of aggregations.
    pub groups_of_aggregations: Vec<String>,
    /// The subject of the certificate; '' without one.
    pub distinguished_name: String,
    /// The eduPersonUniqueId of the federated identity; '' without one.
    pub egi_id: String,
    /// The display name of the federated identity; '' without one.
    pub display_name: String,
    /// The password of a new user. That of an existing user is set by a separate operation.
    #[serde(skip)]
    pub password: Secret,
    /// The same password, typed a second time.
    #[serde(skip)]
    pub password_again: Secret,
}

/// The maximum length of a username, in characters.
const USERNAME: usize = 30;
/// The maximum length of the names of a user, in characters. Only the username of a local account is shorter.
pub const MAX_NAME: usize = 150;

/// The maximum length of a password, in characters.
const PASSWORD: usize = 1024;

const INVALID_USERNAME: &str = "Enter a valid username.";

type F = Field<UserContent>;

/// The fields of the form of a user.
pub static FIELDS: [F; 16] = [
    F::line("username", "Username", MAX_NAME, |user| &user.username, |user, text| user.username = normalized(&text))
        .required()
        .help("At most 30 characters: letters, digits and @ . + - _. For example ada."),
    F::line(
        "password",
        "Password",
        PASSWORD,
        |user| user.password.expose(),
        |user, text| {
            user.password = Secret::new(text);
        },
    )
    .shaped(Shape::Password)
    .only_at_first()
    .help(
        "Leave empty for users who log in through their institution. At least 8 characters, 5 of them different; neither a \
         common password nor only digits.",
    ),
    F::line(
        "password_again",
        "Password, again",
        PASSWORD,
        |user| user.password_again.expose(),
        |user, text| {
            user.password_again = Secret::new(text);
        },
    )
    .shaped(Shape::Password)
    .only_at_first()
    .help("The same password once more."),
    F::line("first_name", "First name", MAX_NAME, |user| &user.first_name, |user, text| user.first_name = text)
        .help("For example Ada."),
    F::line("last_name", "Last name", MAX_NAME, |user| &user.last_name, |user, text| user.last_name = text)
        .help("For example Lovelace."),
    F::line("email", "E-mail address", 254, |user| &user.email, |user, text| user.email = text)
        .shaped(Shape::Email)
        .help("For example ada@example.org."),
    F::flag("is_active", "Active", |user| user.is_active, |user, on| user.is_active = on)
        .help("Untick to block login without deleting the account."),
    F::flag("is_staff", "Staff", |user| user.is_staff, |user, on| user.is_staff = on).help("Can log in to POEM."),
    F::flag("is_superuser", "Superuser", |user| user.is_superuser, |user, on| user.is_superuser = on)
        .help("Has all permissions without being in a group."),
    groups::<{ GroupKind::Profiles as usize }>("Groups of profiles"),
    groups::<{ GroupKind::Probes as usize }>("Groups of probes"),
    groups::<{ GroupKind::Metrics as usize }>("Groups of metrics"),
    groups::<{ GroupKind::Aggregations as usize }>("Groups of aggregations"),
    F::line(
        "distinguished_name",
        "Certificate subject (DN)",
        512,
        |user| &user.distinguished_name,
        |user, text| user.distinguished_name = text,
    )
    .help("For example /DC=org/DC=example/CN=Ada Lovelace."),
    F::line("egi_id", "Federated id (eduPersonUniqueId)", 255, |user| &user.egi_id, |user, text| user.egi_id = text)
        .help("For example 4d2f8c1e@egi.eu."),
    F::line("display_name", "Display name", MAX_NAME, |user| &user.display_name, |user, text| user.display_name = text)
        .help("For example Ada Lovelace."),
];

/// The maximum number of groups of a kind in the form of a user.
const MAX_GROUPS: usize = 1_000;

/// Returns the field for a user's groups of a kind, by the index of the kind in [`GroupKind::ALL`].
///
/// The index is a const parameter, since `get` and `set` are function pointers, which cannot capture it.
const fn groups<const INDEX: usize>(label: &'static str) -> F {
    let kind = GroupKind::ALL[INDEX];
    let picks: Kind<UserContent> = Kind::Picks {
        source: Choices::Groups(kind),
        max: MAX_GROUPS,
        get: |user| user.groups(GroupKind::ALL[INDEX]),
        set: |user, names| *user.groups_mut(GroupKind::ALL[INDEX]) = names,
    };
    F::new(groups_field(kind), label, picks).help(groups_help(kind))
}

/// Returns the name of the field for a user's groups of this kind.
pub const fn groups_field(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Aggregations => "groups_of_aggregations",
        GroupKind::Profiles => "groups_of_profiles",
        GroupKind::Probes => "groups_of_probes",
        GroupKind::Metrics => "groups_of_metrics",
    }
}

const fn groups_help(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Aggregations => "The user can edit the aggregations in these groups, for example ARGO.",
        GroupKind::Profiles => "The user can edit the profiles in these groups, for example ARGO.",
        GroupKind::Probes => "The user can edit the probes in these groups, for example ARGO.",
        GroupKind::Metrics => "The user can edit the metrics in these groups, for example ARGO.",
    }
}

impl UserContent {
    /// Returns the initial content of the form of a new user: staff and active.
    pub fn to_add() -> Self {
        Self { is_staff: true, is_active: true, ..Self::default() }
    }

    /// Returns the names of the user's groups of one kind.
    pub fn groups(&self, kind: GroupKind) -> &[String] {
        match kind {
            GroupKind::Aggregations => &self.groups_of_aggregations,
            GroupKind::Profiles => &self.groups_of_profiles,
            GroupKind::Probes => &self.groups_of_probes,
            GroupKind::Metrics => &self.groups_of_metrics,
        }
    }

    /// Returns the names of the user's groups of one kind, for changing them.
    pub fn groups_mut(&mut self, kind: GroupKind) -> &mut Vec<String> {
        match kind {
            GroupKind::Aggregations => &mut self.groups_of_aggregations,
            GroupKind::Profiles => &mut self.groups_of_profiles,
            GroupKind::Probes => &mut self.groups_of_probes,
            GroupKind::Metrics => &mut self.groups_of_metrics,
        }
    }

    /// Returns true if the user can log in and has all permissions.
    pub fn is_administrator(&self) -> bool {
        self.is_active && self.is_staff && self.is_superuser
    }

    /// Adds an error if the username is too long or has characters other than letters, digits and `@.+-_`.
    pub fn check_username(&self, errors: &mut ValidationErrors) {
        let place = Place::Field("username");
        let length = self.username.chars().count();
        if self.egi_id.is_empty() && length > USERNAME {
            errors.add(place, words::too_long(USERNAME, length));
        }
        if !self.username.chars().all(|c| c.is_alphanumeric() || "@.+-_".contains(c)) {
            errors.add(place, INVALID_USERNAME);
        }
    }

    /// Adds an error if the username of a new local account mixes scripts: it could look like another one. Federated
    /// accounts have the names that their identity providers give them.
    pub fn check_scripts(&self, errors: &mut ValidationErrors) {
        if let (true, Some((one, other))) = (self.egi_id.is_empty(), mixed_scripts(&self.username)) {
            let message = format!("The username mixes {one} and {other} letters, which look alike. Use one alphabet.");
            errors.add(Place::Field("username"), message);
        }
    }

    /// Adds the errors of the password of a new account of the tenant. Federated accounts need no password.
    pub fn check_password(&self, tenant: &str, errors: &mut ValidationErrors) {
        let (new, again) = (self.password.expose(), self.password_again.expose());
        if new.is_empty() && again.is_empty() && !self.egi_id.is_empty() {
            return;
        }
        if let Err(found) = password_rules::check((new, again), self.owner(tenant), ("password", "password_again")) {
            errors.errors.extend(found.errors);
        }
    }

    /// Returns the data that the password must not resemble.
    pub fn owner<'a>(&'a self, tenant: &'a str) -> UserAttributes<'a> {
        UserAttributes {
            username: &self.username,
            first_name: &self.first_name,
            last_name: &self.last_name,
            email: &self.email,
            tenant,
        }
    }

    /// Returns what a change changed. The order of groups does not count.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        let values = ChangeSet::of_values(&[
            ("username", &self.username, &after.username),
            ("first name", &self.first_name, &after.first_name),
            ("last name", &self.last_name, &after.last_name),
            ("email", &self.email, &after.email),
            ("active", yes_or_no(self.is_active), yes_or_no(after.is_active)),
            ("staff", yes_or_no(self.is_staff), yes_or_no(after.is_staff)),
            ("superuser", yes_or_no(self.is_superuser), yes_or_no(after.is_superuser)),
            ("distinguishedName", &self.distinguished_name, &after.distinguished_name),
            ("eduPersonUniqueId", &self.egi_id, &after.egi_id),
            ("displayName", &self.display_name, &after.display_name),
        ]);
        GroupKind::ALL.into_iter().fold(values, |changes, kind| {
            changes.and(FieldChange::names(&groups_of(kind), self.groups(kind), after.groups(kind)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn username_errors(username: &str, egi_id: &str) -> Vec<String> {
        let user = UserContent { username: username.into(), egi_id: egi_id.into(), ..UserContent::to_add() };
        let mut errors = ValidationErrors::default();
        user.check_username(&mut errors);
        errors.of(Place::Field("username")).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn every_kind_of_group_has_its_own_field_at_its_index() {
        for (place, kind) in GroupKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place, "{kind}");
            let field = FIELDS.iter().find(|field| field.name == groups_field(kind)).unwrap();
            let Kind::Picks { get, set, .. } = field.kind else { panic!("{kind} cannot be picked") };
            let mut user = UserContent::default();
            set(&mut user, vec!["ARGO".to_owned()]);
            assert_eq!((user.groups(kind), get(&user)), (&["ARGO".to_owned()][..], &["ARGO".to_owned()][..]));
        }
    }

    #[test]
    fn a_username_has_letters_digits_and_few_other_characters() {
        for good in ["alice", "Žuži", "a@b.org", "a+b-c_d.1", &"x".repeat(30)] {
            assert!(username_errors(good, "").is_empty(), "{good}");
        }
        for bad in ["a b", "a/b", "<a>", "a\"", "a,b"] {
            assert_eq!(username_errors(bad, ""), ["Enter a valid username."], "{bad}");
        }
        let long = "ž".repeat(31);
        assert_eq!(username_errors(&long, ""), ["Ensure this value has at most 30 characters (it has 31)."]);
        assert!(username_errors(&long, "abc@egi.eu").is_empty());
    }

    #[test]
    fn the_field_of_a_kind_offers_groups_of_that_kind() {
        let mut user = UserContent::to_add();
        for kind in GroupKind::ALL {
            user.groups_mut(kind).push(kind.to_string());
            let field = FIELDS.iter().find(|field| field.name == groups_field(kind)).unwrap();
            match field.kind {
                Kind::Picks { get, source, .. } => {
                    assert_eq!((get(&user), source), (user.groups(kind), Choices::Groups(kind)));
                }
                _ => panic!("{kind}"),
            }
        }
    }

    #[test]
    fn changes_are_described() {
        let before = UserContent { groups_of_probes: vec!["ARGO".into(), "SSC".into()], ..UserContent::to_add() };
        let after = UserContent {
            email: "a@b.org".into(),
            is_superuser: true,
            groups_of_probes: vec!["SSC".into()],
            groups_of_metrics: vec!["X".into(), "Y".into()],
            ..UserContent::to_add()
        };
        let words = "Changed email and superuser. Removed from group of probes \"ARGO\". \
                     Added to groups of metrics \"X\" and \"Y\".";
        assert_eq!(before.changes(&after).in_words(), words);
    }
}
