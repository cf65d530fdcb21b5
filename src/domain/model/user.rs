//! A user of a tenant.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::group_kind::{GroupKind, GroupRef};
use super::wording::{fields, sentences};
use super::wording::{listed, missing_in};
use crate::domain::form::field::{Choices, Field, Kind, Shape};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};
use crate::domain::security::password_rules::{self, Owner};
use crate::domain::security::secret::Secret;

/// A user with the groups whose objects they may change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredUser {
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
impl std::fmt::Debug for StoredUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredUser").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}

/// What a person edits of a user.
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
    /// Of a user who is added, typed twice; the password of one who exists is set by an operation of its own.
    #[serde(skip)]
    pub password: Secret,
    #[serde(skip)]
    pub password_again: Secret,
}

/// The longest username, in characters; that of a federated account may have [`FEDERATED_USERNAME`].
const USERNAME: usize = 30;
const FEDERATED_USERNAME: usize = 150;

/// More characters of a password nobody types.
const PASSWORD: usize = 1024;

const INVALID_USERNAME: &str = "Enter a valid username.";

type F = Field<UserContent>;

pub static FIELDS: [F; 16] = [
    F::line("username", "Username", FEDERATED_USERNAME, |user| &user.username, |user, text| user.username = text)
        .required()
        .help("At most 30 letters, digits and @ . + - _"),
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
    .help("Can stay empty for a federated account, which is known by its eduPersonUniqueId."),
    F::line(
        "password_again",
        "Password, again",
        PASSWORD,
        |user| user.password_again.expose(),
        |user, text| {
            user.password_again = Secret::new(text);
        },
    )
    .shaped(Shape::Password),
    F::line("first_name", "First name", 30, |user| &user.first_name, |user, text| user.first_name = text),
    F::line("last_name", "Last name", 30, |user| &user.last_name, |user, text| user.last_name = text),
    F::line("email", "E-mail address", 254, |user| &user.email, |user, text| user.email = text).shaped(Shape::Email),
    F::flag("is_active", "Active", |user| user.is_active, |user, on| user.is_active = on)
        .help("An account that is not active cannot log in. Take this away instead of deleting the account."),
    F::flag("is_staff", "Staff", |user| user.is_staff, |user, on| user.is_staff = on).help("May log in here."),
    F::flag("is_superuser", "Superuser", |user| user.is_superuser, |user, on| user.is_superuser = on)
        .help("May do everything, without belonging to any group."),
    groups::<{ GroupKind::Profiles as usize }>("Groups of profiles"),
    groups::<{ GroupKind::Probes as usize }>("Groups of probes"),
    groups::<{ GroupKind::Metrics as usize }>("Groups of metrics"),
    groups::<{ GroupKind::Aggregations as usize }>("Groups of aggregations"),
    F::line(
        "distinguished_name",
        "distinguishedName",
        512,
        |user| &user.distinguished_name,
        |user, text| user.distinguished_name = text,
    ),
    F::line("egi_id", "eduPersonUniqueId", 255, |user| &user.egi_id, |user, text| user.egi_id = text),
    F::line("display_name", "displayName", 30, |user| &user.display_name, |user, text| user.display_name = text),
];

/// A user's groups of a kind, by its place in [`GroupKind::ALL`].
const fn groups<const PLACE: usize>(label: &'static str) -> F {
    let kind = GroupKind::ALL[PLACE];
    let picks: Kind<UserContent> = Kind::Picks {
        source: Choices::Groups(kind),
        get: |user| user.groups(GroupKind::ALL[PLACE]),
        set: |user, names| *user.groups_mut(GroupKind::ALL[PLACE]) = names,
    };
    F::new(groups_field(kind), label, picks)
}

/// The field that holds a user's groups of this kind.
pub const fn groups_field(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Aggregations => "groups_of_aggregations",
        GroupKind::Profiles => "groups_of_profiles",
        GroupKind::Probes => "groups_of_probes",
        GroupKind::Metrics => "groups_of_metrics",
    }
}

impl UserContent {
    /// What the form of a new user shows: staff and active.
    pub fn to_add() -> Self {
        Self { is_staff: true, is_active: true, ..Self::default() }
    }

    /// The names of their groups of one kind.
    pub fn groups(&self, kind: GroupKind) -> &[String] {
        match kind {
            GroupKind::Aggregations => &self.groups_of_aggregations,
            GroupKind::Profiles => &self.groups_of_profiles,
            GroupKind::Probes => &self.groups_of_probes,
            GroupKind::Metrics => &self.groups_of_metrics,
        }
    }

    pub fn groups_mut(&mut self, kind: GroupKind) -> &mut Vec<String> {
        match kind {
            GroupKind::Aggregations => &mut self.groups_of_aggregations,
            GroupKind::Profiles => &mut self.groups_of_profiles,
            GroupKind::Probes => &mut self.groups_of_probes,
            GroupKind::Metrics => &mut self.groups_of_metrics,
        }
    }

    /// Whether they could log in and administer POEM.
    pub fn is_administrator(&self) -> bool {
        self.is_active && self.is_staff && self.is_superuser
    }

    /// Complains about a username that is too long or has other signs than letters, digits and @ . + - _
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

    /// Complains about the password of a new account. One that logs in elsewhere needs none.
    pub fn check_password(&self, errors: &mut ValidationErrors) {
        let (new, again) = (self.password.expose(), self.password_again.expose());
        if new.is_empty() && again.is_empty() && !self.egi_id.is_empty() {
            return;
        }
        if let Err(found) = password_rules::check((new, again), self.owner(), ("password", "password_again")) {
            errors.errors.extend(found.errors);
        }
    }

    /// What the password may not be like.
    pub fn owner(&self) -> Owner<'_> {
        Owner { username: &self.username, first_name: &self.first_name, last_name: &self.last_name, email: &self.email }
    }

    /// «Changed email. Added to group of probes "ARGO".», or that nothing did.
    pub fn changes(&self, after: &Self) -> String {
        let changed = fields(&[
            ("username", self.username != after.username),
            ("first name", self.first_name != after.first_name),
            ("last name", self.last_name != after.last_name),
            ("email", self.email != after.email),
            ("active", self.is_active != after.is_active),
            ("staff", self.is_staff != after.is_staff),
            ("superuser", self.is_superuser != after.is_superuser),
            ("distinguishedName", self.distinguished_name != after.distinguished_name),
            ("eduPersonUniqueId", self.egi_id != after.egi_id),
            ("displayName", self.display_name != after.display_name),
        ]);
        let groups = GroupKind::ALL.into_iter().flat_map(|kind| {
            let (one, many) = (format!("group of {kind}"), format!("groups of {kind}"));
            let noun = [one.as_str(), many.as_str()];
            [
                listed("Added to", noun, &missing_in(self.groups(kind), after.groups(kind))),
                listed("Removed from", noun, &missing_in(after.groups(kind), self.groups(kind))),
            ]
        });
        sentences(changed.into_iter().chain(groups.flatten()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(username: &str, egi_id: &str) -> Vec<String> {
        let user = UserContent { username: username.into(), egi_id: egi_id.into(), ..UserContent::to_add() };
        let mut errors = ValidationErrors::default();
        user.check_username(&mut errors);
        errors.of(Place::Field("username")).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn every_kind_of_groups_has_its_own_field() {
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
    fn usernames_have_letters_digits_and_few_signs() {
        for good in ["alice", "Žuži", "a@b.org", "a+b-c_d.1", &"x".repeat(30)] {
            assert!(complaints(good, "").is_empty(), "{good}");
        }
        for bad in ["a b", "a/b", "<a>", "a\"", "a,b"] {
            assert_eq!(complaints(bad, ""), ["Enter a valid username."], "{bad}");
        }
        let long = "ž".repeat(31);
        assert_eq!(complaints(&long, ""), ["Ensure this value has at most 30 characters (it has 31)."]);
        assert!(complaints(&long, "abc@egi.eu").is_empty());
    }

    #[test]
    fn every_kind_of_group_has_its_field() {
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
    fn changes_in_words() {
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
        assert_eq!(before.changes(&after), words);
    }
}
