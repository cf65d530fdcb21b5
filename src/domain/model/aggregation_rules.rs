//! The rules of an aggregation profile: what cannot be saved on the ARGO WEB-API, and what a user should know.
//!
//! The WEB-API itself accepts almost everything; what computes availabilities from a profile does not.

use std::collections::{HashMap, HashSet};

use super::aggregation_definition::{AggregationDefinition, GroupedService, ServiceGroup};
use super::aggregation_profile::{AggregationProfileContent, GROUPS, METRIC_PROFILE};
use super::metric_profile_definition::MetricProfileDefinition;
use super::wording;
use crate::domain::form::row_groups::{NAME, OPERATION};
use crate::domain::form::validation_error::{Place, ValidationErrors, words};

/// The metric profile is not there any more.
const PROFILE_GONE: &str = "This metric profile is no longer on the ARGO WEB-API.";
/// A group has the name of another one.
const GROUP_TWICE: &str = "This service flavour group occurs twice.";
/// A group has no services.
const NO_SERVICES: &str = "Add a service flavour, or remove the group.";
/// A profile has no groups.
const NOTHING_COMPUTED: &str = "Nothing is computed: there is no service flavour group.";

/// What a user should know about a profile, although it can be saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileWarnings {
    /// The warnings, each at a row or at the field of the groups.
    pub messages: ValidationErrors,
    /// The service flavours of the metric profile that are in no group, in order.
    pub unused: Vec<String>,
}

/// Checks a profile before it is sent to the WEB-API. `opened` is the definition that the form was opened with: services
/// that it has are accepted also if the metric profile lacks them. `metric_profile` is the chosen metric profile; `None`
/// if the WEB-API has no such profile.
///
/// Everything is checked, also what was wrong when the form was opened.
pub fn check(
    content: &AggregationProfileContent,
    opened: &AggregationDefinition,
    metric_profile: Option<&MetricProfileDefinition>,
) -> ValidationErrors {
    let mut errors = ValidationErrors::default();
    let definition = &content.definition;
    if metric_profile.is_none() && !definition.metric_profile.id.is_empty() {
        errors.add(Place::Field(METRIC_PROFILE), PROFILE_GONE);
    }
    let mut names = HashSet::new();
    for (number, group) in definition.groups.iter().enumerate() {
        check_operand((&group.name, &group.operation), (number, None), &mut errors);
        if !group.name.is_empty() && !names.insert(&group.name) {
            errors.add(at(number, None, Some(NAME)), GROUP_TWICE);
        }
        if group.services.is_empty() {
            errors.add(at(number, None, None), NO_SERVICES);
        }
        check_services((number, group), &mut errors);
    }
    if let Some(profile) = metric_profile {
        check_new_services(&definition.groups, opened, profile, &mut errors);
    }
    errors
}

fn at(group: usize, row: Option<usize>, column: Option<&'static str>) -> Place {
    Place::InGroup { field: GROUPS, group, row, column }
}

fn check_operand((name, operation): (&str, &str), (group, row): (usize, Option<usize>), errors: &mut ValidationErrors) {
    for (column, text) in [(NAME, name), (OPERATION, operation)] {
        if text.is_empty() {
            errors.add(at(group, row, Some(column)), words::REQUIRED);
        }
    }
}

fn check_services((number, group): (usize, &ServiceGroup), errors: &mut ValidationErrors) {
    let mut seen = HashSet::new();
    for (row, service) in group.services.iter().enumerate() {
        check_operand((&service.name, &service.operation), (number, Some(row)), errors);
        if !service.name.is_empty() && !seen.insert(&service.name) {
            errors.add(at(number, Some(row), None), format!("{} occurs twice in this group.", service.name));
        }
    }
}

/// Adds an error for each service that neither the metric profile nor the opened definition has.
fn check_new_services(
    groups: &[ServiceGroup],
    opened: &AggregationDefinition,
    profile: &MetricProfileDefinition,
    errors: &mut ValidationErrors,
) {
    let old = opened.groups.iter().flat_map(|group| &group.services).map(|service| service.name.as_str());
    let known: HashSet<&str> = profile.service_flavours().into_iter().chain(old).collect();
    for (place, service) in services(groups) {
        if !service.name.is_empty() && !known.contains(service.name.as_str()) {
            errors.add(place, no_service_of(&service.name, &profile.name));
        }
    }
}

fn no_service_of(service: &str, profile: &str) -> String {
    format!("{service} is not a service flavour of {profile}.")
}

/// Returns all services with their places.
fn services(groups: &[ServiceGroup]) -> impl Iterator<Item = (Place, &GroupedService)> {
    let of_group = |(number, group): (usize, &'_ ServiceGroup)| (number, group.services.len());
    let places = groups.iter().enumerate().map(of_group).collect::<Vec<_>>();
    let places = places.into_iter().flat_map(|(group, rows)| (0..rows).map(move |row| at(group, Some(row), None)));
    places.zip(groups.iter().flat_map(|group| &group.services))
}

/// Returns what a user should know about a profile. Without a metric profile, its services are not compared.
pub fn warnings(
    content: &AggregationProfileContent,
    metric_profile: Option<&MetricProfileDefinition>,
) -> ProfileWarnings {
    let groups = &content.definition.groups;
    let mut messages = ValidationErrors::default();
    if groups.is_empty() {
        messages.add(Place::Field(GROUPS), NOTHING_COMPUTED);
    }
    messages.extend(Place::Field(GROUPS), in_two_groups(groups));
    let unused = metric_profile.map(|profile| compare(groups, profile, &mut messages)).unwrap_or_default();
    ProfileWarnings { messages, unused }
}

/// Adds a warning for each service that the metric profile lacks. Returns its services that are in no group.
fn compare(groups: &[ServiceGroup], profile: &MetricProfileDefinition, messages: &mut ValidationErrors) -> Vec<String> {
    let offered = profile.service_flavours();
    let known: HashSet<&str> = offered.iter().copied().collect();
    let mut missing = Vec::new();
    for (place, service) in services(groups).filter(|(_, it)| !it.name.is_empty() && !known.contains(it.name.as_str()))
    {
        messages.add(place, no_service_of(&service.name, &profile.name));
        missing.push(service.name.as_str());
    }
    let mut seen = HashSet::new();
    missing.retain(|name| seen.insert(*name));
    if !missing.is_empty() {
        let sentence = format!("Some service flavours are not in the metric profile: {}.", missing.join(", "));
        messages.add(Place::Field(GROUPS), sentence);
    }
    let used: HashSet<&str> = services(groups).map(|(_, service)| service.name.as_str()).collect();
    offered.into_iter().filter(|name| !used.contains(name)).map(str::to_owned).collect()
}

/// Returns a sentence for each service that is in several groups. Of these, the computation uses only the last one.
fn in_two_groups(groups: &[ServiceGroup]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut of_service: HashMap<&str, Vec<&str>> = HashMap::new();
    for group in groups {
        for service in group.services.iter().filter(|service| !service.name.is_empty()) {
            let of = of_service.entry(&service.name).or_insert_with(|| {
                names.push(&service.name);
                Vec::new()
            });
            if of.last() != Some(&group.name.as_str()) {
                of.push(&group.name);
            }
        }
    }
    let sentence = |name: &&str| match of_service.get(name).map(Vec::as_slice) {
        Some(groups @ [_, .., last]) => {
            Some(format!("{name} is in {}: it counts in {last} only.", wording::in_words(groups)))
        }
        _ => None,
    };
    names.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns a profile with these groups: `compute OR: ARC-CE AND, QCG AND`; `_` is an empty text.
    fn profile(groups: &str) -> AggregationProfileContent {
        let words = |text: &str| {
            let (name, operation) = text.trim_start().rsplit_once(' ').unwrap();
            json!({"name": name.replace('_', ""), "operation": operation.replace('_', "")})
        };
        let group = |text: &str| {
            let (head, rows) = text.split_once(':').unwrap();
            let mut group = words(head);
            group["services"] = rows.split(',').filter(|row| !row.trim().is_empty()).map(words).collect();
            group
        };
        let groups: serde_json::Value = groups.split(';').filter(|text| !text.is_empty()).map(group).collect();
        let definition = json!({"metric_profile": {"id": "27", "name": "old"}, "groups": groups});
        AggregationProfileContent {
            definition: serde_json::from_value(definition).unwrap(),
            ..AggregationProfileContent::default()
        }
    }

    fn metric_profile() -> MetricProfileDefinition {
        let services: Vec<_> = ["SRM", "ARC-CE", "QCG", "SRM"].iter().map(|name| json!({"service": name})).collect();
        serde_json::from_value(json!({"id": "27", "name": "ROC", "services": services})).unwrap()
    }

    fn errors(groups: &str) -> ValidationErrors {
        check(&profile(groups), &AggregationDefinition::default(), Some(&metric_profile()))
    }

    #[test]
    fn a_good_profile_has_no_errors_also_without_groups() {
        assert!(errors("compute OR: ARC-CE AND, QCG AND; storage OR: SRM AND").is_empty());
        assert!(errors("").is_empty());
    }

    #[test]
    fn names_and_operations_are_required() {
        let found = errors("_ OR: SRM AND; b _: QCG _, _ AND");
        let required = [at(0, None, Some(NAME)), at(1, None, Some(OPERATION)), at(1, Some(0), Some(OPERATION))];
        for place in required.into_iter().chain([at(1, Some(1), Some(NAME))]) {
            assert_eq!(found.of(place), [words::REQUIRED], "{place:?}");
        }
        assert_eq!(found.errors.len(), 4);
    }

    #[test]
    fn groups_occur_once_and_have_services() {
        let found = errors("a OR: SRM AND; b OR:; a AND: QCG AND");
        assert_eq!(found.of(at(2, None, Some(NAME))), [GROUP_TWICE]);
        assert_eq!(found.of(at(1, None, None)), [NO_SERVICES]);
        assert_eq!(found.errors.len(), 2);
    }

    #[test]
    fn a_service_occurs_once_in_a_group() {
        let found = errors("a OR: SRM AND, QCG AND, SRM OR; b OR: SRM AND");
        assert_eq!(found.of(at(0, Some(2), None)), ["SRM occurs twice in this group."]);
        assert_eq!(found.errors.len(), 1);
    }

    #[test]
    fn only_a_new_service_must_be_in_the_metric_profile() {
        let content = profile("a OR: SRM AND, X AND");
        let found = check(&content, &AggregationDefinition::default(), Some(&metric_profile()));
        assert_eq!(found.of(at(0, Some(1), None)), ["X is not a service flavour of ROC."]);
        let opened = profile("other OR: X OR").definition;
        assert!(check(&content, &opened, Some(&metric_profile())).is_empty());
    }

    #[test]
    fn the_metric_profile_must_exist() {
        let mut content = profile("a OR: X AND");
        let found = check(&content, &content.definition, None);
        assert_eq!((found.of(Place::Field(METRIC_PROFILE)), found.errors.len()), (vec![PROFILE_GONE], 1));
        // The form itself says that one is required.
        content.definition.metric_profile.id.clear();
        assert!(check(&content, &content.definition, None).is_empty());
    }

    #[test]
    fn services_are_compared_with_the_metric_profile() {
        let warned = warnings(&profile("a OR: X AND, SRM AND; b OR: Y AND, X AND"), Some(&metric_profile()));
        assert_eq!(warned.messages.of(at(0, Some(0), None)), ["X is not a service flavour of ROC."]);
        assert_eq!(warned.messages.of(at(1, Some(0), None)), ["Y is not a service flavour of ROC."]);
        let of_field =
            ["X is in a and b: it counts in b only.", "Some service flavours are not in the metric profile: X, Y."];
        assert_eq!(warned.messages.of(Place::Field(GROUPS)), of_field);
        assert_eq!(warned.unused, ["ARC-CE", "QCG"]);
    }

    #[test]
    fn a_profile_without_groups_computes_nothing() {
        let warned = warnings(&profile(""), None);
        assert_eq!(warned.messages.of(Place::Field(GROUPS)), [NOTHING_COMPUTED]);
        assert!(warned.unused.is_empty());
    }

    #[test]
    fn a_service_counts_in_the_last_of_its_groups() {
        let warned =
            warnings(&profile("a OR: SRM AND; b OR: QCG AND, SRM AND; c OR: SRM AND"), Some(&metric_profile()));
        assert_eq!(warned.messages.of(Place::Field(GROUPS)), ["SRM is in a, b and c: it counts in c only."]);
    }
}
