//! The versions and log entries that follow from the dates in a demo file, as if users had made them one by one.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::file::{DemoFile, DemoMetric, DemoMetricVersion, DemoProbe, DemoProbeVersion, DemoProfile, Pairs};
use super::names::{DemoError, Names, unique, unknown};
use crate::domain::model::log_entry::{LogAction, LogData};
use crate::domain::model::metric::{MetricContent, Section, Settings};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::profile::{ProfileContent, Tuple};
use crate::domain::model::snapshot::{LogEntry, Version, VersionContent};
use crate::domain::model::wording::INITIAL;

/// The history of a demo tenant, numbered in the order of time.
#[derive(Debug, Default)]
pub struct History {
    /// The versions of probes, metrics and profiles.
    pub versions: Vec<Version>,
    /// The log entries of probes, metrics and profiles, and those that the file lists.
    pub log_entries: Vec<LogEntry>,
    /// The ids of probe versions by label, such as `ams-probe (0.1.7)`.
    by_label: HashMap<String, i64>,
}

impl History {
    /// Builds the history of a file.
    ///
    /// # Errors
    /// `Versions`, `Twice` or `Unknown`, with the place.
    pub fn of(file: &DemoFile, names: &Names) -> Result<Self, DemoError> {
        let mut history = Self::default();
        for (probe, id) in file.probes.iter().zip(1..) {
            history.add_probe(probe, id, names)?;
        }
        for (metric, id) in file.metrics.iter().zip(1..) {
            history.add_metric(metric, id, names)?;
        }
        for (profile, id) in file.profiles.iter().zip(1..) {
            let user = names.user(&profile.by, &format!("profile \"{}\"", profile.name))?;
            let who = Who { id: user, name: &profile.by, when: profile.date };
            let content = profile_content(profile);
            let data = LogData::of_content(&content);
            history.log(&who, LogAction::Add, (ObjectKind::Profile, Some(id)), &profile.name, ("", Some(&data)));
            history.push(&who, id, VersionContent::Profile(content), INITIAL.into());
        }
        for entry in &file.log {
            let user = names.user(&entry.by, &format!("log entry \"{}\"", entry.name))?;
            let who = Who { id: user, name: &entry.by, when: entry.date };
            history.log(&who, entry.action, (entry.kind, None), &entry.name, (&entry.message, None));
        }
        history.number();
        history.check_earlier(file)?;
        Ok(history)
    }

    /// The id of a probe version; `None` if the label is empty.
    ///
    /// # Errors
    /// `Unknown`, with `place`.
    pub fn probe_version(&self, label: &str, place: &str) -> Result<Option<i64>, DemoError> {
        if label.is_empty() {
            return Ok(None);
        }
        self.by_label.get(label).copied().map(Some).ok_or_else(|| unknown(place, "probe version", label))
    }

    fn add_probe(&mut self, probe: &DemoProbe, id: i64, names: &Names) -> Result<(), DemoError> {
        let place = format!("probe \"{}\"", probe.name);
        in_order(&place, probe.versions.iter().map(|version| version.date))?;
        unique(&format!("{place}: version"), probe.versions.iter().map(|version| version.version.as_str()))?;
        let mut before: Option<ProbeContent> = None;
        for version in &probe.versions {
            let content = probe_content(probe, version);
            let data = before
                .as_ref()
                .map_or_else(|| LogData::of_content(&content), |before| LogData::of_changes(before.changes(&content)));
            let message = if before.is_none() { INITIAL.to_owned() } else { data.changes.in_words() };
            let who = Who { id: names.user(&version.by, &place)?, name: &version.by, when: version.date };
            let action = if before.is_none() { LogAction::Add } else { LogAction::Change };
            self.log(&who, action, (ObjectKind::Probe, Some(id)), &content.label(), ("", Some(&data)));
            self.push(&who, id, VersionContent::Probe(content.clone()), message);
            before = Some(content);
        }
        check_last_version(&place, probe.versions.last().is_none_or(|version| version.description.is_none()))
    }

    fn add_metric(&mut self, metric: &DemoMetric, id: i64, names: &Names) -> Result<(), DemoError> {
        let shown = format!("{} ({})", metric.name, metric.tag);
        let place = format!("metric \"{shown}\"");
        in_order(&place, metric.versions.iter().map(|version| version.date))?;
        let mut before: Option<MetricContent> = None;
        for version in &metric.versions {
            let content = metric_content(metric, version);
            let data = before
                .as_ref()
                .map_or_else(|| LogData::of_content(&content), |before| LogData::of_changes(before.changes(&content)));
            let message = if before.is_none() { INITIAL.to_owned() } else { data.changes.in_words() };
            let who = Who { id: names.user(&version.by, &place)?, name: &version.by, when: version.date };
            let action = if before.is_none() { LogAction::Add } else { LogAction::Change };
            self.log(&who, action, (ObjectKind::Metric, Some(id)), &shown, ("", Some(&data)));
            self.push(&who, id, VersionContent::Metric(content.clone()), message);
            before = Some(content);
        }
        let is_plain = |version: &DemoMetricVersion| version.probe.is_none() && version.settings.is_empty();
        check_last_version(&place, metric.versions.last().is_none_or(is_plain))
    }

    fn push(&mut self, who: &Who, object_id: i64, content: VersionContent, message: String) {
        self.versions.push(Version {
            id: 0,
            object_id,
            content,
            message,
            user_id: Some(who.id),
            username: who.name.into(),
            created: who.when,
            change_reason: String::new(),
        });
    }

    fn log(
        &mut self,
        who: &Who,
        action: LogAction,
        object: (ObjectKind, Option<i64>),
        name: &str,
        (message, data): (&str, Option<&LogData>),
    ) {
        self.log_entries.push(LogEntry {
            id: 0,
            action_time: who.when,
            action,
            object_kind: Some(object.0),
            object_id: object.1.map(|id| id.to_string()),
            object_name: name.into(),
            message: message.into(),
            data: data.and_then(|data| serde_json::to_value(data).ok()),
            user_id: Some(who.id),
            username: who.name.into(),
        });
    }

    /// Assigns ids in the order of time. At the same time, probes come before metrics: the sort is stable.
    fn number(&mut self) {
        self.versions.sort_by_key(|version| version.created);
        for (version, id) in self.versions.iter_mut().zip(1..) {
            version.id = id;
            if let VersionContent::Probe(content) = &version.content {
                self.by_label.insert(content.label(), id);
            }
        }
        self.log_entries.sort_by_key(|entry| entry.action_time);
        for (entry, id) in self.log_entries.iter_mut().zip(1..) {
            entry.id = id;
        }
    }

    /// Checks that the probe versions and setting keys of earlier metric versions exist.
    fn check_earlier(&self, file: &DemoFile) -> Result<(), DemoError> {
        for metric in &file.metrics {
            let place = format!("metric \"{} ({})\"", metric.name, metric.tag);
            let now = settings_now(metric);
            for version in &metric.versions {
                self.probe_version(version.probe.as_deref().unwrap_or_default(), &place)?;
                for (section, pairs) in &version.settings {
                    let is_known = |key| now.of(*section).iter().any(|setting| setting.key() == key);
                    if let Some(other) = pairs.0.iter().find(|other| !is_known(other.key())) {
                        return Err(unknown(&place, "setting", other.key()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The author and the time of a change.
struct Who<'a> {
    id: i64,
    name: &'a str,
    when: DateTime<Utc>,
}

/// The current settings of a metric.
pub fn settings_now(metric: &DemoMetric) -> Settings {
    settings(metric, &BTreeMap::new())
}

/// Checks that there are versions and that they are in the order of time.
fn in_order(place: &str, dates: impl Iterator<Item = DateTime<Utc>>) -> Result<(), DemoError> {
    let dates: Vec<_> = dates.collect();
    if dates.is_empty() || !dates.is_sorted() { Err(DemoError::Versions { place: place.into() }) } else { Ok(()) }
}

/// Checks that the last version has no values that differ from the object's.
fn check_last_version(place: &str, is_plain: bool) -> Result<(), DemoError> {
    if is_plain { Ok(()) } else { Err(DemoError::Versions { place: place.into() }) }
}

fn probe_content(probe: &DemoProbe, version: &DemoProbeVersion) -> ProbeContent {
    ProbeContent {
        name: probe.name.clone(),
        version: version.version.clone(),
        repository: probe.repository.clone(),
        docurl: probe.docurl.clone(),
        description: version.description.clone().unwrap_or_else(|| probe.description.clone()),
        comment: version.comment.clone(),
        group: probe.group.clone(),
    }
}

fn metric_content(metric: &DemoMetric, version: &DemoMetricVersion) -> MetricContent {
    MetricContent {
        name: metric.name.clone(),
        tag: metric.tag.clone(),
        metric_type: metric.metric_type.clone(),
        probe: version.probe.clone().unwrap_or_else(|| metric.probe.clone()),
        group: metric.group.clone(),
        executable: metric.executable.clone(),
        parent: metric.parent.clone(),
        settings: settings(metric, &version.settings),
    }
}

fn profile_content(profile: &DemoProfile) -> ProfileContent {
    let mut tuples = profile.tuples();
    tuples.sort_by(Tuple::compare);
    ProfileContent {
        name: profile.name.clone(),
        version: profile.version.clone(),
        vo: profile.vo.clone(),
        description: profile.description.clone(),
        group: profile.group.clone(),
        tuples,
    }
}

/// The metric's settings, with the values of `others` for the keys that it has.
fn settings(metric: &DemoMetric, others: &BTreeMap<Section, Pairs>) -> Settings {
    let mut settings = Settings::default();
    for (section, pairs) in &metric.settings {
        let others = others.get(section).map_or(&[][..], |pairs| &pairs.0);
        for setting in &pairs.0 {
            let other = others.iter().find(|other| other.key() == setting.key());
            settings.push(*section, setting.key(), other.unwrap_or(setting).value());
        }
    }
    settings
}
