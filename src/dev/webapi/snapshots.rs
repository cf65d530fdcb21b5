//! The profiles of a tenant. Each has a snapshot for every day on which it was changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A kind of profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemoProfileKind {
    /// Aggregation profiles.
    Aggregation,
    /// Metric profiles.
    Metric,
}

impl DemoProfileKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Aggregation, Self::Metric];

    /// The path segment of its profiles.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Aggregation => "aggregation_profiles",
            Self::Metric => "metric_profiles",
        }
    }
}

/// A profile as it was from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileSnapshot {
    kind: DemoProfileKind,
    id: String,
    day: NaiveDate,
    /// The definition with its id. Its date is the text that is shown, which may be of another day.
    definition: Map<String, Value>,
}

impl ProfileSnapshot {
    /// Makes the snapshot of a day. Writes the id into the definition.
    pub fn new(kind: DemoProfileKind, id: &str, day: NaiveDate, mut definition: Map<String, Value>) -> Self {
        definition.insert("id".into(), id.into());
        Self { kind, id: id.to_owned(), day, definition }
    }

    fn name(&self) -> &str {
        self.definition.get("name").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The snapshots of a tenant, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Snapshots(Vec<ProfileSnapshot>);

impl Snapshots {
    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, kind: DemoProfileKind) -> impl Iterator<Item = &ProfileSnapshot> {
        self.0.iter().filter(move |snapshot| snapshot.kind == kind)
    }

    /// The definitions of a day, by id: of each profile the newest that is not after the day. With a name, only the
    /// snapshots of that name count, so that old ones are found as if they were current.
    pub fn list(&self, kind: DemoProfileKind, day: NaiveDate, name: Option<&str>) -> Vec<Value> {
        let mut newest = BTreeMap::<&str, &ProfileSnapshot>::new();
        let counts =
            |snapshot: &&ProfileSnapshot| snapshot.day <= day && name.is_none_or(|name| snapshot.name() == name);
        for snapshot in self.of(kind).filter(counts) {
            let known = newest.entry(&snapshot.id).or_insert(snapshot);
            if known.day < snapshot.day {
                *known = snapshot;
            }
        }
        newest.values().map(|snapshot| Value::Object(snapshot.definition.clone())).collect()
    }

    /// The definition of a profile on a day, as a list of one; empty if there is none.
    pub fn one(&self, kind: DemoProfileKind, id: &str, day: NaiveDate) -> Vec<Value> {
        let history = Self(self.of(kind).filter(|snapshot| snapshot.id == id).cloned().collect());
        history.list(kind, day, None)
    }

    /// Returns true if the profile has a snapshot, even of a day to come.
    pub fn has(&self, kind: DemoProfileKind, id: &str) -> bool {
        self.of(kind).any(|snapshot| snapshot.id == id)
    }

    /// Returns true if a snapshot of another profile than `id` has the name, however old it is.
    pub fn is_taken(&self, kind: DemoProfileKind, name: &str, id: Option<&str>) -> bool {
        self.of(kind).any(|snapshot| Some(snapshot.id.as_str()) != id && snapshot.name() == name)
    }

    /// The name that references to a metric profile show: that of the snapshot made first. `None` if it is unknown.
    pub fn referenced_name(&self, id: &str) -> Option<&str> {
        self.of(DemoProfileKind::Metric).find(|snapshot| snapshot.id == id).map(ProfileSnapshot::name)
    }

    /// Stores a snapshot in place of that of the same profile and day. Returns true if there was none.
    pub fn put(&mut self, snapshot: ProfileSnapshot) -> bool {
        let is_same = |known: &&mut ProfileSnapshot| {
            (known.kind, known.day) == (snapshot.kind, snapshot.day) && known.id == snapshot.id
        };
        if let Some(known) = self.0.iter_mut().find(is_same) {
            *known = snapshot;
            return false;
        }
        self.0.push(snapshot);
        true
    }

    /// Deletes all snapshots of a profile. Returns true if there was one.
    pub fn remove(&mut self, kind: DemoProfileKind, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|snapshot| snapshot.kind != kind || snapshot.id != id);
        self.0.len() < before
    }
}
