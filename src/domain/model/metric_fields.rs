//! The fields of the form of a metric.

use super::group_kind::GroupKind;
use super::metric::{MetricContent, Section, Setting};
use crate::domain::form::field::{Choices, Field, Kind, RowColumn, RowValues, Shape};

/// The keys of section config that an active metric must have, in the order of the form.
pub const FIXED_KEYS: [&str; 5] = ["interval", "maxCheckAttempts", "path", "retryInterval", "timeout"];

/// The name of the first column of every section.
pub const KEY: &str = "key";
/// The name of the second column of every section.
pub const VALUE: &str = "value";

/// The maximum number of settings of a section in the form of a metric.
const MAX_SETTINGS: usize = 500;

const VALUE_COLUMN: RowColumn =
    RowColumn { name: VALUE, label: "Value", max: 384, required: false, is_key: false, suggestions: None };

const COLUMNS: &[RowColumn] = &[key_column(None), VALUE_COLUMN];

const DEPENDENCY_COLUMNS: &[RowColumn] = &[key_column(Some(Choices::Metrics)), VALUE_COLUMN];

const fn key_column(suggestions: Option<Choices>) -> RowColumn {
    RowColumn { name: KEY, label: "Key", max: 384, required: true, is_key: true, suggestions }
}

type F = Field<MetricContent>;

/// The fields of the form of a metric.
pub static FIELDS: [F; 14] = [
    F::line("name", "Name", 128, |it| &it.name, |it, text| it.name = text)
        .shaped(Shape::Suggested(Choices::MetricNames))
        .required()
        .help("The name in profiles, for example org.nagios.CertLifetime. Name and tag together are unique."),
    F::line("probeversion", "Probe version", 200, |it| &it.probe, |it, text| it.probe = text)
        .shaped(Shape::Suggested(Choices::ProbeVersions))
        .help("The probe with its version, for example ams-probe (0.1.7)."),
    F::choice("tag", "Tag", Choices::Tags, |it| &it.tag, |it, name| it.tag = name)
        .required()
        .help("For example Devel for a metric that is being tried, Production for one that works."),
    F::choice("mtype", "Type", Choices::MetricTypes, |it| &it.metric_type, |it, name| it.metric_type = name)
        .required()
        .help("Passive metrics have no configuration. Saving as Passive deletes the settings below, except the flags."),
    F::choice("group", "Group", Choices::Groups(GroupKind::Metrics), |it| &it.group, |it, name| it.group = name)
        .required()
        .help("Its members can edit the metric. For example ARGO."),
    F::line("probeexecutable", "Probe executable", 384, |it| &it.executable, |it, text| it.executable = text)
        .help("The file of the probe that is run, for example check_http."),
    section::<{ Section::Config as usize }>("Configuration", COLUMNS, &FIXED_KEYS)
        .help("How the probe is run: for example interval 5 (minutes), timeout 60 (seconds)."),
    section::<{ Section::Attribute as usize }>("Attributes", COLUMNS, &[])
        .help("Attributes of the service, each with the option that receives it: for example SITE_BDII and -b."),
    section::<{ Section::Dependency as usize }>("Dependencies", DEPENDENCY_COLUMNS, &[])
        .help("Metrics whose results this one needs: for example hr.srce.GridProxy-Valid and 0."),
    section::<{ Section::Parameter as usize }>("Parameters", COLUMNS, &[])
        .help("Options of the probe with fixed values: for example --project and EGI."),
    section::<{ Section::Flags as usize }>("Flags", COLUMNS, &[])
        .help("Switches of the monitoring engine: for example NOHOSTNAME and 1."),
    section::<{ Section::FileAttribute as usize }>("File attributes", COLUMNS, &[])
        .help("Attributes of the service that the probe reads from a file: for example UCC_CONFIG and UCC_CONFIG."),
    section::<{ Section::FileParameter as usize }>("File parameters", COLUMNS, &[])
        .help("Fixed values that the probe reads from a file: for example FILE_SIZE_KBS and 1000."),
    F::line("parent", "Parent metric", 384, |it| &it.parent, |it, text| it.parent = text)
        .shaped(Shape::Suggested(Choices::Metrics))
        .help("The metric that delivers the results of a passive one, for example org.nordugrid.ARC-CE-submit."),
];

/// Returns the field of rows of a section, by its index in [`Section::ALL`].
///
/// The index is a const parameter, since `get` and `set` are function pointers, which cannot capture it.
const fn section<const INDEX: usize>(
    label: &'static str,
    columns: &'static [RowColumn],
    fixed: &'static [&'static str],
) -> F {
    let rows: Kind<MetricContent> = Kind::Rows {
        columns,
        fixed,
        max_rows: MAX_SETTINGS,
        get: |it| rows(it, Section::ALL[INDEX]),
        set: |it, rows| set_rows(it, Section::ALL[INDEX], rows),
    };
    F::new(Section::ALL[INDEX].as_str(), label, rows)
}

fn rows(content: &MetricContent, section: Section) -> Vec<RowValues> {
    content.settings.of(section).iter().map(|Setting(key, value)| vec![key.clone(), value.clone()]).collect()
}

/// Keeps every row, also one with only its fixed key, so that a row has the same number in the content and the form.
fn set_rows(content: &mut MetricContent, section: Section, rows: Vec<RowValues>) {
    let setting = |row: RowValues| {
        let [key, value] = <[String; 2]>::try_from(row).unwrap_or_default();
        Setting(key, value)
    };
    content.settings.set(section, rows.into_iter().map(setting).collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::submitted::Draft;
    use crate::domain::form::validation_error::{Place, words};

    fn metric() -> MetricContent {
        let mut content = MetricContent {
            name: "a.B".into(),
            tag: "Test".into(),
            metric_type: "Active".into(),
            probe: "p (1)".into(),
            group: "ARGO".into(),
            executable: "check_b".into(),
            parent: "a.A".into(),
            ..MetricContent::default()
        };
        for key in FIXED_KEYS {
            content.settings.push(Section::Config, key, "1");
        }
        content.settings.push(Section::Config, "extra", "");
        for section in Section::ALL.into_iter().filter(|section| *section != Section::Config) {
            content.settings.push(section, section.in_words(), "1");
            content.settings.push(section, "twice", "");
            content.settings.push(section, "twice", "2 3");
        }
        content
    }

    #[test]
    fn a_metric_survives_a_round_trip_through_its_form() {
        let draft = Draft::of(&FIELDS, &metric());
        assert_eq!(draft.parse(&FIELDS, MetricContent::default()).unwrap(), metric());
        assert_eq!(draft.parse(&FIELDS, metric()).unwrap(), metric());
        let empty = Draft::of(&FIELDS, &MetricContent { settings: Default::default(), ..metric() });
        assert!(empty.rows("config").iter().map(|row| row[0].as_str()).eq(FIXED_KEYS));
        assert_eq!(empty.rows("flags").len(), 0);
    }

    #[test]
    fn a_section_that_is_emptied_is_absent() {
        let pairs = [("name", "a"), ("tag", "Test"), ("mtype", "Passive"), ("group", "g"), ("config-4-key", "path")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let content = Draft::read(&FIELDS, &metric(), &pairs).unwrap().parse(&FIELDS, metric()).unwrap();
        assert_eq!(content.settings.of(Section::Config), [Setting("path".into(), String::new())]);
        assert_eq!(content.settings.rows().count(), 1);
    }

    #[test]
    fn required_fields_and_length_limits_are_checked() {
        let mut content = metric();
        content.settings.push(Section::Flags, "", "1");
        content.settings.push(Section::Flags, "k".repeat(385), "v".repeat(385));
        content.name = "n".repeat(129);
        (content.tag, content.metric_type, content.group) = Default::default();
        (content.probe, content.parent) = ("p".repeat(200), "p".repeat(384));
        let errors = Draft::of(&FIELDS, &content).parse(&FIELDS, MetricContent::default()).unwrap_err();
        for field in ["tag", "mtype", "group"] {
            assert_eq!(errors.of(Place::Field(field)), [words::REQUIRED]);
        }
        assert_eq!(errors.of(Place::Field("name")), [words::too_long(128, 129)]);
        let cell = |row, column| Place::Cell { field: "flags", row, column };
        assert_eq!(errors.of(cell(3, KEY)), [words::REQUIRED]);
        assert_eq!(errors.of(cell(4, KEY)), [words::too_long(384, 385)]);
        assert_eq!(errors.of(cell(4, VALUE)), [words::too_long(384, 385)]);
        assert_eq!(errors.errors.len(), 7);
    }
}
