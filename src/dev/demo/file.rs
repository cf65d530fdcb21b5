//! The form of the demo files: made to be written by hand. Unknown keys are errors, so that a misspelt one is found.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::metric::{Section, Setting};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::service::Service;

/// One tenant. Things are named, not numbered; a thing's number is its place in its list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoFile {
    pub groups: BTreeMap<GroupKind, Vec<String>>,
    pub users: Vec<DemoUser>,
    pub api_keys: Vec<DemoKey>,
    pub vos: Vec<String>,
    /// Flavours with their descriptions.
    pub flavours: BTreeMap<String, Option<String>>,
    pub services: Vec<Service>,
    pub probes: Vec<DemoProbe>,
    pub metrics: Vec<DemoMetric>,
    /// Names that are known without a configuration.
    pub further_metric_names: Vec<String>,
    pub profiles: Vec<DemoProfile>,
    pub aggregations: Vec<DemoAggregation>,
    /// Log entries of what is no more; those of probes, metrics and profiles are made from their dates.
    pub log: Vec<DemoLogEntry>,
}

/// Staff and active, unless it says otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoUser {
    pub username: String,
    /// In clear, as it is told to whoever tries POEM. Without one the user comes by federated login only.
    pub password: Option<String>,
    pub first_name: String,
    pub last_name: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub superuser: bool,
    #[serde(default = "yes")]
    pub staff: bool,
    #[serde(default = "yes")]
    pub active: bool,
    pub joined: DateTime<Utc>,
    pub distinguished_name: Option<String>,
    pub egi_id: Option<String>,
    pub display_name: Option<String>,
    #[serde(default)]
    pub member_of: BTreeMap<GroupKind, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoKey {
    pub client: String,
    pub token: String,
    pub created: DateTime<Utc>,
    #[serde(default)]
    pub revoked: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProbe {
    pub name: String,
    #[serde(default)]
    pub group: String,
    pub repository: String,
    pub docurl: String,
    pub description: String,
    /// The oldest first; at least one.
    pub versions: Vec<DemoProbeVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProbeVersion {
    pub version: String,
    pub date: DateTime<Utc>,
    pub by: String,
    pub comment: String,
    /// Where it was another one than now.
    pub description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoMetric {
    pub name: String,
    #[serde(default = "production")]
    pub tag: String,
    #[serde(rename = "type", default = "active")]
    pub metric_type: String,
    /// The label of a probe version: «ams-probe (0.1.7)».
    #[serde(default)]
    pub probe: String,
    pub group: String,
    #[serde(default)]
    pub executable: String,
    #[serde(default)]
    pub parent: String,
    #[serde(default)]
    pub settings: BTreeMap<Section, Pairs>,
    /// Its first and its later versions, the oldest first; at least one. The last is the metric as it is now.
    pub versions: Vec<DemoMetricVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoMetricVersion {
    pub date: DateTime<Utc>,
    pub by: String,
    /// The probe version, where it was another one than now.
    pub probe: Option<String>,
    /// Values of settings that were others than now.
    #[serde(default)]
    pub settings: BTreeMap<Section, Pairs>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProfile {
    pub name: String,
    #[serde(default = "first_version")]
    pub version: String,
    pub vo: String,
    #[serde(default)]
    pub group: String,
    pub description: Option<String>,
    pub date: DateTime<Utc>,
    pub by: String,
    /// By flavour.
    pub tuples: BTreeMap<String, Vec<DemoTuple>>,
}

/// A metric, or a metric and an FQAN.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum DemoTuple {
    Metric(String),
    WithFqan(String, String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAggregation {
    pub name: String,
    pub apiid: String,
    #[serde(default)]
    pub group: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoLogEntry {
    pub date: DateTime<Utc>,
    pub by: String,
    pub action: LogAction,
    pub kind: ObjectKind,
    pub name: String,
    #[serde(default)]
    pub message: String,
}

/// A JSON object of texts, in the order in which it was written.
#[derive(Debug, Default)]
pub struct Pairs(pub Vec<Setting>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("keys with texts as values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry()? {
                    pairs.push(Setting(key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn yes() -> bool {
    true
}

fn production() -> String {
    "Production".into()
}

fn active() -> String {
    "Active".into()
}

fn first_version() -> String {
    "1.0".into()
}
