//! The definition of a metric profile: the JSON object that the ARGO WEB-API stores. Profiles of POEM are in `profile`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::aggregation_definition::or_default;

/// The definition of a metric profile. Texts are `''` and lists empty if the WEB-API has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricProfileDefinition {
    /// The id on the WEB-API; `''` if it has none yet.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The day since when it counts; `''` if the WEB-API has none. It is never sent.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The description; `''` on a WEB-API older than 1.9.
    #[serde(deserialize_with = "or_default")]
    pub description: String,
    /// The services. One may occur twice.
    #[serde(deserialize_with = "or_default")]
    pub services: Vec<ServiceMetrics>,
    /// All other keys.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// A service flavour of a metric profile, with its metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceMetrics {
    /// The service flavour.
    #[serde(deserialize_with = "or_default")]
    pub service: String,
    /// The names of its metrics.
    #[serde(deserialize_with = "or_default")]
    pub metrics: Vec<String>,
    /// All other keys.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl MetricProfileDefinition {
    /// Returns true if both have the same content: everything but id and date.
    pub fn is_equal(&self, other: &Self) -> bool {
        self.to_send() == other.to_send()
    }

    /// Returns what is sent to the WEB-API: without id and date.
    pub fn to_send(&self) -> Self {
        Self { id: String::new(), date: String::new(), ..self.clone() }
    }

    /// Returns the service flavours, each once, sorted by their lower case.
    pub fn service_flavours(&self) -> Vec<&str> {
        let names: BTreeSet<(String, &str)> =
            self.services.iter().map(|it| (it.service.to_lowercase(), it.service.as_str())).collect();
        names.into_iter().map(|(_, name)| name).filter(|name| !name.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_metric_profile_is_read_with_null_doubled_and_unknown_parts() {
        let value = json!({
            "id": "1", "name": "P", "services": [
                {"service": "b", "metrics": ["m"], "x": 1}, {"service": "A", "metrics": null}, {"service": "b"},
            ], "y": 2,
        });
        let read: MetricProfileDefinition = serde_json::from_value(value).unwrap();
        assert_eq!(read.service_flavours(), ["A", "b"]);
        let sent = json!({
            "name": "P", "description": "", "services": [
                {"service": "b", "metrics": ["m"], "x": 1}, {"service": "A", "metrics": []},
                {"service": "b", "metrics": []},
            ], "y": 2,
        });
        assert_eq!(serde_json::to_value(read.to_send()).unwrap(), sent);
        assert!(read.is_equal(&MetricProfileDefinition { date: "2026-11-28".into(), ..read.clone() }));
        assert!(!read.is_equal(&MetricProfileDefinition { name: "Q".into(), ..read.clone() }));
        let none: MetricProfileDefinition = serde_json::from_value(json!({"services": null})).unwrap();
        assert!(none.service_flavours().is_empty());
    }
}
