//! The names that a demo file defines and may refer to, and the errors of a demo file.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use thiserror::Error;

use super::file::DemoFile;
use crate::domain::model::group_kind::{GroupKind, GroupRef};

/// An error in a demo file, with its place.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The text does not have the form of a demo file.
    #[error("not a demo file: {0}")]
    Form(#[from] serde_json::Error),
    /// A reference to a name that the file does not define.
    #[error("{place}: there is no {what} \"{name}\"")]
    Unknown {
        /// The object that has the reference.
        place: String,
        /// The kind of the missing object.
        what: &'static str,
        /// The missing name.
        name: String,
    },
    /// A name that must be unique but is not.
    #[error("{place} occurs twice")]
    Twice {
        /// The object, with its name.
        place: String,
    },
    /// An object without versions, with versions in the wrong order, or whose last version differs from the object.
    #[error("{place} needs versions, the oldest first, and the last one without different values")]
    Versions {
        /// The probe or metric.
        place: String,
    },
}

/// The names that a demo file defines, with the ids that they get.
#[derive(Debug)]
pub struct Names<'a> {
    users: HashMap<&'a str, i64>,
    groups: HashMap<(GroupKind, &'a str), i64>,
    flavours: HashSet<&'a str>,
    vos: HashSet<&'a str>,
    metrics: HashMap<&'a str, i64>,
}

impl<'a> Names<'a> {
    /// Collects the names of a file.
    ///
    /// # Errors
    /// `Twice` if a name that must be unique is not.
    pub fn of(file: &'a DemoFile) -> Result<Self, DemoError> {
        let mut groups = HashMap::new();
        for (kind, names) in &file.groups {
            let numbered = numbered("group", names.iter().map(String::as_str))?;
            groups.extend(numbered.into_iter().map(|(name, id)| ((*kind, name), id)));
        }
        unique("metric", file.metrics.iter().map(|metric| format!("{} ({})", metric.name, metric.tag)))?;
        unique("probe", file.probes.iter().map(|probe| probe.name.clone()))?;
        unique("profile", file.profiles.iter().map(|profile| format!("{} {}", profile.name, profile.version)))?;
        unique("aggregation", file.aggregations.iter().map(|aggregation| aggregation.name.clone()))?;
        unique("API key", file.api_keys.iter().map(|key| key.client.clone()))?;
        unique("service", file.services.iter().map(|service| service.id.clone()))?;
        Ok(Self {
            users: numbered("user", file.users.iter().map(|user| user.username.as_str()))?,
            groups,
            flavours: file.flavours.keys().map(String::as_str).collect(),
            vos: numbered("VO", file.vos.iter().map(String::as_str))?.into_keys().collect(),
            metrics: numbered("metric name", metric_names(file).map(|(name, _)| name))?,
        })
    }

    /// The id of a user.
    ///
    /// # Errors
    /// `Unknown`, with `place`.
    pub fn user(&self, name: &str, place: &str) -> Result<i64, DemoError> {
        self.users.get(name).copied().ok_or_else(|| unknown(place, "user", name))
    }

    /// The id of a group; `None` if the name is empty.
    ///
    /// # Errors
    /// `Unknown`, with `place`.
    pub fn group(&self, kind: GroupKind, name: &str, place: &str) -> Result<Option<i64>, DemoError> {
        if name.is_empty() {
            return Ok(None);
        }
        let id = self.groups.get(&(kind, name)).copied();
        id.map(Some).ok_or_else(|| unknown(place, "group", name))
    }

    /// The kind and id of a group.
    ///
    /// # Errors
    /// `Unknown`, with `place`, also if the name is empty.
    pub fn group_ref(&self, kind: GroupKind, name: &str, place: &str) -> Result<GroupRef, DemoError> {
        let id = self.group(kind, name, place)?.ok_or_else(|| unknown(place, "group", name))?;
        Ok(GroupRef { kind, id })
    }

    /// Checks that the file has this VO.
    ///
    /// # Errors
    /// `Unknown`, with `place`.
    pub fn require_vo(&self, name: &str, place: &str) -> Result<(), DemoError> {
        if self.vos.contains(name) { Ok(()) } else { Err(unknown(place, "VO", name)) }
    }

    /// Checks that the file has this service flavour.
    ///
    /// # Errors
    /// `Unknown`, with `place`.
    pub fn require_flavour(&self, name: &str, place: &str) -> Result<(), DemoError> {
        if self.flavours.contains(name) { Ok(()) } else { Err(unknown(place, "service flavour", name)) }
    }

    /// Checks that the file has this metric name.
    ///
    /// # Errors
    /// `Unknown`, with `place`.
    pub fn require_metric(&self, name: &str, place: &str) -> Result<(), DemoError> {
        if self.metrics.contains_key(name) { Ok(()) } else { Err(unknown(place, "metric", name)) }
    }
}

/// Every metric name once, with its group, in the order of its first occurrence.
pub fn metric_names(file: &DemoFile) -> impl Iterator<Item = (&str, &str)> {
    let mut seen = HashSet::new();
    let configured = file.metrics.iter().map(|metric| (metric.name.as_str(), metric.group.as_str()));
    let configured = configured.filter(move |(name, _)| seen.insert(*name));
    configured.chain(file.further_metric_names.iter().map(|name| (name.as_str(), "")))
}

/// An `Unknown` error.
pub fn unknown(place: &str, what: &'static str, name: &str) -> DemoError {
    DemoError::Unknown { place: place.into(), what, name: name.into() }
}

/// Checks that the names are unique.
///
/// # Errors
/// `Twice`, with the first name that occurs twice.
pub fn unique<T: Eq + Hash + ToString>(what: &str, names: impl Iterator<Item = T>) -> Result<(), DemoError> {
    let mut seen = HashSet::new();
    for name in names {
        let place = format!("{what} \"{}\"", name.to_string());
        if !seen.insert(name) {
            return Err(DemoError::Twice { place });
        }
    }
    Ok(())
}

fn numbered<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<HashMap<&'a str, i64>, DemoError> {
    let mut ids = HashMap::new();
    for (name, id) in names.zip(1..) {
        if ids.insert(name, id).is_some() {
            return Err(DemoError::Twice { place: format!("{what} \"{name}\"") });
        }
    }
    Ok(ids)
}
