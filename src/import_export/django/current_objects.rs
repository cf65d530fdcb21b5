//! The objects as they are now beside their newest versions: every object has a version, and the newest should be it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::model::group_kind::{GroupKind, GroupRef};
use crate::domain::model::metric::MetricContent;
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::snapshot::{Metric, Probe, Snapshot, Version, VersionContent};
use crate::domain::model::wording;

/// The current state of every probe and metric as a version would hold it, probes first, each by id.
fn current(snapshot: &Snapshot) -> Vec<(i64, VersionContent)> {
    let groups: HashMap<GroupRef, &str> = (snapshot.groups.iter())
        .map(|group| (GroupRef { kind: group.kind, id: group.id }, group.name.as_str()))
        .collect();
    let labels: HashMap<i64, String> = (snapshot.versions.iter())
        .filter_map(|version| match &version.content {
            VersionContent::Probe(probe) => Some((version.id, probe.label())),
            VersionContent::Metric(_) => None,
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
    probes.chain(metrics).collect()
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

/// Whether it is a metric, and its id: what a version belongs to.
fn owner(object_id: i64, content: &VersionContent) -> (bool, i64) {
    (matches!(content, VersionContent::Metric(_)), object_id)
}

fn newest_versions(snapshot: &Snapshot) -> HashMap<(bool, i64), &VersionContent> {
    snapshot.versions.iter().map(|version| (owner(version.object_id, &version.content), &version.content)).collect()
}

/// What the row of an object says is its current state, also where its newest version says something else; a warning
/// tells, for the history does not show how it came so.
pub(super) fn warn_of_stale_versions(snapshot: &Snapshot, warnings: &mut Vec<String>) {
    let difference = "not as in its newest version, taken as it is now";
    let newest = newest_versions(snapshot);
    for (id, now) in current(snapshot) {
        let words = match (newest.get(&owner(id, &now)), &now) {
            (Some(VersionContent::Probe(version)), VersionContent::Probe(now)) if version != now => {
                format!("poem.probe {id}: {difference} ({})", version.changes(now))
            }
            (Some(VersionContent::Metric(version)), VersionContent::Metric(now)) if version != now => {
                format!("poem.metric {id}: {difference} ({})", version.changes(now))
            }
            _ => continue,
        };
        warnings.push(words);
    }
}

/// Gives every object without any version an initial one, with ids above the highest.
pub(super) fn add_initial_versions(snapshot: &mut Snapshot, highest: i64) {
    let newest = newest_versions(snapshot);
    let without: Vec<_> =
        current(snapshot).into_iter().filter(|(id, now)| !newest.contains_key(&owner(*id, now))).collect();
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
        }
    });
    let new: Vec<_> = new.collect();
    snapshot.versions.extend(new);
}

/// When something last happened, as far as the dump tells. A metric bears no time of its own, and the same dump must
/// always give the same versions, so it cannot be now; without any time at all it is the beginning of 1970.
fn last_time(snapshot: &Snapshot) -> DateTime<Utc> {
    let probes = snapshot.probes.iter().map(|probe| probe.changed_at);
    let versions = snapshot.versions.iter().map(|version| version.created);
    let entries = snapshot.log_entries.iter().map(|entry| entry.action_time);
    probes.chain(versions).chain(entries).max().unwrap_or(DateTime::UNIX_EPOCH)
}
