//! Metrics: each is one way to run a probe, with its settings.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The seven sections of settings, in the order in which the REST API lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The settings for running the probe: interval, timeout and others.
    Config,
    /// Switches of the monitoring, for example `PASSIVE`.
    Flags,
    /// Metrics on whose results this one depends; the key is the name of a metric.
    Dependency,
    /// Attributes of the monitored service, each with the option of the probe for it: `argo.ams_TOKEN`, `--token`.
    Attribute,
    /// Options of the probe with fixed values: `--project`, `EGI`.
    Parameter,
    /// File parameters, as in POEM 2.3.
    FileParameter,
    /// File attributes, as in POEM 2.3.
    FileAttribute,
}

impl Section {
    /// All sections.
    pub const ALL: [Section; 7] = [
        Self::Config,
        Self::Flags,
        Self::Dependency,
        Self::Attribute,
        Self::Parameter,
        Self::FileParameter,
        Self::FileAttribute,
    ];

    /// Returns the word for the section in the database and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Flags => "flags",
            Self::Dependency => "dependency",
            Self::Attribute => "attribute",
            Self::Parameter => "parameter",
            Self::FileParameter => "file_parameter",
            Self::FileAttribute => "file_attribute",
        }
    }

    /// Returns the words for the section in a log message: `Added metric file attributes "X".`
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Flags => "flags",
            Self::Dependency => "dependency",
            Self::Attribute => "attribute",
            Self::Parameter => "parameter",
            Self::FileParameter => "file parameters",
            Self::FileAttribute => "file attributes",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Section {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|section| section.as_str() == word).ok_or(())
    }
}

/// A key and its value. Both can be empty, and a key can occur several times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Setting(pub String, pub String);

impl Setting {
    /// Returns the key.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// Returns the value.
    pub fn value(&self) -> &str {
        &self.1
    }
}

/// The settings of a metric by section, in the order in which they were entered. Empty sections are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<Section, Vec<Setting>>);

impl Settings {
    /// Returns the settings of a section; empty if it has none.
    pub fn of(&self, section: Section) -> &[Setting] {
        self.0.get(&section).map_or(&[], Vec::as_slice)
    }

    /// Adds a setting at the end of a section.
    pub fn push(&mut self, section: Section, key: impl Into<String>, value: impl Into<String>) {
        self.0.entry(section).or_default().push(Setting(key.into(), value.into()));
    }

    /// Replaces the settings of a section.
    pub fn set(&mut self, section: Section, settings: Vec<Setting>) {
        if settings.is_empty() {
            self.0.remove(&section);
        } else {
            self.0.insert(section, settings);
        }
    }

    /// Returns every setting with its section and its index there, from 0.
    pub fn rows(&self) -> impl Iterator<Item = (Section, i32, &Setting)> {
        self.0
            .iter()
            .flat_map(|(section, settings)| (0..).zip(settings).map(move |(at, setting)| (*section, at, setting)))
    }
}

/// The editable content of a metric, with names instead of ids. A version of a metric has the same type.
///
/// When it is read from JSON, unknown keys (of a later POEM) are ignored and missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricContent {
    /// The name, unique together with the tag.
    pub name: String,
    /// The tag, for example `Production` or `Test`.
    pub tag: String,
    /// `Active` or `Passive`.
    #[serde(rename = "type")]
    pub metric_type: String,
    /// The label of the probe version, for example `ams-probe (0.1.7)`; '' without one.
    pub probe: String,
    /// The name of the group; '' without one.
    pub group: String,
    /// The probe executable; '' without one.
    pub executable: String,
    /// The name of the parent metric; '' without one.
    pub parent: String,
    /// The settings of all sections.
    pub settings: Settings,
}

impl MetricContent {
    /// Returns the label for users, for example `argo.AMS-Check (Production)`.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.tag)
    }
}
