//! The copy of a profile on the ARGO WEB-API, where it is called a metric profile: what is sent, and how the two differ.

use std::collections::{BTreeMap, BTreeSet};

use super::metric_profile_definition::{MetricProfileDefinition, ServiceMetrics};
use super::profile::ProfileContent;

/// What POEM keeps of the copy of a profile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileCopy {
    /// The id on the WEB-API; `None` if it is not there, as far as POEM knows.
    pub api_id: Option<String>,
    /// The profile is sent on every save.
    pub on_every_save: bool,
    /// The definition as it was after the last sending; `None` if it was never sent.
    pub sent: Option<MetricProfileDefinition>,
    /// The number of changes of the profile so far.
    pub changes: i64,
}

/// The pairs of service flavour and metric that only one side has, in code point order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyDifference {
    /// The pairs that only POEM has.
    pub only_here: Vec<(String, String)>,
    /// The pairs that only the WEB-API has.
    pub only_there: Vec<(String, String)>,
    /// The descriptions differ.
    pub description: bool,
    /// The names differ.
    pub name: bool,
}

impl CopyDifference {
    /// Returns true if there is no difference.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The names that the copy of a profile may have: that of the profile, and with the namespace before it.
///
/// Connectors of POEM 2.3 wrote profiles for the engine as `NAMESPACE.NAME`.
pub fn names(profile: &str, namespace: &str) -> Vec<String> {
    match namespace {
        "" => vec![profile.to_owned()],
        namespace => vec![profile.to_owned(), format!("{namespace}.{profile}")],
    }
}

/// Returns what is sent of a profile. `there` is the definition on the WEB-API, whose unknown keys are kept; its name stays
/// if it is one of [`names`].
///
/// Services and metrics are in code point order, each once: FQANs and VOs do not count.
pub fn wanted(
    content: &ProfileContent,
    namespace: &str,
    there: Option<&MetricProfileDefinition>,
) -> MetricProfileDefinition {
    let there = there.cloned().unwrap_or_default();
    let kept = names(&content.name, namespace).into_iter().find(|name| *name == there.name);
    let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for tuple in &content.tuples {
        services.entry(&tuple.service_flavour).or_default().insert(&tuple.metric);
    }
    let service = |(service, metrics): (&str, BTreeSet<&str>)| ServiceMetrics {
        service: service.to_owned(),
        metrics: metrics.into_iter().map(str::to_owned).collect(),
        unknown: there
            .services
            .iter()
            .find(|of| of.service == service)
            .map(|of| of.unknown.clone())
            .unwrap_or_default(),
    };
    MetricProfileDefinition {
        id: there.id.clone(),
        date: String::new(),
        name: kept.unwrap_or_else(|| content.name.clone()),
        description: content.description.clone().unwrap_or_default(),
        services: services.into_iter().map(service).collect(),
        unknown: there.unknown.clone(),
    }
}

/// Compares what is to be sent with what is there. The order of services and metrics, and doubled ones, do not count.
pub fn difference(here: &MetricProfileDefinition, there: &MetricProfileDefinition) -> CopyDifference {
    let (own, others) = (pairs(here), pairs(there));
    let only = |of: &BTreeSet<(&str, &str)>, other: &BTreeSet<(&str, &str)>| {
        of.difference(other).map(|(service, metric)| ((*service).to_owned(), (*metric).to_owned())).collect()
    };
    CopyDifference {
        only_here: only(&own, &others),
        only_there: only(&others, &own),
        description: here.description != there.description,
        name: here.name != there.name,
    }
}

fn pairs(of: &MetricProfileDefinition) -> BTreeSet<(&str, &str)> {
    of.services
        .iter()
        .flat_map(|service| service.metrics.iter().map(|metric| (service.service.as_str(), metric.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::model::profile::Tuple;

    fn content() -> ProfileContent {
        let tuple = |service: &str, metric: &str, fqan: &str| Tuple {
            service_flavour: service.into(),
            metric: metric.into(),
            fqan: fqan.into(),
        };
        ProfileContent {
            name: "ARGO_MON".into(),
            description: None,
            tuples: vec![tuple("b", "z", ""), tuple("b", "a", "/x"), tuple("b", "a", ""), tuple("A", "m", "")],
            ..ProfileContent::default()
        }
    }

    #[test]
    fn services_and_metrics_are_sent_once_in_code_point_order() {
        let sent = serde_json::to_value(wanted(&content(), "", None)).unwrap();
        let services = json!([{"service": "A", "metrics": ["m"]}, {"service": "b", "metrics": ["a", "z"]}]);
        assert_eq!(sent, json!({"name": "ARGO_MON", "description": "", "services": services}));
        let none = ProfileContent { tuples: Vec::new(), ..content() };
        assert_eq!(serde_json::to_value(wanted(&none, "", None)).unwrap()["services"], json!([]));
    }

    #[test]
    fn the_name_with_the_namespace_and_unknown_keys_stay() {
        let there = json!({
            "id": "1", "name": "egi.ARGO_MON", "k": 1, "services": [{"service": "b", "metrics": ["a"], "k": 2}],
        });
        let there: MetricProfileDefinition = serde_json::from_value(there).unwrap();
        let sent = serde_json::to_value(wanted(&content(), "egi", Some(&there)).to_send()).unwrap();
        assert_eq!(
            (&sent["name"], &sent["k"], &sent["services"][1]["k"]),
            (&json!("egi.ARGO_MON"), &json!(1), &json!(2))
        );
        assert_eq!(wanted(&content(), "other", Some(&there)).name, "ARGO_MON");
        assert_eq!(names("P", "egi"), ["P", "egi.P"]);
    }

    #[test]
    fn differences_are_named_and_the_order_does_not_count() {
        let there = json!({"name": "ARGO_MON", "description": "", "services": [
            {"service": "b", "metrics": ["z", "a", "a"]}, {"service": "C", "metrics": ["n"]},
        ]});
        let there: MetricProfileDefinition = serde_json::from_value(there).unwrap();
        let found = difference(&wanted(&content(), "", None), &there);
        assert_eq!(found.only_here, [("A".to_owned(), "m".to_owned())]);
        assert_eq!(found.only_there, [("C".to_owned(), "n".to_owned())]);
        assert!(!found.description && !found.name && !found.is_none());
    }
}
