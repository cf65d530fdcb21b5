//! Profiles: each lists the metrics that test the service flavours of a VO.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::change_set::{ChangeSet, FieldChange, TUPLES};
use super::group_kind::GroupKind;
use crate::domain::form::field::{Choices, Field, Kind, RowColumn, RowValues, Shape};
use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The version of a profile that was added without one.
pub const FIRST_VERSION: &str = "1.0";

/// The description of a service flavour that was created because a profile uses it.
pub const MANUAL_FLAVOUR: &str = "Manually added service type not defined in GOCDB";

/// The error if the name is taken, or if a clone has the name of its original.
pub const NAME_TAKEN: &str = "Profile name already exists and name should be changed";

/// A metric instance of a profile: run this metric against services of this flavour. Its VO is the profile's.
///
/// The API lists tuples by flavour, metric and FQAN, compared by code points, with an empty FQAN last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Tuple {
    /// The name of the service flavour.
    pub service_flavour: String,
    /// The name of the metric.
    pub metric: String,
    /// The fully qualified attribute name, for example `/ops/Role=test`; '' without one.
    pub fqan: String,
}

impl Tuple {
    /// Compares in the order of the API.
    pub fn compare(&self, other: &Self) -> Ordering {
        let [own, others] = [self, other].map(|it| (&it.service_flavour, &it.metric, it.fqan.is_empty(), &it.fqan));
        own.cmp(&others)
    }
}

/// The editable content of a profile, with names instead of ids. A version of a profile has the same type.
///
/// When it is read from JSON, unknown keys (of a later POEM) are ignored and missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileContent {
    /// The name, unique together with the version.
    pub name: String,
    /// The version, for example `1.0`.
    pub version: String,
    /// The name of the virtual organisation that owns the profile.
    pub vo: String,
    /// The description. `None` only in old data: the form requires one.
    pub description: Option<String>,
    /// The name of the group; '' without one.
    pub group: String,
    /// The metric instances.
    pub tuples: Vec<Tuple>,
}

/// The maximum number of tuples in the form of a profile.
const MAX_TUPLES: usize = 10_000;

/// All three are the key: a tuple is added or removed, never changed into another.
const COLUMNS: &[RowColumn] = &[
    RowColumn {
        name: "service_flavour",
        label: "Service flavour",
        max: 128,
        required: true,
        is_key: true,
        suggestions: Some(Choices::ServiceFlavours),
    },
    RowColumn {
        name: "metric",
        label: "Metric",
        max: 128,
        required: true,
        is_key: true,
        suggestions: Some(Choices::MetricNames),
    },
    RowColumn { name: "fqan", label: "FQAN", max: 128, required: false, is_key: true, suggestions: None },
];

type F = Field<ProfileContent>;

/// The fields of the form of a profile.
pub static FIELDS: [F; 6] = [
    F::line("name", "Name", 128, |it| &it.name, |it, text| it.name = text)
        .required()
        .help("For example ARGO_MON_CRITICAL."),
    F::line("version", "Version", 10, |it| &it.version, set_version)
        .help("For example 1.0. Name and version together are unique."),
    F::line("vo", "VO", 128, |it| &it.vo, |it, text| it.vo = text)
        .shaped(Shape::Suggested(Choices::Vos))
        .required()
        .help(
            "The virtual organisation whose services are monitored, for example ops. VOs are imported (poem-syncvo).",
        ),
    F::line("description", "Description", 1024, description, |it, text| it.description = Some(text))
        .shaped(Shape::Long)
        .required()
        .help("The purpose of the profile. For example: Checks that are critical for operations."),
    F::choice("group", "Group", Choices::Groups(GroupKind::Profiles), |it| &it.group, |it, name| it.group = name)
        .help("Its members can edit the profile. For example ARGO."),
    F::new(
        "tuples",
        "Metric instances",
        Kind::Rows { columns: COLUMNS, fixed: &[], max_rows: MAX_TUPLES, get: rows, set: set_rows },
    )
    .help(
        "One row per check: the service flavour and the metric that tests it, for example ARC-CE and \
         org.nordugrid.ARC-CE-submit. Few checks have an FQAN, for example /ops/Role=lcgadmin.",
    ),
];

/// Sets the version; an empty input keeps the previous one.
fn set_version(content: &mut ProfileContent, text: String) {
    if !text.is_empty() {
        content.version = text;
    }
}

fn description(content: &ProfileContent) -> &str {
    content.description.as_deref().unwrap_or_default()
}

fn rows(content: &ProfileContent) -> Vec<RowValues> {
    let row = |tuple: &Tuple| vec![tuple.service_flavour.clone(), tuple.metric.clone(), tuple.fqan.clone()];
    content.tuples.iter().map(row).collect()
}

fn set_rows(content: &mut ProfileContent, rows: Vec<RowValues>) {
    let tuple = |row: RowValues| {
        let [service_flavour, metric, fqan] = <[String; 3]>::try_from(row).unwrap_or_default();
        Tuple { service_flavour, metric, fqan }
    };
    content.tuples = rows.into_iter().map(tuple).collect();
}

impl ProfileContent {
    /// Returns the initial content of the form of a new profile.
    pub fn to_add() -> Self {
        Self { version: FIRST_VERSION.to_owned(), ..Self::default() }
    }

    /// Returns a summary: `7 tuples, 6 unique service flavours and 6 unique metrics`.
    pub fn size_in_words(&self) -> String {
        let distinct = |text: fn(&Tuple) -> &str| self.tuples.iter().map(text).collect::<HashSet<_>>().len();
        let counted = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let tuples = counted(self.tuples.len(), "tuple");
        let flavours = counted(distinct(|tuple| &tuple.service_flavour), "unique service flavour");
        let metrics = counted(distinct(|tuple| &tuple.metric), "unique metric");
        format!("{tuples}, {flavours} and {metrics}")
    }

    /// Returns the label in groups of profiles: `ARGO_MON (1.0)`, since several versions can have the same name.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.version)
    }

    /// Adds an error for each tuple that equals an earlier one.
    pub fn check_tuples(&self, errors: &mut ValidationErrors) {
        let mut rows = HashMap::new();
        for (row, tuple) in self.tuples.iter().enumerate() {
            let first = *rows.entry(tuple).or_insert(row);
            if first != row {
                let message = format!("Same as row {}.", first + 1);
                errors.add(Place::Row { field: "tuples", row }, message);
            }
        }
    }

    /// Returns what a change added and removed. The order of tuples does not count.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        ChangeSet::of_values(&[
            ("name", &self.name, &after.name),
            ("version", &self.version, &after.version),
            ("VO", &self.vo, &after.vo),
            ("description", description(self), description(after)),
            ("group", &self.group, &after.group),
        ])
        .and(FieldChange::list(TUPLES, &rows(self), &rows(after)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::submitted::Draft;

    fn profile(tuples: &[(&str, &str, &str)]) -> ProfileContent {
        let tuple = |(flavour, metric, fqan): &(&str, &str, &str)| Tuple {
            service_flavour: (*flavour).into(),
            metric: (*metric).into(),
            fqan: (*fqan).into(),
        };
        ProfileContent { name: "A".into(), tuples: tuples.iter().map(tuple).collect(), ..ProfileContent::to_add() }
    }

    #[test]
    fn a_profile_survives_a_round_trip_through_its_form() {
        let mut content = profile(&[("SRM", "a.B", ""), ("SRM", "a.B", "/ops")]);
        (content.vo, content.description) = ("ops".into(), Some("x\ny".into()));
        let draft = Draft::of(&FIELDS, &content);
        assert_eq!(draft.parse(&FIELDS, ProfileContent::default()).unwrap(), content);
    }

    #[test]
    fn a_tuple_occurs_once() {
        let mut errors = ValidationErrors::default();
        profile(&[("SRM", "a", ""), ("SRM", "a", "/x"), ("SRM", "a", "")]).check_tuples(&mut errors);
        assert_eq!(errors.errors.len(), 1);
        let place = Place::Row { field: "tuples", row: 2 };
        assert_eq!(errors.of(place), ["Same as row 1."]);
    }

    #[test]
    fn changes_are_described() {
        let before = profile(&[("SRM", "a", ""), ("SRM", "b", "")]);
        let mut after = profile(&[("SRM", "b", ""), ("SRM", "a", "/x")]);
        (after.vo, after.description) = ("ops".into(), Some(String::new()));
        let words = "Changed VO. Added tuple \"SRM, a, /x\". Deleted tuple \"SRM, a\".";
        assert_eq!(before.changes(&after).in_words(), words);
        let turned = profile(&[("SRM", "b", ""), ("SRM", "a", "")]);
        assert!(before.changes(&turned).is_empty());
    }
}
