//! Probes: each is a Nagios plugin with its releases.

use serde::{Deserialize, Serialize};

use super::change_set::ChangeSet;
use super::group_kind::GroupKind;
use crate::domain::form::field::{Choices, Field, Shape};
use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The error for a version number that the probe has had before.
pub const NOT_RAISED: &str = "Version number should be raised";

/// The editable content of a probe, with names instead of ids. A version of a probe has the same type.
///
/// When it is read from JSON, unknown keys (of a later POEM) are ignored and missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeContent {
    /// The unique name.
    pub name: String,
    /// The number of the current version, for example `0.1.7`.
    pub version: String,
    /// The URL of the source repository.
    pub repository: String,
    /// The URL of the documentation.
    pub docurl: String,
    /// The purpose of the probe; several lines.
    pub description: String,
    /// A comment about this version; several lines.
    pub comment: String,
    /// The name of the group; '' without one.
    pub group: String,
}

type F = Field<ProbeContent>;

/// The fields of the form of a probe.
pub static FIELDS: [F; 7] = [
    F::line("name", "Name", 128, |it| &it.name, |it, text| it.name = text)
        .required()
        .only_at_first()
        .help("For example ams-probe. It cannot be changed later."),
    F::line("version", "Version", 28, |it| &it.version, |it, text| it.version = text)
        .required()
        .help("The number of the release, for example 0.1.7."),
    F::line("repository", "Repository", 512, |it| &it.repository, |it, text| it.repository = text)
        .shaped(Shape::Url)
        .required()
        .help("For example https://github.com/ARGOeu/nagios-plugins-argo"),
    F::line("docurl", "Documentation", 512, |it| &it.docurl, |it, text| it.docurl = text)
        .shaped(Shape::Url)
        .required()
        .help("For example https://github.com/ARGOeu/nagios-plugins-argo/blob/master/README.md"),
    F::line("description", "Description", 1024, |it| &it.description, |it, text| it.description = text)
        .shaped(Shape::Long)
        .required()
        .help("Free text description outlining the purpose of this probe. For example: Publishes and reads a message."),
    F::line("comment", "Comment", 512, |it| &it.comment, |it, text| it.comment = text)
        .shaped(Shape::Long)
        .required()
        .help("Short comment about this version. For example: New option --timeout."),
    F::choice("group", "Group", Choices::Groups(GroupKind::Probes), |it| &it.group, |it, name| it.group = name)
        .help("Its members can edit the probe. For example ARGO."),
];

impl ProbeContent {
    /// Returns what a change changed.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        ChangeSet::of_values(&[
            ("name", &self.name, &after.name),
            ("version", &self.version, &after.version),
            ("repository", &self.repository, &after.repository),
            ("docurl", &self.docurl, &after.docurl),
            ("description", &self.description, &after.description),
            ("comment", &self.comment, &after.comment),
            ("group", &self.group, &after.group),
        ])
    }

    /// Returns the label of this version for users and metrics: `ams-probe (0.1.7)`.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.version)
    }

    /// Adds an error if the version number is in use: it must differ from those of all other versions of the probe.
    ///
    /// With `is_new`, the change becomes a new version, which needs a new number. Without it, the current version is
    /// updated in place and can keep its number. `labels` are the numbers of the stored versions, the newest first.
    pub fn check_version(&self, after: &Self, is_new: bool, labels: &[String], errors: &mut ValidationErrors) {
        let is_used = if is_new {
            after.version == self.version || labels.contains(&after.version)
        } else {
            // Old data can have the same number twice, which must not prevent other changes.
            after.version != self.version && labels.iter().skip(1).any(|label| *label == after.version)
        };
        if is_used {
            errors.add(Place::Field("version"), NOT_RAISED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::submitted::{Draft, RawValue};
    use crate::domain::form::validation_error::words;

    fn probe(version: &str) -> ProbeContent {
        ProbeContent {
            name: "ams-probe".into(),
            version: version.into(),
            repository: "https://example.org/probe".into(),
            docurl: "http://example.org/doc".into(),
            description: "x\ny".into(),
            comment: "Initial version.".into(),
            group: "ARGO".into(),
        }
    }

    #[test]
    fn a_probe_survives_a_round_trip_through_its_form() {
        let draft = Draft::of(&FIELDS, &probe("0.1.7"));
        assert_eq!(draft.parse(&FIELDS, ProbeContent::default()).unwrap(), probe("0.1.7"));
    }

    #[test]
    fn every_field_except_the_group_is_required_and_limited() {
        let errors = Draft::default().parse(&FIELDS, ProbeContent::default()).unwrap_err();
        for name in ["name", "version", "repository", "docurl", "description", "comment"] {
            assert_eq!(errors.of(Place::Field(name)), [words::REQUIRED], "{name}");
        }
        assert_eq!(errors.errors.len(), 6);
        let limits = [("name", 128), ("version", 28), ("description", 1024), ("comment", 512)];
        let mut draft = Draft::of(&FIELDS, &probe("1"));
        for (name, max) in limits {
            draft.set(name, RawValue::Text("x".repeat(max + 1)));
        }
        draft.set("repository", RawValue::Text("no address".into()));
        let errors = draft.parse(&FIELDS, ProbeContent::default()).unwrap_err();
        for (name, max) in limits {
            assert_eq!(errors.of(Place::Field(name)), [words::too_long(max, max + 1)], "{name}");
        }
        assert_eq!(errors.of(Place::Field("repository")), [words::NO_URL]);
    }

    /// Returns true if version 2.0, which follows 1.0 and 1.1, can be changed to this number.
    fn can_become(version: &str, is_new: bool) -> bool {
        let labels = ["2.0", "1.1", "1.0"].map(str::to_owned);
        let mut errors = ValidationErrors::default();
        probe("2.0").check_version(&probe(version), is_new, &labels, &mut errors);
        assert!(errors.is_empty() || errors.of(Place::Field("version")) == ["Version number should be raised"]);
        errors.is_empty()
    }

    #[test]
    fn a_new_version_has_a_number_that_the_probe_never_had() {
        assert_eq!(
            ["2.1", "1.2", "2.0", "1.1", "1.0"].map(|to| can_become(to, true)),
            [true, true, false, false, false]
        );
        let mut errors = ValidationErrors::default();
        probe("2.0").check_version(&probe("2.0"), true, &[], &mut errors);
        assert!(!errors.is_empty(), "the current number counts even if no version is stored");
    }

    #[test]
    fn an_updated_version_cannot_take_the_number_of_another() {
        assert_eq!(["2.1", "2.0", "1.1", "1.0"].map(|to| can_become(to, false)), [true, true, false, false]);
        let twice = ["2.0", "2.0"].map(str::to_owned);
        let mut errors = ValidationErrors::default();
        probe("2.0").check_version(&probe("2.0"), false, &twice, &mut errors);
        assert!(errors.is_empty());
    }

    #[test]
    fn changed_fields_are_listed() {
        let before = ProbeContent { version: "1".into(), comment: "a".into(), ..Default::default() };
        let after = ProbeContent { version: "2".into(), comment: "b".into(), ..Default::default() };
        assert_eq!(before.changes(&after).in_words(), "Changed version and comment.");
        assert!(before.changes(&before).is_empty());
    }
}
