//! All data of one tenant at one time: what a dump becomes before it is stored, and what a tenant is read as.
//!
//! Every list is in the order of its key ([`Snapshot::normalise`]), so two of them can be compared
//! ([`super::snapshot_diff`]).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::group_kind::{GroupKind, GroupRef};
use super::log_entry::LogAction;
use super::metric::{MetricContent, Settings};
use super::object_kind::ObjectKind;
use super::probe::ProbeContent;
use super::profile::Tuple;
use super::service::Service;
use super::user::StoredUser;

/// Ids are those of the tenant (and of POEM 2.3 where the data came from there). Groups are named by their number
/// within the kind that belongs to the object; `None` is "no group".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub tags: Vec<Named>,
    pub metric_types: Vec<Named>,
    pub groups: Vec<Group>,
    pub users: Vec<StoredUser>,
    pub api_keys: Vec<ApiKey>,
    pub vos: Vec<String>,
    pub flavours: Vec<Flavour>,
    pub services: Vec<Service>,
    pub probes: Vec<Probe>,
    pub metric_names: Vec<MetricName>,
    pub metrics: Vec<Metric>,
    pub profiles: Vec<Profile>,
    pub aggregations: Vec<Aggregation>,
    pub versions: Vec<Version>,
    pub log_entries: Vec<LogEntry>,
}

/// A tag or a metric type. Matched by name when loaded; their ids are the tenant's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub id: i64,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub kind: GroupKind,
    pub id: i64,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: i64,
    pub client: String,
    /// The keyed hash of the token, 32 bytes.
    pub token_hash: Vec<u8>,
    /// The encrypted token, where POEM must present it. Encrypting twice gives two texts, so it says nothing about
    /// equality: [`super::snapshot_diff::first_difference`] leaves it out.
    #[serde(skip)]
    pub token_sealed: Option<Vec<u8>>,
    pub created: DateTime<Utc>,
    pub revoked: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flavour {
    pub name: String,
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub id: i64,
    pub name: String,
    pub version: String,
    pub repository: String,
    pub docurl: String,
    pub description: String,
    pub comment: String,
    pub changed_by: String,
    pub changed_at: DateTime<Utc>,
    pub group: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricName {
    pub id: i64,
    pub name: String,
    pub group: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub id: i64,
    /// Stands in `metric_names`.
    pub name: String,
    /// Stands in `tags`.
    pub tag: String,
    /// Stands in `metric_types`.
    pub metric_type: String,
    /// The id of a version of a probe.
    pub probe_version: Option<i64>,
    pub group: Option<i64>,
    /// '' without one.
    pub executable: String,
    /// '' without one.
    pub parent: String,
    pub settings: Settings,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub id: i64,
    pub name: String,
    pub version: String,
    pub vo: String,
    pub description: Option<String>,
    pub group: Option<i64>,
    /// In the order of their ids.
    pub instances: Vec<Instance>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub id: i64,
    /// Its metric stands in `metric_names`.
    #[serde(flatten)]
    pub tuple: Tuple,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aggregation {
    pub id: i64,
    pub name: String,
    pub apiid: String,
    pub group: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub id: i64,
    pub object_id: i64,
    pub content: VersionContent,
    /// What changed, in words.
    pub message: String,
    pub user_id: Option<i64>,
    /// '' where nobody was named.
    pub username: String,
    pub created: DateTime<Utc>,
}

/// What the object was: the same types that people edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content", rename_all = "lowercase")]
pub enum VersionContent {
    Probe(ProbeContent),
    Metric(MetricContent),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub id: i64,
    pub action_time: DateTime<Utc>,
    pub action: LogAction,
    pub object_kind: Option<ObjectKind>,
    pub object_id: Option<String>,
    pub object_name: String,
    pub message: String,
    pub user_id: Option<i64>,
    pub username: String,
}

impl Snapshot {
    /// Brings every list into the order of its key, so that equal data makes equal snapshots.
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
