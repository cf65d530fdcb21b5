//! Groups of objects. The users of a group may change its objects.

use serde::{Deserialize, Serialize};

use super::change_set::{ChangeSet, FieldChange, USERS};
use super::group_kind::GroupKind;
use crate::domain::form::field::{Choices, Field, Kind};

/// The editable content of a group, with names instead of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupContent {
    /// The name, unique among groups of the same kind.
    pub name: String,
    /// The names of its objects: probes, metric names, profiles as `NAME (VERSION)`, or aggregations.
    pub members: Vec<String>,
    /// The usernames of the users who may change these objects.
    pub users: Vec<String>,
}

/// The maximum number of objects in the form of a group.
const MAX_MEMBERS: usize = 10_000;
/// The maximum number of users in the form of a group.
const MAX_USERS: usize = 10_000;

type F = Field<GroupContent>;

static OF_AGGREGATIONS: [F; 3] = fields_of(
    GroupKind::Aggregations,
    "Aggregations",
    ["The aggregations that belong together. Each is in one group at most.", "Can edit these aggregations."],
);
static OF_PROFILES: [F; 3] = fields_of(
    GroupKind::Profiles,
    "Profiles",
    ["The profiles that belong together. Each is in one group at most.", "Can edit these profiles."],
);
static OF_PROBES: [F; 3] = fields_of(
    GroupKind::Probes,
    "Probes",
    ["The probes that belong together. Each is in one group at most.", "Can edit these probes."],
);
static OF_METRICS: [F; 3] = fields_of(
    GroupKind::Metrics,
    "Metrics",
    ["The metrics that belong together. Each is in one group at most.", "Can edit these metrics."],
);

/// Returns the fields of the form of a group of this kind.
pub fn fields(kind: GroupKind) -> &'static [Field<GroupContent>] {
    match kind {
        GroupKind::Aggregations => &OF_AGGREGATIONS,
        GroupKind::Profiles => &OF_PROFILES,
        GroupKind::Probes => &OF_PROBES,
        GroupKind::Metrics => &OF_METRICS,
    }
}

const fn fields_of(kind: GroupKind, members: &'static str, [members_help, users_help]: [&'static str; 2]) -> [F; 3] {
    [
        F::line("name", "Name", 80, |group| &group.name, |group, text| group.name = text)
            .required()
            .help("For example ARGO."),
        F::new(
            "members",
            members,
            Kind::Picks {
                source: Choices::Groupable(kind),
                max: MAX_MEMBERS,
                get: |group| &group.members,
                set: |group, names| group.members = names,
            },
        )
        .help(members_help),
        F::new(
            "users",
            "Users",
            Kind::Picks {
                source: Choices::Users,
                max: MAX_USERS,
                get: |group| &group.users,
                set: |group, names| group.users = names,
            },
        )
        .help(users_help),
    ]
}

impl GroupContent {
    /// Returns what a change added and removed. The order of members and users does not count.
    pub fn changes(&self, after: &Self, kind: GroupKind) -> ChangeSet {
        let [_, members] = kind.noun();
        ChangeSet::of_values(&[("name", &self.name, &after.name)])
            .and(FieldChange::names(members, &self.members, &after.members))
            .and(FieldChange::names(USERS, &self.users, &after.users))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_described() {
        let group = |members: &[&str], users: &[&str]| GroupContent {
            name: "ARGO".into(),
            members: members.iter().map(|name| (*name).into()).collect(),
            users: users.iter().map(|name| (*name).into()).collect(),
        };
        let before = group(&["a", "b"], &["alice", "bob"]);
        let after = GroupContent { name: "X".into(), ..group(&["b", "c"], &[]) };
        let words = "Changed name. Added metric \"c\". Removed metric \"a\". Removed users \"alice\" and \"bob\".";
        assert_eq!(before.changes(&after, GroupKind::Metrics).in_words(), words);
        assert!(before.changes(&group(&["b", "a"], &["bob", "alice"]), GroupKind::Probes).is_empty());
    }
}
