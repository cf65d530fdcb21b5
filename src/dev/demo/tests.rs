//! The demo files themselves, and the errors of broken ones.

use std::collections::BTreeSet;

use super::*;
use crate::domain::model::metric::Section;
use crate::domain::model::probe::ProbeContent;
use crate::domain::model::snapshot::VersionContent;
use crate::domain::security::secret::Secret;

fn build(text: &str) -> Result<Snapshot, DemoError> {
    snapshot(text, &Keys::derive(&Secret::new("demo")), &|password| format!("hash of {password}"))
}

fn egi() -> Snapshot {
    build(EGI).unwrap()
}

/// The error of the EGI file with one text replaced. The text must be in the file.
fn broken(old: &str, new: &str) -> String {
    assert!(EGI.contains(old));
    build(&EGI.replacen(old, new, 1)).unwrap_err().to_string()
}

#[test]
fn egi_has_an_example_of_everything() {
    let egi = egi();
    assert!(egi.probes.len() >= 12 && egi.metrics.len() >= 40);
    assert_eq!(egi.profiles.len(), 4);
    assert!(egi.profiles.iter().map(|profile| profile.instances.len()).sum::<usize>() >= 100);
    for name in TAGS {
        assert!(egi.metrics.iter().any(|metric| metric.tag == name), "{name}");
    }
    for name in TYPES {
        assert!(egi.metrics.iter().any(|metric| metric.metric_type == name), "{name}");
    }
    for section in Section::ALL {
        assert!(egi.metrics.iter().any(|metric| !metric.settings.of(section).is_empty()), "{section}");
    }
    for kind in GroupKind::ALL {
        assert!(egi.groups.iter().any(|group| group.kind == kind), "{kind}");
    }
    assert!(egi.api_keys.iter().any(|key| key.revoked) && egi.api_keys.iter().any(|key| key.token_sealed.is_some()));
    assert!(!egi.vos.is_empty() && !egi.services.is_empty() && !egi.aggregations.is_empty());
}

#[test]
fn there_is_a_user_of_every_role() {
    let egi = egi();
    let has = |what, fits: &dyn Fn(&StoredUser) -> bool| assert!(egi.users.iter().any(fits), "no user {what}");
    let plain = |user: &StoredUser| !user.is_superuser && user.is_staff && user.is_active;
    has("superuser", &|user| user.is_superuser);
    has("in several groups", &|user| plain(user) && user.groups.len() > 1);
    has("in one group", &|user| plain(user) && user.groups.len() == 1);
    has("staff without a group", &|user| plain(user) && user.groups.is_empty());
    has("not staff", &|user| !user.is_staff);
    has("inactive", &|user| !user.is_active);
    has("without a password", &|user| user.password == NO_PASSWORD && user.egi_id.is_some());
}

#[test]
fn eudat_is_another_tenant() {
    let eudat = build(EUDAT).unwrap();
    assert!(!eudat.metrics.is_empty() && !eudat.profiles.is_empty());
    let users = |snapshot: &Snapshot| snapshot.users.iter().map(|user| user.username.clone()).collect::<BTreeSet<_>>();
    assert!(users(&eudat).is_disjoint(&users(&egi())));
    let hashes =
        |snapshot: &Snapshot| snapshot.api_keys.iter().map(|key| key.token_hash.clone()).collect::<BTreeSet<_>>();
    assert!(hashes(&eudat).is_disjoint(&hashes(&egi())));
}

#[test]
fn metrics_fit_the_form() {
    const CONFIG: [&str; 5] = ["interval", "maxCheckAttempts", "path", "retryInterval", "timeout"];
    for metric in egi().metrics.iter().chain(&build(EUDAT).unwrap().metrics) {
        let keys = |section| metric.settings.of(section).iter().map(|setting| setting.key()).collect::<Vec<_>>();
        let is_passive = metric.metric_type == "Passive";
        assert_eq!(keys(Section::Config), if is_passive { &[][..] } else { &CONFIG }, "{}", metric.name);
        assert_eq!(keys(Section::Flags).contains(&"PASSIVE"), is_passive, "{}", metric.name);
        assert_eq!(metric.executable.is_empty(), is_passive, "{}", metric.name);
        assert_eq!(metric.probe_version.is_none(), is_passive, "{}", metric.name);
        assert!(metric.group.is_some(), "{}", metric.name);
    }
}

#[test]
fn every_object_has_its_history() {
    let egi = egi();
    let of = |name: &str| {
        let id = egi.metrics.iter().find(|metric| metric.name == name && metric.tag == "Production").unwrap().id;
        let is_of = |content: &VersionContent| matches!(content, VersionContent::Metric(_));
        let versions = egi.versions.iter().filter(move |version| version.object_id == id && is_of(&version.content));
        versions.map(|version| version.message.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("argo.AMS-Check"), ["Initial version.", "Changed probeversion.", "Changed probeversion."]);
    assert_eq!(of("eu.egi.CertLifetime").last(), Some(&"Changed value for metric config \"timeout\"."));
    assert!(egi.versions.iter().any(|version| version.message == "Changed version and comment."));
    assert!(egi.versions.iter().zip(1..).all(|(version, id)| version.id == id && version.user_id.is_some()));
    assert!(egi.versions.is_sorted_by_key(|version| version.created));
    assert!(egi.log_entries.is_sorted_by_key(|entry| entry.action_time));
}

#[test]
fn the_newest_version_is_the_object() {
    let egi = egi();
    for probe in &egi.probes {
        let newest = egi.versions.iter().rev().find_map(|version| match &version.content {
            VersionContent::Probe(content) if version.object_id == probe.id => Some(content),
            _ => None,
        });
        let group = egi.groups.iter().find(|group| group.kind == GroupKind::Probes && Some(group.id) == probe.group);
        let now = ProbeContent {
            name: probe.name.clone(),
            version: probe.version.clone(),
            repository: probe.repository.clone(),
            docurl: probe.docurl.clone(),
            description: probe.description.clone(),
            comment: probe.comment.clone(),
            group: group.map(|group| group.name.clone()).unwrap_or_default(),
        };
        assert_eq!(newest, Some(&now));
    }
    for metric in &egi.metrics {
        let newest = egi.versions.iter().rev().find_map(|version| match &version.content {
            VersionContent::Metric(content) if version.object_id == metric.id => Some(content),
            _ => None,
        });
        assert_eq!(newest.map(|content| &content.settings), Some(&metric.settings), "{}", metric.name);
    }
}

#[test]
fn an_error_names_the_place() {
    assert_eq!(
        broken("\"parent\": \"eu.egi.webdav.Write\"", "\"parent\": \"eu.egi.webdav.Wrote\""),
        "metric \"eu.egi.webdav.Read (Production)\": there is no metric \"eu.egi.webdav.Wrote\""
    );
    assert_eq!(
        broken("\"probe\": \"ams-probe (0.1.8)\"", "\"probe\": \"ams-probe (9)\""),
        "metric \"argo.AMS-Check (Production)\": there is no probe version \"ams-probe (9)\""
    );
    assert_eq!(broken("\"vo\": \"ops\"", "\"vo\": \"oops\""), "profile \"ARGO_MON\": there is no VO \"oops\"");
    assert_eq!(
        broken("{\"metrics\": [\"Compute\"]}", "{\"metrics\": [\"Other\"]}"),
        "user \"dunja\": there is no group \"Other\""
    );
    assert!(broken("\"username\": \"bruno\"", "\"username\": \"ada\"").contains("user \"ada\" occurs twice"));
    assert!(broken("\"users\"", "\"usres\"").contains("usres"));
    assert!(broken("\"interval\": \"5\"", "\"interval\": 5").contains("line"));
}
