//! Groups of objects: who may change what hangs on them.

use serde::{Deserialize, Serialize};

use super::group_kind::GroupKind;
use super::wording::{self, listed, missing_in, sentences};
use crate::domain::form::field::{Choices, Field, Kind};

/// What a person edits of a group. Names, not ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupContent {
    pub name: String,
    /// The objects it holds, by name: probes, metric names, profiles as «NAME (VERSION)», aggregations.
    pub members: Vec<String>,
    /// The usernames of those who may change these objects.
    pub users: Vec<String>,
}

type F = Field<GroupContent>;

static OF_AGGREGATIONS: [F; 3] = fields_of(GroupKind::Aggregations, "Aggregations");
static OF_PROFILES: [F; 3] = fields_of(GroupKind::Profiles, "Profiles");
static OF_PROBES: [F; 3] = fields_of(GroupKind::Probes, "Probes");
static OF_METRICS: [F; 3] = fields_of(GroupKind::Metrics, "Metrics");

/// The fields of a group of this kind.
pub fn fields(kind: GroupKind) -> &'static [Field<GroupContent>] {
    match kind {
        GroupKind::Aggregations => &OF_AGGREGATIONS,
        GroupKind::Profiles => &OF_PROFILES,
        GroupKind::Probes => &OF_PROBES,
        GroupKind::Metrics => &OF_METRICS,
    }
}

const fn fields_of(kind: GroupKind, members: &'static str) -> [F; 3] {
    [
        F::line("name", "Name", 80, |group| &group.name, |group, text| group.name = text).required(),
        F::new(
            "members",
            members,
            Kind::Picks {
                source: Choices::Groupable(kind),
                get: |group| &group.members,
                set: |group, names| group.members = names,
            },
        ),
        F::new(
            "users",
            "Users",
            Kind::Picks { source: Choices::Users, get: |group| &group.users, set: |group, names| group.users = names },
        )
        .help("They may change these objects."),
    ]
}

impl GroupContent {
    /// «Changed name. Added probe "ams-probe". Removed users "alice" and "bob".», or that nothing did.
    pub fn changes(&self, after: &Self, kind: GroupKind) -> String {
        let name = wording::fields(&[("name", self.name != after.name)]);
        let lists = [(kind.noun(), &self.members, &after.members), (["user", "users"], &self.users, &after.users)];
        let moves = lists.into_iter().flat_map(|(noun, before, after)| {
            [listed("Added", noun, &missing_in(before, after)), listed("Removed", noun, &missing_in(after, before))]
        });
        sentences(name.into_iter().chain(moves.flatten()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_in_words() {
        let group = |members: &[&str], users: &[&str]| GroupContent {
            name: "ARGO".into(),
            members: members.iter().map(|name| (*name).into()).collect(),
            users: users.iter().map(|name| (*name).into()).collect(),
        };
        let before = group(&["a", "b"], &["alice", "bob"]);
        let after = GroupContent { name: "X".into(), ..group(&["b", "c"], &[]) };
        let words = "Changed name. Added metric \"c\". Removed metric \"a\". Removed users \"alice\" and \"bob\".";
        assert_eq!(before.changes(&after, GroupKind::Metrics), words);
        assert_eq!(before.changes(&group(&["b", "a"], &["bob", "alice"]), GroupKind::Probes), "No fields changed.");
    }
}
