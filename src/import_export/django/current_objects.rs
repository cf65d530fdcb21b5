//! Compares the current objects with their newest versions: every object must have a version, and the newest one should
//! be equal to it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::warnings::Warnings;
use crate::domain::model::group_kind::{GroupKind, GroupRef};
use crate::domain::model::metric::MetricContent;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::profile::{ProfileContent, Tuple};
use crate::domain::model::snapshot::{Metric, Probe, Profile, Snapshot, Version, VersionContent};
use crate::domain::model::wording;

/// The current state of every object with versions as the content of a version: probes, metrics, profiles, each by id.
fn current(snapshot: &Snapshot) -> Vec<(i64, VersionContent)> {
    let groups: HashMap<GroupRef, &str> = (snapshot.groups.iter())
        .map(|group| (GroupRef { kind: group.kind, id: group.id }, group.name.as_str()))
        .collect();
    let labels: HashMap<i64, String> = (snapshot.versions.iter())
        .filter_map(|version| match &version.content {
            VersionContent::Probe(probe) => Some((version.id, probe.label())),
            _ => None,
        })
        .collect();
    let group = |kind, id: Option<i64>| {
        id.and_then(|id| groups.get(&GroupRef { kind, id })).copied().unwrap_or_default().to_owned()
    };
    let probes = snapshot
        .probes
        .iter()
        .map(|probe| (probe.id, VersionContent::Probe(probe_content(probe, group(GroupKind::Probes, probe.group)))));
    let metrics = snapshot.metrics.iter().map(|metric| {
        let label = metric.probe_version.and_then(|id| labels.get(&id)).cloned().unwrap_or_default();
        (metric.id, VersionContent::Metric(metric_content(metric, label, group(GroupKind::Metrics, metric.group))))
    });
    let profiles = snapshot.profiles.iter().map(|profile| {
        (profile.id, VersionContent::Profile(profile_content(profile, group(GroupKind::Profiles, profile.group))))
    });
    probes.chain(metrics).chain(profiles).collect()
}

fn probe_content(probe: &Probe, group: String) -> ProbeContent {
    ProbeContent {
        name: probe.name.clone(),
        version: probe.version.clone(),
        repository: probe.repository.clone(),
        docurl: probe.docurl.clone(),
        description: probe.description.clone(),
        comment: probe.comment.clone(),
        group,
    }
}

fn metric_content(metric: &Metric, probe: String, group: String) -> MetricContent {
    MetricContent {
        name: metric.name.clone(),
        tag: metric.tag.clone(),
        metric_type: metric.metric_type.clone(),
        probe,
        group,
        executable: metric.executable.clone(),
        parent: metric.parent.clone(),
        settings: metric.settings.clone(),
    }
}

/// The tuples are in the order in which forms show them.
fn profile_content(profile: &Profile, group: String) -> ProfileContent {
    let mut tuples: Vec<Tuple> = profile.instances.iter().map(|instance| instance.tuple.clone()).collect();
    tuples.sort_by(Tuple::compare);
    ProfileContent {
        name: profile.name.clone(),
        version: profile.version.clone(),
        vo: profile.vo.clone(),
        description: profile.description.clone(),
        group,
        tuples,
    }
}

/// The newest version of each object, by the object's kind and id.
fn newest_versions(snapshot: &Snapshot) -> HashMap<(ObjectKind, i64), &VersionContent> {
    let version = |version: &'_ Version| (version.content.kind(), version.object_id);
    snapshot.versions.iter().map(|it| (version(it), &it.content)).collect()
}

/// Adds a warning for every object that differs from its newest version. The row of the object is the current state;
/// the history does not show how it came about.
pub(super) fn warn_of_stale_versions(snapshot: &Snapshot, warnings: &mut Warnings) {
    let difference = "differs from its newest version, the current state is kept";
    let newest = newest_versions(snapshot);
    for (id, now) in current(snapshot) {
        let warning = match (newest.get(&(now.kind(), id)), &now) {
            (Some(VersionContent::Probe(version)), VersionContent::Probe(now)) if version != now => {
                format!("poem.probe {id}: {difference} ({})", version.changes(now).in_words())
            }
            (Some(VersionContent::Metric(version)), VersionContent::Metric(now)) if version != now => {
                format!("poem.metric {id}: {difference} ({})", version.changes(now).in_words())
            }
            _ => continue,
        };
        warnings.push(warning);
    }
}

/// Adds an initial version to every object without versions. The new ids are above `highest`.
pub(super) fn add_initial_versions(snapshot: &mut Snapshot, highest: i64) {
    let newest = newest_versions(snapshot);
    let without: Vec<_> =
        current(snapshot).into_iter().filter(|(id, now)| !newest.contains_key(&(now.kind(), *id))).collect();
    let last_time = last_time(snapshot);
    let probes: HashMap<i64, &Probe> = snapshot.probes.iter().map(|probe| (probe.id, probe)).collect();
    let users: HashMap<&str, i64> = snapshot.users.iter().map(|user| (user.username.as_str(), user.id)).collect();
    let new = (highest + 1..).zip(without).map(|(id, (object_id, content))| {
        let probe = probes.get(&object_id).filter(|_| matches!(content, VersionContent::Probe(_)));
        let username = probe.map(|probe| probe.changed_by.clone()).unwrap_or_default();
        Version {
            id,
            object_id,
            content,
            message: wording::INITIAL.to_owned(),
            user_id: users.get(username.as_str()).copied(),
            username,
            created: probe.map_or(last_time, |probe| probe.changed_at),
            change_reason: String::new(),
        }
    });
    let new: Vec<_> = new.collect();
    snapshot.versions.extend(new);
}

/// The latest time in the dump; the beginning of 1970 if it has none.
///
/// It serves as the time of the initial version of a metric or profile: these have no time of their own, and the current time is not
/// possible, because the same dump must always result in the same versions.
fn last_time(snapshot: &Snapshot) -> DateTime<Utc> {
    let probes = snapshot.probes.iter().map(|probe| probe.changed_at);
    let versions = snapshot.versions.iter().map(|version| version.created);
    let entries = snapshot.log_entries.iter().map(|entry| entry.action_time);
    probes.chain(versions).chain(entries).max().unwrap_or(DateTime::UNIX_EPOCH)
}
