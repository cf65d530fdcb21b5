//! Who may do what: the only place that decides. (Whoever asks must ask within the transaction that acts on the answer.)

use super::group_kind::GroupKind;
use super::object_kind::ObjectKind;

/// Who is looking: a user who is logged in. Nobody else may do anything here; public pages only show.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Viewer {
    pub id: i64,
    pub username: String,
    pub is_superuser: bool,
    /// The groups whose objects they may change, by kind and name.
    pub groups: Vec<(GroupKind, String)>,
}

impl Viewer {
    /// The names of their groups of one kind.
    pub fn groups_of(&self, kind: GroupKind) -> impl Iterator<Item = &str> {
        self.groups.iter().filter(move |(of, _)| *of == kind).map(|(_, name)| name.as_str())
    }

    pub fn is_member(&self, kind: GroupKind, group: &str) -> bool {
        self.groups_of(kind).any(|own| own == group)
    }
}

/// What somebody wants to do with an object. Groups by name, '' for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    View,
    /// Opens an empty form, whatever will be chosen in it.
    StartAdding,
    Add {
        group: &'a str,
    },
    /// Opens the form for changes; what is shown to others is read-only.
    StartChanging {
        group: &'a str,
    },
    Change {
        before: &'a str,
        after: &'a str,
    },
    Delete {
        group: &'a str,
    },
    /// Opens the form filled from an object of this group.
    Clone {
        group: &'a str,
    },
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Only superusers, or nobody.
    #[error("You do not have permission to perform this action.")]
    Never,
    /// The object's group is not one of theirs; '' where it has none.
    #[error(
        "This is a read-only instance, please request the corresponding permissions to perform any changes in this form."
    )]
    ForeignObject(String),
    /// The group that was chosen is not one of theirs.
    #[error("You are not member of group {0}.")]
    ForeignGroup(String),
    /// They must choose a group, so that the object is one of theirs.
    #[error("This field is required.")]
    NoGroup,
}

/// Whether the viewer may do this with an object of this kind.
pub fn decide(viewer: &Viewer, kind: ObjectKind, action: Action<'_>) -> Result<(), Denial> {
    match (kind, action) {
        // fed from outside
        (ObjectKind::Service, Action::View) => Ok(()),
        (ObjectKind::Service, _) => Err(Denial::Never),
        _ if viewer.is_superuser => Ok(()),
        _ => match kind.info().owner {
            Some(groups) => decide_for_member(viewer, groups, action),
            None => Err(Denial::Never),
        },
    }
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
        // whoever is in no group of the kind may add nothing at all
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
    fn a_superuser_may_everything_but_change_services() {
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
        // A group of the same name but of another kind gives nothing.
        assert_eq!(
            decide(&member(), ObjectKind::Metric, Action::Delete { group: "ARGO" }),
            Err(Denial::ForeignObject("ARGO".into()))
        );
        assert_eq!(decide(&member(), ObjectKind::Metric, Action::StartAdding), Err(Denial::Never));
    }

    #[test]
    fn users_groups_and_keys_are_for_superusers() {
        for kind in [ObjectKind::CustUser, ObjectKind::GroupOfProbes, ObjectKind::ApiKey] {
            assert_eq!(decide(&member(), kind, Action::View), Err(Denial::Never));
        }
    }
}
