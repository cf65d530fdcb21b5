//! The definition of an aggregation profile: the JSON object that the ARGO WEB-API stores.
//!
//! Keys that POEM does not know are kept at every level, because a definition is replaced as a whole.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The definition of an aggregation profile. Texts are `''` and lists empty if the WEB-API has none.
///
/// `PartialEq` compares everything; see [`AggregationDefinition::is_equal`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AggregationDefinition {
    /// The id on the WEB-API; `''` if it has none yet.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The day since when it counts, `YYYY-MM-DD`; `''` on a WEB-API older than 1.9. It is never sent.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The namespace.
    #[serde(deserialize_with = "or_default")]
    pub namespace: String,
    /// The type of the endpoint groups: `sites` or `servicegroups`, or another one that was set elsewhere.
    #[serde(deserialize_with = "or_default")]
    pub endpoint_group: String,
    /// The operation between the metrics of a service: `AND` or `OR`, or another one that was set elsewhere.
    #[serde(deserialize_with = "or_default")]
    pub metric_operation: String,
    /// The operation between the service groups, likewise.
    #[serde(deserialize_with = "or_default")]
    pub profile_operation: String,
    /// The metric profile whose services are aggregated.
    #[serde(deserialize_with = "or_default")]
    pub metric_profile: MetricProfileReference,
    /// The service groups, in order.
    #[serde(deserialize_with = "or_default")]
    pub groups: Vec<ServiceGroup>,
    /// All other keys.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The metric profile that a definition refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricProfileReference {
    /// The name, which the WEB-API does not renew after a rename: only the id counts.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The id on the WEB-API.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// All other keys.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// A service group of a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceGroup {
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The operation between its services.
    #[serde(deserialize_with = "or_default")]
    pub operation: String,
    /// Its services, in order.
    #[serde(deserialize_with = "or_default")]
    pub services: Vec<GroupedService>,
    /// All other keys.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// A service flavour in a service group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupedService {
    /// The service flavour.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The operation between its endpoints.
    #[serde(deserialize_with = "or_default")]
    pub operation: String,
    /// All other keys.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// Reads null as the default: the WEB-API has null for what was left out in a request.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(read: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(read)?.unwrap_or_default())
}

impl AggregationDefinition {
    /// Returns the name by which POEM calls the profile: the id if it has none, which the WEB-API allows.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    /// Returns true if both have the same content: everything but id, date and the name of the metric profile.
    ///
    /// The order of service groups and services counts, that of keys does not.
    pub fn is_equal(&self, other: &Self) -> bool {
        self.content() == other.content()
    }

    /// Returns what is sent to the WEB-API: without id and date.
    ///
    /// The WEB-API would take over a date that is sent, although the definition counts from today.
    pub fn to_send(&self) -> Self {
        Self { id: String::new(), date: String::new(), ..self.clone() }
    }

    fn content(&self) -> Self {
        let mut content = self.to_send();
        content.metric_profile.name.clear();
        content
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(value: Value) -> AggregationDefinition {
        serde_json::from_value(value).unwrap()
    }

    fn critical() -> Value {
        json!({
            "id": "a9e2", "date": "2026-11-28", "name": "critical", "namespace": "egi", "endpoint_group": "sites",
            "metric_operation": "AND", "profile_operation": "XOR", "new": [1, {"a": null}],
            "metric_profile": {"name": "ROC_CRITICAL", "id": "276c", "version": 7},
            "groups": [
                {"name": "compute", "operation": "OR", "weight": 1.5,
                 "services": [{"name": "ARC-CE", "operation": "AND", "more": true}]},
                {"name": "none", "operation": "OR", "services": []},
            ],
        })
    }

    #[test]
    fn a_definition_is_kept_with_keys_that_are_unknown() {
        assert_eq!(serde_json::to_value(definition(critical())).unwrap(), critical());
        let mut sent = critical();
        sent.as_object_mut().unwrap().retain(|key, _| !["id", "date"].contains(&key.as_str()));
        assert_eq!(serde_json::to_value(definition(critical()).to_send()).unwrap(), sent);
    }

    #[test]
    fn null_and_missing_values_are_empty_and_are_sent_as_lists() {
        let texts = ["name", "namespace", "endpoint_group", "metric_operation", "profile_operation"];
        let mut nulls = json!({"id": "1", "metric_profile": null, "groups": null});
        for key in texts {
            nulls[key] = Value::Null;
        }
        assert_eq!(definition(nulls), definition(json!({"id": "1"})));
        let sent = serde_json::to_value(definition(json!({"groups": [{"services": null}]})).to_send()).unwrap();
        assert_eq!(sent["groups"], json!([{"name": "", "operation": "", "services": []}]));
        for wrong in [json!([]), json!({"name": 1}), json!({"groups": {}}), json!({"groups": [null, 1]})] {
            assert!(serde_json::from_value::<AggregationDefinition>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn definitions_are_equal_if_their_contents_are() {
        let original = definition(critical());
        let mut same = critical();
        same["id"] = json!("b");
        same.as_object_mut().unwrap().shift_remove("date");
        same["metric_profile"]["name"] = json!("RENAMED");
        same["groups"][1]["services"] = Value::Null;
        assert!(original.is_equal(&definition(same)));
        let change = |at: &str, value: Value| {
            let mut changed = critical();
            *changed.pointer_mut(at).unwrap() = value;
            definition(changed)
        };
        for other in [
            change("/name", json!("Critical")),
            change("/new/1/a", json!(1)),
            change("/metric_profile/id", json!("276d")),
            change("/groups/0/weight", json!(2)),
            change("/groups/0/services/0/more", json!(false)),
            change("/groups", json!([critical()["groups"][1], critical()["groups"][0]])),
        ] {
            assert!(!original.is_equal(&other), "{other:?}");
        }
    }
}
