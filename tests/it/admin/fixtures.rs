//! Fixtures: for every entity the values that fill its form. The generic tests need nothing else.

use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::object_kind::ObjectKind;

use super::page::{Control, Form};

/// The input that adds an object. In values, `{n}` is replaced by the number of the object.
pub struct Fixture {
    /// The kind of object that the form adds.
    pub kind: ObjectKind,
    /// Fields and values, without the group. The first is the unique field, which lists show and search.
    pub form: &'static [(&'static str, &'static str)],
    /// A field that can be changed later, and two new values; for a flag both are `on`.
    pub change: (&'static str, [&'static str; 2]),
    /// Fields whose values are subject to more rules than a length.
    pub strict: &'static [&'static str],
}

impl Fixture {
    /// Returns the unique value of the `number`th object.
    pub fn key(&self, number: usize) -> String {
        self.form[0].1.replace("{n}", &number.to_string())
    }

    /// Fills a form; an empty `group` selects none.
    pub fn fill(&self, form: &mut Form, number: usize, group: &str) {
        for (name, value) in self.form {
            form.set(name, &value.replace("{n}", &number.to_string()));
        }
        if self.ruled_by().is_some() {
            form.set("group", group);
        }
    }

    /// Returns the kind of groups that the objects belong to; `None` if only superusers change them.
    pub fn ruled_by(&self) -> Option<GroupKind> {
        self.kind.info().owner
    }

    /// Returns whether the change is a text, so that two users can enter different values: true for all but API keys,
    /// which can only be revoked.
    pub fn changes_text(&self, form: &Form) -> bool {
        let is_text = matches!(form.get(self.change.0), Some(Control::Text { .. }));
        assert_eq!(is_text, self.kind != ObjectKind::ApiKey, "{:?}: {}", self.kind, self.change.0);
        is_text
    }
}

const PROFILE: Fixture = Fixture {
    kind: ObjectKind::Profile,
    form: &[
        ("name", "TEST-PROFILE-{n}."),
        ("vo", "ops"),
        ("description", "What is tested."),
        ("tuples-0-service_flavour", "SRM"),
        ("tuples-0-metric", "test.Metric"),
    ],
    change: ("description", ["Tested by one.", "Tested by the other."]),
    strict: &["vo"],
};

const PROBE: Fixture = Fixture {
    kind: ObjectKind::Probe,
    form: &[
        ("name", "test-probe-{n}."),
        ("version", "1.0"),
        ("repository", "https://example.org/probe"),
        ("docurl", "https://example.org/doc"),
        ("description", "What it tests."),
        ("comment", "Initial version."),
    ],
    change: ("version", ["1.1", "1.2"]),
    strict: &["repository", "docurl"],
};

const METRIC: Fixture = Fixture {
    kind: ObjectKind::Metric,
    form: &[
        ("name", "test.Metric-{n}."),
        ("probeversion", "ams-probe (0.1.11)"),
        ("tag", "Production"),
        ("mtype", "Active"),
        ("probeexecutable", "check_it"),
        ("config-0-value", "10"),
        ("config-1-value", "3"),
        ("config-2-value", "/usr/libexec"),
        ("config-3-value", "5"),
        ("config-4-value", "60"),
        ("attribute-0-key", "ATTRIBUTE"),
        ("attribute-0-value", "--attribute"),
    ],
    change: ("probeexecutable", ["check_one", "check_other"]),
    strict: &[
        "probeversion",
        "config",
        "attribute",
        "dependency",
        "parameter",
        "flags",
        "file_attribute",
        "file_parameter",
    ],
};

const AGGREGATION: Fixture = Fixture {
    kind: ObjectKind::Aggregation,
    form: &[("name", "TEST-AGGREGATION-{n}."), ("apiid", "apiid-{n}")],
    change: ("apiid", ["apiid-one", "apiid-other"]),
    strict: &[],
};

const USER: Fixture = Fixture {
    kind: ObjectKind::CustUser,
    form: &[
        ("username", "tester-{n}."),
        ("password", "quite-a-secret-1"),
        ("password_again", "quite-a-secret-1"),
        ("first_name", "Test"),
    ],
    change: ("first_name", ["One", "Other"]),
    strict: &["username", "email", "password", "password_again"],
};

const KEY: Fixture = Fixture {
    kind: ObjectKind::ApiKey,
    form: &[("client", "client-{n}.")],
    change: ("revoked", ["on", "on"]),
    strict: &[],
};

/// Returns the fixture of a kind of groups.
const fn group(kind: GroupKind, key: &'static [(&'static str, &'static str)]) -> Fixture {
    let kind = match kind {
        GroupKind::Aggregations => ObjectKind::GroupOfAggregations,
        GroupKind::Profiles => ObjectKind::GroupOfProfiles,
        GroupKind::Probes => ObjectKind::GroupOfProbes,
        GroupKind::Metrics => ObjectKind::GroupOfMetrics,
    };
    Fixture { kind, form: key, change: ("name", ["GROUP-ONE", "GROUP-OTHER"]), strict: &[] }
}

static FIXTURES: [Fixture; 10] = [
    PROFILE,
    PROBE,
    METRIC,
    AGGREGATION,
    USER,
    KEY,
    group(GroupKind::Profiles, &[("name", "TEST-GROUP-{n}.")]),
    group(GroupKind::Probes, &[("name", "TEST-GROUP-{n}.")]),
    group(GroupKind::Metrics, &[("name", "TEST-GROUP-{n}.")]),
    group(GroupKind::Aggregations, &[("name", "TEST-GROUP-{n}.")]),
];

/// Returns the fixture of a kind of object.
pub fn of(kind: ObjectKind) -> &'static Fixture {
    FIXTURES.iter().find(|fixture| fixture.kind == kind).unwrap_or_else(|| panic!("{kind} has no fixture"))
}
