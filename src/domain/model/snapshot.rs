//! Snapshots: all data of one tenant at one time, parsed from a dump or read from the database.
//!
//! Every list is in the order of its key ([`Snapshot::normalise`]), so that two snapshots can be compared
//! ([`super::snapshot_diff`]).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::aggregation_definition::AggregationDefinition;
use super::aggregation_profile::AggregationProfileContent;
use super::group_kind::{GroupKind, GroupRef};
use super::log_entry::LogAction;
use super::metric::{MetricContent, Settings};
use super::object_kind::ObjectKind;
use super::probe::ProbeContent;
use super::profile::{ProfileContent, Tuple};
use super::service::Service;
use super::user::StoredUser;

/// All data of one tenant.
///
/// Ids are those of the tenant, and those of POEM 2.3 if the data came from there. A group is referred to by its id
/// within the kind that belongs to the object; `None` is no group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The tags of metrics.
    pub tags: Vec<Named>,
    /// The types of metrics.
    pub metric_types: Vec<Named>,
    /// The groups of all kinds.
    pub groups: Vec<Group>,
    /// The users, with their groups.
    pub users: Vec<StoredUser>,
    /// The keys of the REST API.
    pub api_keys: Vec<ApiKey>,
    /// The names of the virtual organisations.
    pub vos: Vec<String>,
    /// The service flavours.
    pub flavours: Vec<Flavour>,
    /// The services of the catalogue.
    pub services: Vec<Service>,
    /// The probes.
    pub probes: Vec<Probe>,
    /// The registry of metric names.
    pub metric_names: Vec<MetricName>,
    /// The metric configurations.
    pub metrics: Vec<Metric>,
    /// The profiles with their metric instances.
    pub profiles: Vec<Profile>,
    /// The aggregation profiles.
    pub aggregations: Vec<Aggregation>,
    /// The versions of probes, metrics and profiles.
    pub versions: Vec<Version>,
    /// The audit log.
    pub log_entries: Vec<LogEntry>,
}

/// A tag or a metric type. Loading matches them by name; their ids are the tenant's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// The id in its own table.
    pub id: i64,
    /// The unique name.
    pub name: String,
}

/// A group of objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The kind of objects that it holds.
    pub kind: GroupKind,
    /// The id, unique within the kind.
    pub id: i64,
    /// The name, unique within the kind.
    pub name: String,
}

/// A key of a client of the REST API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The id of the key.
    pub id: i64,
    /// The unique name of the client.
    pub client: String,
    /// The keyed hash of the token, 32 bytes.
    pub token_hash: Vec<u8>,
    /// The encrypted token, if POEM has to present it; otherwise `None`.
    ///
    /// Encrypting a token twice produces different bytes, so [`super::snapshot_diff::first_difference`] ignores it.
    #[serde(skip)]
    pub token_sealed: Option<Vec<u8>>,
    /// The time at which the key was created.
    pub created: DateTime<Utc>,
    /// Revoked: the client is refused.
    pub revoked: bool,
}

/// A service flavour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flavour {
    /// The unique name, for example `SRM`.
    pub name: String,
    /// The description; `None` if there is none.
    pub description: Option<String>,
}

/// A probe with its current version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The id of the probe.
    pub id: i64,
    /// The unique name.
    pub name: String,
    /// The number of the current version.
    pub version: String,
    /// The URL of the source repository.
    pub repository: String,
    /// The URL of the documentation.
    pub docurl: String,
    /// The purpose of the probe.
    pub description: String,
    /// The comment about the current version.
    pub comment: String,
    /// The username of the last change. It stays if the user is deleted.
    pub changed_by: String,
    /// The time of the last change.
    pub changed_at: DateTime<Utc>,
    /// The id of the group; `None` without one.
    pub group: Option<i64>,
}

/// A metric name of the registry, with or without a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricName {
    /// The id of the name.
    pub id: i64,
    /// The unique name.
    pub name: String,
    /// The id of the group; `None` without one.
    pub group: Option<i64>,
}

/// A metric configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The id of the metric.
    pub id: i64,
    /// The name, which is in `metric_names`.
    pub name: String,
    /// The tag, which is in `tags`.
    pub tag: String,
    /// The type, which is in `metric_types`.
    pub metric_type: String,
    /// The id of a version of a probe; `None` without one.
    pub probe_version: Option<i64>,
    /// The id of the group; `None` without one.
    pub group: Option<i64>,
    /// The probe executable; '' without one.
    pub executable: String,
    /// The name of the parent metric; '' without one.
    pub parent: String,
    /// The settings of all sections.
    pub settings: Settings,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The id of the profile.
    pub id: i64,
    /// The name, unique together with the version.
    pub name: String,
    /// The version, for example `1.0`.
    pub version: String,
    /// The name of the virtual organisation.
    pub vo: String,
    /// The description; `None` only in old data.
    pub description: Option<String>,
    /// The id of the group; `None` without one.
    pub group: Option<i64>,
    /// The metric instances, in the order of their ids.
    pub instances: Vec<Instance>,
}

/// A metric instance of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// The id of the metric instance.
    pub id: i64,
    /// The service flavour, metric and FQAN. The metric is in `metric_names`.
    #[serde(flatten)]
    pub tuple: Tuple,
}

/// An aggregation profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aggregation {
    /// The id of the aggregation.
    pub id: i64,
    /// The name. Two may have the same.
    pub name: String,
    /// The unique id on the ARGO WEB-API.
    pub apiid: String,
    /// The id of the group; `None` without one.
    pub group: Option<i64>,
    /// The last known definition on the WEB-API; `None` if POEM has not read it.
    ///
    /// No dump has it, so [`super::snapshot_diff::first_difference`] ignores it and the two fields below.
    #[serde(skip)]
    pub definition: Option<AggregationDefinition>,
    /// The time when the definition was read or written; `None` without a definition.
    #[serde(skip)]
    pub definition_read: Option<DateTime<Utc>>,
    /// Since when the WEB-API does not have it; `None` if it has.
    #[serde(skip)]
    pub missing_since: Option<DateTime<Utc>>,
}

/// A stored version of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The id of the version.
    pub id: i64,
    /// The id of the object, of the kind of the content.
    pub object_id: i64,
    /// The content of the object in this version.
    pub content: VersionContent,
    /// The sentences that describe the change.
    pub message: String,
    /// The id of the user who saved it; `None` if unknown or deleted.
    pub user_id: Option<i64>,
    /// The name of that user at the time; '' if unknown.
    pub username: String,
    /// The time at which it was saved.
    pub created: DateTime<Utc>,
    /// Why the user made the change, as they say; '' if they did not say it. Dumps of POEM 2.3 have none.
    pub change_reason: String,
}

/// The content of an object in a version. The same types are edited in forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content", rename_all = "lowercase")]
pub enum VersionContent {
    /// A version of a probe.
    Probe(ProbeContent),
    /// A version of a metric.
    Metric(MetricContent),
    /// A version of a profile.
    Profile(ProfileContent),
    /// A version of an aggregation profile whose definition is on the ARGO WEB-API.
    Aggregation(Box<AggregationProfileContent>),
}

impl VersionContent {
    /// Returns the kind of the object.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::Probe(_) => ObjectKind::Probe,
            Self::Metric(_) => ObjectKind::Metric,
            Self::Profile(_) => ObjectKind::Profile,
            Self::Aggregation(_) => ObjectKind::Aggregation,
        }
    }

    /// Returns the label of the version; '' if versions of this kind are told apart by their time.
    pub fn label(&self) -> &str {
        match self {
            Self::Probe(content) => &content.version,
            Self::Metric(_) | Self::Profile(_) | Self::Aggregation(_) => "",
        }
    }

    /// Returns the stored JSON.
    ///
    /// # Errors
    /// None that is known: every content can be written as JSON.
    pub fn to_json(&self) -> serde_json::Result<Value> {
        match self {
            Self::Probe(content) => serde_json::to_value(content),
            Self::Metric(content) => serde_json::to_value(content),
            Self::Profile(content) => serde_json::to_value(content),
            Self::Aggregation(content) => serde_json::to_value(content),
        }
    }

    /// Reads the stored JSON of an object of this kind, a word as in [`ObjectKind::as_str`].
    ///
    /// # Errors
    /// Objects of this kind have no versions, or the JSON is not one of them.
    pub fn from_json(kind: &str, content: Value) -> serde_json::Result<Self> {
        serde_json::from_value(serde_json::json!({ "kind": kind, "content": content }))
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The id of the entry.
    pub id: i64,
    /// The time of the action.
    pub action_time: DateTime<Utc>,
    /// The action.
    pub action: LogAction,
    /// The kind of the object; `None` if POEM 2.3 did not record it.
    pub object_kind: Option<ObjectKind>,
    /// The id of the object as text, since services have text ids; `None` if unknown.
    pub object_id: Option<String>,
    /// The name of the object at the time.
    pub object_name: String,
    /// The sentences of POEM 2.3, or about what the data do not say; '' if the data and the action say everything.
    pub message: String,
    /// The JSON of [`super::log_entry::LogData`]; `None` for entries of POEM 2.3.
    #[serde(default)]
    pub data: Option<Value>,
    /// The id of the user; `None` if unknown or deleted.
    pub user_id: Option<i64>,
    /// The name of the user at the time.
    pub username: String,
}

impl Snapshot {
    /// Returns true if there is nothing but the fixed rows: tags and metric types.
    pub fn is_empty(&self) -> bool {
        let fixed = Self { tags: self.tags.clone(), metric_types: self.metric_types.clone(), ..Self::default() };
        *self == fixed
    }

    /// Sorts every list by its key, so that equal data makes equal snapshots.
    pub fn normalise(&mut self) {
        self.tags.sort_by(|a, b| a.name.cmp(&b.name));
        self.metric_types.sort_by(|a, b| a.name.cmp(&b.name));
        self.groups.sort_by_key(|group| GroupRef { kind: group.kind, id: group.id });
        self.users.sort_by_key(|user| user.id);
        self.api_keys.sort_by_key(|key| key.id);
        self.vos.sort();
        self.flavours.sort_by(|a, b| a.name.cmp(&b.name));
        self.services.sort_by(|a, b| a.id.cmp(&b.id));
        self.probes.sort_by_key(|probe| probe.id);
        self.metric_names.sort_by_key(|name| name.id);
        self.metrics.sort_by_key(|metric| metric.id);
        self.profiles.sort_by_key(|profile| profile.id);
        for profile in &mut self.profiles {
            profile.instances.sort_by_key(|instance| instance.id);
        }
        self.aggregations.sort_by_key(|aggregation| aggregation.id);
        self.versions.sort_by_key(|version| version.id);
        self.log_entries.sort_by_key(|entry| entry.id);
    }
}
