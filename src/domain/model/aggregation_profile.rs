//! Aggregation profiles with their definitions, as they are edited and as versions keep them. What POEM itself stores of
//! them is in `aggregation`; the JSON of a definition in `aggregation_definition`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::aggregation_definition::{AggregationDefinition, GroupedService, MetricProfileReference, ServiceGroup};
use super::change_set::{ChangeSet, FieldChange};
use super::group_kind::GroupKind;
use super::metric::Setting;
use crate::domain::form::field::{Choices, Field, GroupLayout, Kind, RowColumn};
use crate::domain::form::row_group::{GroupedRow, RowGroup, of_origin, origin};

/// The editable content of an aggregation profile whose definition is on the ARGO WEB-API. Its name is in the definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AggregationProfileContent {
    /// The name of the group in POEM; `''` without one.
    pub group: String,
    /// The id on the WEB-API; `''` for a new one.
    pub apiid: String,
    /// The definition.
    pub definition: AggregationDefinition,
}

/// The name of the field of the service flavour groups.
pub const GROUPS: &str = "groups";
/// The name of the field of the metric profile. Its value is the id on the WEB-API.
pub const METRIC_PROFILE: &str = "metric_profile";

/// The word for one service flavour group, and for several.
const NOUN: [&str; 2] = ["service flavour group", "service flavour groups"];

/// The maximum number of characters of a name.
const MAX_NAME: usize = 128;

const fn column(name: &'static str, label: &'static str, max: usize, suggestions: Option<Choices>) -> RowColumn {
    RowColumn { name, label, max, required: true, is_key: false, suggestions }
}

/// The service flavour groups. The bounds leave room: real profiles have a few groups of a few services.
static GROUP_LAYOUT: GroupLayout = GroupLayout {
    one: NOUN[0],
    name: column("name", "Name", MAX_NAME, None),
    operation: column("operation", "Operation", 16, Some(Choices::Operations)),
    rows: "services",
    row_name: column("name", "Service flavour", MAX_NAME, Some(Choices::ProfileServices)),
    row_operation: column("operation", "Operation", 16, Some(Choices::Operations)),
    max_groups: 100,
    max_rows: 2000,
    joined_by: "profile_operation",
    offered_by: METRIC_PROFILE,
};

type F = Field<AggregationProfileContent>;

/// The fields of the form of an aggregation profile.
pub static FIELDS: [F; 9] = [
    F::line("name", "Aggregation name", MAX_NAME, |it| &it.definition.name, |it, text| it.definition.name = text)
        .required()
        .help("For example critical."),
    F::choice(
        "metric_operation",
        "Metric operation",
        Choices::Operations,
        |it| &it.definition.metric_operation,
        |it, text| it.definition.metric_operation = text,
    )
    .required()
    .help("Logical operation that will be applied between metrics of each service flavour, for example AND"),
    F::choice(
        "profile_operation",
        "Aggregation operation",
        Choices::Operations,
        |it| &it.definition.profile_operation,
        |it, text| it.definition.profile_operation = text,
    )
    .required()
    .help("Logical operation that will be applied between defined service flavour groups, for example AND"),
    F::choice(
        METRIC_PROFILE,
        "Metric profile",
        Choices::MetricProfiles,
        |it| &it.definition.metric_profile.id,
        set_metric_profile,
    )
    .labelled(|it| &it.definition.metric_profile.name)
    .required()
    .help(
        "Metric profile associated to Aggregation profile. Service flavours defined in service flavour groups originate \
         from selected metric profile.",
    ),
    F::choice(
        "endpoint_group",
        "Endpoint group",
        Choices::EndpointGroups,
        |it| &it.definition.endpoint_group,
        |it, text| it.definition.endpoint_group = text,
    )
    .required()
    .help("The kind of groups for which a status is computed, for example sites."),
    F::choice("group", "Group", Choices::Groups(GroupKind::Aggregations), |it| &it.group, |it, name| it.group = name)
        .help("Aggregation profile is a member of a given group."),
    F::line("namespace", "Namespace", 1024, |it| &it.definition.namespace, |it, text| it.definition.namespace = text)
        .read_only()
        .help("Set on the ARGO WEB-API, for example egi."),
    F::line("apiid", "Id on the ARGO WEB-API", 1024, |it| &it.apiid, |it, text| it.apiid = text)
        .read_only()
        .help("Given by the ARGO WEB-API, for example 2744247f-40f8-4dd6-b22c-76a3b38334d8."),
    F::new(
        GROUPS,
        "Service flavour groups",
        Kind::RowGroups { layout: &GROUP_LAYOUT, get: row_groups, set: set_row_groups },
    )
    .help("Service flavours that count together: for example compute (OR) with ARC-CE (OR) and HTCondorCE (OR)."),
];

/// Sets the id of the metric profile. The name of another one is not known here.
fn set_metric_profile(content: &mut AggregationProfileContent, id: String) {
    let reference = &mut content.definition.metric_profile;
    if reference.id != id {
        reference.name.clear();
    }
    reference.id = id;
}

fn row_groups(content: &AggregationProfileContent) -> Vec<RowGroup> {
    let row = |(place, service): (usize, &GroupedService)| GroupedRow {
        origin: origin(place, &service.name),
        name: service.name.clone(),
        operation: service.operation.clone(),
    };
    let group = |(place, group): (usize, &ServiceGroup)| RowGroup {
        origin: origin(place, &group.name),
        name: group.name.clone(),
        operation: group.operation.clone(),
        rows: group.services.iter().enumerate().map(row).collect(),
    };
    content.definition.groups.iter().enumerate().map(group).collect()
}

/// Sets the groups. Groups and services keep the unknown keys of what they were before.
fn set_row_groups(content: &mut AggregationProfileContent, groups: Vec<RowGroup>) {
    let before = std::mem::take(&mut content.definition.groups);
    let service = |row: GroupedRow, services: &[GroupedService]| {
        let was = of_origin(services, &row.origin, |service| &service.name);
        let unknown = was.map(|service| service.unknown.clone()).unwrap_or_default();
        GroupedService { name: row.name, operation: row.operation, unknown }
    };
    let group = |group: RowGroup| {
        let was = of_origin(&before, &group.origin, |group| &group.name);
        let services = was.map_or(&[][..], |group| group.services.as_slice());
        ServiceGroup {
            name: group.name,
            operation: group.operation,
            services: group.rows.into_iter().map(|row| service(row, services)).collect(),
            unknown: was.map(|group| group.unknown.clone()).unwrap_or_default(),
        }
    };
    content.definition.groups = groups.into_iter().map(group).collect();
}

impl AggregationProfileContent {
    /// Returns what a change changed.
    pub fn changes(&self, after: &Self) -> ChangeSet {
        let (old, new) = (&self.definition, &after.definition);
        let profiles = metric_profiles(old, new);
        let unknown = [old, new].map(|it| in_json(&[&it.unknown, &it.metric_profile.unknown]));
        ChangeSet::of_values(&[
            ("name", &old.name, &new.name),
            ("metric operation", &old.metric_operation, &new.metric_operation),
            ("aggregation operation", &old.profile_operation, &new.profile_operation),
            ("metric profile", &profiles[0], &profiles[1]),
            ("endpoint group", &old.endpoint_group, &new.endpoint_group),
            ("group", &self.group, &after.group),
            ("namespace", &old.namespace, &new.namespace),
            ("id on the ARGO WEB-API", &self.apiid, &after.apiid),
            ("other keys", &unknown[0], &unknown[1]),
        ])
        .and(FieldChange::parts(NOUN, &parts(old), &parts(new)))
    }
}

/// Returns the metric profiles in words if they differ: their names, with their ids where names are not enough. Only the id
/// counts, since the name of a reference may be an old one.
fn metric_profiles(old: &AggregationDefinition, new: &AggregationDefinition) -> [String; 2] {
    let (before, after) = (&old.metric_profile, &new.metric_profile);
    if before.id == after.id {
        return [String::new(), String::new()];
    }
    let is_clear = before.name != after.name && ![before, after].iter().any(|it| it.name.is_empty());
    let in_words = |it: &MetricProfileReference| match it {
        it if is_clear || it.id.is_empty() => it.name.clone(),
        it => format!("{} ({})", it.name, it.id).trim_start().to_owned(),
    };
    [in_words(before), in_words(after)]
}

/// Returns the groups with everything else in words: `(OR)` and a line for each service.
fn parts(definition: &AggregationDefinition) -> Vec<Setting> {
    let line = |service: &GroupedService| {
        format!("\n- {} ({}){}", service.name, service.operation, in_json(&[&service.unknown]))
    };
    let part = |group: &ServiceGroup| {
        let services: String = group.services.iter().map(line).collect();
        Setting(group.name.clone(), format!("({}){}{services}", group.operation, in_json(&[&group.unknown])))
    };
    definition.groups.iter().map(part).collect()
}

/// Returns unknown keys as JSON; empty if there are none.
fn in_json(unknown: &[&Map<String, Value>]) -> String {
    let filled = unknown.iter().filter(|keys| !keys.is_empty());
    filled.filter_map(|keys| serde_json::to_string(keys).ok()).map(|json| format!(" {json}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::form::submitted::{Draft, RawValue};

    fn content() -> AggregationProfileContent {
        let definition = json!({
            "id": "a9", "date": "2026-11-28", "name": "critical", "namespace": "egi", "endpoint_group": "projects",
            "metric_operation": "AND", "profile_operation": "XOR", "k": 1,
            "metric_profile": {"name": "ROC_CRITICAL", "id": "27", "k": 2},
            "groups": [
                {"name": "compute", "operation": "OR", "k": 3, "services": [
                    {"name": "ARC-CE", "operation": "AND", "k": 4}, {"name": "QCG", "operation": "AND", "k": 5}]},
                {"name": "storage", "operation": "OR", "k": 6, "services": [{"name": "SRM", "operation": "AND"}]},
            ],
        });
        AggregationProfileContent {
            group: "ARGO".into(),
            apiid: "a9".into(),
            definition: serde_json::from_value(definition).unwrap(),
        }
    }

    /// Returns the names and values that a browser sends for a draft.
    fn pairs(draft: &Draft) -> Vec<(String, String)> {
        let texts = ["name", "metric_operation", "profile_operation", METRIC_PROFILE, "endpoint_group", "group"];
        let mut pairs: Vec<_> = texts.map(|name| (name.to_owned(), draft.text(name).to_owned())).into();
        for (place, group) in draft.row_groups(GROUPS).iter().enumerate() {
            let mut add = |part: &str, [origin, name, operation]: [&String; 3]| {
                for (column, value) in [("origin", origin), ("name", name), ("operation", operation)] {
                    pairs.push((format!("groups-{place}-{part}{column}"), value.clone()));
                }
            };
            add("", [&group.origin, &group.name, &group.operation]);
            for (number, row) in group.rows.iter().enumerate() {
                add(&format!("services-{number}-"), [&row.origin, &row.name, &row.operation]);
            }
        }
        pairs
    }

    fn edited(change: impl Fn(&mut Vec<RowGroup>)) -> AggregationProfileContent {
        let mut draft = Draft::of(&FIELDS, &content());
        let mut groups = draft.row_groups(GROUPS).to_vec();
        change(&mut groups);
        draft.set(GROUPS, RawValue::RowGroups(groups));
        let read = Draft::read(&FIELDS, &content(), &pairs(&draft)).unwrap();
        read.parse_change(&FIELDS, content()).unwrap()
    }

    #[test]
    fn a_form_that_is_sent_back_as_it_was_changes_nothing() {
        assert_eq!(edited(|_| ()), content());
    }

    #[test]
    fn groups_and_services_keep_unknown_keys_when_they_are_renamed_or_moved() {
        let after = edited(|groups| {
            groups[0].rows.swap(0, 1);
            "ARC-CE6".clone_into(&mut groups[0].rows[1].name);
            "farms".clone_into(&mut groups[0].name);
            groups.swap(0, 1);
            groups.push(RowGroup { name: "new".into(), operation: "OR".into(), ..RowGroup::default() });
        });
        let groups = serde_json::to_value(&after.definition.groups).unwrap();
        assert_eq!(
            groups,
            json!([
                {"name": "storage", "operation": "OR", "k": 6, "services": [{"name": "SRM", "operation": "AND"}]},
                {"name": "farms", "operation": "OR", "k": 3, "services": [
                    {"name": "QCG", "operation": "AND", "k": 5}, {"name": "ARC-CE6", "operation": "AND", "k": 4}]},
                {"name": "new", "operation": "OR", "services": []},
            ])
        );
        let definition = AggregationDefinition { groups: content().definition.groups, ..after.definition };
        assert_eq!(definition, content().definition);
    }

    #[test]
    fn values_that_are_no_choices_stay_until_they_are_changed() {
        let mut draft = Draft::of(&FIELDS, &content());
        draft.set("name", RawValue::Text("other".into()));
        let after = draft.parse_change(&FIELDS, content()).unwrap();
        assert_eq!(
            (after.definition.profile_operation.as_str(), after.definition.endpoint_group.as_str()),
            ("XOR", "projects")
        );
        draft.set("profile_operation", RawValue::Text("NAND".into()));
        draft.set("endpoint_group", RawValue::Text("ngis".into()));
        assert_eq!(draft.parse_change(&FIELDS, content()).unwrap_err().errors.len(), 2);
    }

    #[test]
    fn shown_fields_are_not_read_from_a_form() {
        let sent = [("namespace", "x"), ("apiid", "y"), ("name", "critical")];
        let sent: Vec<_> = sent.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let draft = Draft::read(&FIELDS, &content(), &sent).unwrap();
        assert_eq!((draft.text("namespace"), draft.text("apiid")), ("egi", "a9"));
        let (after, _) = draft.parse_change_all(&FIELDS, content());
        assert_eq!((after.definition.namespace.as_str(), after.apiid.as_str()), ("egi", "a9"));
    }

    fn words(change: impl Fn(&mut AggregationProfileContent)) -> String {
        let mut after = content();
        change(&mut after);
        content().changes(&after).in_words()
    }

    #[test]
    fn changes_are_described() {
        let added = |name: &str| ServiceGroup { name: name.into(), ..ServiceGroup::default() };
        let all = words(|it| {
            it.definition.metric_operation = "OR".into();
            it.definition.groups[0].services.pop();
            it.definition.groups[1] = added("network");
        });
        let expected = "Changed metric operation. Added service flavour group \"network\". \
                        Changed service flavour group \"compute\". Deleted service flavour group \"storage\".";
        assert_eq!(all, expected);
        assert_eq!(words(|it| it.definition.groups.swap(0, 1)), "Changed order of service flavour groups.");
        let changed = "Changed service flavour group \"compute\".";
        assert_eq!(words(|it| it.definition.groups[0].services.swap(0, 1)), changed);
        assert_eq!(words(|it| it.definition.groups[0].services[0].unknown.clear()), changed);
        let renamed = "Changed service flavour group \"farms\".";
        assert_eq!(words(|it| it.definition.groups[0].name = "farms".into()), renamed);
        assert_eq!(words(|it| it.definition.unknown.clear()), "Changed other keys.");
    }

    #[test]
    fn another_metric_profile_is_a_change_and_another_name_of_it_is_none() {
        assert_eq!(words(|it| it.definition.metric_profile.name = "NEW".into()), "No fields changed.");
        assert_eq!(words(|it| it.definition.metric_profile.id = "28".into()), "Changed metric profile.");
        let mut after = content();
        set_metric_profile(&mut after, "28".into());
        assert_eq!(after.definition.metric_profile.name, "");
        assert!(!content().changes(&after).is_empty());
    }
}
