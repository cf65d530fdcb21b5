//! A metric: one way to run a probe, and its settings.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The seven kinds of settings, in the order in which the REST API lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    Config,
    Flags,
    Dependency,
    Attribute,
    Parameter,
    FileParameter,
    FileAttribute,
}

impl Section {
    pub const ALL: [Section; 7] = [
        Self::Config,
        Self::Flags,
        Self::Dependency,
        Self::Attribute,
        Self::Parameter,
        Self::FileParameter,
        Self::FileAttribute,
    ];

    /// The word for it in the database and in the REST API.
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

    /// The words for it in a history line («Added metric file attributes "X".»).
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

/// One key and its value. Both may be empty, and a key may stand twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Setting(pub String, pub String);

impl Setting {
    pub fn key(&self) -> &str {
        &self.0
    }

    pub fn value(&self) -> &str {
        &self.1
    }
}

/// The settings of a metric by section, each in the order in which it was entered. Sections without any are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<Section, Vec<Setting>>);

impl Settings {
    /// Empty where the section has none.
    pub fn of(&self, section: Section) -> &[Setting] {
        self.0.get(&section).map_or(&[], Vec::as_slice)
    }

    pub fn push(&mut self, section: Section, key: impl Into<String>, value: impl Into<String>) {
        self.0.entry(section).or_default().push(Setting(key.into(), value.into()));
    }

    /// Makes these the settings of the section.
    pub fn set(&mut self, section: Section, settings: Vec<Setting>) {
        if settings.is_empty() {
            self.0.remove(&section);
        } else {
            self.0.insert(section, settings);
        }
    }

    /// Every setting with its section and its place there, counted from 0.
    pub fn rows(&self) -> impl Iterator<Item = (Section, i32, &Setting)> {
        self.0
            .iter()
            .flat_map(|(section, settings)| (0..).zip(settings).map(move |(at, setting)| (*section, at, setting)))
    }
}

/// What a person edits of a metric; the same type is a version of it. Names, not ids.
/// Keys that are unknown here (from a later POEM) do not disturb; missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricContent {
    pub name: String,
    /// Production, Devel, Test …
    pub tag: String,
    /// Active or Passive.
    #[serde(rename = "type")]
    pub metric_type: String,
    /// The label of the probe version, like «ams-probe (0.1.7)»; '' without one.
    pub probe: String,
    /// The name of its group; '' without one.
    pub group: String,
    pub executable: String,
    pub parent: String,
    pub settings: Settings,
}

impl MetricContent {
    /// How people call it: «argo.AMS-Check (Production)».
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.tag)
    }
}
