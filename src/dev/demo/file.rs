//! The format of the demo files, which are written by hand. Unknown keys are errors, so that a misspelt one is found.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::metric::{Section, Setting};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::profile::Tuple;
use crate::domain::model::service::Service;

/// The client whose token POEM itself presents, so that it is stored sealed.
pub const PRESENTED: &str = "WEB-API";

/// The data of one tenant. Objects refer to each other by name; the id of an object is its position in its list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoFile {
    /// The names of the groups of each kind.
    pub groups: BTreeMap<GroupKind, Vec<String>>,
    /// The users.
    pub users: Vec<DemoUser>,
    /// The API keys, with their tokens in clear.
    pub api_keys: Vec<DemoKey>,
    /// The names of the virtual organisations.
    pub vos: Vec<String>,
    /// The service flavours with their descriptions.
    pub flavours: BTreeMap<String, Option<String>>,
    /// The services.
    pub services: Vec<Service>,
    /// The probes.
    pub probes: Vec<DemoProbe>,
    /// The metrics.
    pub metrics: Vec<DemoMetric>,
    /// The metric names that have no configuration.
    pub further_metric_names: Vec<String>,
    /// The profiles.
    pub profiles: Vec<DemoProfile>,
    /// The aggregation profiles.
    pub aggregations: Vec<DemoAggregation>,
    /// The log entries of deleted objects. Those of probes, metrics and profiles follow from their dates.
    pub log: Vec<DemoLogEntry>,
}

/// A user. Staff and active by default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoUser {
    /// The unique name.
    pub username: String,
    /// The password in clear, as `poem try` prints it. `None` for a user of federated login only.
    pub password: Option<String>,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The e-mail address, or empty.
    #[serde(default)]
    pub email: String,
    /// True if the user may do everything.
    #[serde(default)]
    pub superuser: bool,
    /// True if the user may use the admin pages.
    #[serde(default = "yes")]
    pub staff: bool,
    /// True if the user may log in.
    #[serde(default = "yes")]
    pub active: bool,
    /// The time when the account was created.
    pub joined: DateTime<Utc>,
    /// The distinguished name of the user's certificate.
    pub distinguished_name: Option<String>,
    /// The eduPersonUniqueId of the federated login.
    pub egi_id: Option<String>,
    /// The name that the identity provider shows.
    pub display_name: Option<String>,
    /// The names of the user's groups of each kind.
    #[serde(default)]
    pub member_of: BTreeMap<GroupKind, Vec<String>>,
}

/// An API key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoKey {
    /// The unique name of the client.
    pub client: String,
    /// The token in clear.
    pub token: String,
    /// The time when the key was created.
    pub created: DateTime<Utc>,
    /// True if the key was revoked.
    #[serde(default)]
    pub revoked: bool,
}

/// A probe with its versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProbe {
    /// The unique name.
    pub name: String,
    /// The name of the group, or empty.
    #[serde(default)]
    pub group: String,
    /// The URL of the repository.
    pub repository: String,
    /// The URL of the documentation.
    pub docurl: String,
    /// The current description.
    pub description: String,
    /// The versions, the oldest first; at least one.
    pub versions: Vec<DemoProbeVersion>,
}

/// A version of a probe.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProbeVersion {
    /// The version number, such as `0.1.7`.
    pub version: String,
    /// The time of the change.
    pub date: DateTime<Utc>,
    /// The name of the user who made it.
    pub by: String,
    /// The comment on this version.
    pub comment: String,
    /// The description, if it differs from the current one.
    pub description: Option<String>,
}

/// A metric with its versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoMetric {
    /// The name, unique together with the tag.
    pub name: String,
    /// The tag; Production by default.
    #[serde(default = "production")]
    pub tag: String,
    /// The type, Active or Passive; Active by default.
    #[serde(rename = "type", default = "active")]
    pub metric_type: String,
    /// The label of the probe version, such as `ams-probe (0.1.7)`, or empty.
    #[serde(default)]
    pub probe: String,
    /// The name of the group.
    pub group: String,
    /// The probe executable, or empty.
    #[serde(default)]
    pub executable: String,
    /// The name of the parent metric, or empty.
    #[serde(default)]
    pub parent: String,
    /// The current settings.
    #[serde(default)]
    pub settings: BTreeMap<Section, Pairs>,
    /// The versions, the oldest first; at least one. The last one is the current metric.
    pub versions: Vec<DemoMetricVersion>,
}

/// A version of a metric, given by its differences from the current metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoMetricVersion {
    /// The time of the change.
    pub date: DateTime<Utc>,
    /// The name of the user who made it.
    pub by: String,
    /// The label of the probe version, if it differs from the current one.
    pub probe: Option<String>,
    /// The settings whose values differ from the current ones.
    #[serde(default)]
    pub settings: BTreeMap<Section, Pairs>,
}

/// A profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProfile {
    /// The name, unique together with the version.
    pub name: String,
    /// The version; 1.0 by default.
    #[serde(default = "first_version")]
    pub version: String,
    /// The name of the virtual organisation that owns it.
    pub vo: String,
    /// The name of the group, or empty.
    #[serde(default)]
    pub group: String,
    /// The description.
    pub description: Option<String>,
    /// The time when it was added.
    pub date: DateTime<Utc>,
    /// The name of the user who added it.
    pub by: String,
    /// The tuples by service flavour.
    pub tuples: BTreeMap<String, Vec<DemoTuple>>,
}

impl DemoProfile {
    /// Returns the tuples, in the order of the file.
    pub fn tuples(&self) -> Vec<Tuple> {
        let of_flavour = |(flavour, tuples): (&String, &Vec<DemoTuple>)| {
            let tuple = |tuple: &DemoTuple| {
                let (metric, fqan) = match tuple {
                    DemoTuple::Metric(metric) => (metric, ""),
                    DemoTuple::WithFqan(metric, fqan) => (metric, fqan.as_str()),
                };
                Tuple { service_flavour: flavour.clone(), metric: metric.clone(), fqan: fqan.into() }
            };
            tuples.iter().map(tuple).collect::<Vec<_>>()
        };
        self.tuples.iter().flat_map(of_flavour).collect()
    }
}

/// A tuple of a profile, without its service flavour.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum DemoTuple {
    /// The name of a metric; the FQAN is empty.
    Metric(String),
    /// The name of a metric and an FQAN.
    WithFqan(String, String),
}

/// An aggregation profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAggregation {
    /// The unique name.
    pub name: String,
    /// The id in the ARGO WEB-API.
    pub apiid: String,
    /// The name of the group, or empty.
    #[serde(default)]
    pub group: String,
}

/// A log entry of an object that no longer exists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoLogEntry {
    /// The time of the action.
    pub date: DateTime<Utc>,
    /// The name of the user.
    pub by: String,
    /// The action.
    pub action: LogAction,
    /// The kind of the object.
    pub kind: ObjectKind,
    /// The name of the object.
    pub name: String,
    /// The description of the change, or empty.
    #[serde(default)]
    pub message: String,
}

/// A JSON object with texts as values, in the order of the file.
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
