//! Permissions: the only place that decides which user may do what.
//!
//! Callers must decide in the same transaction that does the action.

use super::group_kind::GroupKind;
use super::object_kind::ObjectKind;

/// The user who is logged in, with their rights. Without a login, only public pages can be viewed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// The id of the user.
    pub id: i64,
    /// The name for logging in.
    pub username: String,
    /// Has all permissions, except to change services.
    pub is_superuser: bool,
    /// The groups of the user, by kind and name. Members may change the objects of a group.
    pub groups: Vec<(GroupKind, String)>,
}

impl Viewer {
    /// Returns the names of the user's groups of one kind.
    pub fn groups_of(&self, kind: GroupKind) -> impl Iterator<Item = &str> {
        self.groups.iter().filter(move |(of, _)| *of == kind).map(|(_, name)| name.as_str())
    }

    /// Returns true if the user is in the group.
    pub fn is_member(&self, kind: GroupKind, group: &str) -> bool {
        self.groups_of(kind).any(|own| own == group)
    }
}

/// An action on an object. Groups are named; '' is no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Views the object.
    View,
    /// Opens an empty form, before a group is chosen.
    StartAdding,
    /// Adds an object.
    Add {
        /// The group that was chosen for it.
        group: &'a str,
    },
    /// Opens the form for changes. Users without this permission get a read-only form.
    StartChanging {
        /// The group of the object.
        group: &'a str,
    },
    /// Saves changes.
    Change {
        /// The group of the object before the change.
        before: &'a str,
        /// The group that was chosen in the form.
        after: &'a str,
    },
    /// Deletes the object.
    Delete {
        /// The group of the object.
        group: &'a str,
    },
    /// Opens a form filled from the object.
    Clone {
        /// The group of the object.
        group: &'a str,
    },
}

/// The reason for refusing an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The action is for superusers only, or for no one.
    #[error("You do not have permission to perform this action.")]
    Never,
    /// The user is not in this group, which is the object's; '' if the object has no group.
    #[error(
        "This is a read-only instance, please request the corresponding permissions to perform any changes in this form."
    )]
    ForeignObject(String),
    /// The user is not in this group, which was chosen in the form.
    #[error("You are not member of group {0}.")]
    ForeignGroup(String),
    /// No group was chosen. Only superusers may leave an object without a group.
    #[error("This field is required.")]
    NoGroup,
}

/// Decides whether the viewer may do this with an object of this kind.
///
/// # Errors
/// The reason, as a [`Denial`], if they may not.
pub fn decide(viewer: &Viewer, kind: ObjectKind, action: Action<'_>) -> Result<(), Denial> {
    match (kind, action) {
        // Services are imported; no user changes them.
        (ObjectKind::Service, Action::View) => Ok(()),
        (ObjectKind::Service, _) => Err(Denial::Never),
        _ if viewer.is_superuser => Ok(()),
        _ => match kind.info().owner {
            Some(groups) => decide_for_member(viewer, groups, action),
            None => Err(Denial::Never),
        },
    }
}

/// Returns true if saving a metric may move its name out of this group, into that of the metric.
///
/// A name can have several metrics, under several tags. A member of one group must not take the name, and with it the
/// metrics of another group, out of that group. A name without a group (`''`) belongs to no one yet.
pub fn may_move_name(viewer: &Viewer, group: &str) -> bool {
    viewer.is_superuser || group.is_empty() || viewer.is_member(GroupKind::Metrics, group)
}

fn decide_for_member(viewer: &Viewer, kind: GroupKind, action: Action<'_>) -> Result<(), Denial> {
    match action {
        Action::View => Ok(()),
        Action::StartAdding => viewer.groups_of(kind).next().map(|_| ()).ok_or(Denial::Never),
        Action::Add { group } => own_choice(viewer, kind, group),
        Action::StartChanging { group } | Action::Delete { group } | Action::Clone { group } => {
            own_object(viewer, kind, group)
        }
        Action::Change { before, after } => {
            own_object(viewer, kind, before)?;
            own_choice(viewer, kind, after)
        }
    }
}

fn own_object(viewer: &Viewer, kind: GroupKind, group: &str) -> Result<(), Denial> {
    if viewer.is_member(kind, group) { Ok(()) } else { Err(Denial::ForeignObject(group.to_owned())) }
}

fn own_choice(viewer: &Viewer, kind: GroupKind, group: &str) -> Result<(), Denial> {
    match group {
        // Choosing a group would not help a user who is in no group of this kind.
        "" if viewer.groups_of(kind).next().is_none() => Err(Denial::Never),
        "" => Err(Denial::NoGroup),
        _ if viewer.is_member(kind, group) => Ok(()),
        _ => Err(Denial::ForeignGroup(group.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> Viewer {
        Viewer {
            id: 2,
            username: "alice".into(),
            is_superuser: false,
            groups: vec![(GroupKind::Probes, "ARGO".into())],
        }
    }

    fn superuser() -> Viewer {
        Viewer { is_superuser: true, groups: Vec::new(), ..member() }
    }

    #[test]
    fn a_superuser_may_do_everything_except_change_services() {
        for kind in ObjectKind::all().filter(|kind| *kind != ObjectKind::Service) {
            for action in [
                Action::View,
                Action::StartAdding,
                Action::Delete { group: "X" },
                Action::Change { before: "", after: "" },
            ] {
                assert_eq!(decide(&superuser(), kind, action), Ok(()), "{kind} {action:?}");
            }
        }
        assert_eq!(decide(&superuser(), ObjectKind::Service, Action::Delete { group: "" }), Err(Denial::Never));
    }

    #[test]
    fn a_member_may_not_change_a_foreign_group() {
        let probe = |action| decide(&member(), ObjectKind::Probe, action);
        assert_eq!(probe(Action::Change { before: "ARGO", after: "ARGO" }), Ok(()));
        assert_eq!(probe(Action::Change { before: "X", after: "ARGO" }), Err(Denial::ForeignObject("X".into())));
        assert_eq!(probe(Action::Change { before: "", after: "ARGO" }), Err(Denial::ForeignObject("".into())));
        assert_eq!(probe(Action::Change { before: "ARGO", after: "X" }), Err(Denial::ForeignGroup("X".into())));
        assert_eq!(probe(Action::Change { before: "ARGO", after: "" }), Err(Denial::NoGroup));
        assert_eq!(probe(Action::Delete { group: "X" }), Err(Denial::ForeignObject("X".into())));
        // A group with the same name but of another kind grants no permission.
        assert_eq!(
            decide(&member(), ObjectKind::Metric, Action::Delete { group: "ARGO" }),
            Err(Denial::ForeignObject("ARGO".into()))
        );
        assert_eq!(decide(&member(), ObjectKind::Metric, Action::StartAdding), Err(Denial::Never));
    }

    #[test]
    fn a_name_leaves_only_a_group_of_the_viewer() {
        let viewer = Viewer { groups: vec![(GroupKind::Metrics, "ARGO".into())], ..member() };
        assert!(may_move_name(&viewer, "ARGO") && may_move_name(&viewer, "") && may_move_name(&superuser(), "X"));
        assert!(!may_move_name(&viewer, "X") && !may_move_name(&member(), "ARGO"), "a group of probes is another one");
    }

    #[test]
    fn users_groups_and_keys_are_for_superusers() {
        for kind in [ObjectKind::CustUser, ObjectKind::GroupOfProbes, ObjectKind::ApiKey] {
            assert_eq!(decide(&member(), kind, Action::View), Err(Denial::Never));
        }
    }
}
