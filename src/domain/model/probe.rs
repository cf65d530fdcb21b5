//! A probe: a Nagios plugin and its releases.

use serde::{Deserialize, Serialize};

use super::group_kind::GroupKind;
use super::wording::{fields, sentences};
use crate::domain::form::field::{Choices, Field, Shape};
use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The version number has been used already.
pub const NOT_RAISED: &str = "Version number should be raised";

/// What a person edits of a probe; the same type is a version of it. Names, not ids.
/// Keys that are unknown here (from a later POEM) do not disturb; missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeContent {
    pub name: String,
    pub version: String,
    pub repository: String,
    pub docurl: String,
    pub description: String,
    pub comment: String,
    /// The name of its group; '' without one.
    pub group: String,
}

type F = Field<ProbeContent>;

pub static FIELDS: [F; 7] = [
    F::line("name", "Name", 128, |it| &it.name, |it, text| it.name = text).required().only_at_first(),
    F::line("version", "Version", 28, |it| &it.version, |it, text| it.version = text).required(),
    F::line("repository", "Repository", 512, |it| &it.repository, |it, text| it.repository = text)
        .shaped(Shape::Url)
        .required()
        .help("Probe repository URL."),
    F::line("docurl", "Documentation", 512, |it| &it.docurl, |it, text| it.docurl = text)
        .shaped(Shape::Url)
        .required()
        .help("Documentation URL."),
    F::line("description", "Description", 1024, |it| &it.description, |it, text| it.description = text)
        .shaped(Shape::Long)
        .required()
        .help("Free text description outlining the purpose of this probe."),
    F::line("comment", "Comment", 512, |it| &it.comment, |it, text| it.comment = text)
        .shaped(Shape::Long)
        .required()
        .help("Short comment about this version."),
    F::choice("group", "Group", Choices::Groups(GroupKind::Probes), |it| &it.group, |it, name| it.group = name),
];

impl ProbeContent {
    /// «Changed version and comment.», or «No fields changed.»
    pub fn changes(&self, after: &Self) -> String {
        let compared = [
            ("name", self.name != after.name),
            ("version", self.version != after.version),
            ("repository", self.repository != after.repository),
            ("docurl", self.docurl != after.docurl),
            ("description", self.description != after.description),
            ("comment", self.comment != after.comment),
            ("group", self.group != after.group),
        ];
        sentences(fields(&compared).into_iter().collect())
    }

    /// How people and metrics name this version: «ams-probe (0.1.7)».
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.version)
    }

    /// Complains about a version number that the probe had before: a new version needs one of its own, and the newest,
    /// where it is amended in place, may not take that of an older one. `labels` are the numbers of the versions that
    /// are kept, the newest first.
    pub fn check_version(&self, after: &Self, is_new: bool, labels: &[String], errors: &mut ValidationErrors) {
        let is_used = if is_new {
            after.version == self.version || labels.contains(&after.version)
        } else {
            // Whoever amends something else is not bothered with a number that old data has twice.
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
    fn a_form_shows_a_probe_and_becomes_it_again() {
        let draft = Draft::of(&FIELDS, &probe("0.1.7"));
        assert_eq!(draft.parse(&FIELDS, ProbeContent::default()).unwrap(), probe("0.1.7"));
    }

    #[test]
    fn all_but_the_group_is_required_and_limited() {
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

    /// Whether version «2.0», kept after «1.0» and «1.1», may be changed to this number.
    fn may_become(version: &str, is_new: bool) -> bool {
        let labels = ["2.0", "1.1", "1.0"].map(str::to_owned);
        let mut errors = ValidationErrors::default();
        probe("2.0").check_version(&probe(version), is_new, &labels, &mut errors);
        assert!(errors.is_empty() || errors.of(Place::Field("version")) == ["Version number should be raised"]);
        errors.is_empty()
    }

    #[test]
    fn a_new_version_has_a_number_that_the_probe_never_had() {
        assert_eq!(
            ["2.1", "1.2", "2.0", "1.1", "1.0"].map(|to| may_become(to, true)),
            [true, true, false, false, false]
        );
        let mut errors = ValidationErrors::default();
        probe("2.0").check_version(&probe("2.0"), true, &[], &mut errors);
        assert!(!errors.is_empty(), "its current number counts though no version is kept");
    }

    #[test]
    fn an_amended_version_takes_no_number_of_another() {
        assert_eq!(["2.1", "2.0", "1.1", "1.0"].map(|to| may_become(to, false)), [true, true, false, false]);
        let twice = ["2.0", "2.0"].map(str::to_owned);
        let mut errors = ValidationErrors::default();
        probe("2.0").check_version(&probe("2.0"), false, &twice, &mut errors);
        assert!(errors.is_empty());
    }

    #[test]
    fn changed_fields_are_listed() {
        let before = ProbeContent { version: "1".into(), comment: "a".into(), ..Default::default() };
        let after = ProbeContent { version: "2".into(), comment: "b".into(), ..Default::default() };
        assert_eq!(before.changes(&after), "Changed version and comment.");
        assert_eq!(before.changes(&before), "No fields changed.");
    }
}
